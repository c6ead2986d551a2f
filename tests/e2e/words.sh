# words: what is signed at the broker, seen and written by hand. To be sourced after broker.sh and
# documents.sh; a fleet of broker.sh stands.

spec_type=application/vnd.berth.rollout-spec.v1+json
control_type=application/vnd.berth.rollout-control.v1+json
state_type=application/vnd.berth.rollout-state.v1+json
claim_type=application/vnd.berth.claim.v1+json
word_release=$(printf '02%.0s' {1..32})

# payload_at TOPIC: what was signed there.
payload_at() {
    retained "$1" | jq -r .payload 2> /dev/null | base64 -d 2> /dev/null
}

now_ms() {
    date +%s%3N
}

# spec_text ID APP CREATED [JQ]: the payload of a spec in $dir/word.
spec_text() {
    jq -cn --arg id "$1" --arg app "$2" --argjson created "$3" --arg release "$word_release" \
        '{schema:1,must:[],fleet:"demo",id:$id,app:$app,release:$release,sequence:2,version:"2",
          created:$created,maxUnavailable:1,startByMs:900000,lostAfterMs:900000,force:false,
          offline:"later"}'" | ${4:-.}" > "$dir/word"
}

control_text() { # ID WANT SERIAL
    jq -cn --arg id "$1" --arg want "$2" --argjson serial "$3" \
        '{schema:1,must:["want"],fleet:"demo",id:$id,serial:$serial,want:$want,accepted:0}' > "$dir/word"
}

# put WHO PORT TOPIC FILE: retained.
put() {
    as "$1" "$2"
    mosquitto_pub "${arguments[@]}" -q 1 -r -t "$top/$3" -f "$4" > "$dir/say.out" 2>&1
}

# report_at_rest NODE: there, and nothing changes.
report_at_rest() {
    jq -cn --arg node "$1" --arg release "$(printf '01%.0s' {1..32})" \
        '{schema:1,must:[],fleet:"demo",node:$node,version:"0.2",arch:"amd64",
          reads:{release:1,order:1,trust:2},labels:{},memoryLost:false,storeFailed:false,engineUp:true,
          at:1,timeTrusted:true,apps:[{app:"web",phase:"rest",committed:{gen:1,release:$release},
          wantedBy:"nobody",serving:true}]}'
}

node_there() { # NODE FOLDER
    say "$2" "$nodes_port" "$top/node/$1/report" "$(report_at_rest "$1")" -r
    say "$2" "$nodes_port" "$top/node/$1/presence" \
        '{"schema":1,"session":"0123456789abcdef","online":true,"since":1763900000000}' -r
}

order_of() { # NODE APP JQ: of the order that lies there
    payload_at "node/$1/order/$2" | jq -r "$3"
}

state_is() { # ROLLOUT JQ-EXPRESSION
    payload_at "rollout/$1/state" | jq -e "$2" > /dev/null 2>&1
}

log_has() {
    grep -qE -- "$1" "$dir/coordinate.log"
}
