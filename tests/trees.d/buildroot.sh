# shellcheck shell=bash disable=SC2154,SC2016,SC2013 # of tests/trees; texts for make; words
# Buildroot: a stand-in for cmake-package, read by make, and for the symbols that our Config.in uses,
# read by kconfig; from its manual (Infrastructure for CMake-based packages, Config files).

# Each symbol that Config.in may use, and what the package behind it depends on itself: a package
# that selects another has to depend on the same.
buildroot_symbols='BR2_USE_MMU
BR2_USE_WCHAR
BR2_TOOLCHAIN_HAS_THREADS
BR2_STATIC_LIBS
BR2_TOOLCHAIN_HEADERS_AT_LEAST_4_9
BR2_TOOLCHAIN_HEADERS_AT_LEAST_3_12
BR2_INIT_SYSTEMD
BR2_PACKAGE_MBEDTLS
BR2_PACKAGE_LIBCURL
BR2_PACKAGE_MOSQUITTO
BR2_PACKAGE_CJSON
BR2_PACKAGE_IPTABLES
BR2_PACKAGE_NFTABLES BR2_USE_WCHAR && BR2_TOOLCHAIN_HEADERS_AT_LEAST_3_12
BR2_PACKAGE_CONNTRACK_TOOLS BR2_USE_MMU && BR2_TOOLCHAIN_HAS_THREADS && !BR2_STATIC_LIBS'
buildroot_base="BR2_USE_MMU BR2_USE_WCHAR BR2_TOOLCHAIN_HAS_THREADS BR2_TOOLCHAIN_HEADERS_AT_LEAST_4_9 BR2_INIT_SYSTEMD"

buildroot_tree() {
    local symbol depends
    mkdir -p "$buildroot"/{package,build,target}
    cp -r "$packaging/buildroot" "$buildroot/package/berth"
    while read -r symbol depends; do
        printf 'config %s\n\tbool "%s"\n' "$symbol" "$symbol"
        [[ -z $depends ]] || printf '\tdepends on %s\n' "$depends"
        # Headers are at least as new as all that are older.
        [[ $symbol != *_4_9 ]] || printf '\tselect BR2_TOOLCHAIN_HEADERS_AT_LEAST_3_12\n'
    done <<<"$buildroot_symbols" >"$buildroot/Config.in"
    echo 'source "package/berth/Config.in"' >>"$buildroot/Config.in"
    cat >"$buildroot/Makefile" <<'MK'
INSTALL := install
TARGET_DIR := $(CURDIR)/target
cmake-package = BERTH_INFRASTRUCTURE := cmake-package
include package/berth/berth.mk
define newline


endef
show:
	@printf '%s\n' 'infrastructure $(BERTH_INFRASTRUCTURE)' 'version $(BERTH_VERSION)' 'site $(BERTH_SITE)' \
	    'licence $(BERTH_LICENSE) $(BERTH_LICENSE_FILES)' 'dependencies $(BERTH_DEPENDENCIES)' 'options $(BERTH_CONF_OPTS)'
hooks:
	$(foreach hook,$(BERTH_POST_INSTALL_TARGET_HOOKS),$(call $(hook))$(newline))
MK
}

buildroot_reads() {
    make --no-print-directory --warn-undefined-variables -C "$buildroot" show >"$dir/buildroot.show" 2>"$dir/buildroot.err"
    local rc=$?
    cat "$dir/buildroot.show" "$dir/buildroot.err"
    [[ $rc -eq 0 && ! -s $dir/buildroot.err ]]
}

buildroot_says() { grep -qx -e "$1" "$dir/buildroot.show" || { cat "$dir/buildroot.show"; false; }; }

# -- Config.in ---------------------------------------------------------------------------------

# configured SYMBOL...: these are on, and berth is asked for; what kconfig makes of it.
configured() {
    printf '%s=y\n' "$@" BR2_PACKAGE_BERTH >"$buildroot/config"
    (cd "$buildroot" && CONFIG_='' KCONFIG_CONFIG=config kconfig-conf --olddefconfig Config.in) >"$dir/kconfig" 2>&1
    local rc=$?
    cat "$dir/kconfig"
    [[ $rc -eq 0 ]] && ! grep -i warning "$dir/kconfig"
}

buildroot_known() {
    local symbol=
    # Comments and the help text may name others.
    for symbol in $(awk '$1 == "help" { help = 1 } /^[a-z]/ { help = 0 } !help { sub(/#.*/, ""); print }' \
        "$packaging/buildroot/Config.in" | grep -o 'BR2_[A-Z0-9_]*' | sort -u); do
        [[ $symbol == BR2_PACKAGE_BERTH ]] || grep -q "^$symbol\( \|\$\)" <<<"$buildroot_symbols" ||
            { echo "$symbol: not a symbol of Buildroot as this test knows them"; return 1; }
    done
}

# With all that it needs, berth can be chosen and brings its packages.
buildroot_selects() {
    local symbol
    # shellcheck disable=SC2086 # several symbols
    configured $buildroot_base || return
    for symbol in BERTH MBEDTLS LIBCURL MOSQUITTO CJSON IPTABLES NFTABLES CONNTRACK_TOOLS; do
        grep -x "BR2_PACKAGE_$symbol=y" "$buildroot/config" || { cat "$buildroot/config"; return 1; }
    done
}

