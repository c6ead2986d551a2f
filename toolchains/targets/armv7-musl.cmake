# 32-bit ARM from ARMv7-A on, hard-float: i.MX6, AM335x, Raspberry Pi 2 and newer in 32 bit.
# Needs: install the packages gcc-arm-linux-gnueabihf and linux-libc-dev-armhf-cross
set(CMAKE_C_COMPILER arm-linux-gnueabihf-gcc)
set(CMAKE_SYSTEM_PROCESSOR armv7l)
set(BERTH_MUSL arm)
set(BERTH_MACHINE "-march=armv7-a+fp -mfloat-abi=hard -mthumb -mstack-protector-guard=tls -mstack-protector-guard-offset=-8")
set(BERTH_HEADERS "/usr/arm-linux-gnueabihf/include")
set(BERTH_EMULATOR qemu-arm -cpu cortex-a7)
include("${CMAKE_CURRENT_LIST_DIR}/musl.cmake")
