# home: a network and an engine of the test's own, so that both can be broken as a reboot breaks them,
# beside anything else that runs on this machine. To be sourced first, before lib.sh.
if [ -z "${BERTH_HOME:-}" ]; then
    [ "$(id -u)" -eq 0 ] || exit 77
    home=berth-home-$$
    ip netns add "$home"
    ip -n "$home" link set lo up
    BERTH_HOME=$home nsenter --net="/run/netns/$home" "$0" "$@"
    status=$?
    ip netns delete "$home"
    exit $status
fi
. "$(dirname "$0")/lib.sh"

# Replaces lib.sh's: an engine under $dir that knows nothing of the machine's.
engine_begin() {
    engine_socket=$dir/engine.sock
    export DOCKER_HOST=unix://$engine_socket
    engine_options="--data-root $dir/engine --exec-root $dir/exec --pidfile $dir/engine.pid
        --host unix://$engine_socket"
    engine_launch
}
