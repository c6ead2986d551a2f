# nspawn: a throw-away Debian 12 that boots with systemd as process 1, beside anything that runs here.
#
# A script sources this file after tests/e2e/lib.sh, sets $dir, and calls machine_make once, then
# machine_boot and machine_stop or machine_cut in turn, at last machine_end. The machine has all
# namespaces but that of users, a cgroup of its own, and the engine of its distribution. Its root
# is $machine; `inside COMMAND...` runs there. $space is another host that sees it as $host.
# shellcheck shell=bash disable=SC2154,SC2034,SC2015 # shared with who sources it; "or die"

machine=$dir/machine
machine_name=berth-machine-$$
space=berth-site-$$
host=198.51.100.1
init= # process 1 of the machine, as this machine counts
spawned=

machine_suite=bookworm
machine_packages="ca-certificates conntrack dbus docker.io docker-registry iproute2 iptables nftables
    procps systemd systemd-sysv udev"

if [[ $(stat --file-system --format %T /sys/fs/cgroup) == cgroup2fs ]]; then
    machine_groups="/sys/fs/cgroup/$machine_name"
else
    machine_groups="/sys/fs/cgroup/unified/$machine_name /sys/fs/cgroup/systemd/$machine_name"
fi

# machine_fetch: sets $tarball, the bare root; made when it is not there for just these packages.
machine_fetch() {
    local key site include
    key=$(sha256sum <<<"$machine_suite $machine_packages")
    tarball=$root/build/installed/$machine_suite-${key:0:12}.tar
    [[ ! -s $tarball ]] || return 0
    # shellcheck disable=SC2016 # apt's own words
    site=$(apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        awk -v suite=$machine_suite '$2 == suite && $3 == "main" { print $1; exit }')
    [[ -n $site ]] || die "apt knows no archive of $machine_suite: add it to its sources and update"
    # shellcheck disable=SC2086 # words
    include=$(echo $machine_packages | tr ' ' ,)
    debootstrap --variant=minbase --include="$include" $machine_suite "$machine" "$site" \
        >"$dir/debootstrap.log" 2>&1 ||
        die "debootstrap failed: $(tail -n 5 "$dir/debootstrap.log")"
    rm -rf "$machine"/var/cache/apt/archives/*.deb
    tar -C "$machine" --numeric-owner -cf "$tarball.new" . && mv "$tarball.new" "$tarball" ||
        die "no room for $tarball"
    rm -rf "$machine"
}

# systemd-nspawn gives a read-only /sys; a gateway's is writable, and udev begins only there. What
# udev is not asked to do is to announce this machine's devices once more.
machine_make() {
    local unit
    machine_fetch
    mkdir -p "$machine" && tar -C "$machine" --numeric-owner -xf "$tarball" || die "no room for a root"
    rm -f "$machine/usr/sbin/policy-rc.d"
    # The distribution's registry asks for a password.
    sed -i '/^auth:/,$d' "$machine/etc/docker/registry/config.yml"
    echo gateway >"$machine/etc/hostname"
    cat >"$machine/etc/systemd/system/writable-sys.service" <<'UNIT'
[Unit]
DefaultDependencies=no
Before=systemd-udevd.service systemd-udevd-kernel.socket systemd-udevd-control.socket sysinit.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=mount -o remount,rw /sys
ExecStart=mount -o remount,rw /sys/devices
ExecStart=mount -o remount,bind,rw /sys/class
UNIT
    mkdir -p "$machine/etc/systemd/system/sysinit.target.wants"
    ln -s ../writable-sys.service "$machine/etc/systemd/system/sysinit.target.wants/"
    for unit in systemd-udev-trigger.service console-getty.service apt-daily.timer \
        apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service; do
        ln -sf /dev/null "$machine/etc/systemd/system/$unit"
    done
    ip netns add "$space"
    ip -n "$space" link set lo up
}

# In a mount namespace of its own, so that its traces in /run go with it.
machine_spawn() {
    local group
    for group in $machine_groups; do
        echo "$BASHPID" >"$group/cgroup.procs" || exit 1
    done
    export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
    # shellcheck disable=SC2016 # expanded by the inner shell
    exec unshare --mount bash -c 'mount -t tmpfs -o mode=755 tmpfs /run && exec "$@"' bash \
        systemd-nspawn --boot --directory "$machine" --machine "$machine_name" --register=no \
        --keep-unit --private-network --capability=all --system-call-filter="@keyring bpf" \
        --link-journal=no --resolv-conf=off --timezone=off --console=read-only
}

is_init() {
    init=$(pgrep --parent "$spawned" | head -n 1)
    [[ -n $init && $(awk '/^NSpid:/ { print $NF }' "/proc/$init/status" 2>/dev/null) == 1 ]]
}

is_booted() {
    inside systemctl --quiet is-active multi-user.target docker.service
}

# machine_boot: returns when its services run.
machine_boot() {
    # shellcheck disable=SC2086 # words
    mkdir -p $machine_groups || die "no cgroup of its own for the machine"
    machine_spawn </dev/null >>"$dir/console.log" 2>&1 &
    spawned=$!
    wait_until 30 is_init || die "no process 1: $(tail -n 5 "$dir/console.log")"
    ip netns attach "$machine_name" "$init" || die "no way into the machine's network"
    ip -n "$space" link add site0 type veth peer name eth0 netns "$machine_name" &&
        ip -n "$space" address add 198.51.100.2/30 dev site0 &&
        ip -n "$space" link set site0 up &&
        ip -n "$machine_name" address add $host/30 dev eth0 &&
        ip -n "$machine_name" link set eth0 up &&
        ip -n "$machine_name" route add default via 198.51.100.2 || die "no wire to the machine"
    wait_until 90 is_booted || die "it does not boot: $(tail -n 15 "$dir/console.log")"
}

inside() {
    nsenter --target "$init" --mount --uts --ipc --net --pid --cgroup env --ignore-environment \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C \
        TERM=dumb DEBIAN_FRONTEND=noninteractive "$@"
}

# machine_stop: as by its switch: systemd stops every unit. machine_cut: as by the power cord.
machine_stop() {
    kill -TERM "$spawned" 2>/dev/null
    wait_until 90 eval "! kill -0 $spawned" || machine_cut
    machine_gone
}

machine_cut() {
    kill -KILL "$init" 2>/dev/null
    wait_until 10 eval "! kill -0 $spawned" || kill -KILL "$spawned" 2>/dev/null
    machine_gone
}

groups_remove() {
    local group
    for group in $machine_groups; do
        [[ ! -d $group ]] || find "$group" -depth -type d -exec rmdir {} + || return
    done
}

# The wire goes with the network; a cgroup can be removed once its last process is gone.
machine_gone() {
    [[ -z $spawned ]] || wait "$spawned" 2>/dev/null
    ip netns delete "$machine_name" 2>/dev/null
    ip -n "$space" link delete site0 2>/dev/null
    wait_until 10 groups_remove || echo "nspawn: cgroups stay: $machine_groups" >&2
    init='' spawned=''
}

machine_end() {
    [[ -z $spawned ]] || machine_cut
    ip netns delete "$space" 2>/dev/null
}
