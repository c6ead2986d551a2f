# fleet: a broker with mutual TLS and several agents that share the engine, each with an identity, a
# state, a pool and an address of its own for published ports. To be sourced after lib.sh.
#
# fleet_begin makes the operator's folder $fleet_dir and starts the broker; node_add NAME makes a
# node, node_use NAME turns agent.sh's functions (ctl, status, settle ...) to it.

fleet_dir=
fleet_nodes=()
broker_pid=
broker_kind=${broker_kind:-mosquitto} # or nats: MQTT 3.1.1, one listener, no lists of rights
declare -A node_pool node_address node_pid

fleet_begin() {
    local first=$((24000 + slot * 100)) second
    fleet_dir=$dir/fleet
    export TMPDIR=$dir # what a killed tool leaves goes with the test's folder
    node_port=$(port_find $first)
    operator_port=$(port_find $((node_port + 1)))
    fleet_init "$@"
    [ "$broker_kind" != nats ] || one_listener
    ln -s fleet/keys "$dir/keys"
    broker_start
    second=$("$berth" trust publish --dir "$fleet_dir" 2>&1) || die "trust not published: $second"
}

fleet_init() {
    "$berth" fleet init "$fleet_dir" --fleet "$fleet" \
        --broker "127.0.0.1:$node_port:$operator_port" "$@" > "$dir/init.log" 2>&1 ||
        { cat "$dir/init.log" >&2; die "no fleet"; }
    # Heard on loopback only; started by root it would else become a user who cannot read this folder.
    sed -i 's/^listener [0-9]*/& 127.0.0.1/' "$fleet_dir/broker/mosquitto.conf"
    echo "user root" >> "$fleet_dir/broker/mosquitto.conf"
}

# The operator's folder for a broker that has one listener for everybody.
one_listener() {
    operator_port=$node_port
    jq ".broker.operatorPort = .broker.port" "$fleet_dir/fleet.json" > "$dir/fleet.json" &&
        cp "$dir/fleet.json" "$fleet_dir/fleet.json"
}

broker_is_up() {
    ! is_port_free "$node_port" && ! is_port_free "$operator_port"
}

# NATS server as the broker: certificates as for Mosquitto; its rights would come from accounts.
nats_configure() {
    cat > "$dir/nats.conf" <<CONF
server_name: berth-test
listen: 127.0.0.1:$(port_find $((node_port + 2)))
jetstream { store_dir: "$fleet_dir/broker/data" }
mqtt {
    listen: 127.0.0.1:$node_port
    tls {
        cert_file: "$fleet_dir/broker/cert.pem"
        key_file: "$fleet_dir/broker/key.pem"
        ca_file: "$fleet_dir/broker/ca.pem"
        verify: true
    }
}
CONF
}

broker_start() {
    if [ "$broker_kind" = nats ]; then
        nats_configure
        nats-server -c "$dir/nats.conf" >> "$dir/broker.log" 2>&1 < /dev/null &
    else
        mosquitto -c "$fleet_dir/broker/mosquitto.conf" >> "$dir/broker.log" 2>&1 < /dev/null &
    fi
    broker_pid=$!
    wait_until 10 broker_is_up && return
    tail -n 5 "$dir/broker.log" >&2
    die "the broker does not start"
}

# broker_end SIGNAL: also when it was stopped in its tracks.
broker_end() {
    [ -n "$broker_pid" ] || return 0
    kill "-$1" "$broker_pid" 2> /dev/null
    kill -CONT "$broker_pid" 2> /dev/null
    wait "$broker_pid" 2> /dev/null
    broker_pid=
}

broker_stop() {
    broker_end TERM
}

