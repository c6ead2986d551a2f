# measure: stopwatches from outside, notes of each run, and the table made of their medians.

now_us() {
    echo "${EPOCHREALTIME/./}"
}

# note NAME VALUE
note() {
    echo "$1 $2" >> "$dir/notes"
}

# stopwatch VERSION: $began is now; stopped sets $moved to the instant of the first answer by VERSION.
stopwatch() {
    "$first" "$own:$port" "$1" 60 > "$dir/first" &
    watch_pid=$!
    sleep 0.02
    began=$(now_us)
}

stopped() {
    wait "$watch_pid" || die "the version that was waited for did not answer"
    moved=$(cat "$dir/first")
}

is_at_rest() {
    [ "$(app_status .phase)" = rest ]
}

until_rest() {
    wait_until 60 is_at_rest || die "no verdict"
}

# -- the agent's events and the engine's, by the same wall clock ----------------------------------

# event_us TEXT: when the last event that contains TEXT was noted (whole milliseconds).
event_us() {
    ctl events --json | jq -s --arg text "$1" 'map(select(.text | contains($text))) | last.wall * 1000'
}

engine_watch() {
    : > "$dir/engine.events"
    docker events --filter type=container --filter "label=io.berth.node=$node" \
        --format '{{.Action}} {{.TimeNano}}' > "$dir/engine.events" 2> /dev/null &
    events_pid=$!
    sleep 0.2
}

engine_unwatch() {
    sleep 0.1
    kill "$events_pid"
    wait "$events_pid" 2> /dev/null
}

# engine_event_us ACTION
engine_event_us() {
    echo $(($(awk -v action="$1" '$1 == action { at = $2 } END { print at }' "$dir/engine.events") / 1000))
}

# engine_call METHOD PATH [BODY]
engine_call() {
    curl --silent --unix-socket "$engine_socket" --request "$1" --header 'Content-Type: application/json' \
        ${3:+--data "$3"} "http://engine$2"
}

# -- processes -----------------------------------------------------------------------------------

# pss_kb PID...: what these processes cost this machine, shared pages divided.
pss_kb() {
    local pid
    for pid in "$@"; do
        cat "/proc/$pid/smaps_rollup"
    done | awk '$1 == "Pss:" { sum += $2 } END { print sum }'
}

# records_count FILE: writes and syncs under the state directory in what strace saw.
records_count() {
    grep -F "$dir/state" "$1" | grep -v -e berthd.log > "$1.state"
    note records "$(grep 'pwrite64(' "$1.state" | grep -c '\.r>')"
    note file_bytes "$(grep 'pwrite64(' "$1.state" | grep '\.new>' | sed 's/.* = //' | sum)"
    note syncs "$(grep -c -e 'fsync(' -e 'fdatasync(' "$1.state")"
}

# The sum of the numbers on stdin, one a line.
sum() {
    awk '{ sum += $1 } END { print sum + 0 }'
}

# rate NEW KEPT TARGET: answers a second.
rate() {
    "$load" --target "$3" --new "$1" --keepalive "$2" --pace-ms 0 --seconds 2 \
        --json "$dir/rate.json" > /dev/null 2>&1 || die "the clients of $3 met failures"
    jq '(.ok / .seconds) | floor' "$dir/rate.json"
}

# -- the table -----------------------------------------------------------------------------------

# median NAME [NUMBER-OF-DECIMALS] [DIVISOR]: "12.3 (10.1 to 15.0)"
median() {
    awk -v name="$1" '$1 == name { print $2 }' "$dir/notes" | sort -n |
        awk -v decimals="${2:-0}" -v divisor="${3:-1}" '
            { value[NR] = $1 / divisor }
            END {
                if (NR == 0) { print "not measured"; exit }
                middle = NR % 2 ? value[(NR + 1) / 2] : (value[NR / 2] + value[NR / 2 + 1]) / 2
                printf "%.*f (%.*f to %.*f)\n", decimals, middle, decimals, value[1], decimals, value[NR]
            }'
}

# rest WHOLE PART...: the median of the whole less the medians of its parts, in milliseconds.
rest() {
    local part left
    left=$(plain "$1")
    for part in "${@:2}"; do
        left=$((left - $(plain "$part")))
    done
    awk -v us="$left" 'BEGIN { printf "%.1f\n", us / 1000 }'
}

# plain NAME: the median alone, a whole number.
plain() {
    median "$1" | cut -d ' ' -f 1
}

row() {
    printf '%-46s %-28s %s\n' "$1" "$2" "$3"
}

ratio() {
    awk -v a="$(plain "$1")" -v b="$(plain "$2")" 'BEGIN { printf "%.2f", a / b }'
}
