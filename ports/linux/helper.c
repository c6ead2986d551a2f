/* helper: one poll loop over the agent's socket, the program that runs, and its dead children. */
#include "ports/linux/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ports/linux/helper_file.h"
#include "ports/linux/helper_lookup.h"
#include "ports/linux/helper_run.h"
#include "ports/linux/helper_seed.h"
#include "ports/linux/helper_tree.h"
#include "ports/linux/helper_wire.h"
#include "ports/linux/loop.h"
#include "ports/linux/worker.h"

/* As many as the agent may have under way: its queue, and the store's reserve beyond it. */
enum { CHILDREN_MAX = LINUX_WORKER_PENDING_MAX + LINUX_WORKER_RESERVE };
enum { EXIT_PROTOCOL = 2, EXIT_START = 3 };

/* A copy of the helper that waits for a medium; free when pid is 0. */
struct helper_child {
    pid_t pid;
    uint64_t id;
    bool is_sync;
};

struct helper {
    int fd;
    int signal_fd;
    const char *path;
    struct helper_child children[CHILDREN_MAX];
    struct helper_lookup lookups[LINUX_WORKER_LOOKUPS_MAX];
    struct helper_run run;
    unsigned char request[HELPER_REQUEST_BYTES_MAX];
};

static bool answer_send(struct helper *helper, uint64_t id, int code, int status,
                        struct span output)
{
    struct helper_answer head = {
        .id = id, .code = code, .status = status, .output_len = (uint32_t)output.len};
    struct iovec parts[] = {
        {.iov_base = &head, .iov_len = sizeof head},
        {.iov_base = (void *)(uintptr_t)output.data, .iov_len = output.len},
    };
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = output.len > 0 ? 2 : 1};
    ssize_t sent;
    do {
        sent = sendmsg(helper->fd, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent >= 0;
}

static bool status_send(struct helper *helper, uint64_t id, int status)
{
    return answer_send(helper, id, 0, status, span_of(NULL, 0));
}

static bool error_send(struct helper *helper, uint64_t id, const struct err *err)
{
    return answer_send(helper, id, err->code, 0, span_text(err->text));
}

static bool call_run(struct helper *helper, struct helper_call *call)
{
    struct err err = {0};
    if (helper->run.pid != 0) {
        return false;
    }
    if (helper_run_start(&helper->run, call->head.program, call->texts, call->content, helper->path,
                         &err) != 0) {
        return error_send(helper, call->head.id, &err);
    }
    helper->run.id = call->head.id;
    helper->run.deadline = linux_loop_now() + call->head.number;
    return true;
}

static bool call_resolve(struct helper *helper, const struct helper_call *call)
{
    struct helper_lookup *lookup = helper->lookups;
    while (lookup < helper->lookups + LINUX_WORKER_LOOKUPS_MAX && lookup->pid != 0) {
        lookup++;
    }
    if (lookup == helper->lookups + LINUX_WORKER_LOOKUPS_MAX) {
        return false;
    }
    int failure = helper_lookup_start(lookup, call->texts[1], helper->fd);
    if (failure != 0) {
        struct err err;
        (void)err_set(&err, ERR_IO, "look %s up: %s", call->texts[1], strerror(failure));
        return error_send(helper, call->head.id, &err);
    }
    lookup->id = call->head.id;
    lookup->deadline = linux_loop_now() + call->head.number;
    return true;
}

/* Its end is answered as that of any other. One that has ended meanwhile is not found. */
static bool call_give_up(struct helper *helper, uint64_t id)
{
    for (size_t i = 0; i < LINUX_WORKER_LOOKUPS_MAX; i++) {
        if (helper->lookups[i].pid != 0 && helper->lookups[i].id == id) {
            helper_lookup_kill(&helper->lookups[i]);
        }
    }
    return true;
}

static int filesystem_sync(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return fd < 0 || syncfs(fd) != 0 ? errno : 0;
}

/* 0 or an errno, which fits an exit status. */
static int medium_work(const struct helper_call *call)
{
    const char *name = call->texts[1];
    switch ((enum helper_op)call->head.op) {
    case HELPER_SYNC:
        return filesystem_sync(name);
    case HELPER_REPLACE:
        return helper_file_replace(call->dir < 0 ? AT_FDCWD : call->dir, name, call->content);
    case HELPER_SLOT:
        return helper_file_slot(call->dir, name, call->head.number, call->content);
    case HELPER_REMOVE:
        return helper_file_remove(call->dir, name);
    case HELPER_TREE:
        return helper_tree_make(call->dir, call->dir, name, call->content);
    case HELPER_SEED:
        return helper_seed(call->dir, (const char *const *)call->texts + 1, call->content);
    case HELPER_PRUNE:
        return helper_tree_remove(call->dir, name);
    case HELPER_RUN:
    case HELPER_RESOLVE:
    case HELPER_PING:
    case HELPER_GIVE_UP:
    case HELPER_OP_COUNT:
        break;
    }
    return EINVAL;
}

/* The agent's socket is closed first: it must end with the helper, not with a stuck child. */
static _Noreturn void child_work(const struct helper *helper, pid_t parent,
                                 const struct helper_call *call)
{
    close(helper->fd);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    _exit(getppid() == parent ? medium_work(call) : EIO);
}

/* In a child of its own: a slow medium must not hold up the ruleset that takes traffic away from a
 * failed release. The agent sends one file at a time, so their order stands. */
static bool call_medium(struct helper *helper, const struct helper_call *call)
{
    pid_t parent = getpid();
    struct helper_child *child = helper->children;
    while (child < helper->children + CHILDREN_MAX && child->pid != 0) {
        child++;
    }
    if (child == helper->children + CHILDREN_MAX) {
        return status_send(helper, call->head.id, EAGAIN);
    }
    pid_t pid = fork();
    if (pid == 0) {
        child_work(helper, parent, call);
    }
    if (pid < 0) {
        return status_send(helper, call->head.id, errno);
    }
    *child = (struct helper_child){
        .pid = pid, .id = call->head.id, .is_sync = call->head.op == HELPER_SYNC};
    return true;
}

static bool call_carry_out(struct helper *helper, struct helper_call *call)
{
    if (call->head.op == HELPER_RUN) {
        return call_run(helper, call);
    }
    if (call->head.op == HELPER_PING) {
        return status_send(helper, call->head.id, 0);
    }
    if (call->head.op == HELPER_GIVE_UP) {
        return call_give_up(helper, (uint64_t)call->head.number);
    }
    if (call->head.op >= HELPER_OP_COUNT || call->texts[1] == NULL) {
        return false;
    }
    return call->head.op == HELPER_RESOLVE ? call_resolve(helper, call) : call_medium(helper, call);
}

static int attached_fd(struct msghdr *message)
{
    int fd = -1;
    const struct cmsghdr *head = CMSG_FIRSTHDR(message);
    if (head != NULL && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
        head->cmsg_len == CMSG_LEN(sizeof fd)) {
        memcpy(&fd, CMSG_DATA(head), sizeof fd);
    }
    return fd;
}

/* False when the agent is gone or talks nonsense: there is nobody to serve. */
static bool request_serve(struct helper *helper, int *exit_status)
{
    _Alignas(struct cmsghdr) unsigned char control[CMSG_SPACE(sizeof(int))];
    struct iovec part = {.iov_base = helper->request, .iov_len = sizeof helper->request};
    struct msghdr message = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof control,
    };
    ssize_t got = recvmsg(helper->fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return true;
    }
    if (got <= 0) {
        return false;
    }
    struct helper_call call = {.dir = attached_fd(&message)};
    bool is_good = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 &&
                   helper_call_decode(helper->request, (size_t)got, &call) &&
                   call_carry_out(helper, &call);
    if (call.dir >= 0) {
        close(call.dir);
    }
    *exit_status = is_good ? *exit_status : EXIT_PROTOCOL;
    return is_good;
}

