# The third-party libraries as imported targets: berth::mbedtls, berth::curl, berth::mosquitto,
# berth::cjson, and berth::curl_operator for the operator's tool. Pinned and built by toolchains/deps, or the system's own (BERTH_SYSTEM_DEPS).

# The target is named by its toolchain file, so that the two can never disagree:
#   cmake -DCMAKE_TOOLCHAIN_FILE=toolchains/targets/x86_64-musl.cmake ...
set(BERTH_TARGET native)
if(CMAKE_TOOLCHAIN_FILE)
    cmake_path(GET CMAKE_TOOLCHAIN_FILE PARENT_PATH berth_target_dir)
    cmake_path(ABSOLUTE_PATH berth_target_dir BASE_DIRECTORY "${CMAKE_SOURCE_DIR}" NORMALIZE)
    if(berth_target_dir STREQUAL "${CMAKE_CURRENT_LIST_DIR}/targets")
        cmake_path(GET CMAKE_TOOLCHAIN_FILE STEM BERTH_TARGET)
    elseif(NOT BERTH_SYSTEM_DEPS)
        message(FATAL_ERROR "${CMAKE_TOOLCHAIN_FILE} is not in toolchains/targets: add the target "
            "there, or use -DBERTH_SYSTEM_DEPS=ON")
    endif()
endif()

# berth_pinned_library(NAME ARCHIVE... [NEEDS TARGET...]): an imported target of the prefix.
function(berth_pinned_library name)
    cmake_parse_arguments(arg "" "" "NEEDS" ${ARGN})
    list(TRANSFORM arg_UNPARSED_ARGUMENTS PREPEND "${BERTH_DEPS_PREFIX}/lib/")
    add_library(berth::${name} INTERFACE IMPORTED GLOBAL)
    target_include_directories(berth::${name} INTERFACE "${BERTH_DEPS_PREFIX}/include")
    target_link_libraries(berth::${name} INTERFACE ${arg_UNPARSED_ARGUMENTS} ${arg_NEEDS})
endfunction()

# berth_system_library(NAME HEADER MODULE...): the same name for what pkg-config knows. Where it moves
# the prefix of its modules (OpenWrt's does), cJSON's, which has none, goes on naming directories of
# the machine that builds: those are left out, and the header is looked for.
function(berth_system_library name header)
    pkg_check_modules(berth_${name} IMPORTED_TARGET GLOBAL ${ARGN})
    if(NOT berth_${name}_FOUND)
        message(FATAL_ERROR "pkg-config does not offer ${ARGN} (see above). Name the directory of "
            "the target's .pc files in PKG_CONFIG_LIBDIR, or leave BERTH_SYSTEM_DEPS off to build "
            "the pinned libraries")
    endif()
    find_path(BERTH_${name}_INCLUDE ${header} HINTS ${berth_${name}_INCLUDE_DIRS} REQUIRED)
    set_target_properties(PkgConfig::berth_${name} PROPERTIES
        INTERFACE_INCLUDE_DIRECTORIES "${BERTH_${name}_INCLUDE}")
    add_library(berth::${name} INTERFACE IMPORTED GLOBAL)
    target_link_libraries(berth::${name} INTERFACE PkgConfig::berth_${name})
endfunction()

if(BERTH_LIBC_FLAG AND NOT CMAKE_C_FLAGS MATCHES "${BERTH_LIBC}/")
    message(FATAL_ERROR "The C library of ${BERTH_TARGET} has changed since this directory was "
        "configured: configure anew with cmake --fresh")
endif()

if(BERTH_SYSTEM_DEPS)
    find_package(PkgConfig REQUIRED)
    berth_system_library(mbedtls mbedtls/ssl.h mbedtls>=3.6 mbedx509>=3.6 mbedcrypto>=3.6)
    berth_system_library(curl curl/curl.h libcurl>=7.88)
    berth_system_library(mosquitto mosquitto.h libmosquitto>=2.0.11)
    berth_system_library(cjson cjson/cJSON.h libcjson>=1.7.15)
    add_library(berth::curl_operator ALIAS berth::curl)
else()
    message(STATUS "Pinned libraries for ${BERTH_TARGET}: built once, this can take two minutes")
    execute_process(COMMAND "${CMAKE_CURRENT_LIST_DIR}/deps" build ${BERTH_TARGET}
        OUTPUT_VARIABLE BERTH_DEPS_PREFIX OUTPUT_STRIP_TRAILING_WHITESPACE
        COMMAND_ERROR_IS_FATAL ANY)
    message(STATUS "Pinned libraries: ${BERTH_DEPS_PREFIX}")
    file(GLOB berth_deps_inputs CONFIGURE_DEPENDS "${CMAKE_CURRENT_LIST_DIR}/config/*")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${berth_deps_inputs}
        "${CMAKE_CURRENT_LIST_DIR}/deps.lock" "${CMAKE_CURRENT_LIST_DIR}/recipes.sh"
        "${CMAKE_CURRENT_LIST_DIR}/musl.sh" "${CMAKE_CURRENT_LIST_DIR}/targets/flags.cmake"
        "${CMAKE_CURRENT_LIST_DIR}/targets/${BERTH_TARGET}.cmake")
    berth_pinned_library(mbedtls libmbedtls.a libmbedx509.a libmbedcrypto.a)
    berth_pinned_library(curl libcurl.a NEEDS berth::mbedtls)
    berth_pinned_library(mosquitto libmosquitto.a)
    berth_pinned_library(cjson libcjson.a NEEDS m)
    if(BERTH_OPERATOR)
        execute_process(COMMAND "${CMAKE_CURRENT_LIST_DIR}/deps" operator ${BERTH_TARGET}
            OUTPUT_VARIABLE berth_operator_prefix OUTPUT_STRIP_TRAILING_WHITESPACE
            COMMAND_ERROR_IS_FATAL ANY)
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
            "${CMAKE_CURRENT_LIST_DIR}/operator.sh")
        add_library(berth::curl_operator INTERFACE IMPORTED GLOBAL)
        target_include_directories(berth::curl_operator INTERFACE "${berth_operator_prefix}/include")
        target_link_libraries(berth::curl_operator INTERFACE "${berth_operator_prefix}/lib/libcurl.a"
            berth::mbedtls pthread)
    endif()
endif()