# What it has retained is lost, as after a power cut before it was saved.
broker_forget() {
    broker_end KILL
    rm -rf "$fleet_dir"/broker/data/*
}

# is_spoken VERSION: whether the broker speaks it with somebody who speaks nothing else.
is_spoken() {
    openssl s_client -connect "127.0.0.1:$node_port" "-$1" -CAfile "$fleet_dir/ca.pem" \
        -cert "$fleet_dir/operator/cert.pem" -key "$fleet_dir/operator/key.pem" < /dev/null \
        > "$dir/s_client.log" 2>&1
    grep -q "Cipher is [A-Z]" "$dir/s_client.log"
}

# The next /20 of 198.18.0.0/15 that nothing on this machine and no node of ours uses.
pool_find() {
    local used candidate tries start=$((slot * 2))
    used=$(ip -4 -o route show; iptables -w -S DOCKER-USER 2> /dev/null; nft list tables 2> /dev/null)
    for ((tries = 0; tries < 32; tries++)); do
        candidate=$(((start + tries) % 32))
        candidate_pool=198.$((18 + candidate / 16)).$((candidate % 16 * 16)).0/20
        case " ${node_pool[*]:-} " in *" $candidate_pool "*) continue ;; esac
        pool_is_unused "$used" "$candidate" && return
    done
    die "all of 198.18.0.0/15 is in use on this machine"
}

# The third bytes of a /20 are 16 in a row.
pool_is_unused() {
    local third start=$(($2 % 16 * 16))
    for ((third = start; third < start + 16; third++)); do
        case $1 in
        *"198.$((18 + $2 / 16)).$third."*) return 1 ;;
        esac
    done
}

# node_add NAME [LABEL ...]: its bundle, and a configuration that keeps to $dir.
node_add() {
    local label labels=()
    for label in "${@:2}"; do
        labels+=(--label "$label")
    done
    "$berth" node add "$1" --dir "$fleet_dir" --prefix "$fleet_dir/nodes/$1" "${labels[@]}" \
        > "$dir/node.log" 2>&1 || { cat "$dir/node.log" >&2; die "no node $1"; }
    pool_find
    fleet_nodes+=("$1")
    node_pool[$1]=$candidate_pool
    made "$1" "$candidate_pool" -
    node_address[$1]=127.0.0.$((10 + ${#fleet_nodes[@]}))
    node_pid[$1]=
    mkdir -p "$dir/nodes/$1/"{state,control,secrets}
    jq --arg dir "$dir/nodes/$1" --arg engine "$engine_socket" --arg pool "$candidate_pool" \
        --arg address "${node_address[$1]}" '. + {stateDir: ($dir + "/state"),
            controlDir: ($dir + "/control"), secretsDir: ($dir + "/secrets"),
            engineSocket: $engine, pool: $pool, publishAddress: $address}' \
        "$fleet_dir/nodes/$1/berthd.json" > "$dir/nodes/$1/berthd.json"
}

# node_widen NAME: a /18 instead, four free /20 in a row: a /20 has room for one app.
node_widen() {
    local used wide part
    used=$(ip -4 -o route show; iptables -w -S DOCKER-USER 2> /dev/null; nft list tables 2> /dev/null)
    for ((wide = 0; wide < 32; wide += 4)); do
        for ((part = wide; part < wide + 4; part++)); do
            pool_is_unused "$used" $part || break
        done
        [ $part -lt $((wide + 4)) ] || break
    done
    [ $wide -lt 32 ] || die "no /18 of 198.18.0.0/15 is free on this machine"
    node_pool[$1]=198.$((18 + wide / 16)).$((wide % 16 * 16)).0/18
    jq --arg pool "${node_pool[$1]}" '.pool = $pool' "$dir/nodes/$1/berthd.json" > "$dir/wide.json" &&
        cp "$dir/wide.json" "$dir/nodes/$1/berthd.json"
}

node_use() {
    [ -z "${node_now:-}" ] || node_pid[$node_now]=$agent_pid
    node_now=$1 node=$1 pool=${node_pool[$1]} agent_dir=$dir/nodes/$1 agent_pid=${node_pid[$1]}
}

node_start() {
    node_use "$1"
    agent_start
}

node_stop() {
    node_use "$1"
    agent_stop
}

node_kill() {
    node_use "$1"
    agent_kill
}

# Everything of every node; the name that the images carry comes last, for world_end.
fleet_end() {
    local each first=$name-$$
    for each in "${fleet_nodes[@]}"; do
        node_kill "$each"
        engine_clean
    done
    node=$first
    broker_end TERM
}

# topics_of TOPIC: the options that subscribe to it below berth/1/<fleet>/, and of what is about one node
# to its place at berth/2 as well: below the first two digits of the SHA-256 of the node's name.
topics_of() {
    local name=${1#node/}
    topics=(-t "berth/1/$fleet/$1")
    if [ "$name" != "$1" ]; then
        name=${name%%/*}
        topics+=(-t "berth/2/$fleet/node/$(printf %s "$name" | sha256sum | cut -c1-2)/${1#node/}")
    fi
}

# said TOPIC: what is retained there.
said() {
    topics_of "$1"
    mosquitto_sub -h 127.0.0.1 -p "$operator_port" --cafile "$fleet_dir/ca.pem" \
        --cert "$fleet_dir/operator/cert.pem" --key "$fleet_dir/operator/key.pem" \
        "${topics[@]}" -C 1 -W "${2:-2}" 2> /dev/null
}

# mosquitto_sub_all FILTER: every retained message there.
mosquitto_sub_all() {
    mosquitto_sub -h 127.0.0.1 -p "$operator_port" --cafile "$fleet_dir/ca.pem" \
        --cert "$fleet_dir/operator/cert.pem" --key "$fleet_dir/operator/key.pem" \
        -t "berth/1/$fleet/$1" -W 1 2> /dev/null
}

# say_file TOPIC FILE: retained, with the operator's certificate.
say_file() {
    local at
    topics_of "$1"
    for at in "${topics[@]}"; do
        [ "$at" = -t ] || mosquitto_pub -h 127.0.0.1 -p "$operator_port" --cafile "$fleet_dir/ca.pem" \
            --cert "$fleet_dir/operator/cert.pem" --key "$fleet_dir/operator/key.pem" \
            -t "$at" -q 1 -r -f "$2" || return 1
    done
}

# reported NODE JQ-EXPRESSION
reported() {
    said "node/$1/report" | jq -r "$2"
}

# check_reported WHAT NODE JQ-EXPRESSION WANT: within a while.
is_reported() {
    [ "$(reported "$1" "$2")" = "$3" ]
}

check_reported() {
    wait_until "${5:-15}" is_reported "$2" "$3" "$4" ||
        check_equal "$1" "$(reported "$2" "$3")" "$4"
    checked=$((checked + 1))
}
