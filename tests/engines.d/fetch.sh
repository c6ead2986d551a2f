# shellcheck shell=bash disable=SC2154
# fetch: an engine's packages, unpacked below $base/root. apt works with directories and a source list
# of its own; the machine's own apt is not changed.

packages_of() {
    case $1 in
    docker) echo docker.io docker-cli containerd runc ;;
    podman) echo podman crun conmon netavark aardvark-dns golang-github-containers-common ;;
    esac
    echo iptables nftables mount util-linux bash coreutils kmod procps iproute2
}

# The archive that this machine itself uses, main archive only.
archive_uri() {
    apt-get indextargets --format "\$(REPO_URI) \$(COMPONENT) \$(SUITE)" 'Created-By: Packages' |
        awk '$2 == "main" && ($1 " " $3) !~ /security|updates|backports/ { print $1; exit }'
}

apt_prepare() {
    local uri keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    [ -f "$keyring" ] || die "$keyring is missing: install the package debian-archive-keyring"
    uri=$(archive_uri)
    [ -n "$uri" ] || die "apt knows no Debian archive: run 'apt-get update'"
    mkdir -p "$base"/apt/{lists,cache/archives}/partial
    : > "$base/apt/status"
    printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$uri" "$suite" > "$base/apt/sources.list"
    cat > "$base/apt/conf" << CONF
Dir::Etc::sourcelist "$base/apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State::lists "$base/apt/lists";
Dir::State::status "$base/apt/status";
Dir::Cache "$base/apt/cache";
APT::Install-Recommends "false";
APT::Sandbox::User "$(id -un)";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
CONF
}

# apt_run WORD...: what it says is shown when it fails.
apt_run() {
    apt-get -c "$base/apt/conf" -qq --yes "$@" > "$base/apt/log" 2>&1 || {
        tail -n 20 "$base/apt/log" >&2
        die "apt-get $1 failed for $engine; the lines above are the end of what it said"
    }
}

# Programs and libraries, without documentation.
engine_unpack() {
    local deb name
    rm -rf "$base/root"
    mkdir -p "$base/root/usr"
    for name in bin sbin lib lib64; do
        mkdir "$base/root/usr/$name"
        ln -s "usr/$name" "$base/root/$name"
    done
    for deb in "$base"/apt/cache/archives/*.deb; do
        dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$base/root" \
            --exclude './usr/share/doc' --exclude './usr/share/man' --exclude './usr/share/locale' ||
            die "$deb cannot be unpacked: remove it and try again"
    done
    for name in iptables iptables-save iptables-restore; do
        ln -sf xtables-nft-multi "$base/root/usr/sbin/$name"
        ln -sf xtables-nft-multi "$base/root/usr/sbin/ip6${name#ip}"
    done
    mkdir -p "$base/root"/{proc,sys,dev,run,tmp,root,var/lib}
    [ -e "$base/root/var/run" ] || ln -s ../run "$base/root/var/run"
    echo 'root:x:0:0:root:/root:/bin/bash' > "$base/root/etc/passwd"
    printf 'root:x:0:\ndocker:x:101:\n' > "$base/root/etc/group"
    echo '127.0.0.1 localhost' > "$base/root/etc/hosts"
    : > "$base/root/etc/resolv.conf"
}

# engine_fetch: once for each list of packages.
engine_fetch() {
    local packages
    [ -n "$suite" ] || return 0
    packages=$(packages_of "$kind")
    [ "$(cat "$base/fetched" 2> /dev/null)" != "$packages" ] || return 0
    echo "engines: fetching $engine" >&2
    rm -rf "$base"
    apt_prepare
    apt_run update
    # shellcheck disable=SC2086 # a list
    apt_run install --download-only $packages
    engine_unpack
    rm -rf "$base/apt"
    echo "$packages" > "$base/fetched"
}
