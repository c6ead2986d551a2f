# shellcheck shell=bash
# How each library is configured: one function a library, each with the reason for what is off.
# Sourced by deps; every build_x is given the unpacked source and installs into $stage.

stage=
recipe_work=
recipe_toolchain=
recipe_config=

# recipes_init WORK TOOLCHAIN_FILE CONFIG_DIRECTORY
recipes_init() {
    recipe_work=$1
    recipe_toolchain=$2
    recipe_config=$3
    stage=$1/prefix
    mkdir -p "$stage/lib" "$stage/include"
}

# configure NAME SOURCE OPTION...: the settings that are the same for all. The paths of the build
# directory are mapped away, so that the same inputs give the same bytes anywhere.
configure() {
    local name=$1 source=$2
    shift 2
    CFLAGS="-ffile-prefix-map=$recipe_work=. ${extra_cflags:-}" \
        cmake -G Ninja -S "$source" -B "$recipe_work/build/$name" \
        -DCMAKE_TOOLCHAIN_FILE="$recipe_toolchain" -DCMAKE_BUILD_TYPE=MinSizeRel \
        -DCMAKE_INSTALL_PREFIX="$stage" -DCMAKE_INSTALL_LIBDIR=lib \
        -DCMAKE_POLICY_VERSION_MINIMUM=3.5 -DBUILD_SHARED_LIBS=OFF -DBUILD_TESTING=OFF "$@"
}

# compile NAME TARGET...
compile() {
    local name=$1
    shift
    cmake --build "$recipe_work/build/$name" --parallel "${BERTH_JOBS:-$(nproc)}" --target "$@"
}

# The configuration is ours; the release tarball brings its generated files, so that neither
# Python nor Perl is needed.
build_mbedtls() {
    cp "$recipe_config/mbedtls_config.h" "$1/include/mbedtls/mbedtls_config.h"
    configure mbedtls "$1" -DGEN_FILES=OFF -DENABLE_PROGRAMS=OFF -DENABLE_TESTING=OFF \
        -DUSE_STATIC_MBEDTLS_LIBRARY=ON -DUSE_SHARED_MBEDTLS_LIBRARY=OFF \
        -DMBEDTLS_FATAL_WARNINGS=OFF
    compile mbedtls install
}

# HTTP/1.1 over TCP and unix sockets, nothing else. No authentication, proxy, cookie or .netrc code:
# whole classes of curl's past faults are in them, and nobody here uses them. Names are resolved
# neither by threads nor by c-ares: our caller hands over only unix paths and literal addresses (a
# name goes through the helper process and CURLOPT_RESOLVE), and curl turns a literal into an
# address without calling the resolver. No TLS either: the agent speaks to an engine on this
# machine, over a unix socket, and to the broker without curl; it is 28 KB of armv7. The operator's
# tool, which asks registries, has a build of its own (operator.sh).
build_curl() {
    local option off=(
        ALTSVC AWS BASIC_AUTH BEARER_AUTH BINDLOCAL COOKIES DIGEST_AUTH DOH FORM_API GETOPTIONS
        HEADERS_API HSTS HTTP_AUTH IPFS KERBEROS_AUTH LIBCURL_OPTION MIME NEGOTIATE_AUTH NETRC
        NTLM PARSEDATE PROGRESS_METER PROXY SHA512_256 SHUFFLE_DNS SOCKETPAIR SRP
        VERBOSE_STRINGS WEBSOCKETS
    )
    local options=()
    for option in "${off[@]}"; do
        options+=("-DCURL_DISABLE_$option=ON")
    done
    configure curl "$1" "${options[@]}" -DHTTP_ONLY=ON -DBUILD_CURL_EXE=OFF \
        -DBUILD_STATIC_LIBS=ON -DBUILD_LIBCURL_DOCS=OFF -DBUILD_MISC_DOCS=OFF \
        -DENABLE_CURL_MANUAL=OFF -DBUILD_EXAMPLES=OFF -DCURL_USE_PKGCONFIG=OFF \
        -DPICKY_COMPILER=OFF \
        -DENABLE_ARES=OFF -DENABLE_THREADED_RESOLVER=OFF -DENABLE_UNIX_SOCKETS=ON \
        -DENABLE_IPV6=ON -DCURL_ENABLE_SSL=OFF -DCURL_ZLIB=OFF -DCURL_BROTLI=OFF \
        -DCURL_ZSTD=OFF -DUSE_NGHTTP2=OFF -DUSE_LIBIDN2=OFF -DCURL_USE_LIBPSL=OFF \
        -DCURL_USE_LIBSSH2=OFF
    compile curl install
}

# Without TLS (ours is mbedTLS, pumped through a unix socket), threads, SOCKS or SRV lookups. Its
# project asks for a C++ compiler that nothing here would use, and that a fresh machine has not.
build_mosquitto() {
    sed -i 's/^project(mosquitto)$/project(mosquitto C)/' "$1/CMakeLists.txt"
    configure mosquitto "$1" -DWITH_STATIC_LIBRARIES=ON -DWITH_PIC=OFF -DWITH_TLS=OFF \
        -DWITH_TLS_PSK=OFF -DWITH_EC=OFF -DWITH_THREADING=OFF -DWITH_UNIX_SOCKETS=ON \
        -DWITH_SOCKS=OFF -DWITH_SRV=OFF -DWITH_CJSON=OFF -DWITH_BUNDLED_DEPS=ON \
        -DWITH_LIB_CPP=OFF -DWITH_CLIENTS=OFF -DWITH_BROKER=OFF -DWITH_APPS=OFF \
        -DWITH_PLUGINS=OFF -DDOCUMENTATION=OFF
    compile mosquitto libmosquitto_static || return
    cp "$recipe_work/build/mosquitto/lib/libmosquitto_static.a" "$stage/lib/libmosquitto.a"
    cp "$1/include/mosquitto.h" "$1/include/mqtt_protocol.h" "$stage/include/"
}

# Without cJSON_Utils and without locales: a decimal point is a point. A document deeper than 64
# is refused; our own lint refuses earlier.
build_cjson() {
    local extra_cflags=-DCJSON_NESTING_LIMIT=64
    configure cjson "$1" -DENABLE_CJSON_TEST=OFF -DENABLE_CJSON_UTILS=OFF -DENABLE_LOCALES=OFF \
        -DENABLE_CUSTOM_COMPILER_FLAGS=OFF -DENABLE_TARGET_EXPORT=OFF
    compile cjson install
}

# Keeps headers and archives only: deps.cmake names them itself, and the rest (programs, package
# files) would carry the path of a directory that is about to be moved. Mbed TLS's optional
# curve implementations are empty archives here. Fails where a library is not there after all.
recipes_finish() {
    local name
    (cd "$stage" && rm -rf bin share lib/cmake lib/pkgconfig lib/libeverest.a lib/libp256m.a \
        include/everest)
    for name in mbedtls mbedx509 mbedcrypto curl mosquitto cjson; do
        [[ -f $stage/lib/lib$name.a ]] || {
            printf 'lib%s.a was not installed\n' "$name" >&2
            return 1
        }
    done
}
