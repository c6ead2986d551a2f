# What Debian calls the processor that is built for.
set(berth_packages armv7l:armhf armv6l:armhf aarch64:arm64 x86_64:amd64 riscv64:riscv64)
foreach(pair ${berth_packages})
    if(pair MATCHES "^${CMAKE_SYSTEM_PROCESSOR}:(.*)$")
        set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE ${CMAKE_MATCH_1})
    endif()
endforeach()
