# shellcheck shell=bash disable=SC2154
# turns: swap after swap, telling each phase, until the cord is pulled.

# turn N: `at` tells it ever faster than a swap's phases change.
turn() {
    local phase last=
    app_status .committed.version >"$dir/old"
    echo $((2 - $1 % 2)) >"$dir/new"
    echo "turn $1" >"$dir/turn"
    sync
    ctl activate "$dir/next-$1" >/dev/null || die "next-$1 was not accepted"
    while [ "$last" != rest ] || [ "$phase" != rest ] || ! is_settled; do
        phase=$(app_status .phase)
        [ "$phase" = "$last" ] || say "at $phase"
        last=$phase
    done
}
kernel_say
for n in $(seq "$(($(sed 's/turn //' "$dir/turn" 2>/dev/null || echo 0) + 1))" 20); do
    turn "$n"
    say "at turn-$n"
    kernel_say
done
