# load: clients from several places at once, and the sum of what they met.

load_names=()
load_pids=()

# load_start NAME PLACE OPTION...: clients, new connections and kept ones at once. PLACE is a word of
# a command that runs them: `here`, `elsewhere`, or `guest NETWORK` as one word for a container.
load_start() {
    local key=$1 place=$2
    local common=(--new "${load_new:-4}" --keepalive "${load_keep:-4}" --pace-ms "${load_pace:-15}"
        --until-file "$dir/load/stop" --json "$dir/load/$key.json" --live "$dir/load/$key.live")
    shift 2
    rm -f "$dir/load/$key.json"
    : > "$dir/load/$key.live"
    case $place in
    here) "$load" "${common[@]}" "$@" > "$dir/load/$key.out" 2> "$dir/load/$key.err" & ;;
    elsewhere)
        ip netns exec "$space" "$load" "${common[@]}" "$@" \
            > "$dir/load/$key.out" 2> "$dir/load/$key.err" &
        ;;
    guest*)
        # shellcheck disable=SC2086
        docker run --rm --name "$node-$key" --label "berth-test=$node" --network ${place#guest } \
            --volume "$dir/load:$dir/load" "berth-$node:load" "${common[@]}" "$@" \
            > "$dir/load/$key.out" 2> "$dir/load/$key.err" &
        ;;
    esac
    load_pids+=($!)
    load_names+=("$key")
}

# guests_begin: a network for another container of the site, with its $gateway, and the service
# $address for one on the app's own network.
guests_begin() {
    # Networks that are made by the Docker API are isolated on podman: others reach nothing of them.
    if curl --silent --unix-socket "$engine_socket" http://engine/version | grep -q Podman; then
        curl --silent --fail --output /dev/null --unix-socket "$engine_socket" \
            --header 'Content-Type: application/json' --data "{\"name\":\"$node-guest\"}" \
            http://engine/v4.0.0/libpod/networks/create || die "no network for guests"
    else
        docker network create "$node-guest" > /dev/null || die "no network for guests"
    fi
    gateway=$(docker network inspect --format '{{(index .IPAM.Config 0).Gateway}}' "$node-guest")
    address=$(docker ps --filter "label=io.berth.node=$node" --quiet | head -n 1 |
        xargs docker inspect --format '{{index .HostConfig.ExtraHosts 0}}')
    address=${address#*:}
}

load_answers() {
    tail -n 1 "$dir/load/$1.live" | jq -r .ok 2> /dev/null
}

load_has() {
    [ "$(load_answers "$1")" -ge "$2" ]
}

# All clients of all places have their connections long before the hundredth answer.
load_wait() {
    local key
    for key in "${load_names[@]}"; do
        wait_until 20 load_has "$key" "${1:-100}" ||
            die "the clients $key get no answers: $(head -n 3 "$dir/load/$key.err")"
    done
}

# Ends the clients, waits for what is in flight; results stay in $dir/load.
load_stop() {
    local pid
    touch "$dir/load/stop"
    for pid in "${load_pids[@]}"; do
        wait "$pid"
    done
    rm -f "$dir/load/stop"
    load_ended=("${load_names[@]}")
    load_names=() load_pids=()
}

load_kill() {
    local pid
    for pid in "${load_pids[@]}"; do
        kill -TERM "$pid" 2> /dev/null
    done
    load_pids=()
}

# load_sum FIELD [NAME ...]: the sum over the places that ended last.
load_sum() {
    load_reduce add "$@"
}

# load_most FIELD [NAME ...]: the largest of the places that ended last.
load_most() {
    load_reduce max "$@"
}

load_reduce() {
    local how=$1 field=$2 key files=()
    shift 2
    for key in "${@:-${load_ended[@]}}"; do
        files+=("$dir/load/$key.json")
    done
    jq -s "map($field) | $how" "${files[@]}"
}

# check_load: nothing failed anywhere, everybody was served, by each of the versions named.
check_load() {
    local key version
    for key in "${load_ended[@]}"; do
        if ! check "$key: a result" [ -s "$dir/load/$key.json" ]; then
            head -n 5 "$dir/load/$key.err"
            continue
        fi
        check "$key: $(cat "$dir/load/$key.out"): none failed" \
            [ "$(jq .failed "$dir/load/$key.json")" = 0 ] ||
            head -n 5 "$dir/load/$key.err" | sed 's/^/    | /'
        check "$key: $(jq .hung "$dir/load/$key.json") requests hung (0)" \
            [ "$(jq .hung "$dir/load/$key.json")" = 0 ]
        check "$key: more than 100 answers" [ "$(jq .ok "$dir/load/$key.json")" -gt 100 ]
        for version in "$@"; do
            check "$key: version $version answered" \
                [ "$(jq ".versions[\"$version\"] // 0" "$dir/load/$key.json")" -gt 0 ]
        done
    done
}
