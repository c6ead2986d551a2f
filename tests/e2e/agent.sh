# agent: berthd with a configuration and a state of its own, and what a technician asks it.

agent_pid=
agent_dir= # of the agent that is talked to: $dir, or a folder a node (fleet.sh)

# config_write [LINES]: the node's configuration; LINES are further members, each ending in a comma.
config_write() {
    cat > "$agent_dir/berthd.json" <<JSON
{
  "schema": 1,
  "node": "$node",
  "fleet": "$fleet",
  ${1:-}
  "stateDir": "$agent_dir/state",
  "controlDir": "$agent_dir/control",
  "engineSocket": "$engine_socket",
  "trust": "$dir/keys/trust.json",
  "secretsDir": "$agent_dir/secrets",
  "pool": "$pool"
}
JSON
    mkdir -p "$agent_dir/state" "$agent_dir/control" "$agent_dir/secrets"
}

# Starts the agent; returns once it answers and has seen the engine.
agent_start() {
    agent_spawn
    wait_until 20 agent_is_up && return
    tail -n 20 "$agent_dir/berthd.log" >&2
    die "berthd does not answer"
}

agent_spawn() {
    "$berthd" --config "$agent_dir/berthd.json" >> "$agent_dir/berthd.log" 2>&1 < /dev/null &
    agent_pid=$!
}

agent_is_up() {
    [ "$(status .engine.up)" = true ]
}

agent_stop() {
    [ -n "$agent_pid" ] || return 0
    kill -TERM "$agent_pid" 2> /dev/null
    wait "$agent_pid" 2> /dev/null
    agent_pid=
}

# A sudden death: the process and nothing else.
agent_kill() {
    [ -n "$agent_pid" ] || return 0
    kill -KILL "$agent_pid" 2> /dev/null
    wait "$agent_pid" 2> /dev/null
    agent_pid=
}

ctl() {
    "$berthctl" --socket "$agent_dir/control/control.sock" "$@"
}

# status JQ-EXPRESSION
status() {
    ctl status --json 2> /dev/null | jq -r "$1"
}

# app_status JQ-EXPRESSION [APP]
app_status() {
    status ".apps[] | select(.app == \"${2:-web}\") | $1"
}

# What of the node must not change by a refusal.
status_lasting() {
    status 'del(.settled, .apps[].soakRemainingMs) | @json'
}

is_settled() {
    [ "$(status .settled)" = true ]
}

settle() {
    wait_until "${1:-60}" is_settled || die "the node does not come to rest: $(status .)"
}

# activate FILE [OPTION ...]: waits for the verdict; the exit status of berthctl.
activate() {
    ctl activate "$dir/$1" --wait "${@:2}" > "$dir/activate.log" 2>&1
}

# must_activate FILE: a release that has to be good.
must_activate() {
    local rc
    activate "$@"
    rc=$?
    [ $rc -eq 0 ] && return
    cat "$dir/activate.log" >&2
    tail -n 20 "$agent_dir/berthd.log" >&2
    die "$1 was not committed (status $rc)"
}

# refused FILE WORD [OPTION ...]: refused with exactly this code, and nothing is changed.
refused() {
    local before after rc
    before=$(status_lasting)
    ctl activate "$dir/$1" "${@:3}" > "$dir/refused.log" 2>&1
    rc=$?
    after=$(status_lasting)
    check "$1 is refused (status $rc)" [ $rc -eq 1 ]
    check "$1 is refused as $2: $(cat "$dir/refused.log")" grep -qw -e "$2" "$dir/refused.log"
    check_equal "status after $1" "$after" "$before"
}
