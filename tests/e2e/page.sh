# page: what a reader of the top README types, taken from the page itself. To be sourced after lib.sh, with
# $readme, $sections (names of its sections) and $dir.

# blocks_write: each fenced sh block of the sections as a file of its own, in the order of the page.
blocks_write() {
    local section count=0
    for section in "${sections[@]}"; do
        grep -q -x "## $section" "$readme" || die "the page has no section \"$section\""
    done
    awk -v dir="$dir/blocks" -v wanted="$(printf '%s\n' "${sections[@]}")" '
        BEGIN { split(wanted, list, "\n"); for (i in list) is_wanted["## " list[i]] = 1 }
        /^## / { in_section = ($0 in is_wanted) }
        /^```/ && in_block { in_block = 0; close(file); next }
        /^```sh$/ && in_section { in_block = 1; file = sprintf("%s/%02d", dir, ++count); next }
        in_block { print > file }' "$readme"
    count=$(find "$dir/blocks" -type f | wc -l)
    check "the page has blocks to paste" [ "$count" -ge "${#sections[@]}" ]
}

# A layer over folders that a reader writes to; it goes with the namespace.
layers_mount() {
    local folder
    for folder in etc usr var; do
        mkdir -p "$dir/layer/$folder/upper" "$dir/layer/$folder/work"
        mount -t overlay "layer-$folder" -o \
            "lowerdir=/$folder,upperdir=$dir/layer/$folder/upper,workdir=$dir/layer/$folder/work" "/$folder" ||
            die "no layer over /$folder"
    done
}
