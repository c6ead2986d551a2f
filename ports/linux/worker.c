/* linux_worker: a queue of calls, one socket, and what happens when the other end dies. */
#include "ports/linux/worker.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ports/linux/helper_spawn.h"
#include "ports/linux/loop.h"
#include "ports/linux/worker_private.h"

#define RUN_MS_MAX    30000
#define SILENT_MS_MAX 10000
/* At the end a file that is being written is waited for so long. */
#define CLOSE_MS_MAX 20000
#define PATH_LIST    "/usr/sbin:/sbin:/usr/bin:/bin"

enum { REAP_MS = 5, RESTART_MS = 100, RESTART_FAILED_MS = 1000, ANSWERS_A_TURN = 16 };

static void worker_ready(void *ctx, int fd, unsigned events);
static void worker_expired(void *ctx);
static void watch_expired(void *ctx);

static void worker_wake(struct linux_worker *worker, int64_t in_ms)
{
    const struct loop *loop = &worker->settings.loop;
    loop->ops->arm(loop->self, &worker->timer, loop->ops->now(loop->self) + in_ms, worker_expired,
                   worker);
}

/* Starts its end: calls are answered only once it is known to do nothing more. */
static void worker_lose(struct linux_worker *worker)
{
    if (worker->is_lost) {
        return;
    }
    const struct loop *loop = &worker->settings.loop;
    (void)loop->ops->watch(loop->self, worker->fd, 0, NULL, NULL, NULL);
    (void)kill(worker->pid, SIGKILL);
    loop->ops->disarm(loop->self, &worker->watch);
    worker->ping = 0;
    worker->is_lost = true;
    worker_wake(worker, 0);
}

static void watch_arm(struct linux_worker *worker)
{
    const struct loop *loop = &worker->settings.loop;
    loop->ops->arm(loop->self, &worker->watch, worker->heard_at + worker->settings.silent_ms_max,
                   watch_expired, worker);
}

static void heard(struct linux_worker *worker)
{
    const struct loop *loop = &worker->settings.loop;
    worker->heard_at = loop->ops->now(loop->self);
}

static bool is_owing(const struct linux_worker *worker)
{
    for (const struct linux_worker_call *call = worker->calls; call != NULL; call = call->next) {
        if (call->is_sent) {
            return true;
        }
    }
    return false;
}

/* A socket that is full is as good as a question: nobody reads it. */
static void ping_send(struct linux_worker *worker)
{
    struct helper_request head = {.id = ++worker->id_last, .op = HELPER_PING};
    worker->ping = head.id;
    ssize_t sent = send(worker->fd, &head, sizeof head, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)sent;
}

/* A stopped or hung helper is told from one whose program, file or sync takes long: that one
 * answers a ping at once. */
static void watch_expired(void *ctx)
{
    struct linux_worker *worker = ctx;
    const struct loop *loop = &worker->settings.loop;
    if (worker->is_lost || worker->fd < 0 || !is_owing(worker)) {
        return; /* the next call sent arms it again */
    }
    if (loop->ops->now(loop->self) < worker->heard_at + worker->settings.silent_ms_max) {
        watch_arm(worker);
    } else if (worker->ping == 0) {
        ping_send(worker);
        heard(worker);
        watch_arm(worker);
    } else {
        worker->is_hung = true;
        worker_lose(worker);
    }
}

static int worker_start(struct linux_worker *worker, struct err *err)
{
    const struct loop *loop = &worker->settings.loop;
    int size = HELPER_SOCKET_BYTES;
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) {
        return err_set(err, ERR_IO, "socket for the helper: %s", strerror(errno));
    }
    for (size_t i = 0; i < 2; i++) {
        /* Without the privilege the usual limit applies, which is enough by default. */
        if (setsockopt(fds[i], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) != 0) {
            (void)setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
        }
    }
    int rc = loop->ops->watch(loop->self, fds[0], LOOP_READ, worker_ready, worker, err);
    if (rc != 0) {
        close(fds[0]);
        close(fds[1]);
        return err_wrap(err, rc, "socket for the helper");
    }
    int failure =
        helper_spawn(worker->settings.executable, worker->settings.path, fds[1], &worker->pid);
    close(fds[1]);
    if (failure != 0) {
        (void)loop->ops->watch(loop->self, fds[0], 0, NULL, NULL, NULL);
        close(fds[0]);
        worker->pid = 0;
        return err_set(err, ERR_IO, "start the helper %s: %s", worker->settings.executable,
                       strerror(failure));
    }
    worker->fd = fds[0];
    worker->is_lost = false;
    memset(worker->lane_sent, 0, sizeof worker->lane_sent);
    return 0;
}

