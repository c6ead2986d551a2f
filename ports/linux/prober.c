/* linux_prober: 64 places, each a socket and a deadline. */
#include "ports/linux/prober.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ports/linux/reach.h"

enum {
    QUESTION_BYTES = 320,
    BODY_BYTES_MAX = 4096,
    /* A server that ignores "Connection: close" is not waited for longer than this. */
    REST_MS = 100,
    /* A kernel refuses a port of nobody's at once, whatever its processes do. */
    KNOCK_PORT = 1,
    KNOCK_MS = 100
};

static void probe_expired(void *ctx);

static void probe_end(struct linux_probe *probe, const struct err *err)
{
    const struct loop *loop = &probe->prober->loop;
    (void)loop->ops->watch(loop->self, probe->fd, 0, NULL, NULL, NULL);
    loop->ops->disarm(loop->self, &probe->timer);
    close(probe->fd);
    probe->fd = -1;
    probe->done(probe->ctx, err);
}

static void probe_fail(struct linux_probe *probe, int code, const char *what, const char *why)
{
    struct err err;
    struct in_addr address = {.s_addr = htonl(probe->request.address)};
    char text[INET_ADDRSTRLEN] = "";
    (void)inet_ntop(AF_INET, &address, text, sizeof text);
    (void)err_set(&err, code, "%s:%u%s: %s%s", text, probe->request.port, probe->request.path, what,
                  why);
    probe_end(probe, &err);
}

/* Errors of this machine, not of whoever is asked. No route to the host is one even when it is
 * known late: nobody has answered for the address on the link, where it is the kernel that answers
 * and not the app. What refuses or resets a connection has a kernel there, and an app that does not
 * listen.
 */
static bool errno_is_local(int number)
{
    switch (number) {
    case ENETUNREACH:
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENETDOWN:
    case ENONET:
    case EADDRNOTAVAIL:
    case EADDRINUSE:
    case EACCES:
    case EPERM:
    case EINVAL:
    case ENOBUFS:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
        return true;
    default:
        return false;
    }
}

static void probe_fail_errno(struct linux_probe *probe, int number)
{
    probe_fail(probe, errno_is_local(number) ? ERR_NETWORK : ERR_PROBE,
               probe->is_connected ? "answer: " : "connect: ", strerror(number));
}

/* Opens a socket and begins to connect it; the socket, or -1. *why: an errno, or 0. By no gateway:
 * where the container's link is gone, whoever answers elsewhere is not the container. */
static int connect_begin(const struct linux_probe *probe, uint16_t port, int *why)
{
    const int on = 1;
    struct sockaddr_in peer = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(probe->request.address),
    };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool is_begun = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_DONTROUTE, &on, sizeof on) == 0 &&
                    connect(fd, (const struct sockaddr *)&peer, sizeof peer) == 0;
    *why = is_begun ? 0 : errno;
    return fd;
}

/* The kernel behind the address refuses or takes a connection, or is on this machine. */
static bool has_answered(const struct linux_probe *probe)
{
    int why = probe->early_errno;
    socklen_t len = sizeof why;
    struct sockaddr_in peer;
    socklen_t peer_len = sizeof peer;
    if (why == EINPROGRESS) {
        (void)getsockopt(probe->fd, SOL_SOCKET, SO_ERROR, &why, &len);
        return why != 0 ? !errno_is_local(why)
                        : getpeername(probe->fd, (struct sockaddr *)&peer, &peer_len) == 0;
    }
    return !errno_is_local(why);
}

/* Silence is the app's (a full backlog, a process that hangs or is frozen), unless this machine has
 * no way to it: then its kernel is silent as well, for a packet that is lost says nothing. */
static void probe_fail_silent(struct linux_probe *probe)
{
    char why[REACH_WHY_BYTES];
    const char *what = probe->is_connected ? "no answer" : "no connection";
    int code = linux_reach(probe->request.address, why);
    if (code != 0) {
        probe_fail(probe, code, "cannot be reached: ", why);
    } else if (probe->is_knocking && !has_answered(probe)) {
        probe_fail(probe, ERR_NOT_FOUND, "cannot be reached: ", "no kernel answers there");
    } else {
        probe_fail(probe, ERR_PROBE, what, " in time");
    }
}

