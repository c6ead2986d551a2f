# 64-bit RISC-V with the extensions that Linux distributions ask for (RV64GC).
# Needs: install the packages gcc-riscv64-linux-gnu and linux-libc-dev-riscv64-cross
set(CMAKE_C_COMPILER riscv64-linux-gnu-gcc)
set(CMAKE_SYSTEM_PROCESSOR riscv64)
set(BERTH_MUSL riscv64)
# The stack protector's guard is read at the thread pointer, where musl keeps it (toolchains/tests/deps_guard_test.c).
set(BERTH_MACHINE "-march=rv64gc -mabi=lp64d -mstack-protector-guard=tls -mstack-protector-guard-reg=tp -mstack-protector-guard-offset=-16")
set(BERTH_HEADERS "/usr/riscv64-linux-gnu/include")
set(BERTH_EMULATOR qemu-riscv64)
include("${CMAKE_CURRENT_LIST_DIR}/musl.cmake")
