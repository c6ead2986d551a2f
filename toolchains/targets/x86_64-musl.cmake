# x86-64 with musl, linked statically: one file that runs on any distribution.
# Needs: install the package musl-tools
include("${CMAKE_CURRENT_LIST_DIR}/flags.cmake")
set(CMAKE_C_COMPILER musl-gcc)
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static")
# Nothing of the host's may be found: it belongs to another C library.
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
