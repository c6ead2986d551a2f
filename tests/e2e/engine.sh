# engine: a container engine to work with: the machine's own, or one that is started and stopped here.

engine_socket=/var/run/docker.sock
export DOCKER_HOST=unix://$engine_socket

engine_is_up() {
    docker version > /dev/null 2>&1
}

# Starts the machine's engine when none runs; engine_end stops what was started here, nothing else.
engine_begin() {
    engine_pid=
    engine_is_up && return
    command -v dockerd > /dev/null || die "no container engine: run tests/setup"
    engine_launch
}

engine_launch() {
    setsid dockerd ${engine_options:-} >> "$dir/dockerd.log" 2>&1 < /dev/null &
    engine_pid=$!
    wait_until 60 engine_is_up && return
    tail -n 5 "$dir/dockerd.log" >&2
    die "dockerd does not answer"
}

# Ends the engine that was started here; its containers end with it.
engine_end() {
    [ -n "${engine_pid:-}" ] || return 0
    kill -TERM "$engine_pid" 2> /dev/null
    wait_until 30 eval "! kill -0 $engine_pid" || kill -KILL "$engine_pid"
    wait "$engine_pid" 2> /dev/null
    engine_pid=
}

# remove_all KIND-COMMAND... : hands the lines of stdin to the command, if there are any.
remove_all() {
    local names
    mapfile -t names
    [ ${#names[@]} -eq 0 ] || "$@" "${names[@]}" > /dev/null 2>&1
}

# Containers, networks, volumes, images, table and accept that carry the node's name.
engine_clean() {
    engine_is_up || return 0
    docker ps --all --quiet --filter "label=io.berth.node=$node" | remove_all docker rm --force -v
    docker ps --all --quiet --filter "label=berth-test=$node" | remove_all docker rm --force -v
    docker network ls --format '{{.Name}}' | grep -e "^berth_${node}_" -e "^berth-$node-" -e "^$node-" |
        remove_all docker network rm
    docker volume ls --format '{{.Name}}' | grep -F -e "$node" | remove_all docker volume rm
    docker image ls --format '{{.Repository}}:{{.Tag}}' |
        grep -e "^berth.local/$node/" -e "^berth-$node:" | remove_all docker image rm --force
    if [ -n "${registry:-}" ]; then
        docker image ls --digests --format '{{.Repository}} {{.Tag}} {{.Digest}}' |
            awk -v image="$image" '
                $1 == image && $2 != "<none>" { print $1 ":" $2 }
                $1 == image && $3 != "<none>" { print $1 "@" $3 }' |
            sort -u | remove_all docker image rm --force
    fi
    nft delete table ip "berth-$node" 2> /dev/null
    if [ -n "${pool:-}" ]; then
        while iptables -w -D DOCKER-USER -d "$pool" -j ACCEPT 2> /dev/null; do :; done
        while iptables -w -D DOCKER-USER -s "$pool" -m conntrack --ctstate RELATED,ESTABLISHED \
            -j ACCEPT 2> /dev/null; do :; done
    fi
}

# image_build TAG BINARY [NAME=VALUE ...]: builds $image:TAG and pushes it to the registry.
image_build() {
    "$root/tests/apps/image" "berth-$node:$1" "${@:2}" > /dev/null || die "image $1 not built"
    "$root/tests/apps/registry" push "$dir/registry" "berth-$node:$1" > "$dir/pushed" ||
        die "image $1 not pushed"
}
