# shellcheck shell=bash
# A second libcurl, for the operator's tool alone: what an operator's network needs and no node has.
# Sourced by deps after recipes.sh, whose `configure` and `compile` it uses.
#
# More than the agent's: proxies with a password (HTTPS_PROXY), names looked up in a thread, so that
# a time-out holds for them as well, and failures in words. Basic authentication is there for proxies
# alone: what a registry is shown is the tool's own affair. Advisories on curl's proxy code concern
# this build.

# build_operator_curl SOURCE PREFIX: PREFIX is the one with mbedTLS.
build_operator_curl() {
    local option off=(
        ALTSVC AWS BEARER_AUTH BINDLOCAL COOKIES DIGEST_AUTH DOH FORM_API HSTS IPFS KERBEROS_AUTH
        LIBCURL_OPTION MIME NEGOTIATE_AUTH NETRC NTLM PARSEDATE PROGRESS_METER SHA512_256 SHUFFLE_DNS
        SRP WEBSOCKETS
    )
    local options=()
    for option in "${off[@]}"; do
        options+=("-DCURL_DISABLE_$option=ON")
    done
    configure operator_curl "$1" "${options[@]}" -DHTTP_ONLY=ON -DBUILD_CURL_EXE=OFF \
        -DBUILD_STATIC_LIBS=ON -DBUILD_LIBCURL_DOCS=OFF -DBUILD_MISC_DOCS=OFF \
        -DENABLE_CURL_MANUAL=OFF -DBUILD_EXAMPLES=OFF -DCURL_USE_PKGCONFIG=OFF \
        -DPICKY_COMPILER=OFF \
        -DENABLE_ARES=OFF -DENABLE_THREADED_RESOLVER=ON -DENABLE_UNIX_SOCKETS=ON \
        -DENABLE_IPV6=ON -DCURL_ENABLE_SSL=ON -DCURL_USE_OPENSSL=OFF -DCURL_USE_MBEDTLS=ON \
        -DMBEDTLS_INCLUDE_DIR="$2/include" -DMBEDTLS_LIBRARY="$2/lib/libmbedtls.a" \
        -DMBEDX509_LIBRARY="$2/lib/libmbedx509.a" \
        -DMBEDCRYPTO_LIBRARY="$2/lib/libmbedcrypto.a" \
        -DCURL_CA_BUNDLE=none -DCURL_CA_PATH=none -DCURL_ZLIB=OFF -DCURL_BROTLI=OFF \
        -DCURL_ZSTD=OFF -DUSE_NGHTTP2=OFF -DUSE_LIBIDN2=OFF -DCURL_USE_LIBPSL=OFF \
        -DCURL_USE_LIBSSH2=OFF
    compile operator_curl install || return
    rm -rf "$stage/bin" "$stage/share" "$stage/lib/cmake" "$stage/lib/pkgconfig"
    [[ -f $stage/lib/libcurl.a ]]
}