/* False when it cannot be tried. */
static bool probe_knock(struct linux_probe *probe)
{
    const struct loop *loop = &probe->prober->loop;
    int why;
    int fd = connect_begin(probe, KNOCK_PORT, &why);
    if (fd < 0) {
        return false;
    }
    (void)loop->ops->watch(loop->self, probe->fd, 0, NULL, NULL, NULL);
    close(probe->fd);
    probe->fd = fd;
    probe->early_errno = why;
    probe->is_knocking = true;
    loop->ops->arm(loop->self, &probe->timer, loop->ops->now(loop->self) + KNOCK_MS, probe_expired,
                   probe);
    return true;
}

static size_t question_render(const struct linux_probe *probe, char question[QUESTION_BYTES])
{
    struct in_addr address = {.s_addr = htonl(probe->request.address)};
    char host[INET_ADDRSTRLEN] = "";
    bool is_post = probe->request.kind == PROBER_POST;
    (void)inet_ntop(AF_INET, &address, host, sizeof host);
    int len = snprintf(question, QUESTION_BYTES,
                       "%s %s HTTP/1.1\r\nHost: %s:%u\r\nUser-Agent: berth-probe\r\n"
                       "Accept: */*\r\nConnection: close\r\n%s\r\n",
                       is_post ? "POST" : "GET", probe->request.path, host, probe->request.port,
                       is_post ? "Content-Length: 0\r\n" : "");
    assert(len > 0 && len < QUESTION_BYTES);
    return (size_t)len;
}

static void probe_ready(void *ctx, int fd, unsigned events);

/* Sends what is left of the question, then waits for the answer. */
static void probe_send(struct linux_probe *probe)
{
    char question[QUESTION_BYTES];
    const struct loop *loop = &probe->prober->loop;
    size_t len = question_render(probe, question);
    while (probe->sent < len) {
        ssize_t sent = send(probe->fd, question + probe->sent, len - probe->sent, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) {
            return;
        }
        if (sent < 0 && errno != EINTR) {
            probe_fail_errno(probe, errno);
            return;
        }
        probe->sent += sent > 0 ? (size_t)sent : 0;
    }
    (void)loop->ops->watch(loop->self, probe->fd, LOOP_READ, probe_ready, probe, NULL);
}

/* The head is there: a bad status ends it; a good one waits a little for the rest, so that a
 * polite server is not cut off in the middle of its sentence. */
static void probe_judge(struct linux_probe *probe)
{
    const struct loop *loop = &probe->prober->loop;
    if (probe->answer.status < 200 || probe->answer.status > 399) {
        char status[32];
        (void)snprintf(status, sizeof status, "status %d", probe->answer.status);
        probe_fail(probe, ERR_PROBE, status, "");
        return;
    }
    if (!probe->is_well) {
        mono_ms soon = loop->ops->now(loop->self) + REST_MS;
        probe->is_well = true;
        loop->ops->arm(loop->self, &probe->timer, mono_min(soon, probe->deadline), probe_expired,
                       probe);
    }
    if (probe->answer.body_bytes >= BODY_BYTES_MAX) {
        probe_end(probe, NULL);
    }
}

