# shellcheck shell=bash disable=SC2154
# packages: the distribution's own kernel and tools for the emulated gateway, as files below $dir.
#
# apt works with directories and a source list of its own, for the gateway's processor, on the mirror
# that this machine uses; the machine's own apt is not changed. No script of a package is run: what
# they would have set up is in root_finish. $dir and $debian (the architecture) are the caller's.

packages="base-files bash coreutils grep sed mawk gzip findutils util-linux mount kmod procps iproute2
    nftables iptables conntrack openssl curl jq docker.io docker-registry busybox-static"
suite=bookworm

# archive_uri: the Debian archive that this machine itself uses, main archive only.
archive_uri() {
    apt-get indextargets --format "\$(REPO_URI) \$(COMPONENT) \$(SUITE)" 'Created-By: Packages' |
        awk '$2 == "main" && ($1 " " $3) !~ /security|updates|backports/ { print $1; exit }'
}

apt_prepare() {
    local uri keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    [[ -f $keyring ]] || fail "$keyring is missing: install the package debian-archive-keyring"
    uri=$(archive_uri)
    [[ -n $uri ]] || fail "apt knows no Debian archive: run 'apt-get update'"
    mkdir -p "$dir"/apt/{lists,cache/archives}/partial
    : >"$dir/apt/status"
    printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$uri" "$suite" >"$dir/apt/sources.list"
    cat >"$dir/apt/conf" <<CONF
Dir::Etc::sourcelist "$dir/apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State::lists "$dir/apt/lists";
Dir::State::status "$dir/apt/status";
Dir::Cache "$dir/apt/cache";
APT::Architecture "$debian";
APT::Architectures { "$debian"; };
APT::Install-Recommends "false";
APT::Sandbox::User "$(id -un)";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
CONF
}

# apt_run WORD...: what it says is shown when it fails.
apt_run() {
    apt-get -c "$dir/apt/conf" -qq --yes "$@" >"$dir/apt/log" 2>&1 || {
        tail -n 20 "$dir/apt/log" >&2
        fail "apt-get $1 failed for $debian; the lines above are the end of what it said"
    }
}

# fetch: leaves every package, whole dependencies included, in $dir/apt/cache/archives.
fetch() {
    local kernel
    [[ $(cat "$dir/fetched" 2>/dev/null) != "$kernel_package $packages" ]] || return 0
    say "fetching packages for $debian"
    rm -f "$dir/fetched" "$dir/apt/cache/archives"/*.deb
    apt_prepare
    apt_run update
    # shellcheck disable=SC2086 # a list
    apt_run install --download-only $packages
    kernel=$(apt-cache -c "$dir/apt/conf" depends "$kernel_package" | sed -n 's/^ *Depends: \(linux-image\)/\1/p')
    [[ -n $kernel ]] || fail "the archive has no $kernel_package"
    (cd "$dir/apt/cache/archives" && apt_run download "$kernel") || exit 1
    echo "$kernel_package $packages" >"$dir/fetched"
}

# -- the root file system ---------------------------------------------------------------------

# unpack: programs and libraries, without documentation.
unpack() {
    local deb directory
    rm -rf "$dir/root"
    mkdir -p "$dir/root/usr"
    for directory in bin sbin lib; do
        mkdir "$dir/root/usr/$directory"
        ln -s "usr/$directory" "$dir/root/$directory"
    done
    for deb in "$dir"/apt/cache/archives/*.deb; do
        dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$dir/root" \
            --exclude './usr/share/doc' --exclude './usr/share/man' --exclude './usr/share/locale' ||
            fail "$deb cannot be unpacked: remove it and try again"
    done
}

# root_finish: what the scripts of the packages would have done.
root_finish() {
    local tool
    for tool in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
        ln -sf xtables-nft-multi "$dir/root/usr/sbin/$tool"
    done
    ln -sf mawk "$dir/root/usr/bin/awk"
    mkdir -p "$dir/root"/{proc,sys,dev,run,tmp,mnt,berth,root,var/berth}
    chmod 1777 "$dir/root/tmp"
    echo 'root:x:0:0:root:/root:/bin/bash' >"$dir/root/etc/passwd"
    printf 'root:x:0:\ndocker:x:101:\n' >"$dir/root/etc/group"
    echo '127.0.0.1 localhost gateway' >"$dir/root/etc/hosts"
    echo 'hosts: files' >"$dir/root/etc/nsswitch.conf"
    ln -sfn ../proc/self/mounts "$dir/root/etc/mtab"
    release=$(ls "$dir/root/lib/modules")
    depmod -b "$dir/root" "$release" || fail "the kernel's modules have no index"
}

# modules_of NAME...: files below the root, each after those that it needs.
modules_of() {
    local name
    for name; do
        modprobe --dirname "$dir/root" --set-version "$release" --show-depends "$name" |
            sed -n 's/^insmod \([^ ]*\).*/\1/p'
    done | awk '!seen[$0]++'
}

# initramfs_make: busybox and the modules that find the disk; tests/gateway/initramfs is its init.
initramfs_make() {
    local stage=$dir/initramfs module count=100
    rm -rf "$stage"
    mkdir -p "$stage"/{bin,modules,dev,proc,sys,root}
    cp "$dir/root/bin/busybox" "$stage/bin/"
    cp tests/gateway/initramfs "$stage/init"
    for module in $(modules_of virtio_mmio virtio_pci virtio_blk ext4 virtio_console); do
        cp "$module" "$stage/modules/$((count++)).ko"
    done
    (cd "$stage" && find . | cpio --quiet -o -H newc | gzip) >"$dir/initramfs.gz"
}

# root_make: $dir/{root.ext4,vmlinuz,initramfs.gz}, once for each list of packages.
root_make() {
    local key
    key=$(cat tests/gateway/{packages.sh,initramfs} | sha256sum)
    [[ $(cat "$dir/key" 2>/dev/null) != "$key" ]] || return 0
    rm -f "$dir/key"
    fetch
    say "making the root file system"
    unpack
    root_finish
    initramfs_make
    cp "$dir"/root/boot/vmlinuz-* "$dir/vmlinuz"
    disk_make "$dir/root" "$dir/root.ext4" 3072
    rm -rf "$dir/root"
    echo "$key" >"$dir/key"
}

# disk_make FOLDER FILE MEBIBYTES: an ext4 file system that holds the folder.
disk_make() {
    rm -f "$2"
    mkfs.ext4 -q -F -d "$1" "$2" "$3M" >"$dir/mkfs.log" 2>&1 || {
        cat "$dir/mkfs.log" >&2
        fail "$2 could not be made; the lines above say why"
    }
}