/* 1 when the packet went, 0 when the socket is full now, -1 when the helper is lost. */
static int call_send(const struct linux_worker *worker, struct linux_worker_call *call)
{
    _Alignas(struct cmsghdr) unsigned char control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec part = {.iov_base = call->packet, .iov_len = call->len};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (call->dir_fd >= 0) {
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof call->dir_fd);
        memcpy(CMSG_DATA(head), &call->dir_fd, sizeof call->dir_fd);
    }
    if (sendmsg(worker->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
        return 1;
    }
    return errno == EAGAIN || errno == EINTR || errno == ENOBUFS ? 0 : -1;
}

static size_t lane_places(enum worker_lane lane)
{
    return lane == WORKER_LANE_SYNC     ? LINUX_WORKER_PENDING_MAX + LINUX_WORKER_RESERVE
           : lane == WORKER_LANE_LOOKUP ? LINUX_WORKER_LOOKUPS_MAX
                                        : 1;
}

/* Sends what can go. */
static void worker_send(struct linux_worker *worker)
{
    const struct loop *loop = &worker->settings.loop;
    if (worker->fd < 0 || worker->is_lost) {
        return;
    }
    unsigned wanted = LOOP_READ;
    for (struct linux_worker_call *call = worker->calls; call != NULL; call = call->next) {
        if (call->is_sent || worker->lane_sent[call->lane] >= lane_places(call->lane)) {
            continue;
        }
        int sent = call_send(worker, call);
        if (sent < 0) {
            worker_lose(worker);
            return;
        }
        if (sent == 0) {
            wanted |= LOOP_WRITE;
            break;
        }
        if (!is_owing(worker)) {
            heard(worker);
            watch_arm(worker);
        }
        call->is_sent = true;
        worker->lane_sent[call->lane]++;
    }
    (void)loop->ops->watch(loop->self, worker->fd, wanted, worker_ready, worker, NULL);
}

static struct linux_worker_call *call_take(struct linux_worker *worker, uint64_t id)
{
    for (struct linux_worker_call **at = &worker->calls; *at != NULL; at = &(*at)->next) {
        struct linux_worker_call *call = *at;
        if (call->id == id && call->is_sent) {
            *at = call->next;
            worker->pending--;
            return call;
        }
    }
    return NULL;
}

/* Reads one answer and calls its waiter. False when there is none now, or no helper any more. */
static bool answer_take(struct linux_worker *worker)
{
    struct helper_answer head;
    ssize_t got = recv(worker->fd, worker->answer, HELPER_ANSWER_BYTES_MAX, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return false;
    }
    struct linux_worker_call *call = NULL;
    struct span output = {0};
    if (got > 0 && helper_answer_decode(worker->answer, (size_t)got, &head, &output)) {
        heard(worker);
        if (worker->ping != 0 && head.id == worker->ping) {
            worker->ping = 0;
            return true;
        }
        call = call_take(worker, head.id);
    }
    if (call == NULL) {
        worker_lose(worker);
        return false;
    }
    worker->lane_sent[call->lane]--;
    if (head.code == 0) {
        call->done(call->ctx, NULL, head.status, output);
    } else {
        struct err failure;
        (void)err_set(&failure, head.code, "%.*s", (int)output.len, (const char *)output.data);
        call->done(call->ctx, &failure, 0, span_of(NULL, 0));
    }
    free(call);
    return true;
}

static void worker_ready(void *ctx, int fd, unsigned events)
{
    struct linux_worker *worker = ctx;
    (void)fd;
    if ((events & LOOP_READ) != 0) {
        for (int i = 0; i < ANSWERS_A_TURN && answer_take(worker); i++) {
        }
    }
    worker_send(worker);
}

static void calls_fail(struct linux_worker *worker)
{
    struct err failure;
    if (worker->is_hung) {
        (void)err_set(
            &failure, ERR_TIMEOUT,
            "the helper process answered nothing for %lld s and was killed; it is started "
            "again",
            (long long)(2 * worker->settings.silent_ms_max / 1000));
    } else {
        (void)err_set(&failure, ERR_IO, "the helper process died in the middle of it");
    }
    worker->is_hung = false;
    worker->lost = worker->calls;
    worker->calls = NULL;
    worker->pending = 0;
    while (worker->lost != NULL) {
        struct linux_worker_call *call = worker->lost;
        worker->lost = call->next;
        call->done(call->ctx, &failure, 0, span_of(NULL, 0));
        free(call);
    }
}

static void worker_expired(void *ctx)
{
    struct linux_worker *worker = ctx;
    if (worker->is_lost) {
        if (waitpid(worker->pid, NULL, WNOHANG) == 0) {
            worker_wake(worker, REAP_MS);
            return;
        }
        close(worker->fd);
        worker->fd = -1;
        worker->pid = 0;
        worker->is_lost = false;
        worker_wake(worker, RESTART_MS);
        calls_fail(worker);
        return;
    }
    if (worker_start(worker, NULL) != 0) {
        worker_wake(worker, RESTART_FAILED_MS);
        calls_fail(worker);
        return;
    }
    worker_send(worker);
}

/* Bytes of all texts with their NULs. */
static size_t texts_size(const struct linux_worker_job *job)
{
    size_t size = 0;
    for (size_t i = 0; i < job->text_count; i++) {
        size += strlen(job->texts[i]) + 1;
    }
    return size;
}

