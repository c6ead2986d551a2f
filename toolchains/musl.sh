# shellcheck shell=bash disable=SC2154
# The C library of the musl targets: musl from its pinned source, the kernel's headers, what a
# program needs of libgcc, and a specs file that makes any gcc use these and nothing else.
#
# Sourced by deps, which sets $here. The distribution's cross compilers come with glibc, its musl-gcc exists for the
# machine's own processor only and links no static PIE.

# target_setting FILE NAME: the value that a target file sets.
target_setting() { sed -n "s/^set($2 \"\{0,1\}\([^\")]*\)\"\{0,1\})\$/\1/p" "$1"; }

# libc_build SOURCE STAGE FINAL TARGET_FILE: installs into STAGE what will be moved to FINAL.
libc_build() {
    local source=$1 stage=$2 final=$3 file=$4 compiler machine flags
    compiler=$(target_setting "$file" CMAKE_C_COMPILER)
    machine=$(target_setting "$file" BERTH_MACHINE)
    flags=$(sed -n '/^set(BERTH_DEPS_FLAGS$/,/)$/p' "$here/targets/flags.cmake" |
        sed -e '1d' -e 's/[")\\]//g' | tr '\n' ' ')
    (
        cd "$source" || exit 1
        # shellcheck disable=SC2086 # several flags
        CC=$compiler CFLAGS="$machine $flags -Os -ffile-prefix-map=$source=musl" \
            ./configure --target="$(target_setting "$file" BERTH_MUSL)" --prefix="$stage" \
            --disable-shared --disable-gcc-wrapper &&
            make -j"${BERTH_JOBS:-$(nproc)}" AR="$(tool_of "$compiler" ar)" \
                RANLIB="$(tool_of "$compiler" ranlib)" install
    ) || return
    rm -rf "${stage:?}/bin"
    libc_headers "$stage" "$file" && libc_libgcc "$stage" "$compiler" "$machine" "$file" &&
        libc_specs "$final" >"$stage/musl.specs"
}

# tool_of COMPILER TOOL: arm-linux-gnueabihf-gcc ar -> arm-linux-gnueabihf-ar
tool_of() { printf "%s\n" "${1%gcc}$2"; }

# libc_headers STAGE FILE: the kernel's headers, which belong to no C library.
libc_headers() {
    local directory name found
    for name in linux asm asm-generic; do
        found=
        for directory in $(target_setting "$2" BERTH_HEADERS); do
            [[ -n $found || ! -d $directory/$name ]] || found=$directory/$name
        done
        [[ -n $found ]] || {
            printf '%s/ of the kernel is missing: %s\n' "$name" "$(sed -n 's/^# Needs: //p' "$2")"
            return 1
        }
        cp -rL "$found" "$1/include/"
    done
}

# libc_libgcc STAGE COMPILER MACHINE FILE: the compiler's own libgcc, or the integer part of it.
# Removed are the C functions that take floating-point numbers: the two conventions pass them
# differently. What stays works on integers, or is one of ARM's run-time functions (__aeabi_*),
# which pass everything in integer registers in both (ARM RTABI, 4.1). The note that says "soft-float" goes, so
# that the linker goes on refusing every other object that says so.
libc_libgcc() {
    local libgcc members
    # shellcheck disable=SC2086
    libgcc=$("$2" $3 -print-libgcc-file-name)
    cp "$libgcc" "$1/lib/libgcc.a"
    [[ $(target_setting "$4" BERTH_LIBGCC) == integer ]] || return 0
    members=$("$(tool_of "$2" ar)" t "$libgcc" |
        grep -E '^_((mul|div)[hsdxt]c3|powi[sdxt]f2)[.]o$' || true)
    # shellcheck disable=SC2086
    [[ -z $members ]] || "$(tool_of "$2" ar)" d "$1/lib/libgcc.a" $members
    "$(tool_of "$2" objcopy)" --remove-section=.ARM.attributes "$1/lib/libgcc.a"
}

# libc_specs FINAL: as musl-gcc's, with static PIE (rcrt1.o relocates the program itself) and
# without gcc's crtbegin and crtend: they serve C++ and unwinding.
libc_specs() {
    cat <<SPECS
%rename cpp_options old_cpp_options

*cpp_options:
-nostdinc -isystem $1/include -isystem include%s %(old_cpp_options)

*cc1:
%(cc1_cpu) -nostdinc -isystem $1/include -isystem include%s

*link_libgcc:
-L$1/lib

*libgcc:
-lgcc

*startfile:
%{static-pie:$1/lib/rcrt1.o;:$1/lib/crt1.o} $1/lib/crti.o

*endfile:
$1/lib/crtn.o

*link:
-nostdlib %{static-pie:-static -pie --no-dynamic-linker;:-static}

*esp_link:


*esp_options:


*esp_cpp_options:


SPECS
}
