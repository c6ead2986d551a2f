/* linux_sandbox: in the sandbox the work goes on and the rest is refused, also to programs it
 * starts. Each case is a child: there is no way back out. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/base/units.h"
#include "ports/linux/loop.h"
#include "ports/linux/sandbox.h"
#include "tests/check.h"

/* A file that only another user may read. */
#define OTHERS "/tmp/berth-sandbox-others"

static int enter(enum sandbox_role role)
{
    struct err err = {0};
    int rc = sandbox_enter(role, &err);
    if (rc != 0) {
        printf("    %s\n", err.text);
    }
    return rc;
}

/* Runs `work` in a child; what it says and whether it failed count here. */
static void in_child(void (*work)(void))
{
    int status = 0;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        check_failures_ = 0;
        work();
        fflush(stdout);
        _exit(check_failures_ == 0 ? 0 : 1);
    }
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
    CHECK_INT_EQ(status, 0);
}

#define REFUSED(call)                                                                              \
    do {                                                                                           \
        errno = 0;                                                                                 \
        CHECK_INT_EQ((call), -1);                                                                  \
        CHECK_INT_EQ(errno, EPERM);                                                                \
    } while (0)

/* Calls that anybody may make fail too, so it is the filter that refuses, not a missing right. */
static void forbidden(void)
{
    CHECK_INT_EQ(syscall(SYS_keyctl, 0, -3, 0) == -1 && errno == ENOSYS, 0);
    CHECK_INT_EQ(unshare(CLONE_FS), 0);
    CHECK_INT_EQ(enter(SANDBOX_AGENT), 0);
    REFUSED(unshare(CLONE_FS));
    REFUSED(syscall(SYS_keyctl, 0, -3, 0));
    REFUSED(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
    REFUSED(mount("none", "/mnt", "tmpfs", 0, NULL));
    REFUSED(syscall(SYS_bpf, 0, NULL, 0));
    REFUSED(syscall(SYS_personality, 0xffffffff));
    REFUSED(socket(AF_VSOCK, SOCK_STREAM, 0));
    REFUSED(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
    errno = 0;
    CHECK_INT_EQ(syscall(SYS_clone3, NULL, 0), -1);
    CHECK_INT_EQ(errno, ENOSYS);
}

static void answered(void *ctx, int fd, unsigned events)
{
    int *calls = ctx;
    char byte;
    (void)events;
    *calls += read(fd, &byte, 1) == 1;
}

/* The loop turns, files are written, sockets of the four kinds are made, a server listens. */
static void agent_works(void)
{
    static const int kinds[] = {AF_UNIX, AF_INET, AF_NETLINK};
    struct linux_loop loop;
    struct err err = {0};
    int calls = 0;
    int ends[2];
    CHECK_INT_EQ(enter(SANDBOX_AGENT), 0);
    CHECK_INT_EQ(linux_loop_init(&loop, &err), 0);
    struct loop interface = linux_loop_interface(&loop);
    CHECK_INT_EQ(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    CHECK_INT_EQ(interface.ops->watch(interface.self, ends[0], LOOP_READ, answered, &calls, &err),
                 0);
    CHECK_INT_EQ(write(ends[1], "x", 1), 1);
    linux_loop_run_once(&loop, 1000);
    CHECK_INT_EQ(calls, 1);
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        int type = kinds[i] == AF_NETLINK ? SOCK_RAW : SOCK_STREAM;
        int fd = socket(kinds[i], type | SOCK_CLOEXEC, 0);
        CHECK(fd >= 0);
        CHECK(kinds[i] != AF_INET || listen(fd, 1) == 0);
        (void)close(fd);
    }
    int file = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    CHECK(file >= 0 && pwrite(file, "x", 1, 4096) == 1 && fdatasync(file) == 0);
    (void)close(file);
    struct timex asked = {.modes = 0};
    CHECK(adjtimex(&asked) >= 0);
}

/* A process that runs as somebody else, as a command inside a container may, can be held and ended
 * by the agent, and not by the helper. */
static void agent_ends_processes(void)
{
    int status = 0;
    pid_t other = fork();
    if (other == 0) {
        CHECK_INT_EQ(setgid(65534), 0);
        CHECK_INT_EQ(setuid(65534), 0);
        (void)pause();
        _exit(0);
    }
    CHECK_INT_EQ(usleep(100000), 0);
    CHECK_INT_EQ(enter(SANDBOX_AGENT), 0);
    int process = (int)syscall(SYS_pidfd_open, other, 0);
    CHECK(process >= 0);
    CHECK_INT_EQ(syscall(SYS_pidfd_send_signal, process, SIGKILL, NULL, 0), 0);
    CHECK(waitpid(other, &status, 0) == other && WIFSIGNALED(status));
    CHECK_INT_EQ(enter(SANDBOX_HELPER), 0);
    REFUSED(syscall(SYS_pidfd_open, getpid(), 0));
}

/* A C library may take calls of a kind that ours does not: on 32-bit ARM glibc's send and recv are
 * no sendto and recvfrom. */
static void other_libraries_work(void)
{
    int ends[2] = {-1, -1};
    CHECK_INT_EQ(enter(SANDBOX_HELPER), 0);
    CHECK_INT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
#ifdef SYS_send
    char byte = 'x';
    CHECK_INT_EQ(syscall(SYS_send, ends[0], &byte, sizeof byte, 0), 1);
    CHECK_INT_EQ(syscall(SYS_recv, ends[1], &byte, sizeof byte, 0), 1);
#endif
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void helper_is_no_server(void)
{
    CHECK_INT_EQ(enter(SANDBOX_HELPER), 0);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0);
    REFUSED(listen(fd, 1));
    (void)close(fd);
}

static int run(const char *const *args)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        (void)execv(args[0], (char *const *)(uintptr_t)args);
        _exit(127);
    }
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The tools themselves, in a network namespace of their own, two sandboxes deep as in real life. */
static void tools_work(void)
{
    static const char *const commands[][8] = {
        {"/usr/sbin/nft", "add table ip berth-sandbox"},
        {"/usr/sbin/nft", "add chain ip berth-sandbox x { type nat hook prerouting priority 0; }"},
        {"/usr/sbin/nft", "list table ip berth-sandbox"},
        {"/usr/sbin/iptables", "-w", "-N", "DOCKER-USER"},
        {"/usr/sbin/iptables", "-w", "-S", "DOCKER-USER"},
        {"/usr/sbin/conntrack", "-L"},
        {"/usr/sbin/sysctl", "-q", "-w", "net/ipv4/conf/lo/route_localnet=1"}};
    CHECK_INT_EQ(unshare(CLONE_NEWNET), 0);
    CHECK_INT_EQ(enter(SANDBOX_AGENT), 0);
    CHECK_INT_EQ(enter(SANDBOX_HELPER), 0);
    CHECK(freopen("/dev/null", "w", stderr) != NULL);
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        int status = run(commands[i]);
        if (status != 0) {
            printf("    %s %s: exit status %d\n", commands[i][0], commands[i][1], status);
            check_failures_++;
        }
    }
}

