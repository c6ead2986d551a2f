# lib: a world of its own for each end-to-end test, and its removal whatever happens.
#
# A test sources this file and calls world_begin NAME; from then on it has $dir (scratch), $node (a name
# for the node), $pool (addresses nobody else uses), $port (a free published port), an engine, and a
# registry. Everything it makes carries $node and is removed when the shell ends, also by Ctrl-C.
# BERTH_BUILD says where the programs are (default: build/release of the tree).

set -u
# After `su` without a dash root has no sbin in the path: no dockerd, nft or iptables.
export PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${BERTH_BUILD:-$root/build/release}
berth=$build/ports/app/berth/berth
berthd=$build/ports/app/berthd/berthd
berthctl=$build/ports/app/berthctl/berthctl
web=$build/tests/apps/app_web
load=$build/tests/load/load

# shellcheck source=tests/e2e/engine.sh
. "$root/tests/e2e/engine.sh"
# shellcheck source=tests/e2e/release.sh
. "$root/tests/e2e/release.sh"
# shellcheck source=tests/e2e/agent.sh
. "$root/tests/e2e/agent.sh"
# shellcheck source=tests/e2e/load.sh
. "$root/tests/e2e/load.sh"

broken=0
checked=0

# check WHAT COMMAND...: counts, and says what is not so.
check() {
    checked=$((checked + 1))
    if ! "${@:2}"; then
        echo "    not so: $1"
        broken=$((broken + 1))
        return 1
    fi
}

# check_equal WHAT GOT WANT
check_equal() {
    check "$1 is \"$3\", not \"$2\"" [ "$2" = "$3" ]
}

# Something without which the rest makes no sense.
die() {
    echo "    cannot go on: $*" >&2
    broken=$((broken + 1))
    exit 1
}

# wait_until SECONDS COMMAND...: false when it is still not so.
wait_until() {
    local end=$((${EPOCHREALTIME/./} + $1 * 1000000))
    while ! "${@:2}" > /dev/null 2>&1; do
        [ "${EPOCHREALTIME/./}" -lt "$end" ] || return 1
        sleep 0.05
    done
}

now_ms() {
    echo $((${EPOCHREALTIME/./} / 1000))
}

# The node's pool: one of sixteen /19 of 198.18.0.0/15 that no interface, network or table uses.
slot_find() {
    local used candidate tries
    used=$(ip -4 -o route show; iptables -w -S DOCKER-USER 2> /dev/null; nft list tables 2> /dev/null)
    for ((tries = 0; tries < 16; tries++)); do
        slot=$((($$ + tries) % 16))
        candidate="198.$((18 + slot / 8)).$((slot % 8 * 32))"
        pool=$candidate.0/19
        pool_is_free "$used" && return
    done
    die "all of 198.18.0.0/15 is in use on this machine"
}

# The third bytes of a /19 are 32 in a row.
pool_is_free() {
    local third start=$((slot % 8 * 32))
    for ((third = start; third < start + 32; third++)); do
        case $1 in
        *"198.$((18 + slot / 8)).$third."*) return 1 ;;
        esac
    done
}

is_port_free() {
    [ -z "$(ss -Hltn "sport = :$1")" ]
}

# port_find FIRST: the first free TCP port from there on.
port_find() {
    local candidate=$1
    until is_port_free "$candidate"; do
        candidate=$((candidate + 1))
    done
    echo "$candidate"
}

# made NODE POOL FOLDER: notes for tests/all what is to be gone when the test has ended; - for none.
made() {
    [ -z "${BERTH_MADE:-}" ] || echo "$*" >> "$BERTH_MADE"
}

world_begin() {
    name=$1
    [ "$(id -u)" -eq 0 ] || { echo "$name: needs root: containers, namespaces, nftables" >&2; exit 77; }
    for program in "$berth" "$berthd" "$berthctl" "$web" "$load"; do
        [ -x "$program" ] || { echo "$name: $program is not built" >&2; exit 1; }
    done
    dir=$(mktemp -d "${TMPDIR:-/tmp}/berth-$name.XXXXXX")
    node=$name-$$ agent_dir=$dir began_s=$EPOCHSECONDS
    trap world_end EXIT
    trap 'exit 130' INT TERM HUP
    engine_begin
    slot_find
    port=$(port_find $((20000 + slot * 100)))
    made "$node" "$pool" "$dir"
    mkdir -p "$dir/load"
    "$root/tests/apps/registry" start "$dir/registry" "$(port_find $((22000 + slot * 100)))" \
        > "$dir/registry.addr" || die "no registry"
    registry=$(cat "$dir/registry.addr")
    image=$registry/berth-$node
}

dir_remove() {
    rm -rf "$dir" && sleep 0.1 && [ ! -e "$dir" ]
}

# Removes everything that carries the node's name, in the order in which one thing holds another.
world_end() {
    local status=$?
    trap - EXIT INT TERM HUP
    ! declare -F test_end > /dev/null || test_end
    load_kill
    if [ -n "${fleet_dir:-}" ]; then
        fleet_end
    else
        agent_kill
    fi
    space_end
    check_denied
    engine_clean
    "$root/tests/apps/registry" stop "$dir/registry" > /dev/null 2>&1
    engine_end
    if [ "$broken" -ne 0 ] && [ -n "${BERTH_KEEP:-}" ]; then
        echo "    kept: $dir"
    else
        wait_until 10 dir_remove # an engine that ends may write once more
    fi
    [ -z "${name_shown:-}" ] || exit "$status"
    if [ "$status" -eq 0 ] && [ "$broken" -eq 0 ] && [ "$checked" -gt 0 ]; then
        echo "ok $name"
        exit 0
    fi
    [ "$status" -eq 77 ] && exit 77
    echo "FAIL $name ($broken of $checked checks, status $status)"
    exit 1
}

# What the agent's sandbox refused since the world began, as the kernel's audit log tells it: each is a
# mistake in the list of calls; those of another user's agents are not ours. Only clone3 (435) is refused by design, so that clone is used.
denied() {
    dmesg 2> /dev/null | grep 'type=1326 ' | grep -v ' syscall=435 ' |
        grep -E -e " exe=\"$berthd\" " -e ' comm="(nft|iptables|conntrack|sysctl)" ' |
        sed 's/.*audit(\([0-9]*\)\.[0-9]*:\([0-9]*\)): \(.*\)/\1 \3/' |
        awk -v began="$began_s" '$1 >= began'
}

check_denied() {
    denied > "$dir/denied"
    sed 's/^/    /' "$dir/denied"
    check "the sandbox refused nothing that berthd does" [ ! -s "$dir/denied" ]
}

# -- another host -------------------------------------------------------------------------------

# A network namespace behind a veth pair, as another machine of the site: $host is this node seen
# from there, `elsewhere COMMAND...` runs there.
space_begin() {
    space=berth-$node wire=bh-$$
    host=198.51.100.$((slot * 4 + 1))
    ip netns add "$space"
    ip link add "$wire" type veth peer name site0 netns "$space"
    ip address add "$host/30" dev "$wire"
    ip link set "$wire" up
    ip -n "$space" address add "198.51.100.$((slot * 4 + 2))/30" dev site0
    ip -n "$space" link set site0 up
    ip -n "$space" link set lo up
    ip -n "$space" route add default via "$host"
}

elsewhere() {
    ip netns exec "$space" "$@"
}

# Deleting the namespace takes the pair with it.
space_end() {
    [ -z "${space:-}" ] || ip netns delete "$space"
    space=
}
