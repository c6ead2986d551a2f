# shellcheck shell=bash disable=SC2154
# qemu: the gateway itself: its power switch, its power cord, and what it says.
#
# The gateway says its results on a virtio port of their own, one line each, into $dir/said:
#   ok NAME | bad NAME WHY | note TEXT | refused PROGRAM NUMBER | broken TEXT | at PLACE | end MODE
# The serial console, with what kernel and programs print besides, is $dir/console.

gateway_pid=

# gateway_start MODE KEEP: KEEP is on when the root disk forgets what this run writes.
gateway_start() {
    : >"$dir/said"
    # shellcheck disable=SC2086 # a command and its options
    $machine -smp 2 -m 1024 -display none -monitor none -no-reboot -nic none \
        -kernel "$dir/vmlinuz" -initrd "$dir/initramfs.gz" \
        -append "console=ttyAMA0 quiet panic=5 log_buf_len=4M berth.mode=$1 berth.time=$EPOCHSECONDS" \
        -serial "file:$dir/console" \
        -drive "if=none,id=root,format=raw,snapshot=$2,file=$dir/disk.ext4" \
        -device virtio-blk-device,drive=root,serial=root \
        -drive "if=none,id=berth,format=raw,read-only=on,file=$dir/berth.ext4" \
        -device virtio-blk-device,drive=berth,serial=berth \
        -device virtio-serial-device -chardev "file,id=said,path=$dir/said" \
        -device virtserialport,chardev=said </dev/null >"$dir/qemu.log" 2>&1 &
    gateway_pid=$!
}

gateway_runs() { [[ -n $gateway_pid ]] && kill -0 "$gateway_pid" 2>/dev/null; }

gateway_said() { grep -q -x -e "$1" "$dir/said"; }

# The power cord: what the gateway wrote to its disk is there, what it only meant to is not.
gateway_cut() {
    [[ -n $gateway_pid ]] || return 0
    kill -KILL "$gateway_pid" 2>/dev/null
    wait "$gateway_pid" 2>/dev/null
    gateway_pid=
}

# gateway_wait PATTERN SECONDS: until it says so; with the last words of a gateway that does not.
gateway_wait() {
    local until=$((EPOCHSECONDS + $2)) why
    while gateway_runs && ! gateway_said "$1" && [[ $EPOCHSECONDS -lt $until ]]; do sleep 0.1; done
    ! gateway_said "$1" || return 0
    why="was silent for $2 s"
    gateway_runs || why="ended"
    say "the gateway $why instead of saying '$1'; the ends of $dir/said and $dir/console:"
    tail -n 5 "$dir/said" | sed 's/^/    /'
    tail -n 15 "$dir/console" | sed 's/^/    /'
    head -n 5 "$dir/qemu.log" | sed 's/^/    /'
    return 1
}
