# registry: a private registry with TLS and token login on 127.0.0.1, and a hostile one beside it.
#
# secure_begin makes all of it below $dir/secure: its CA, docker-registry at $secure, its token server, the
# front at $hostile that does one wrong thing by the repository's name (registry_peer), and the same
# images by plain HTTP at $open, through which secure_image puts them there. Users: bob geheim; late geheim
# (every token of his is expired); busy geheim (429). secure_end stops what was started, nothing else.
# $secure_at is the address of all of it (127.0.0.1). $secure_gate leads to the registry, and does what
# secure_gate_set says: pass, slow (2 KiB a second), cut (each connection ends
# after 64 KiB), stump (after 6,000 bytes), shut.

secure_pids=()
secure_at=127.0.0.1

secure_gate_set() {
    echo "$1" > "$secure_dir/gate.new" && mv "$secure_dir/gate.new" "$secure_dir/gate"
}

secure_peer() {
    "$root/tests/e2e/registry_peer" "$1" "$2" "$secure_dir" "$secure_at" 2> "$secure_dir/$1.err" &
    secure_pids+=($!)
}

secure_begin() {
    local port
    secure_dir=$dir/secure
    mkdir -p "$secure_dir/data"
    printf '%s\n' 'bob geheim good' 'late geheim late' 'busy geheim busy' > "$secure_dir/users"
    secure_certificates || die "no certificates for the registry"
    port=$(port_find $((28000 + $$ % 1000 * 4)))
    secure=$secure_at:$port
    secure_token=$(port_find $((port + 1)))
    hostile=$secure_at:$(port_find $((secure_token + 1)))
    open=$secure_at:$(port_find $((${hostile#*:} + 1)))
    secure_gate=$secure_at:$(port_find $((${open#*:} + 1)))
    echo "$port" > "$secure_dir/upstream"
    secure_gate_set pass
    secure_peer token "$secure_token"
    secure_peer front "${hostile#*:}"
    secure_peer gate "${secure_gate#*:}"
    secure_registry secure "$secure" "  tls: {certificate: $secure_dir/server.crt, key: $secure_dir/server.key}
auth: {token: {realm: 'https://$secure_at:$secure_token/token', service: registry.test, issuer: berth-test,
  rootcertbundle: $secure_dir/ca.crt}}"
    secure_registry open "$open" ""
    wait_until 10 secure_is_up || die "the registry does not answer: $(tail -n 3 "$secure_dir"/*.out "$secure_dir"/*.err)"
}

# A CA of its own, and one certificate of it for both names of this machine.
secure_certificates() {
    (
        cd "$secure_dir" &&
            openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 -subj /CN=test-ca &&
            openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=registry.test &&
            openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out server.crt \
                -extfile <(echo "subjectAltName=IP:127.0.0.1,IP:$secure_at,DNS:localhost")
    ) > "$secure_dir/openssl.log" 2>&1
}

# secure_registry NAME ADDRESS MORE: docker-registry over $secure_dir/data.
secure_registry() {
    cat > "$secure_dir/$1.yml" <<YAML
version: 0.1
log: {level: info, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $secure_dir/data}}
http:
  addr: $2
$3
YAML
    docker-registry serve "$secure_dir/$1.yml" > "$secure_dir/$1.out" 2>&1 &
    secure_pids+=($!)
}

secure_is_up() {
    grep -q ready "$secure_dir/token.log" && grep -q ready "$secure_dir/front.log" &&
        grep -q ready "$secure_dir/gate.log" &&
        grep -q 'listening on' "$secure_dir/secure.out" && grep -q 'listening on' "$secure_dir/open.out"
}

secure_end() {
    local pid
    for pid in "${secure_pids[@]}"; do
        kill "$pid" && wait "$pid"
    done 2> /dev/null
    secure_pids=()
}

# secure_login USER PASSWORD [HOST]: a client configuration that holds it; its folder for $DOCKER_CONFIG.
secure_login() {
    mkdir -p "$secure_dir/login-$1"
    printf '{"auths":{"%s":{"auth":"%s"}}}\n' "${3:-$secure}" "$(printf '%s:%s' "$1" "$2" | base64 -w0)" \
        > "$secure_dir/login-$1/config.json"
    echo "$secure_dir/login-$1"
}

# secure_put NAME FILE: a blob; prints its digest.
secure_put() {
    local digest to
    digest=sha256:$(sha256sum < "$2" | cut -d ' ' -f 1)
    to=$(curl -sSf -X POST -D - -o /dev/null "http://$open/v2/$1/blobs/uploads/" |
        tr -d '\r' | sed -n 's/^Location: //Ip')
    case $to in *\?*) to=$to'&' ;; *) to=$to'?' ;; esac
    curl -sSf -o /dev/null -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$2" \
        "${to}digest=$digest" || die "a blob was not taken"
    echo "$digest"
}

# secure_put_manifest NAME TAG TYPE FILE
secure_put_manifest() {
    curl -sSf -o /dev/null -X PUT -H "Content-Type: $3" --data-binary "@$4" "http://$open/v2/$1/manifests/$2" ||
        die "the manifest $1:$2 was not taken"
}

# secure_image NAME TAG PLATFORM...: an index ("arm/v7 arm64 amd64") with an attestation beside each, all of
# them with the program $web, which runs on this machine; prints the index's digest.
secure_image() {
    local name=$1 tag=$2 platform arch variant layer config at=$secure_dir/image entries=()
    rm -rf "$at" && mkdir -p "$at/files"
    cp "$web" "$at/files/app"
    tar -C "$at/files" --sort=name --mtime=@0 --owner=0 --group=0 -cf "$at/layer.tar" app
    gzip -nk "$at/layer.tar"
    layer=$(secure_put "$name" "$at/layer.tar.gz") || return
    for platform in "${@:3}"; do
        arch=${platform%/*} variant=
        [ "$arch" = "$platform" ] || variant=${platform#*/}
        jq -nc --arg arch "$arch" --arg variant "$variant" \
            --arg diff "sha256:$(sha256sum < "$at/layer.tar" | cut -d ' ' -f 1)" \
            '{os: "linux", architecture: $arch, rootfs: {type: "layers", diff_ids: [$diff]},
              config: {Entrypoint: ["/app"], ExposedPorts: {"8080/tcp": {}}, StopSignal: "SIGTERM"}} +
             if $variant == "" then {} else {variant: $variant} end' > "$at/config"
        config=$(secure_put "$name" "$at/config") || return
        jq -nc --arg config "$config" --arg layer "$layer" --argjson size "$(stat -c %s "$at/layer.tar.gz")" \
            --argjson length "$(stat -c %s "$at/config")" \
            '{schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json",
              config: {mediaType: "application/vnd.oci.image.config.v1+json", digest: $config, size: $length},
              layers: [{mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest: $layer, size: $size}]}' \
            > "$at/manifest"
        digest=sha256:$(sha256sum < "$at/manifest" | cut -d ' ' -f 1)
        secure_put_manifest "$name" "$digest" application/vnd.oci.image.manifest.v1+json "$at/manifest"
        entries+=("$(jq -nc --arg digest "$digest" --argjson size "$(stat -c %s "$at/manifest")" --arg arch "$arch" \
            --arg variant "$variant" '{mediaType: "application/vnd.oci.image.manifest.v1+json", digest: $digest,
              size: $size, platform: ({os: "linux", architecture: $arch} +
              if $variant == "" then {} else {variant: $variant} end)}')")
        entries+=("$(jq -c '.platform = {os: "unknown", architecture: "unknown"} |
            .annotations = {"vnd.docker.reference.type": "attestation-manifest"}' <<< "${entries[-1]}")")
    done
    printf '%s\n' "${entries[@]}" | jq -sc '{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json",
        manifests: .}' > "$at/index"
    secure_put_manifest "$name" "$tag" application/vnd.oci.image.index.v1+json "$at/index"
    echo "sha256:$(sha256sum < "$at/index" | cut -d ' ' -f 1)"
}
