# documents: envelopes made by hand with openssl, also such as no tool of ours would write.

# octets HEX...: those bytes.
octets() {
    local hex
    for hex in $(sed 's/../& /g' <<< "$*"); do
        printf "\\x$hex"
    done
}

# hex FILE
hex() {
    od -An -v -tx1 "$1" | tr -d ' \n'
}

# key_id KEY: SHA-256 of the public point.
key_id() {
    openssl ec -in "$1" -pubout -conv_form uncompressed -outform DER 2> /dev/null | tail -c 65 |
        sha256sum | cut -d ' ' -f 1
}

# signature TYPE PAYLOAD-FILE KEY: the DER signature over the pre-authentication encoding.
signature() {
    {
        printf 'DSSEv1 %d %s %d ' ${#1} "$1" "$(stat -c %s "$2")"
        cat "$2"
    } > "$dir/encoding"
    openssl dgst -sha256 -sign "$3" -out "$dir/signature" "$dir/encoding"
}

# The same numbers with a zero octet that does not belong before r: BER, not DER.
signature_loosen() {
    local der r_len
    der=$(hex "$dir/signature")
    r_len=$((16#${der:6:2}))
    printf -v der '30%02x02%02x00%s' $((16#${der:2:2} + 1)) $((r_len + 1)) "${der:8}"
    octets "$der" > "$dir/signature"
}

# envelope FILE TYPE PAYLOAD-FILE [KEY ...]: signed by each key; $loosen spoils the encoding.
envelope() {
    local target=$dir/$1 type=$2 payload=$3 key comma=
    {
        printf '{"payloadType":"%s","payload":"%s","signatures":[' "$type" "$(base64 -w0 "$payload")"
        for key in "${@:4}"; do
            signature "$type" "$payload" "$key"
            [ -z "${loosen:-}" ] || signature_loosen
            printf '%s{"keyid":"%s","sig":"%s"}' "$comma" "$(key_id "$key")" \
                "$(base64 -w0 "$dir/signature")"
            comma=,
        done
        printf ']}'
    } > "$target"
}

release_type=application/vnd.berth.release.v1+json

# payload_of FILE: the payload of a release file, as it was signed.
payload_of() {
    jq -r .payload "$dir/$1" | base64 -d
}
