# shellcheck shell=bash disable=SC2154,SC2034,SC1091
# world: in the gateway: engine, registry and agent as after a boot, and what is checked of them.
#
# The hands are those of tests/e2e; only the times are longer. $dir is on the disk that outlives a
# power cut.
export BERTH_BUILD=/berth/build
. /berth/gateway/say.sh
. /berth/tests/e2e/lib.sh
dir=/var/berth node=machine pool=198.18.0.0/19 port=8080 fleet=plant agent_dir=$dir
registry_port=$(cat /berth/registry.port)

# try NAME COMMAND...: one result; what the command printed goes with a failure.
try() {
    local before=$broken
    "${@:2}" >"/tmp/$1.log" 2>&1 || broken=$((broken + 1))
    if [ "$broken" -eq "$before" ]; then
        say "ok $1"
    else
        tail -n 30 "/tmp/$1.log" | note
        say "bad $1"
    fi
}

# containerd by itself, as the distribution starts it: dockerd gives one of its own 15 s only.
engine_boot() {
    local socket=/run/containerd/containerd.sock
    setsid containerd >>"$dir/containerd.log" 2>&1 </dev/null &
    wait_until 400 ctr version
    setsid dockerd --containerd $socket --storage-driver overlay2 >>"$dir/dockerd.log" 2>&1 </dev/null &
    wait_until 400 engine_is_up && return
    tail -n 10 "$dir/containerd.log" "$dir/dockerd.log"
    return 1
}

# What the distribution's service does before the engine starts.
ruleset_boot() {
    BERTH_CONFIG=$dir/berthd.json bash /berth/berth-boot && nft list table ip "berth-$node"
}

registry_answers() {
    curl --silent --fail --max-time 5 "http://127.0.0.1:$registry_port/v2/"
}

registry_boot() {
    setsid docker-registry serve "$dir/registry/config.yml" >"$dir/registry.log" 2>&1 </dev/null &
    wait_until 120 registry_answers && return
    tail -n 20 "$dir/registry.log"
    return 1
}

agent_boot() {
    agent_spawn
    wait_until 200 agent_is_up && return
    tail -n 20 "$dir/berthd.log"
    return 1
}

# Both processes of berthd have a filter, and cannot get rights back.
agent_is_confined() {
    local pid
    for pid in "$agent_pid" $(ps -o pid= --ppid "$agent_pid"); do
        grep -E '^(Name|NoNewPrivs|Seccomp|CapEff):' "/proc/$pid/status"
        check "process $pid is filtered" grep -q -x -P 'Seccomp:\t2' "/proc/$pid/status"
        check "process $pid gets no rights" grep -q -x -P 'NoNewPrivs:\t1' "/proc/$pid/status"
    done
    check "there are an agent and a helper" [ "$(ps -o pid= --ppid "$agent_pid" | wc -l)" -ge 1 ]
}

serves() {
    curl --silent --max-time 20 "http://127.0.0.1:$port/"
}

# What holds of a gateway at rest, whatever happened to it.
is_whole() {
    settle 600
    check_equal "the phase" "$(app_status .phase)" rest
    check_equal "what is served" "$(serves)" "web $(app_status .committed.version)"
    check_equal "containers" "$(docker ps --quiet --filter "label=io.berth.node=$node" | wc -l)" 1
    check "the record is there" [ "$(status '[.. | .memoryLost? // empty] | any')" = false ]
}

# load_calm: a light load from here, until load_stop; the figures are in the note.
load_calm() {
    load_new=1 load_keep=1 load_pace=200
    load_start here here --target "127.0.0.1:$port" --timeout-ms 30000
    wait_until 200 load_has here 10 || die "no answers: $(head -n 3 "$dir/load/here.err")"
}

# load_judge VERSION...: none failed, and each of the versions answered.
load_judge() {
    local version
    load_stop
    say "note load: $(jq -c '{requests, ok, failed, versions}' "$dir/load/here.json")"
    for version in "$@"; do
        check "version $version answered" [ "$(load_sum ".versions[\"$version\"] // 0")" -gt 0 ]
    done
}
