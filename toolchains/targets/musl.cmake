# What the musl targets share: our own musl (toolchains/musl.sh), programs as one static file.
#
# A target file says before it includes this one:
#   CMAKE_C_COMPILER, CMAKE_SYSTEM_PROCESSOR   a gcc for Linux; its own C library is not looked at
#   BERTH_MACHINE   flags that choose the processor and the hardening this architecture has
#   BERTH_MUSL      musl's name of the architecture
#   BERTH_LINK      options of this processor's linker, or nothing
#   BERTH_HEADERS   directories that hold the kernel's linux/, asm/ and asm-generic/
cmake_path(GET CMAKE_PARENT_LIST_FILE STEM berth_target)
include("${CMAKE_CURRENT_LIST_DIR}/flags.cmake")
set(CMAKE_SYSTEM_NAME Linux)
execute_process(COMMAND "${CMAKE_CURRENT_LIST_DIR}/../deps" libc ${berth_target}
    OUTPUT_VARIABLE BERTH_LIBC OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
set(BERTH_LIBC_FLAG "-specs=${BERTH_LIBC}/musl.specs")
string(APPEND CMAKE_C_FLAGS_INIT " ${BERTH_MACHINE} ${BERTH_LIBC_FLAG}")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static-pie -Wl,-z,noexecstack -Wl,-z,text ${BERTH_LINK}")
set(CMAKE_EXE_LINKER_FLAGS_MINSIZEREL_INIT "-s")
if(BERTH_EMULATOR)
    set(CMAKE_CROSSCOMPILING_EMULATOR ${BERTH_EMULATOR})
endif()
# Nothing of the host's may be found: it belongs to another C library.
set(CMAKE_FIND_ROOT_PATH "${BERTH_LIBC}")
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
