# 64-bit ARM: i.MX8, Raspberry Pi 3 and newer, most gateways of today.
# Needs: install the packages gcc-aarch64-linux-gnu and linux-libc-dev-arm64-cross
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(BERTH_MUSL aarch64)
# The stack protector's guard is read at the thread pointer, where musl keeps it (toolchains/tests/deps_guard_test.c).
# The linker option mends an erratum of early Cortex-A53.
set(BERTH_MACHINE "-fstack-clash-protection -mbranch-protection=pac-ret -mno-outline-atomics -mstack-protector-guard=sysreg -mstack-protector-guard-reg=tpidr_el0 -mstack-protector-guard-offset=-16 -Wl,--fix-cortex-a53-843419")
set(BERTH_HEADERS "/usr/aarch64-linux-gnu/include")
# Addresses are signed and checked, in an emulator's own way: the real one is six times slower there.
set(BERTH_EMULATOR qemu-aarch64 -cpu max,pauth-impdef=on)
include("${CMAKE_CURRENT_LIST_DIR}/musl.cmake")