static void probe_receive(struct linux_probe *probe)
{
    char buf[1024];
    struct err err;
    ssize_t got = recv(probe->fd, buf, sizeof buf, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (got <= 0 && probe->is_well) {
        probe_end(probe, NULL);
    } else if (got < 0) {
        probe_fail_errno(probe, errno);
    } else if (got == 0) {
        probe_fail(probe, ERR_PROBE, "closed before its answer was whole", "");
    } else if (http_answer_feed(&probe->answer, span_of(buf, (size_t)got), &err) != 0) {
        probe_fail(probe, ERR_PROBE, err.text, "");
    } else if (probe->answer.is_head_whole) {
        probe_judge(probe);
    }
}

static void probe_ready(void *ctx, int fd, unsigned events)
{
    struct linux_probe *probe = ctx;
    (void)events;
    if (!probe->is_connected) {
        int failure = 0;
        socklen_t len = sizeof failure;
        (void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &len);
        if (failure != 0) {
            probe_fail_errno(probe, failure);
            return;
        }
        probe->is_connected = true;
        if (probe->request.kind == PROBER_TCP) {
            probe_end(probe, NULL);
            return;
        }
        probe_send(probe);
    } else if ((events & LOOP_READ) != 0) {
        probe_receive(probe);
    } else {
        probe_send(probe);
    }
}

static void probe_expired(void *ctx)
{
    struct linux_probe *probe = ctx;
    if (probe->is_well) {
        probe_end(probe, NULL);
    } else if (probe->early_errno != 0 && !probe->is_knocking) {
        probe_fail_errno(probe, probe->early_errno);
    } else if (probe->is_knocking || !probe_knock(probe)) {
        probe_fail_silent(probe);
    }
}

/* Starts to connect; a refusal that comes at once (loopback) is kept for the next turn. */
static int probe_connect(struct linux_probe *probe, struct err *err)
{
    const struct loop *loop = &probe->prober->loop;
    int why;
    int fd = connect_begin(probe, probe->request.port, &why);
    if (fd < 0) {
        return err_set(err, ERR_NETWORK, "socket for a probe: %s", strerror(why));
    }
    if (why != 0 && why != EINPROGRESS) {
        if (errno_is_local(why)) {
            char ignored[REACH_WHY_BYTES];
            bool is_gone = !IN_MULTICAST(probe->request.address) &&
                           linux_reach(probe->request.address, ignored) == ERR_WIRING;
            close(fd);
            return err_set(err, is_gone ? ERR_WIRING : ERR_NETWORK, "connect for a probe: %s",
                           strerror(why));
        }
        probe->early_errno = why;
    } else {
        int rc = loop->ops->watch(loop->self, fd, LOOP_WRITE, probe_ready, probe, err);
        if (rc != 0) {
            close(fd);
            return err_wrap(err, ERR_NETWORK, "socket for a probe");
        }
    }
    probe->fd = fd;
    loop->ops->arm(loop->self, &probe->timer,
                   probe->early_errno != 0 ? loop->ops->now(loop->self) : probe->deadline,
                   probe_expired, probe);
    return 0;
}

/* The path goes into a request line: nothing in it may end that line or a word of it. */
static bool path_is_good(const struct prober_request *request)
{
    const char *path = request->path;
    if (request->kind == PROBER_TCP) {
        return true;
    }
    if (memchr(path, '\0', sizeof request->path) == NULL || path[0] != '/') {
        return false;
    }
    for (; *path != '\0'; path++) {
        if (*path <= ' ' || *path > '~') {
            return false;
        }
    }
    return true;
}

static int prober_ask(void *self, const struct prober_request *request, prober_done done, void *ctx,
                      struct err *err)
{
    struct linux_prober *prober = self;
    struct linux_probe *probe = prober->probes;
    if (!path_is_good(request)) {
        return err_set(err, ERR_VALUE, "a probe's path begins with / and is visible ASCII");
    }
    while (probe < prober->probes + PROBER_PENDING_MAX && probe->fd >= 0) {
        probe++;
    }
    if (probe == prober->probes + PROBER_PENDING_MAX) {
        return err_set(err, ERR_BUSY, "%d probes wait for their answers already",
                       PROBER_PENDING_MAX);
    }
    const struct loop *loop = &prober->loop;
    *probe = (struct linux_probe){
        .prober = prober,
        .fd = -1,
        .request = *request,
        .done = done,
        .ctx = ctx,
        .deadline = loop->ops->now(loop->self) + request->timeout_ms,
    };
    if (request->kind == PROBER_TCP) {
        probe->request.path[0] = '\0';
    }
    return probe_connect(probe, err);
}

void linux_prober_init(struct linux_prober *prober, struct loop loop)
{
    *prober = (struct linux_prober){.loop = loop};
    for (size_t i = 0; i < PROBER_PENDING_MAX; i++) {
        prober->probes[i].fd = -1;
    }
}

void linux_prober_close(struct linux_prober *prober)
{
    const struct loop *loop = &prober->loop;
    for (size_t i = 0; i < PROBER_PENDING_MAX; i++) {
        struct linux_probe *probe = &prober->probes[i];
        if (probe->fd >= 0) {
            (void)loop->ops->watch(loop->self, probe->fd, 0, NULL, NULL, NULL);
            loop->ops->disarm(loop->self, &probe->timer);
            close(probe->fd);
            probe->fd = -1;
        }
    }
}

struct prober linux_prober_interface(struct linux_prober *prober)
{
    static const struct prober_ops ops = {.ask = prober_ask};
    return (struct prober){.ops = &ops, .self = prober};
}
