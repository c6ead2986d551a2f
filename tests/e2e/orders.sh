# orders: orders made by hand, and a world of one node and two releases to give them to.

order_type=application/vnd.berth.order.v1+json
web_app='.apps[] | select(.app == "web") |'
gen=0

# order_make NODE APP EPOCH GEN DIGEST [MEMBERS]: $dir/order, signed, and its id in $order_id. MEMBERS
# are joined as by jq: {hold: true}. $order_key signs (default: the fleet's order key).
order_make() {
    order_id=$(od -An -N8 -tx8 /dev/urandom | tr -d ' ')
    jq -cn --arg id "$order_id" --arg fleet "$fleet" --arg node "$1" --arg app "$2" \
        --argjson epoch "$3" --argjson gen "$4" --arg release "$5" --argjson issued "$(now_ms)" \
        '{schema: 1, $id, $fleet, $node, $app, $epoch, $gen, $release, $issued} + '"${6:-{\}}" \
        > "$dir/order.payload" || die "no order"
    envelope order "$order_type" "$dir/order.payload" "${order_key:-$dir/keys/order.pem}"
}

# order_give [FILE]: puts it where the node reads what it is to do with the app web.
order_give() {
    say_file "node/$node/order/web" "$dir/${1:-order}" || die "order not given"
}

# order_next DIGEST [MEMBERS]: the next of this fleet, given to the node.
order_next() {
    order_make "$node" web 1 $((++gen)) "$@"
    order_give
}

# publish FILE: prints the release's digest.
publish() {
    "$berth" release publish "$dir/$1" --dir "$fleet_dir" 2> "$dir/publish.log" && return
    cat "$dir/publish.log" >&2
    die "$1 not published"
}

# report JQ-EXPRESSION
report() {
    reported "$node" "$1"
}

presence() {
    said "node/$node/presence" | jq -r "$1"
}

is_online() {
    [ "$(presence .online)" = true ]
}

has_outcome() {
    [ "$(report "$web_app .outcomes // [] | .[] | select(.id == \"$1\") | .outcome")" = "$2" ]
}

# must_end ID OUTCOME
must_end() {
    wait_until 40 has_outcome "$1" "$2" && settle && return
    tail -n 20 "$agent_dir/berthd.log" >&2
    die "order $gen did not end in $2: $(report .)"
}

served() {
    curl --silent --max-time 5 "http://${node_address[$node]}:$port/"
}

# orders_begin NAME: world, fleet, and the node $a that knows no release yet, of two that are published.
# The broker's log tells who subscribes to what.
orders_begin() {
    world_begin "$1"
    fleet_begin
    printf 'log_type %s\n' error warning notice information subscribe \
        >> "$fleet_dir/broker/mosquitto.conf"
    broker_stop
    broker_start
    image_build web "$web"
    a=a-$$
    node_add "$a" site=north
    node_start "$a"
    check "the node is online" wait_until 10 is_online
    release_make first 1 1
    release_make second 2 2
    first=$(publish first)
    second=$(publish second)
}
