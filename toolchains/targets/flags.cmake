# What every target shares: small, position independent, hardened, and split into sections so that
# the linker can drop what a program does not call.
# No unwind tables: 90 KB that a C program never reads (a debugger uses debug information).
set(BERTH_DEPS_FLAGS
    "-fPIE -ffunction-sections -fdata-sections -fstack-protector-strong -fno-common \
-fno-asynchronous-unwind-tables -fno-unwind-tables")
set(CMAKE_C_FLAGS_INIT "${BERTH_DEPS_FLAGS}")