static void capabilities_are_few(void)
{
    CHECK_INT_EQ(enter(SANDBOX_HELPER), 0);
    CHECK_INT_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
    CHECK_INT_EQ(prctl(PR_CAPBSET_READ, CAP_NET_ADMIN, 0, 0, 0), 1);
    CHECK_INT_EQ(prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0), 0);
    CHECK_INT_EQ(prctl(PR_CAPBSET_READ, CAP_FOWNER, 0, 0, 0), 0);
    CHECK_INT_EQ(prctl(PR_CAPBSET_READ, CAP_SYS_PTRACE, 0, 0, 0), 0);
    sandbox_tool(); /* what the helper may do in volumes, the tools that it starts may not */
    static const char *const chown_other[] = {"/bin/chown", "1:1", "/proc/self/fd/0", NULL};
    CHECK(run(chown_other) != 0);
    static const char *const read_other[] = {"/bin/cat", OTHERS, NULL};
    CHECK(run(read_other) != 0);
}

static void case_forbidden(void)
{
    in_child(forbidden);
}

static void case_agent_works(void)
{
    in_child(agent_works);
}

static void case_agent_ends(void)
{
    in_child(agent_ends_processes);
}

static void case_other_libraries(void)
{
    in_child(other_libraries_work);
}

static void case_helper(void)
{
    in_child(helper_is_no_server);
}

static void case_tools(void)
{
    in_child(tools_work);
}

/* The agent holds what its helper needs and does not use it itself. */
static void agent_uses_less(void)
{
    CHECK_INT_EQ(enter(SANDBOX_AGENT), 0);
    CHECK(open(OTHERS, O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES);
}

static void helper_writes_volumes(void)
{
    CHECK_INT_EQ(enter(SANDBOX_AGENT), 0);
    CHECK_INT_EQ(enter(SANDBOX_HELPER), 0);
    static const char *const read_other[] = {"/bin/cat", OTHERS, NULL};
    CHECK_INT_EQ(run(read_other), 0); /* as the helper is started: anew, by its program file */
}

static void case_others_files(void)
{
    int fd = open(OTHERS, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && fchmod(fd, 0600) == 0 && fchown(fd, 1, 1) == 0 && close(fd) == 0);
    in_child(agent_uses_less);
    in_child(helper_writes_volumes);
    in_child(capabilities_are_few);
    CHECK_INT_EQ(unlink(OTHERS), 0);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"what is not listed is refused", case_forbidden},
        {"the agent's work goes on", case_agent_works},
        {"the agent ends processes", case_agent_ends},
        {"another C library's calls work", case_other_libraries},
        {"the helper is no server", case_helper},
        {"the network tools work inside", case_tools},
        {"other users' files", case_others_files}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
