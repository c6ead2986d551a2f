# shellcheck shell=bash
# say: what the gateway tells the machine that emulates it, on file 3; the words are in qemu.sh.
say() { printf '%s\n' "$*" >&3; }
note() { sed 's/^/note /' >&3; }

# What filters refused (SECCOMP_FILTER_FLAG_LOG), and whether the kernel itself is well.
kernel_say() {
    dmesg | sed -n 's/.*type=1326 .* comm="\([^"]*\)" .* syscall=\([0-9]*\) .*/refused \1 \2/p' | sort -u >&3
    dmesg | grep -E 'BUG:|Oops|WARNING:|rcu.*stall|Out of memory' | sed 's/^/broken /' >&3
}