static enum worker_lane lane_of(enum helper_op op)
{
    return op == HELPER_RUN       ? WORKER_LANE_RUN
           : op == HELPER_SYNC    ? WORKER_LANE_SYNC
           : op == HELPER_RESOLVE ? WORKER_LANE_LOOKUP
                                  : WORKER_LANE_FILE;
}

int linux_worker_submit(struct linux_worker *worker, const struct linux_worker_job *job,
                        worker_done done, void *ctx, struct err *err)
{
    size_t most = LINUX_WORKER_PENDING_MAX + (job->dir_fd >= 0 ? LINUX_WORKER_RESERVE : 0);
    if (worker->pending >= most) {
        return err_set(err, ERR_BUSY, "%zu calls wait for the helper already", worker->pending);
    }
    size_t text_len = job->text_count > WORKER_ARGS_MAX ? SIZE_MAX : texts_size(job);
    if (text_len > HELPER_TEXT_BYTES_MAX || job->content.len > HELPER_CONTENT_BYTES_MAX) {
        return err_set(err, ERR_LIMIT, "a call to the helper is too large");
    }
    struct helper_request head = {
        .id = ++worker->id_last,
        .op = job->op,
        .program = job->program,
        .text_count = (uint32_t)job->text_count,
        .text_len = (uint32_t)text_len,
        .content_len = (uint32_t)job->content.len,
        .number = job->number,
    };
    size_t len = sizeof head + text_len + job->content.len;
    struct linux_worker_call *call = malloc(sizeof *call + len);
    if (call == NULL) {
        return err_set(err, ERR_MEMORY, "no memory for a call to the helper");
    }
    *call = (struct linux_worker_call){
        .id = head.id,
        .lane = lane_of(job->op),
        .dir_fd = job->dir_fd,
        .done = done,
        .ctx = ctx,
        .len = len,
    };
    unsigned char *at = call->packet;
    memcpy(at, &head, sizeof head);
    at += sizeof head;
    for (size_t i = 0; i < job->text_count; i++) {
        size_t size = strlen(job->texts[i]) + 1;
        memcpy(at, job->texts[i], size);
        at += size;
    }
    if (job->content.len > 0) {
        memcpy(at, job->content.data, job->content.len);
    }
    struct linux_worker_call **end = &worker->calls;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = call;
    worker->pending++;
    worker_send(worker);
    return 0;
}

int linux_worker_init(struct linux_worker *worker, const struct linux_worker_settings *settings,
                      struct err *err)
{
    memset(worker, 0, sizeof *worker);
    worker->fd = -1;
    worker->settings = *settings;
    if (worker->settings.executable == NULL) {
        worker->settings.executable = "/proc/self/exe";
    }
    if (worker->settings.path == NULL) {
        worker->settings.path = PATH_LIST;
    }
    if (worker->settings.run_ms_max == 0) {
        worker->settings.run_ms_max = RUN_MS_MAX;
    }
    if (worker->settings.silent_ms_max == 0) {
        worker->settings.silent_ms_max = SILENT_MS_MAX;
    }
    worker->answer = malloc(HELPER_ANSWER_BYTES_MAX);
    if (worker->answer == NULL) {
        return err_set(err, ERR_MEMORY, "no memory for the helper's answers");
    }
    int rc = worker_start(worker, err);
    if (rc != 0) {
        free(worker->answer);
        worker->answer = NULL;
    }
    return rc;
}

/* Waits for its end; a stopped one goes on, and one that does not come to an end is killed. */
static void helper_await(pid_t pid)
{
    const struct timespec moment = {.tv_nsec = REAP_MS * 1000000};
    mono_ms until = linux_loop_now() + CLOSE_MS_MAX;
    (void)kill(pid, SIGCONT);
    for (int tries = 0; tries < 2; tries++) {
        while (linux_loop_now() < until) {
            if (waitpid(pid, NULL, WNOHANG) != 0) {
                return;
            }
            (void)nanosleep(&moment, NULL);
        }
        (void)kill(pid, SIGKILL);
        until = linux_loop_now() + RESTART_FAILED_MS;
    }
}

void linux_worker_close(struct linux_worker *worker)
{
    const struct loop *loop = &worker->settings.loop;
    loop->ops->disarm(loop->self, &worker->timer);
    loop->ops->disarm(loop->self, &worker->watch);
    if (worker->pid > 0) {
        if (!worker->is_lost) {
            (void)loop->ops->watch(loop->self, worker->fd, 0, NULL, NULL, NULL);
        }
        close(worker->fd);
        helper_await(worker->pid);
    }
    while (worker->calls != NULL) {
        struct linux_worker_call *next = worker->calls->next;
        free(worker->calls);
        worker->calls = next;
    }
    free(worker->answer);
    memset(worker, 0, sizeof *worker);
    worker->fd = -1;
}
