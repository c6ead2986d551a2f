# The machine's own compiler and C library.
# Needs: install the package gcc
include("${CMAKE_CURRENT_LIST_DIR}/flags.cmake")
set(CMAKE_C_COMPILER cc)
string(APPEND CMAKE_C_FLAGS_INIT " -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2")
