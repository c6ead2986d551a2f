/* sandbox: no_new_privs, then capabilities, then a filter of system calls written by hand:
 * libseccomp would be larger than what it makes. */
#include "ports/linux/sandbox.h"

#include <assert.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/base/units.h"
#include "ports/linux/sandbox_calls.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__arm__)
#define ARCHITECTURE AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#else
#error "name this processor's AUDIT_ARCH here, and look through sandbox_calls.c"
#endif

#define NAMESPACE_FLAGS                                                                            \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |  \
     CLONE_NEWNET)
#define INSTRUCTIONS_MAX 512
#define TOOL_KEEPS       (1u << CAP_NET_ADMIN | 1u << CAP_NET_RAW)
#define DAC_OVERRIDE     (1u << CAP_DAC_OVERRIDE)

struct program {
    struct sock_filter lines[INSTRUCTIONS_MAX];
    unsigned short count;
};

static void line_add(struct program *program, unsigned code, uint32_t value, unsigned when_true,
                     unsigned when_false)
{
    assert(program->count < INSTRUCTIONS_MAX);
    program->lines[program->count++] = (struct sock_filter){
        .code = (uint16_t)code, .jt = (uint8_t)when_true, .jf = (uint8_t)when_false, .k = value};
}

static void load_add(struct program *program, size_t offset)
{
    line_add(program, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void answer_add(struct program *program, uint32_t answer)
{
    line_add(program, BPF_RET | BPF_K, answer, 0, 0);
}

/* Where the low half of an argument lies; all our processors are little-endian. */
static size_t argument(size_t index)
{
    return offsetof(struct seccomp_data, args) + index * sizeof(uint64_t);
}

/* Expects the number loaded, and leaves it so. */
static void call_add(struct program *program, int number, uint32_t answer)
{
    line_add(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 1);
    answer_add(program, answer);
}

static void socket_add(struct program *program)
{
    static const uint32_t kinds[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
    line_add(program, BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 0, 2 + 2 * COUNT_OF(kinds));
    load_add(program, argument(0));
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        line_add(program, BPF_JMP | BPF_JEQ | BPF_K, kinds[i], 0, 1);
        answer_add(program, SECCOMP_RET_ALLOW);
    }
    answer_add(program, SECCOMP_RET_ERRNO | EPERM);
}

static void clone_add(struct program *program)
{
    line_add(program, BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 0, 4);
    load_add(program, argument(0));
    line_add(program, BPF_JMP | BPF_JSET | BPF_K, NAMESPACE_FLAGS, 1, 0);
    answer_add(program, SECCOMP_RET_ALLOW);
    answer_add(program, SECCOMP_RET_ERRNO | EPERM);
}

static void program_write(struct program *program, enum sandbox_role role)
{
    const int *calls;
    size_t count = 0;
    load_add(program, offsetof(struct seccomp_data, arch));
    line_add(program, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
    answer_add(program, SECCOMP_RET_ERRNO | EPERM);
    load_add(program, offsetof(struct seccomp_data, nr));
    for (size_t list = 0; (calls = sandbox_calls(role, list, &count)) != NULL; list++) {
        for (size_t i = 0; i < count; i++) {
            call_add(program, calls[i], SECCOMP_RET_ALLOW);
        }
    }
    socket_add(program);
    clone_add(program);
    call_add(program, __NR_clone3, SECCOMP_RET_ERRNO | ENOSYS);
    answer_add(program, SECCOMP_RET_ERRNO | EPERM);
}

static uint64_t capabilities_of(enum sandbox_role role)
{
    return role == SANDBOX_AGENT ? TOOL_KEEPS | 1u << CAP_CHOWN | 1u << CAP_KILL | DAC_OVERRIDE
                                 : TOOL_KEEPS | 1u << CAP_CHOWN | DAC_OVERRIDE;
}

/* Keeps what is in `kept` and is there, in effect only what is in `used`; an unprivileged process
 * has nothing to give up. */
static int capabilities_drop(uint64_t kept, uint64_t used, struct err *err)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
    if (syscall(SYS_capget, &head, sets) != 0) {
        return err_set(err, ERR_REQUIRES, "read the capabilities: %s", strerror(errno));
    }
    bool may_bound = (sets[0].effective & 1u << CAP_SETPCAP) != 0;
    for (unsigned long bit = 0; may_bound && bit < 64; bit++) {
        bool is_there = prctl(PR_CAPBSET_READ, bit, 0, 0, 0) == 1;
        if (is_there && (kept >> bit & 1) == 0 && prctl(PR_CAPBSET_DROP, bit, 0, 0, 0) != 0) {
            return err_set(err, ERR_DENIED, "give up capability %lu: %s", bit, strerror(errno));
        }
    }
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); /* since Linux 4.3 */
    for (unsigned i = 0; i < COUNT_OF(sets); i++) {
        uint32_t mask = (uint32_t)(kept >> (32 * i));
        sets[i].permitted &= mask;
        sets[i].effective = sets[i].permitted & (uint32_t)(used >> (32 * i));
        sets[i].inheritable = 0;
    }
    if (syscall(SYS_capset, &head, sets) != 0) {
        return err_set(err, ERR_DENIED, "give up capabilities: %s", strerror(errno));
    }
    return 0;
}

static int filter_load(enum sandbox_role role, struct err *err)
{
    struct program program = {.count = 0};
    program_write(&program, role);
    struct sock_fprog loaded = {.len = program.count, .filter = program.lines};
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_LOG, &loaded) == 0) {
        return 0;
    }
    /* Before Linux 4.14 refusals cannot be logged. */
    if (errno == EINVAL && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &loaded) == 0) {
        return 0;
    }
    int code = errno == ENOSYS || errno == EINVAL ? ERR_REQUIRES : ERR_DENIED;
    return err_set(err, code, "filter system calls (seccomp): %s", strerror(errno));
}

int sandbox_enter(enum sandbox_role role, struct err *err)
{
    struct err first = {0};
    struct err second = {0};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return err_set(err, ERR_REQUIRES, "set no_new_privs: %s", strerror(errno));
    }
    uint64_t kept = capabilities_of(role);
    int dropped = capabilities_drop(
        kept, role == SANDBOX_AGENT ? kept & ~(uint64_t)DAC_OVERRIDE : kept, &first);
    int filtered = filter_load(role, &second);
    if (dropped != 0 && filtered != 0) {
        return err_set(err, dropped, "%s; %s", first.text, second.text);
    }
    return dropped != 0    ? err_set(err, dropped, "%s", first.text)
           : filtered != 0 ? err_set(err, filtered, "%s", second.text)
                           : 0;
}

void sandbox_tool(void)
{
    (void)capabilities_drop(TOOL_KEEPS, TOOL_KEEPS, NULL);
}
