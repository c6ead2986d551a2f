# release: keys, Compose files and signed releases of the web app, written as an operator does.

fleet=demo

keys_make() {
    "$berth" keys new "$dir/keys" --fleet "$fleet" > "$dir/keys.log" 2>&1 ||
        { cat "$dir/keys.log" >&2; die "no keys"; }
}

# compose_write FILE APP VERSION SEQUENCE PORT TAG [NAME=VALUE ...]: the Compose file of a release;
# the pairs are environment. $swap, $probes and $extra replace or add lines.
compose_write() {
    local pair
    {
        cat <<YAML
services:
  web:
    image: $image:$6
    ports: ["$5:8080"]
    stop_grace_period: 8s
    environment:
      NAME: $2
      VERSION: "$3"
YAML
        for pair in "${@:7}"; do
            echo "      ${pair%%=*}: \"${pair#*=}\""
        done
        [ -z "${extra:-}" ] || printf '%s\n' "$extra"
        cat <<YAML
    x-berth:
      probes:
${probes:-$probes_default}
      drain:
        notify: {signal: SIGUSR1}
x-berth:
  app: $2
  version: "$3"
  sequence: $4
${top:-}
  swap: ${swap:-$swap_default}
YAML
    } > "$1"
}

swap_default='{soak: 1s, drain: 500ms, keepWarm: 0s, deadline: 30s}'
probes_default='        startup:
          httpGet: {path: /readyz, port: 8080}
          periodSeconds: 0.1
          timeoutSeconds: 0.3
          failureThreshold: 20
        readiness:
          httpGet: {path: /readyz, port: 8080}
          periodSeconds: 0.1
          timeoutSeconds: 0.3
          failureThreshold: 2'

# release_make FILE VERSION SEQUENCE [NAME=VALUE ...]: $dir/FILE, a signed release of app `web`.
release_make() {
    compose_write "$dir/$1.yaml" "${app:-web}" "$2" "$3" "${published:-$port}" "${tag:-web}" "${@:4}"
    release_build "$1"
    release_sign "$1" "$dir/$1"
}

# release_build FILE: $dir/FILE.yaml becomes the unsigned $dir/FILE.unsigned.
release_build() {
    "$berth" release build "$dir/$1.yaml" -o "$dir/$1.unsigned" > "$dir/build.log" 2>&1 ||
        { cat "$dir/build.log" >&2; die "release $1 not built"; }
}

# release_sign FILE TARGET [KEY]
release_sign() {
    "$berth" release sign "$dir/$1.unsigned" --key "${3:-$dir/keys/release.pem}" -o "$2" \
        > "$dir/sign.log" 2>&1 || { cat "$dir/sign.log" >&2; die "release $1 not signed"; }
}

# compose_remove FILE APP SEQUENCE: the Compose file of a release without services: it removes the app.
compose_remove() {
    cat > "$1" <<YAML
services: {}
x-berth:
  app: $2
  version: gone
  sequence: $3
  swap: {soak: 1s, drain: 500ms, keepWarm: 0s}
YAML
}
