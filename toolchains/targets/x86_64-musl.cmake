# x86-64 with musl: industrial PCs, and the static build the benchmarks measure.
# Needs: install the packages gcc and linux-libc-dev
set(CMAKE_C_COMPILER gcc)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(BERTH_MUSL x86_64)
set(BERTH_MACHINE "-fstack-clash-protection -fcf-protection=none")
# Relocations as a bitmap (DT_RELR, which musl's own start reads): 49 KB less. GNU ld writes it for this processor alone.
set(BERTH_LINK "-Wl,-z,pack-relative-relocs")
set(BERTH_HEADERS "/usr/include /usr/include/x86_64-linux-gnu")
include("${CMAKE_CURRENT_LIST_DIR}/musl.cmake")
