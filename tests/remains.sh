# remains: what the tests have left behind, judged by what they made.
#
# Sourced by a script that has $dir and exports BERTH_MADE and BERTH_RUN. Each world notes its node, pool
# and folder in $BERTH_MADE when it begins, and each process of ours has BERTH_RUN in its environment:
# so another user of this machine, with an engine, agents or tests of his own, is no concern of ours.

remains_begin() {
    export BERTH_MADE=$dir/worlds BERTH_RUN=$1
    : > "$BERTH_MADE"
    : > "$dir/began"
    git ls-files --others --exclude-standard | sort > "$dir/strangers"
}

left_of_world() {
    local made_node=$1 made_pool=$2 made_dir=$3
    docker ps --all --filter "label=io.berth.node=$made_node" --format 'container {{.Names}}'
    docker ps --all --filter "label=berth-test=$made_node" --format 'container {{.Names}}'
    docker network ls --format 'network {{.Name}}' | grep -F -e "$made_node"
    docker volume ls --format 'volume {{.Name}}' | grep -F -e "$made_node"
    docker image ls --all --format 'image {{.Repository}}:{{.Tag}}' | grep -F -e "$made_node"
    nft list tables | grep -w -F -e "berth-$made_node"
    ip netns list | sed 's/^/namespace /' | grep -w -F -e "berth-$made_node"
    [ "$made_pool" = - ] || iptables -w -S DOCKER-USER | grep -F -e " $made_pool "
    [ "$made_dir" = - ] || [ ! -e "$made_dir" ] || echo "folder $made_dir"
}

left_of_processes() {
    local at
    for at in /proc/[0-9]*; do
        grep --quiet --null-data --line-regexp "BERTH_RUN=$BERTH_RUN" "$at/environ" 2> /dev/null &&
            is_stranger "${at#/proc/}" &&
            echo "process ${at#/proc/} $(tr '\0' ' ' < "$at/cmdline")"
    done
}

# This shell and what it just runs are no remains.
is_stranger() {
    local pid=$1
    while [ "$pid" -gt 1 ]; do
        [ "$pid" -ne $$ ] || return 1
        pid=$(sed 's/.*) . \([0-9]*\) .*/\1/' "/proc/$pid/stat" 2> /dev/null) || return 1
    done
}

# Folders of tests without a world. One that a process names or holds open is in use by another user.
left_of_folders() {
    local folder
    while read -r folder; do
        # By standard input: the command line of this grep is looked at as well.
        grep --quiet --no-messages -F -f - /proc/[0-9]*/cmdline <<< "$folder" ||
            find /proc/[0-9]*/fd -lname "$folder*" 2> /dev/null | grep --quiet . ||
            echo "folder $folder"
    done
}

remains() {
    local made_node made_pool made_dir
    while read -r made_node made_pool made_dir; do
        left_of_world "$made_node" "$made_pool" "$made_dir"
    done < "$BERTH_MADE"
    left_of_processes
    find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'berth-*' -newer "$dir/began" | left_of_folders
    git ls-files --others --exclude-standard | comm -13 "$dir/strangers" - | sed 's/^/file /'
}