static bool run_ended(struct helper *helper, int wait_status)
{
    bool is_over_time = helper->run.is_over_time;
    int status = helper_run_end(&helper->run, wait_status);
    if (is_over_time) {
        struct err err;
        (void)err_set(&err, ERR_TIMEOUT, "the program ran too long and was killed");
        return error_send(helper, helper->run.id, &err);
    }
    return answer_send(helper, helper->run.id, 0, status,
                       span_of(helper->run.output, helper->run.output_len));
}

static bool lookup_ended(struct helper *helper, struct helper_lookup *lookup, int wait_status)
{
    char output[HELPER_LOOKUP_BYTES_MAX];
    size_t output_len = 0;
    uint64_t id = lookup->id;
    bool is_over_time = lookup->is_over_time;
    int status = helper_lookup_end(lookup, wait_status, output, &output_len);
    struct err err;
    if (is_over_time) {
        (void)err_set(&err, ERR_TIMEOUT, "the resolver did not answer in time");
        return error_send(helper, id, &err);
    }
    if (status < 0) {
        (void)err_set(&err, ERR_IO, "the process that asked the resolver died");
        return error_send(helper, id, &err);
    }
    return answer_send(helper, id, 0, status, span_of(output, output_len));
}

static bool child_ended(struct helper *helper, pid_t pid, int wait_status)
{
    if (pid == helper->run.pid) {
        return run_ended(helper, wait_status);
    }
    for (size_t i = 0; i < LINUX_WORKER_LOOKUPS_MAX; i++) {
        if (helper->lookups[i].pid == pid) {
            return lookup_ended(helper, &helper->lookups[i], wait_status);
        }
    }
    for (size_t i = 0; i < CHILDREN_MAX; i++) {
        if (helper->children[i].pid == pid) {
            helper->children[i].pid = 0;
            return status_send(helper, helper->children[i].id,
                               WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : EIO);
        }
    }
    return true;
}

