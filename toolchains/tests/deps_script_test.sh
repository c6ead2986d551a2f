#!/usr/bin/env bash
# toolchains/deps refuses what the lock does not name, says what is missing, and does work once;
# toolchains/size notices a library that has grown. Needs no network.
set -u

tools=$(cd "$(dirname "$0")/.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
passed=0
failed=0

# check NAME CONDITION...
check() {
    local name=$1
    shift
    if "$@"; then
        printf 'ok   %s\n' "$name"
        passed=$((passed + 1))
    else
        printf 'FAIL %s\n' "$name"
        sed 's/^/    /' "$scratch/out" "$scratch/err"
        failed=$((failed + 1))
    fi
}

# run COMMAND...: keeps status, out and err.
run() {
    "$@" >"$scratch/out" 2>"$scratch/err"
    status=$?
}

refused_with() { [[ $status -ne 0 ]] && [[ ! -s $scratch/out ]] && grep -q -e "$1" "$scratch/err"; }

says() { [[ $status -eq "$1" ]] && grep -q -e "$2" "$scratch/out"; }

# A map with one input section of each spelling: 0x10 bytes of curl, 0x20 of cJSON, one dropped.
write_map() {
    cat >"$1" <<'MAP'
Discarded input sections

 .text.dropped  0x0000000000000000      0x900 /x/libcurl.a(url.c.o)

Linker script and memory map

.text           0x0000000000401000      0x900
 .text.one      0x0000000000401000       0x10 /x/libcurl.a(url.c.o)
 .text.a_name_that_is_too_long
                0x0000000000401010       0x1c /x/libcjson.a(cJSON.c.o)
 *fill*         0x000000000040102c        0x4

.bss            0x0000000000402000        0x4
 .bss           0x0000000000402000        0x4 /x/libcjson.a(cJSON.c.o)

.debug_info     0x0000000000000000     0x8000
 .debug_info    0x0000000000000010     0x8000 /x/libcurl.a(url.c.o)
MAP
}

mkdir "$scratch/empty" "$scratch/tampered"
while read -r tarball; do
    echo 'not what the lock names' >"$scratch/tampered/$tarball"
done < <(awk '/orig[.]tar/ { print $4 }' "$tools/deps.lock")

run env BERTH_DEPS="$scratch/cache" BERTH_SOURCES="$scratch/tampered" "$tools/deps" fetch
check refuses_a_tampered_tarball refused_with 'does not have the SHA-256'
check keeps_nothing_of_it test ! -e "$scratch/cache/sources"

run env BERTH_DEPS="$scratch/cache" BERTH_SOURCES="$scratch/empty" "$tools/deps" fetch
check names_a_missing_tarball refused_with 'missing: .*mbedtls_'
names_all() { ! awk '/orig[.]tar/ { print $4, $5 }' "$tools/deps.lock" | while read -r tarball sum; do
    grep -q -e "missing: $scratch/empty/$tarball (.*SHA-256 $sum)" "$scratch/err" || echo "$tarball"
done | grep -q .; }
check names_every_missing_tarball names_all
check says_what_else_can_be_done refused_with 'unset BERTH_SOURCES'

# A mirror: a folder by its address. What it has is fetched and verified, what it lacks is named there.
run env BERTH_DEPS="$scratch/cache" BERTH_SOURCES="file://$scratch/tampered/" "$tools/deps" fetch
check verifies_what_a_mirror_gives refused_with 'does not have the SHA-256'
run env BERTH_DEPS="$scratch/cache" BERTH_SOURCES="file://$scratch/empty" "$tools/deps" fetch
check names_what_a_mirror_lacks refused_with "missing: file://$scratch/empty/mbedtls_"
run env BERTH_DEPS="$scratch/cache" BERTH_SOURCES="gopher://host/" "$tools/deps" fetch
check refuses_another_kind_of_address refused_with 'BERTH_SOURCES.*https://'

# What a folder or a mirror has as the lock names it is taken.
cp -r "$tools" "$scratch/tools"
sum=$(sha256sum <"$scratch/tampered/$(awk '$1 == "curl" { print $4 }' "$tools/deps.lock")" | cut -d' ' -f1)
sed -i -E "s/[0-9a-f]{64}/$sum/" "$scratch/tools/deps.lock"
for from in "$scratch/tampered" "file://$scratch/tampered/"; do
    run env BERTH_DEPS="$scratch/cache-of-its-own" BERTH_SOURCES="$from" "$scratch/tools/deps" fetch
    check "takes_what_is_there_${from%%:*}" [ "$status" -eq 0 ]
    check "keeps_all_of_it_${from%%:*}" [ "$(find "$scratch/cache-of-its-own/sources" -type f | wc -l)" -eq 5 ]
    rm -rf "$scratch/cache-of-its-own"
done

run env BERTH_DEPS="$scratch/cache" "$tools/deps" build no-such-target
check refuses_an_unknown_target refused_with "no target 'no-such-target'"

run env BERTH_DEPS="$scratch/cache" "$tools/deps" build ../config/x
check refuses_a_path_as_a_target refused_with 'no target'

run env BERTH_DEPS="$scratch/cache" "$tools/deps" path native
check path_fails_before_a_build refused_with 'not built'

mkdir "$scratch/bin"
for tool in bash dirname env awk sed sha256sum flock mkdir tr basename; do
    ln -s "$(command -v "$tool")" "$scratch/bin/$tool"
done
run env PATH="$scratch/bin" BERTH_DEPS="$scratch/cache" "$tools/deps" build native
check names_the_package_of_a_missing_compiler refused_with 'install the package gcc'

check leaves_no_work_directory test -z "$(find "$scratch/cache" -name 'work.*')"

write_map "$scratch/map"
printf 'curl libcurl.a 16\ncjson libcjson.a 32\ntotal - 48\n' >"$scratch/budget"
run "$tools/size" "$scratch/map" "$scratch/budget"
check size_accepts_what_is_at_the_limit says 0 '^total  *44  *0  *4  *48 '

printf 'curl libcurl.a 16\ncjson libcjson.a 31\n' >"$scratch/budget"
run "$tools/size" "$scratch/map" "$scratch/budget"
check size_refuses_one_byte_more says 1 '^cjson  *28  *0  *4  *32  *31  *ABOVE'

printf 'library archives a b\ncurl libcurl.a - 16\ncjson libcjson.a 31 32\nmap file - 9\n' \
    >"$scratch/budget"
run "$tools/size" "$scratch/map" "$scratch/budget" b
check size_uses_the_column_of_the_target says 0 '^cjson  *28  *0  *4  *32  *32$'
run "$tools/size" "$scratch/map" "$scratch/budget" c
check size_refuses_a_target_without_limits refused_with 'no column c'
run "$tools/size" "$scratch/map" "$scratch/budget" b "$scratch/map"
check size_refuses_a_program_above_its_limit says 1 '^map .* 9  *ABOVE'
run "$tools/size" "$scratch/map" "$scratch/budget" b "$scratch/budget"
check size_refuses_a_program_without_a_limit test "$status" -eq 2

run "$tools/size" "$scratch/budget" "$scratch/budget"
check size_refuses_what_is_no_map refused_with 'is this a linker map'

printf '%d passed, %d failed\n' "$passed" "$failed"
[[ $failed -eq 0 ]]
