# shellcheck shell=bash disable=SC2154 # root, dir, version: of tests/trees
# What the three systems give a package: a cross compiler, and a sysroot with the libraries as their
# upstreams build them (shared, configured by default, with their own .pc files).

compiler=arm-linux-gnueabihf-gcc
libc=/usr/arm-linux-gnueabihf

# lock NAME: the tarball of a library in toolchains/deps.lock.
lock() { awk -v name="$1" '$1 == name { print $4 }' "$root/toolchains/deps.lock"; }

# library NAME OPTION...: builds it and installs it into $1 of sysroot_make.
library() {
    local name=$1 work=$staged.work
    shift
    mkdir -p "$work/$name"
    tar -xf "$sources/$(lock "$name")" -C "$work/$name" --strip-components=1 || return
    # Its project asks for a C++ compiler that nothing here would use.
    sed -i 's/^project(mosquitto)$/project(mosquitto C)/' "$work/$name/CMakeLists.txt"
    cmake -G Ninja -S "$work/$name" -B "$work/build-$name" -DCMAKE_SYSTEM_NAME=Linux \
        -DCMAKE_SYSTEM_PROCESSOR=armv7l -DCMAKE_C_COMPILER=$compiler -DCMAKE_SYSROOT="$staged" \
        -DCMAKE_FIND_ROOT_PATH_MODE_{LIBRARY,INCLUDE,PACKAGE}=ONLY -DCMAKE_BUILD_TYPE=MinSizeRel \
        -DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_POLICY_VERSION_MINIMUM=3.5 \
        -DBUILD_SHARED_LIBS=ON -DBUILD_TESTING=OFF "$@" &&
        cmake --build "$work/build-$name" && DESTDIR=$staged cmake --install "$work/build-$name"
}

sysroot_make() {
    local sources=${BERTH_DEPS:-$root/build/deps}/sources staged
    staged=$(mktemp -d "$root/build/trees/new.XXXXXX")
    "$root/toolchains/deps" fetch || return
    mkdir -p "$staged/usr"
    library mbedtls -DGEN_FILES=OFF -DENABLE_PROGRAMS=OFF -DENABLE_TESTING=OFF \
        -DUSE_SHARED_MBEDTLS_LIBRARY=ON -DUSE_STATIC_MBEDTLS_LIBRARY=OFF &&
        library cjson -DENABLE_CJSON_TEST=OFF &&
        library mosquitto -DWITH_TLS=OFF -DWITH_BROKER=OFF -DWITH_APPS=OFF -DWITH_CLIENTS=OFF \
            -DWITH_PLUGINS=OFF -DWITH_LIB_CPP=OFF -DWITH_BUNDLED_DEPS=ON -DDOCUMENTATION=OFF &&
        library curl -DHTTP_ONLY=ON -DBUILD_CURL_EXE=OFF -DBUILD_LIBCURL_DOCS=OFF \
            -DBUILD_MISC_DOCS=OFF -DENABLE_CURL_MANUAL=OFF -DBUILD_EXAMPLES=OFF \
            -DCURL_USE_PKGCONFIG=OFF -DCURL_USE_OPENSSL=OFF -DCURL_USE_MBEDTLS=ON -DCURL_ZLIB=OFF \
            -DCURL_BROTLI=OFF -DCURL_ZSTD=OFF -DUSE_NGHTTP2=OFF -DUSE_LIBIDN2=OFF \
            -DCURL_USE_LIBPSL=OFF -DCURL_USE_LIBSSH2=OFF
    local made=$?
    rm -rf "$staged.work"
    if [[ $made -eq 0 ]]; then mv "$staged" "$sysroot"; else rm -rf "$staged"; fi
    return $made
}

# sysroot_begin: sets sysroot; it is built once for a lock, this file and a compiler.
sysroot_begin() {
    local key
    key=$({ cat "$root/toolchains/deps.lock" "$root/tests/trees.d/sysroot.sh"; $compiler --version; } | sha256sum)
    sysroot=$root/build/trees/sysroot-${key:0:16}
    mkdir -p "$root/build/trees"
    [[ -d $sysroot ]] || sysroot_make >"$dir/sysroot.log" 2>&1 || {
        tail -n 30 "$dir/sysroot.log" >&2
        echo "trees: the libraries do not build; the lines above are the end of the log" >&2
        exit 1
    }
}

# source_tree PARENT: the files of the repository, as a release's tarball would unpack.
source_tree() {
    mkdir -p "$1/berth-$version"
    git ls-files -z | tar --null --files-from=- -cf - | tar -xf - -C "$1/berth-$version"
}

# no_warning LOG: of our files and of the command line; what the libraries' headers say is theirs.
no_warning() { grep -q 'Linking C executable.*berthd$' "$1" && ! grep 'warning:' "$1" | grep -v "^$sysroot/"; }

# program_runs FILE ARGUMENT...: under emulation, with the sysroot's libraries.
program_runs() { qemu-arm -L $libc -E LD_LIBRARY_PATH="$sysroot/usr/lib" "$@"; }

# is_built ROOT: programs for this processor, linked with the system's libraries, that run.
is_built() {
    local library
    file "$1/usr/sbin/berthd" | tee "$dir/file" && grep -q 'ELF 32-bit LSB.*ARM, EABI5' "$dir/file" || return
    readelf -d "$1/usr/sbin/berthd" | tee "$dir/needed"
    for library in mbedtls mbedx509 mbedcrypto curl mosquitto cjson; do
        grep -q "NEEDED.*\[lib$library\.so" "$dir/needed" || return
    done
    ! grep -E 'RPATH|RUNPATH' "$dir/needed" || return
    program_runs "$1/usr/sbin/berthd" --version | tee "$dir/said-version"
    grep -qx "berthd $version" "$dir/said-version" || return
    program_runs "$1/usr/bin/berthctl" version 2>&1 | grep "$version"
}

# An integrator whose mbedTLS is too old is told which library, which version, and what to do.
refuses_old_library() {
    mkdir -p "$dir/old"
    cp "$sysroot"/usr/lib/pkgconfig/*.pc "$dir/old"
    sed -i 's/^Version: 3.*/Version: 2.28.10/' "$dir"/old/mbed*.pc
    ! PKG_CONFIG_LIBDIR=$dir/old PKG_CONFIG_SYSROOT_DIR=$sysroot cmake -S "$root" -B "$dir/old/build" \
        -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_C_COMPILER=$compiler -DBERTH_SYSTEM_DEPS=ON -DBERTH_OPERATOR=OFF \
        -DBERTH_TESTS=OFF >"$dir/old/log" 2>&1 || return
    cat "$dir/old/log"
    grep -q "mbedtls' has version '2.28.10', required version is '>= 3.6'" "$dir/old/log" &&
        tr -s ' \n' ' ' <"$dir/old/log" | grep -q 'pkg-config does not offer mbedtls>=3.6.*PKG_CONFIG_LIBDIR'
}