static bool children_reap(struct helper *helper)
{
    struct signalfd_siginfo info;
    int wait_status = 0;
    pid_t pid;
    while (read(helper->signal_fd, &info, sizeof info) > 0) {
    }
    while ((pid = waitpid(-1, &wait_status, WNOHANG)) > 0) {
        if (!child_ended(helper, pid, wait_status)) {
            return false;
        }
    }
    return true;
}

static mono_ms deadline_next(const struct helper *helper)
{
    mono_ms next = helper->run.pid != 0 ? helper->run.deadline : MONO_NEVER;
    for (size_t i = 0; i < LINUX_WORKER_LOOKUPS_MAX; i++) {
        const struct helper_lookup *lookup = &helper->lookups[i];
        next = mono_min(next, lookup->pid != 0 ? lookup->deadline : MONO_NEVER);
    }
    return next;
}

static int deadline_wait_ms(const struct helper *helper)
{
    mono_ms next = deadline_next(helper);
    if (next == MONO_NEVER) {
        return -1;
    }
    int64_t left = next - linux_loop_now();
    return left <= 0 ? 0 : (int)(left < 60000 ? left : 60000);
}

static void over_time_kill(struct helper *helper)
{
    mono_ms now = linux_loop_now();
    if (helper->run.pid != 0 && helper->run.deadline <= now) {
        helper_run_kill(&helper->run);
    }
    for (size_t i = 0; i < LINUX_WORKER_LOOKUPS_MAX; i++) {
        if (helper->lookups[i].pid != 0 && helper->lookups[i].deadline <= now) {
            helper_lookup_kill(&helper->lookups[i]);
        }
    }
}

static int helper_serve(struct helper *helper)
{
    int exit_status = EXIT_SUCCESS;
    for (;;) {
        struct pollfd polls[] = {
            {.fd = helper->signal_fd, .events = POLLIN},
            {.fd = helper->run.pid != 0 ? helper->run.output_fd : -1, .events = POLLIN},
            {.fd = helper->fd, .events = POLLIN},
        };
        (void)poll(polls, COUNT_OF(polls), deadline_wait_ms(helper));
        if (polls[1].revents != 0) {
            helper_run_read(&helper->run);
        }
        if (polls[0].revents != 0 && !children_reap(helper)) {
            return exit_status;
        }
        over_time_kill(helper);
        if (polls[2].revents != 0 && !request_serve(helper, &exit_status)) {
            return exit_status;
        }
    }
}

/* A file that is being written is finished; a sync is not waited for. */
static void files_finish(const struct helper *helper)
{
    for (size_t i = 0; i < CHILDREN_MAX; i++) {
        const struct helper_child *child = &helper->children[i];
        while (child->pid != 0 && !child->is_sync && waitpid(child->pid, NULL, 0) < 0 &&
               errno == EINTR) {
        }
    }
}

int helper_main(int fd)
{
    sigset_t children;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)prctl(PR_SET_NAME, "berthd-helper");
    (void)signal(SIGTERM, SIG_IGN);
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    struct helper *helper = calloc(1, sizeof *helper);
    if (helper == NULL || sigprocmask(SIG_BLOCK, &children, NULL) != 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || chdir("/") != 0) {
        free(helper);
        return EXIT_START;
    }
    const char *path = getenv("PATH");
    helper->fd = fd;
    helper->path = path != NULL ? path : "";
    helper->run.output_fd = -1;
    helper->signal_fd = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
    int exit_status = helper->signal_fd < 0 ? EXIT_START : helper_serve(helper);
    if (helper->run.pid != 0) {
        helper_run_kill(&helper->run);
        close(helper->run.output_fd);
    }
    files_finish(helper);
    close(helper->signal_fd);
    free(helper);
    return exit_status;
}
