# broker: a fleet of a, b and c as `berth fleet init` writes it and a real Mosquitto, without an engine.
# To be sourced after lib.sh and `name=...`; broker_begin makes and starts it.

broker_pid=
listeners=()

for program in mosquitto mosquitto_pub mosquitto_sub openssl; do
    command -v "$program" > /dev/null || { echo "$name: needs $program" >&2; exit 77; }
done
[ -x "$berth" ] || { echo "$name: $berth is not built" >&2; exit 1; }

broker_stop() {
    [ -z "$broker_pid" ] || { kill "$broker_pid" && wait "$broker_pid"; } 2> /dev/null
    broker_pid=
}

finish() {
    local status=$? pid
    trap - EXIT INT TERM HUP
    for pid in "${listeners[@]}"; do
        kill "$pid" 2> /dev/null && wait "$pid" 2> /dev/null
    done
    broker_stop
    if [ "$broken" -ne 0 ] && [ -n "${BERTH_KEEP:-}" ]; then
        echo "    kept: $dir"
    else
        rm -rf "$dir"
    fi
    if [ "$status" -eq 0 ] && [ "$broken" -eq 0 ] && [ "$checked" -gt 0 ]; then
        echo "ok $name"
        exit 0
    fi
    echo "FAIL $name ($broken of $checked checks, status $status)"
    exit 1
}

dir=$(mktemp -d "${TMPDIR:-/tmp}/berth-$name.XXXXXX")
trap finish EXIT
trap 'exit 130' INT TERM HUP
chmod 711 "$dir" # the broker's user passes through

# -- the world ----------------------------------------------------------------------------------

fleet=$dir/fleet
nodes_port=$(port_find $((26000 + $$ % 2000 * 2)))
people_port=$(port_find $((nodes_port + 1)))
log=$dir/broker.log
top=berth/1/demo

fleet_make() {
    local node
    "$berth" fleet init "$fleet" --fleet demo --broker "127.0.0.1:$nodes_port:$people_port" \
        > "$dir/init.out" || die "fleet init"
    "$berth" fleet init "$dir/other" --fleet demo --broker 127.0.0.1 > /dev/null || die "fleet init"
    for node in a b c; do
        "$berth" node add "$node" --dir "$fleet" > /dev/null || die "node add $node"
    done
    "$berth" node add a --dir "$dir/other" > /dev/null || die "node add to the other fleet"
}

# The folder moved to "the broker's machine", as mosquitto.conf itself says.
broker_move() {
    cp -r "$fleet/broker" "$dir/moved"
    sed -i "s|$fleet/broker|$dir/moved|" "$dir/moved/mosquitto.conf"
    [ "$(id -u)" -ne 0 ] || chown -R mosquitto: "$dir/moved"
}

broker_start() {
    mosquitto -c "$dir/moved/mosquitto.conf" >> "$log" 2>&1 &
    broker_pid=$!
    wait_until 10 broker_answers || { cat "$log" >&2; die "the broker does not start"; }
}

broker_answers() {
    kill -0 "$broker_pid" && ! is_port_free "$nodes_port" && ! is_port_free "$people_port"
}

# as WHO PORT: the arguments with which a client is WHO (a folder of certificates) at that listener.
as() {
    arguments=(-h 127.0.0.1 -p "$2" --cafile "$fleet/ca.pem" --cert "$1/cert.pem" --key "$1/key.pem")
}
a=$fleet/nodes/a b=$fleet/nodes/b c=$fleet/nodes/c operator=$fleet/operator

# say WHO PORT TOPIC TEXT [OPTION...]: publishes with QoS 1; false when the broker does not take it.
# A right that is missing makes no difference to it: MQTT 3.1.1 has no word for that.
say() {
    as "$1" "$2"
    mosquitto_pub "${arguments[@]}" -q 1 -t "$3" -m "$4" "${@:5}" > "$dir/say.out" 2>&1
}

# listen FILE WHO PORT FILTER [OPTION...]: writes "topic text" lines to FILE; returns once subscribed.
listen() {
    as "$2" "$3"
    stdbuf -oL mosquitto_sub "${arguments[@]}" -d -q 1 -v -t "$4" "${@:5}" > "$1" 2>&1 &
    listeners+=($!)
    listener=$!
    wait_until 10 grep -q '^Subscribed' "$1" || die "no subscription to $4"
}

listen_end() {
    kill "$listener" && wait "$listener" 2> /dev/null
    unset "listeners[-1]"
}

# has FILE TOPIC TEXT: that line has come. lacks: it has not.
has() {
    grep -qxF "$2 $3" "$1"
}
lacks() {
    ! has "$@"
}
# comes FILE TOPIC TEXT: it has come, or does so soon.
comes() {
    wait_until 10 has "$@"
}

connections() { # NAME: how often a client of that id has connected
    grep -c "New client connected from .* as $1 (" "$log"
}
is_connections() {
    [ "$(connections "$1")" = "$2" ]
}

broker_begin() {
    fleet_make
    broker_move
    broker_start
    export BERTH_FLEET=$fleet
}
