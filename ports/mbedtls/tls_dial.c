/* tls_dial: the worker resolves, then one non-blocking connect after the other. */
#include "ports/mbedtls/tls_dial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void attempt_next(struct tls_dial *dial, int failure);

static void attempt_end(struct tls_dial *dial)
{
    const struct loop *loop = &dial->loop;
    loop->ops->disarm(loop->self, &dial->timer);
    if (dial->fd >= 0) {
        (void)loop->ops->watch(loop->self, dial->fd, 0, NULL, NULL, NULL);
        close(dial->fd);
        dial->fd = -1;
    }
}

/* Last thing of whoever calls it: the owner may be gone afterwards. */
static void dial_fail(struct tls_dial *dial, const struct err *err)
{
    tls_dial_stop(dial);
    dial->dialled(dial->ctx, err, -1);
}

static void dotted_render(uint32_t address, char dotted[INET_ADDRSTRLEN])
{
    const struct in_addr at = {.s_addr = address};
    (void)inet_ntop(AF_INET, &at, dotted, INET_ADDRSTRLEN);
}

/* The last address failed with an errno. */
static void dial_fail_errno(struct tls_dial *dial, int failure)
{
    struct err err;
    char dotted[INET_ADDRSTRLEN] = "?";
    dotted_render(dial->addresses[dial->count - 1], dotted);
    (void)err_set(&err,
                  failure == ETIMEDOUT ? ERR_TIMEOUT
                  : failure == ENOMEM  ? ERR_MEMORY
                                       : ERR_NETWORK,
                  "connect to %s port %u (%s): %s: is the broker up, and does a firewall let this "
                  "machine through?",
                  dial->host, dial->port, dotted, strerror(failure));
    dial_fail(dial, &err);
}

static void attempt_ready(void *ctx, int fd, unsigned events)
{
    struct tls_dial *dial = ctx;
    const struct loop *loop = &dial->loop;
    int failure = 0;
    socklen_t len = sizeof failure;
    (void)events;
    (void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &len);
    if (failure != 0) {
        attempt_next(dial, failure);
        return;
    }
    (void)loop->ops->watch(loop->self, fd, 0, NULL, NULL, NULL);
    dial->fd = -1; /* it is theirs now */
    tls_dial_stop(dial);
    dial->dialled(dial->ctx, NULL, fd);
}

static void attempt_expired(void *ctx)
{
    attempt_next(ctx, ETIMEDOUT);
}

/* 0 or an errno. */
static int attempt_start(struct tls_dial *dial, uint32_t address)
{
    const struct loop *loop = &dial->loop;
    const struct sockaddr_in peer = {
        .sin_family = AF_INET, .sin_port = htons(dial->port), .sin_addr.s_addr = address};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return errno;
    }
    int one = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, (const struct sockaddr *)&peer, sizeof peer) != 0 && errno != EINPROGRESS) {
        int failure = errno;
        close(fd);
        return failure;
    }
    if (loop->ops->watch(loop->self, fd, LOOP_WRITE, attempt_ready, dial, NULL) != 0) {
        close(fd);
        return EMFILE;
    }
    mono_ms now = loop->ops->now(loop->self);
    int64_t share = (dial->deadline - now) / (int64_t)(dial->count - dial->next + 1);
    dial->fd = fd;
    loop->ops->arm(loop->self, &dial->timer, now + share, attempt_expired, dial);
    return 0;
}

static void attempt_next(struct tls_dial *dial, int failure)
{
    attempt_end(dial);
    while (dial->next < dial->count) {
        failure = attempt_start(dial, dial->addresses[dial->next++]);
        if (failure == 0) {
            return;
        }
    }
    dial_fail_errno(dial, failure);
}

/* One dotted address a line. */
static size_t addresses_parse(struct span text, uint32_t addresses[TLS_DIAL_ADDRESSES_MAX])
{
    size_t count = 0;
    char line[INET_ADDRSTRLEN];
    size_t len = 0;
    for (size_t i = 0; i < text.len && count < TLS_DIAL_ADDRESSES_MAX; i++) {
        char digit = (char)text.data[i];
        if (digit != '\n' && len < sizeof line - 1) {
            line[len++] = digit;
            continue;
        }
        struct in_addr at;
        line[len] = '\0';
        len = 0;
        if (inet_pton(AF_INET, line, &at) == 1) {
            addresses[count++] = at.s_addr;
        }
    }
    return count;
}

static void resolved(void *ctx, const struct err *failure, int status, struct span output)
{
    struct tls_dial *dial = ctx;
    struct err err;
    dial->is_resolving = false;
    if (failure != NULL) {
        err = *failure;
        (void)err_wrap(&err,
                       err.code == ERR_TIMEOUT || err.code == ERR_MEMORY ? err.code : ERR_NETWORK,
                       "look up %s", dial->host);
        dial_fail(dial, &err);
        return;
    }
    dial->count = status == 0 ? addresses_parse(output, dial->addresses) : 0;
    if (dial->count == 0) {
        (void)err_set(&err, ERR_NETWORK,
                      "look up %s: %.*s: is the name right, and can this machine reach its name "
                      "server?",
                      dial->host, status == 0 ? 15 : (int)output.len,
                      status == 0 ? "no IPv4 address" : (const char *)output.data);
        dial_fail(dial, &err);
        return;
    }
    attempt_next(dial, 0);
}

static void resolve_expired(void *ctx)
{
    struct tls_dial *dial = ctx;
    struct err err;
    (void)err_set(&err, ERR_TIMEOUT,
                  "look up %s: no answer in %lld ms: can this machine reach its name server?",
                  dial->host, (long long)dial->timeout_ms);
    dial_fail(dial, &err);
}

int tls_dial_start(struct tls_dial *dial, int64_t timeout_ms, tls_dialled dialled, void *ctx,
                   struct err *err)
{
    const struct loop *loop = &dial->loop;
    struct err failure = {0};
    dial->dialled = dialled;
    dial->ctx = ctx;
    dial->fd = -1;
    dial->count = 0;
    dial->next = 0;
    dial->timeout_ms = timeout_ms;
    dial->deadline = loop->ops->now(loop->self) + timeout_ms;
    int rc = dial->worker.ops->resolve(dial->worker.self, dial->host, resolved, dial, &failure);
    if (rc != 0) {
        return err_set(err, rc == ERR_MEMORY ? rc : ERR_NETWORK, "look up %s: %s", dial->host,
                       failure.text);
    }
    dial->is_resolving = true;
    loop->ops->arm(loop->self, &dial->timer, dial->deadline, resolve_expired, dial);
    return 0;
}

void tls_dial_stop(struct tls_dial *dial)
{
    if (dial->dialled == NULL) {
        return; /* never started: fd is not a descriptor yet */
    }
    attempt_end(dial);
    if (dial->is_resolving) {
        dial->worker.ops->forget(dial->worker.self, dial);
        dial->is_resolving = false;
    }
}