# Without one of them it cannot, and selects nothing whose own needs are not met.
buildroot_depends() {
    local missing rest
    for missing in $buildroot_base; do
        rest=" $buildroot_base "
        # shellcheck disable=SC2086 # several symbols
        configured ${rest/" $missing "/ } || return
        ! grep -x BR2_PACKAGE_BERTH=y "$buildroot/config" || { echo "chosen without $missing"; return 1; }
    done
    # shellcheck disable=SC2086
    configured $buildroot_base BR2_STATIC_LIBS && ! grep -x BR2_PACKAGE_BERTH=y "$buildroot/config"
}

# The manual: one tab, in the help text two spaces more, at most 72 columns; the address at the end.
buildroot_style() {
    awk '/^config/ { help = 0 } $1 == "help" { help = 1; next }
        /^[a-z]/ { help = 0; next }
        help && length($0) && ($0 !~ /^\t  [^ ]/ || length($0) + 7 > 72) { print "line " FNR ": " $0; bad = 1 }
        !help && length($0) && !/^\t/ { print "line " FNR ": " $0; bad = 1 }
        /^\t  https:/ { address = 1 }
        END { exit bad || !address }' "$packaging/buildroot/Config.in"
}

# -- the build ---------------------------------------------------------------------------------

# In the source directory, with make; the package's options come last.
buildroot_builds() {
    local options
    source_tree "$buildroot/build"
    cat >"$buildroot/toolchainfile.cmake" <<CMAKE
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR armv7l)
set(CMAKE_C_COMPILER $compiler)
set(CMAKE_C_FLAGS "-march=armv7-a+fp -D_LARGEFILE_SOURCE -D_LARGEFILE64_SOURCE -D_FILE_OFFSET_BITS=64 -Os -g0 -D_FORTIFY_SOURCE=1")
set(CMAKE_SYSROOT "$sysroot")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} "$sysroot")
set(ENV{PKG_CONFIG_LIBDIR} "$sysroot/usr/lib/pkgconfig")
CMAKE
    read -ra options <<<"$(sed -n 's/^options //p' "$dir/buildroot.show")"
    (
        cd "$buildroot/build/berth-$version" &&
            cmake . -DCMAKE_TOOLCHAIN_FILE="$buildroot/toolchainfile.cmake" -DCMAKE_BUILD_TYPE=Release \
                -DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_COLOR_MAKEFILE=OFF -DBUILD_DOC=OFF -DBUILD_EXAMPLES=OFF \
                -DBUILD_TEST=OFF -DBUILD_TESTING=OFF -DBUILD_SHARED_LIBS=ON "${options[@]}" &&
            make -j2 && make DESTDIR="$buildroot/target" install/fast
    ) >"$dir/buildroot.log" 2>&1 || { tail -n 20 "$dir/buildroot.log"; false; }
}

buildroot_hooks() {
    make --no-print-directory -C "$buildroot" hooks &&
        [[ $(stat -c %a "$buildroot/target/etc/berth" "$buildroot/target/var/lib/berth") == $'700\n700' ]]
}

# The unit starts what was installed, where it was installed.
buildroot_units() {
    local file='' unit=$buildroot/target/usr/lib/systemd/system
    for file in $(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$unit/berthd.service" "$unit/berth-boot.service"); do
        [[ -x $buildroot/target$file ]] || { echo "$file is not installed"; return 1; }
    done
    [[ -n $file ]]
}

check_buildroot() {
    local buildroot=$dir/buildroot
    buildroot_tree
    check "buildroot: make reads berth.mk" buildroot_reads
    check "buildroot: it is a CMake package" buildroot_says "infrastructure cmake-package"
    check "buildroot: the version is the project's" buildroot_says "version $version"
    check "buildroot: the licence is in the tree" test -s "$root/$(sed -n 's/^licence Apache-2.0 //p' "$dir/buildroot.show")"
    check "buildroot: dependencies are the four libraries" buildroot_says "dependencies host-pkgconf mbedtls libcurl mosquitto cjson"
    check "buildroot: symbols in Config.in are known" buildroot_known
    check "buildroot: Config.in selects what berth needs" buildroot_selects
    check "buildroot: Config.in depends on what its selections need" buildroot_depends
    check "buildroot: Config.in has the manual's form" buildroot_style
    check "buildroot: its CMake options build, in the source directory" buildroot_builds
    check "buildroot: no warning under its flags" no_warning "$dir/buildroot.log"
    check "buildroot: the hook makes private directories" buildroot_hooks
    check "buildroot: units start what is installed" buildroot_units
    check "buildroot: programs run with its libraries" is_built "$buildroot/target"
    not_checked "buildroot: BERTH_SITE is $(sed -n 's/^site //p' "$dir/buildroot.show"), and there is no berth.hash until there is a release"
    not_checked "buildroot: that its mbedtls is 3.6 or newer (2.28 was seen there; CMake refuses that by name)"
}
