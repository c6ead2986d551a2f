# What every target shares: small, position independent, hardened, and split into sections so that
# the linker can drop what a program does not call.
set(BERTH_DEPS_FLAGS
    "-fPIE -ffunction-sections -fdata-sections -fstack-protector-strong -fno-common")
set(CMAKE_C_FLAGS_INIT "${BERTH_DEPS_FLAGS}")
