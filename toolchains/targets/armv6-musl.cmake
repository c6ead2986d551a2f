# 32-bit ARM from ARMv6 with VFPv2 on, hard-float: ARM1176, so Raspberry Pi 1 and Zero.
# Needs: install the packages gcc-arm-linux-gnueabi and linux-libc-dev-armel-cross
#
# Debian's hard-float compiler brings a libgcc of Thumb-2 code for ARMv7, which an ARM1176 cannot
# run. Its soft-float compiler brings one for ARMv5TE; musl.sh takes the part of it in which no
# floating-point number is passed in a register, and so means the same in both conventions.
set(CMAKE_C_COMPILER arm-linux-gnueabi-gcc)
set(CMAKE_SYSTEM_PROCESSOR armv6l)
set(BERTH_MUSL arm)
set(BERTH_MACHINE "-march=armv6+fp -mfpu=vfp -mfloat-abi=hard -marm")
set(BERTH_LIBGCC integer)
set(BERTH_HEADERS "/usr/arm-linux-gnueabi/include")
set(BERTH_EMULATOR qemu-arm -cpu arm1176)
include("${CMAKE_CURRENT_LIST_DIR}/musl.cmake")
