# shellcheck shell=bash disable=SC2154,SC2016 # of tests/trees; names in bitbake's spelling
# Yocto: a strict reader of the part of a recipe's language that ours uses, and what the reference
# manual documents of bitbake.conf, cmake.bbclass and systemd.bbclass (Yocto 5.0 and later).

# Recipes that ours may name, and the layers they are of.
yocto_depends="mbedtls:meta-networking mosquitto:meta-networking curl:core cjson:meta-oe"
yocto_rdepends="nftables conntrack-tools iptables procps-sysctl docker-moby"

# Directories of bitbake.conf with usrmerge in DISTRO_FEATURES.
declare -A yocto_directory=(
    [prefix]=/usr [sysconfdir]=/etc [localstatedir]=/var [sbindir]=/usr/sbin [bindir]=/usr/bin
    [libexecdir]=/usr/libexec [nonarch_libdir]=/usr/lib [datadir]=/usr/share
    [docdir]=/usr/share/doc [systemd_system_unitdir]=/usr/lib/systemd/system
)

# yocto_read RECIPE: one line an assignment, `NAME OPERATOR VALUE`; a function's body into a file of
# its name. Any other line is an error: also the override syntax before Yocto 3.4.
yocto_read() {
    awk -v into="$dir/yocto" '
        function bad(why) { print FILENAME ":" FNR ": " why ": " $0 > "/dev/stderr"; failed = 1; exit }
        body != "" { if ($0 == "}") body = ""; else print > (into "/" body); next }
        /^#/ || /^[ \t]*$/ { if (held != "") bad("line continued into nothing"); next }
        { line = held $0; held = "" }
        /\\$/ { held = substr(line, 1, length(line) - 1); next }
        line ~ /^[a-z_]+(:[a-z]+)?\(\) \{$/ { body = line; sub(/\(\).*/, "", body); next }
        line ~ /^inherit [a-z_ ]+$/ { print "inherit = " substr(line, 9); next }
        line ~ /^[A-Z_]+(:\$\{PN\})?(\[[a-z0-9]+\])? (=|\+=|\?=) "[^"]*"$/ {
            name = line; sub(/ .*/, "", name)
            operator = line; sub(/^[^ ]+ /, "", operator); sub(/ .*/, "", operator)
            value = line; sub(/^[^"]*"/, "", value); sub(/"$/, "", value); gsub(/[ \t]+/, " ", value)
            if (name ~ /_(append|prepend|remove|\$)/) bad("override syntax before Yocto 3.4")
            if (operator == "=" && seen[name]++) bad("set twice")
            print name, operator, value; next
        }
        { bad("neither an assignment nor a function") }
        END { if (!failed && (held != "" || body != "")) bad("unfinished"); exit failed }' "$1"
}

# value NAME: as the recipe sets it, with directories, ${PN} and ${PV} expanded.
value() {
    local text name
    text=$(awk -v name="$1" '$1 == name { sub(/^[^ ]+ [^ ]+ ?/, ""); print }' "$dir/yocto/recipe" | tr '\n' ' ')
    text=${text//'${PN}'/berth}
    text=${text//'${PV}'/$version}
    for name in "${!yocto_directory[@]}"; do
        text=${text//"\${$name}"/${yocto_directory[$name]}}
    done
    [[ $text != *'${'* ]] || { echo "$1: unknown variable in: $text" >&2; return 1; }
    printf '%s\n' "${text% }"
}

yocto_reads() {
    [[ $(cd "$packaging/yocto" && echo *) == "berth_$version.bb" ]] || { ls "$packaging/yocto"; return 1; }
    yocto_read "$packaging/yocto/berth_$version.bb" >"$dir/yocto/recipe"
}

yocto_complete() {
    local name
    for name in SUMMARY LICENSE LIC_FILES_CHKSUM SRC_URI 'SRC_URI[sha256sum]' DEPENDS EXTRA_OECMAKE \
        'SYSTEMD_SERVICE:${PN}' 'FILES:${PN}' 'CONFFILES:${PN}' \
        REQUIRED_DISTRO_FEATURES; do
        [[ -n $(value "$name") ]] || { echo "$name is not set"; return 1; }
    done
    for name in cmake pkgconfig systemd features_check; do
        [[ " $(value inherit) " == *" $name "* ]] || { echo "does not inherit $name"; return 1; }
    done
}

# S is left alone: its default is the directory ${BPN}-${PV}, which the tarball has to be named after.
yocto_source() { [[ $(value SRC_URI) == */berth-$version.tar.gz && -z $(value S) ]]; }

yocto_licence() {
    [[ $(value LICENSE) == Apache-2.0 ]] || return
    [[ $(value LIC_FILES_CHKSUM) == "file://LICENSE;md5=$(md5sum <"$root/LICENSE" | cut -d' ' -f1)" ]]
}

# yocto_known VARIABLE LIST: each of LIST is named, and nothing else.
yocto_known() {
    diff <(value "$1" | tr ' ' '\n' | sort) <(tr ' ' '\n' <<<"$2" | sed 's/:.*//' | sort)
}

yocto_runtime() {
    diff <({ value 'RDEPENDS:${PN}'; value 'RRECOMMENDS:${PN}'; } | tr ' ' '\n' | sort) \
        <(tr ' ' '\n' <<<"$yocto_rdepends" | sort)
}

yocto_toolchain() {
    cat <<CMAKE
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_C_COMPILER $compiler)
set(CMAKE_C_FLAGS "-march=armv7-a+fp --sysroot=$sysroot -O2 -pipe -g -fstack-protector-strong \
-D_FORTIFY_SOURCE=2 -Wformat -Wformat-security -Werror=format-security" CACHE STRING "CFLAGS")
set(CMAKE_C_FLAGS_RELEASE "-DNDEBUG" CACHE STRING "CFLAGS for release")
set(CMAKE_C_LINK_FLAGS "--sysroot=$sysroot -Wl,-O1 -Wl,--as-needed -Wl,-z,relro,-z,now" CACHE STRING "LDFLAGS")
set(CMAKE_FIND_ROOT_PATH "$sysroot")
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
CMAKE
}

# Out of the source directory; the recipe's options come last.
yocto_builds() {
    local options
    source_tree "$dir/yocto"
    yocto_toolchain >"$dir/yocto/toolchain.cmake"
    read -ra options <<<"$(value EXTRA_OECMAKE)"
    (
        export PKG_CONFIG_SYSROOT_DIR=$sysroot PKG_CONFIG_LIBDIR=$sysroot/usr/lib/pkgconfig
        cmake -G Ninja -S "$dir/yocto/berth-$version" -B "$dir/yocto/build" \
            -DCMAKE_INSTALL_PREFIX:PATH=/usr -DCMAKE_INSTALL_SYSCONFDIR:PATH=/etc \
            -DCMAKE_INSTALL_LIBEXECDIR:PATH=libexec -DCMAKE_INSTALL_LIBDIR:PATH=lib -DCMAKE_INSTALL_SO_NO_EXE=0 \
            -DCMAKE_TOOLCHAIN_FILE="$dir/yocto/toolchain.cmake" -DCMAKE_NO_SYSTEM_FROM_IMPORTED=1 \
            -DFETCHCONTENT_FULLY_DISCONNECTED=ON "${options[@]}" -Wno-dev &&
            cmake --build "$dir/yocto/build" && DESTDIR=$image cmake --install "$dir/yocto/build"
    ) >"$dir/yocto.log" 2>&1 || { tail -n 20 "$dir/yocto.log"; false; }
}

# The recipe's own addition to do_install, with bitbake's variables expanded.
yocto_installs() {
    local script name
    script=$(<"$dir/yocto/do_install:append")
    script=${script//'${D}'/$image}
    for name in "${!yocto_directory[@]}"; do
        script=${script//"\${$name}"/${yocto_directory[$name]}}
    done
    [[ $script != *'${'* ]] || { echo "unknown variable in: $script"; return 1; }
    dash -euc "$script" && [[ $(stat -c %a "$image/etc/berth" "$image/var/lib/berth") == $'700\n700' ]]
}

# All that FILES and CONFFILES name is installed.
yocto_files_exist() {
    local path=
    for path in $(value 'FILES:${PN}') $(value 'CONFFILES:${PN}'); do
        [[ -e $image$path ]] || { echo "$path is not installed"; return 1; }
    done
    [[ -n $path ]]
}

# All that is installed is of a package, ours or -doc: else the build ends with installed-vs-shipped.
yocto_files_shipped() {
    local file path shipped
    while read -r file; do
        shipped=
        for path in $(value 'FILES:${PN}') /usr/bin /usr/sbin /usr/libexec /etc /var /usr/share/berth /usr/share/doc; do
            [[ $file != "$path" && $file != "$path"/* ]] || shipped=1
        done
        [[ -n $shipped ]] || { echo "$file is in no package"; return 1; }
    done < <(cd "$image" && find . -type f -printf '/%P\n')
}

# Where systemd.bbclass looks; without the file the build fails.
yocto_units() {
    local unit=
    for unit in $(value 'SYSTEMD_SERVICE:${PN}'); do
        [[ -f $image${yocto_directory[systemd_system_unitdir]}/$unit ]] || { echo "$unit is not installed"; return 1; }
    done
    [[ -n $unit ]]
}

check_yocto() {
    local image=$dir/yocto/image
    mkdir "$dir/yocto"
    check "yocto: the recipe is of the project's version and is read line by line" yocto_reads
    check "yocto: what a recipe needs is there" yocto_complete
    check "yocto: the source is the release's tarball, S its directory" yocto_source
    check "yocto: the licence's checksum is that of LICENSE" yocto_licence
    check "yocto: DEPENDS are the four libraries" yocto_known DEPENDS "$yocto_depends"
    check "yocto: recipes needed at run time" yocto_runtime
    check "yocto: EXTRA_OECMAKE builds" yocto_builds
    check "yocto: no warning under its flags" no_warning "$dir/yocto.log"
    check "yocto: do_install makes private directories" yocto_installs
    check "yocto: all that FILES names is installed" yocto_files_exist
    check "yocto: all that is installed is in a package" yocto_files_shipped
    check "yocto: systemd's class finds the units" yocto_units
    check "yocto: programs run with its libraries" is_built "$image"
    not_checked "yocto: SRC_URI is $(value SRC_URI) with sha256sum $(value 'SRC_URI[sha256sum]' | cut -c -8)...: placeholders until there is a release"
}
