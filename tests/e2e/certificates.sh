# certificates: made with openssl by the fleet's CA, also such as the operator's tool would not make.

# instant OFFSET: as certificates write it: "-2 days" from now.
instant() {
    date --utc --date "$1" +%Y%m%d%H%M%SZ
}

certificates_begin() {
    mkdir -p "$dir/ca/certs"
    : > "$dir/ca/index"
    echo 1000 > "$dir/ca/serial"
    cat > "$dir/ca/conf" <<CONF
[ca]
default_ca = fleet
[fleet]
database = $dir/ca/index
new_certs_dir = $dir/ca/certs
serial = $dir/ca/serial
default_md = sha256
policy = named
unique_subject = no
[named]
commonName = supplied
[server]
subjectAltName = IP:127.0.0.1
extendedKeyUsage = serverAuth
[client]
extendedKeyUsage = clientAuth
CONF
}

# certify KIND CN BEGIN END KEY OUT: KIND is server or client; BEGIN and END are offsets from now.
certify() {
    {
        openssl req -new -key "$5" -subj "/CN=$2" -out "$dir/ca/request" &&
            openssl ca -batch -notext -config "$dir/ca/conf" -extensions "$1" \
                -cert "$fleet_dir/ca.pem" -keyfile "$fleet_dir/ca.key" -in "$dir/ca/request" \
                -startdate "$(instant "$3")" -enddate "$(instant "$4")" -out "$dir/ca/made"
    } > "$dir/ca/log" 2>&1 || { tail -n 5 "$dir/ca/log" >&2; die "no certificate"; }
    mv "$dir/ca/made" "$6"
}

# broker_certify BEGIN END: the broker's next certificate.
broker_certify() {
    certify server 127.0.0.1 "$1" "$2" "$fleet_dir/broker/key.pem" "$fleet_dir/broker/cert.pem"
}

# node_certify NAME BEGIN END: written beside the old one and moved into its place.
node_certify() {
    local folder=$fleet_dir/nodes/$1
    certify client "$1" "$2" "$3" "$folder/key.pem" "$folder/cert.pem"
}
