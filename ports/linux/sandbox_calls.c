/* sandbox_calls: one list for all, and what the agent has besides.
 *
 * The conditions ask for one call of a family: where it is, the whole family is. What is not here
 * is refused: mount, ptrace, keyctl, bpf, module loading, namespaces, io_uring, and whatever a
 * kernel learns later. clone, clone3 and socket are judged by sandbox.c. adjtimex is for asking
 * whether somebody keeps the clock; setting it needs a capability that is gone. */
#include "ports/linux/sandbox_calls.h"

#include <asm/unistd.h> /* not sys/syscall.h: musl renames some on 32 bits */

#include "platform/base/units.h"

/* The most frequent first: the filter compares in this order. */
static const int everyone[] = {
    /* waiting, reading, writing */
    __NR_read,
    __NR_write,
    __NR_readv,
    __NR_writev,
    __NR_close,
    __NR_ppoll,
    __NR_pselect6,
    __NR_recvmsg,
    __NR_sendmsg,
    __NR_recvfrom,
    __NR_sendto,
    __NR_recvmmsg,
    __NR_sendmmsg,
    __NR_clock_gettime,
    __NR_futex,
    __NR_pread64,
    __NR_pwrite64,
    __NR_lseek,
    /* files */
    __NR_openat,
    __NR_statx,
    __NR_fstat,
    __NR_statfs,
    __NR_fstatfs,
    __NR_faccessat,
    __NR_faccessat2,
    __NR_readlinkat,
    __NR_getdents64,
    __NR_mkdirat,
    __NR_unlinkat,
    __NR_renameat2,
    __NR_fchmod,
    __NR_fchmodat,
    __NR_fchown,
    __NR_fchownat,
    __NR_ftruncate,
    __NR_fallocate,
    __NR_fsync,
    __NR_fdatasync,
    __NR_syncfs,
    __NR_flock,
    __NR_fcntl,
    __NR_ioctl,
    __NR_dup,
    __NR_dup3,
    __NR_pipe2,
    __NR_eventfd2,
    __NR_memfd_create,
    __NR_utimensat,
    __NR_umask,
    __NR_getcwd,
    __NR_chdir,
    __NR_fchdir,
    __NR_close_range,
    /* sockets: which kinds, sandbox.c says */
    __NR_socketpair,
    __NR_bind,
    __NR_connect,
    __NR_getsockname,
    __NR_getpeername,
    __NR_setsockopt,
    __NR_getsockopt,
    __NR_shutdown,
    /* memory */
    __NR_munmap,
    __NR_mremap,
    __NR_mprotect,
    __NR_madvise,
    __NR_brk,
    __NR_membarrier,
    /* processes and signals */
    __NR_execve,
    __NR_exit,
    __NR_exit_group,
    __NR_wait4,
    __NR_waitid,
    __NR_kill,
    __NR_tkill,
    __NR_tgkill,
    __NR_rt_sigaction,
    __NR_rt_sigprocmask,
    __NR_rt_sigreturn,
    __NR_rt_sigsuspend,
    __NR_rt_sigtimedwait,
    __NR_sigaltstack,
    __NR_signalfd4,
    __NR_set_tid_address,
    __NR_set_robust_list,
    __NR_rseq,
    __NR_restart_syscall,
    __NR_getpid,
    __NR_getppid,
    __NR_gettid,
    __NR_getuid,
    __NR_geteuid,
    __NR_getgid,
    __NR_getegid,
    __NR_getgroups,
    __NR_getresuid,
    __NR_getresgid,
    __NR_getpgid,
    __NR_setpgid,
    __NR_getsid,
    __NR_setsid,
    __NR_prctl,
    __NR_prlimit64,
    __NR_capget,
    __NR_capset,
    __NR_seccomp,
    __NR_sched_yield,
    __NR_sched_getaffinity,
    __NR_getcpu,
    /* time, and what the machine is */
    __NR_nanosleep,
    __NR_clock_nanosleep,
    __NR_clock_getres,
    __NR_gettimeofday,
    __NR_adjtimex,
    __NR_clock_adjtime,
    __NR_uname,
    __NR_sysinfo,
    __NR_getrandom,
/* the names of old, which newer processors left out */
#ifdef __NR_open
    __NR_open,
    __NR_stat,
    __NR_lstat,
    __NR_access,
    __NR_readlink,
    __NR_mkdir,
    __NR_rmdir,
    __NR_unlink,
    __NR_rename,
    __NR_chmod,
    __NR_chown,
    __NR_lchown,
    __NR_dup2,
    __NR_pipe,
    __NR_eventfd,
    __NR_poll,
    __NR_getdents,
    __NR_getpgrp,
    __NR_fork,
    __NR_vfork,
    __NR_utimes,
    __NR_signalfd,
    __NR_epoll_create,
    __NR_epoll_wait,
#endif
#ifdef __NR_renameat
    __NR_renameat,
#endif
#ifdef __NR_getrlimit
    __NR_getrlimit,
#endif
#ifdef __NR_mmap
    __NR_mmap,
#endif
#ifdef __NR_newfstatat
    __NR_newfstatat,
#endif
#ifdef __NR_fadvise64
    __NR_fadvise64,
#endif
#ifdef __NR_select
    __NR_select,
#endif
#ifdef __NR_time
    __NR_time,
#endif
/* 32 bits: offsets and instants of 64 */
#ifdef __NR_mmap2
    __NR_mmap2,
    __NR__llseek,
    __NR_stat64,
    __NR_lstat64,
    __NR_fstat64,
    __NR_fstatat64,
    __NR_statfs64,
    __NR_fstatfs64,
    __NR_ftruncate64,
    __NR_fcntl64,
    __NR__newselect,
    __NR_getuid32,
    __NR_geteuid32,
    __NR_getgid32,
    __NR_getegid32,
    __NR_getgroups32,
    __NR_getresuid32,
    __NR_getresgid32,
    __NR_fchown32,
    __NR_chown32,
    __NR_lchown32,
    __NR_ugetrlimit,
    __NR_sigreturn,
#endif
#ifdef __NR_clock_gettime64
    __NR_clock_gettime64,
    __NR_clock_getres_time64,
    __NR_clock_adjtime64,
    __NR_clock_nanosleep_time64,
    __NR_timerfd_settime64,
    __NR_timerfd_gettime64,
    __NR_ppoll_time64,
    __NR_pselect6_time64,
    __NR_recvmmsg_time64,
    __NR_rt_sigtimedwait_time64,
    __NR_futex_time64,
    __NR_utimensat_time64,
#endif
/* glibc's send and recv there; elsewhere they are sendto and recvfrom */
#ifdef __NR_send
    __NR_send,
    __NR_recv,
#endif
#ifdef __NR_arm_fadvise64_64
    __NR_arm_fadvise64_64,
#endif
#ifdef __ARM_NR_set_tls
    __ARM_NR_set_tls,
    __ARM_NR_cacheflush,
#endif
/* one processor's own */
#ifdef __NR_arch_prctl
    __NR_arch_prctl,
#endif
#ifdef __NR_riscv_flush_icache
    __NR_riscv_flush_icache,
#endif
};

static const int agent_only[] = {__NR_epoll_create1,  __NR_epoll_ctl,        __NR_epoll_pwait,
                                 __NR_listen,         __NR_accept,           __NR_accept4,
                                 __NR_timerfd_create, __NR_timerfd_settime,  __NR_timerfd_gettime,
                                 __NR_pidfd_open,     __NR_pidfd_send_signal};

const int *sandbox_calls(enum sandbox_role role, size_t index, size_t *count)
{
    if (index == 0) {
        *count = COUNT_OF(everyone);
        return everyone;
    }
    if (index == 1 && role == SANDBOX_AGENT) {
        *count = COUNT_OF(agent_only);
        return agent_only;
    }
    return NULL;
}
