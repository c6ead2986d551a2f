# shellcheck shell=bash disable=SC2154,SC2034
# releases: what an operator prepares for the gateway: an image in a registry's folder, signed releases.
#
# The image is made by hand (one layer, a config, a manifest) and put into a registry over its HTTP
# interface: no engine is needed here. The folder of the registry then goes to the gateway, which
# serves it under the same address.

# blob_put FILE: uploads it, and prints its digest.
blob_put() {
    local digest place
    digest=sha256:$(sha256sum "$1" | cut -d ' ' -f 1)
    place=$(curl --silent --show-error --fail --request POST --dump-header - --output /dev/null \
        "http://$registry/v2/web/blobs/uploads/" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
    curl --silent --show-error --fail --request PUT --header 'Content-Type: application/octet-stream' \
        --data-binary "@$1" "$place&digest=$digest" || fail "the registry does not take $1"
    echo "$digest"
}

# image_put PROGRAM: the image web:1, which holds the program as /app and nothing else.
image_put() {
    local stage=$dir/image layer config
    rm -rf "$stage"
    mkdir "$stage"
    install -m 755 "$1" "$stage/app"
    tar -C "$stage" --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$stage/layer.tar" app
    gzip -n -k "$stage/layer.tar"
    jq -n --arg arch "$image_arch" --arg variant "$image_variant" \
        --arg diff "sha256:$(sha256sum "$stage/layer.tar" | cut -d ' ' -f 1)" \
        '{architecture: $arch, os: "linux", config: {Entrypoint: ["/app"], StopSignal: "SIGTERM"},
          rootfs: {type: "layers", diff_ids: [$diff]}} + if $variant == "" then {} else {$variant} end' \
        >"$stage/config"
    layer=$(blob_put "$stage/layer.tar.gz") || exit 1
    config=$(blob_put "$stage/config") || exit 1
    jq -n --arg config "$config" --arg layer "$layer" \
        --argjson config_size "$(stat -c %s "$stage/config")" \
        --argjson layer_size "$(stat -c %s "$stage/layer.tar.gz")" \
        '"application/vnd.docker." as $type | {schemaVersion: 2,
          mediaType: ($type + "distribution.manifest.v2+json"),
          config: {mediaType: ($type + "container.image.v1+json"), size: $config_size, digest: $config},
          layers: [{mediaType: ($type + "image.rootfs.diff.tar.gzip"), size: $layer_size,
                    digest: $layer}]}' >"$stage/manifest"
    curl --silent --show-error --fail --request PUT --data-binary "@$stage/manifest" \
        --header 'Content-Type: application/vnd.docker.distribution.manifest.v2+json' \
        "http://$registry/v2/web/manifests/1" || fail "the registry does not take the manifest"
}

# releases_make FOLDER PROGRAM COUNT: keys, the registry's folder, the releases 1, 2, bad, and COUNT
# more (next-1 ...) of versions 1 and 2 in turn.
releases_make() {
    local dir=$1 n
    root=$PWD berth=$PWD/build/release/ports/app/berth/berth port=8080
    # shellcheck source=/dev/null
    . tests/e2e/release.sh
    fleet=plant tag=1
    swap='{soak: 24s, drain: 1s, keepWarm: 0s, deadline: 600s}'
    # Patient ones: an emulated processor is ten to twenty times slower.
    probes='        startup:
          httpGet: {path: /readyz, port: 8080}
          periodSeconds: 1
          timeoutSeconds: 10
          failureThreshold: 30
        readiness:
          httpGet: {path: /readyz, port: 8080}
          periodSeconds: 1
          timeoutSeconds: 2
          failureThreshold: 3'
    tests/apps/registry start "$dir/registry" "$registry_port" >/dev/null || fail "no registry"
    registry=127.0.0.1:$registry_port image=127.0.0.1:$registry_port/web
    (
        trap 'tests/apps/registry stop "$dir/registry"' EXIT
        image_put "$2"
        keys_make
        release_make release-1 1 1
        release_make release-2 2 2
        release_make release-bad 3 3 FAIL_AFTER_MS=15000
        for ((n = 1; n <= $3; n++)); do
            release_make "next-$n" $((2 - n % 2)) $((10 + n))
        done
    ) || fail "the releases cannot be made"
}
