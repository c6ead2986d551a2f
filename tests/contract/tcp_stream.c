/* tcp_stream: one socket, watched for reading always and for writing when it took too little. */
#include "tests/contract/tcp_stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void stream_ready(void *ctx, int fd, unsigned events);

static int stream_watch(struct tcp_stream *stream, unsigned events, struct err *err)
{
    return stream->loop.ops->watch(stream->loop.self, stream->fd, events, stream_ready, stream,
                                   err);
}

static void stream_close(void *self)
{
    struct tcp_stream *stream = self;
    stream->loop.ops->disarm(stream->loop.self, &stream->failure);
    if (stream->fd >= 0) {
        (void)!stream_watch(stream, 0, NULL);
        close(stream->fd);
        stream->fd = -1;
    }
    stream->is_connected = false;
}

static void stream_fail(void *ctx)
{
    struct tcp_stream *stream = ctx;
    stream_close(stream);
    stream->user.closed(stream->user.ctx, &stream->err);
}

static void stream_ready(void *ctx, int fd, unsigned events)
{
    struct tcp_stream *stream = ctx;
    int failure = 0;
    socklen_t len = sizeof failure;
    (void)events;
    if (stream->is_connected) {
        if (stream->is_blocked && (events & LOOP_WRITE) != 0) {
            stream->is_blocked = false;
            (void)!stream_watch(stream, LOOP_READ, NULL);
        }
        stream->user.ready(stream->user.ctx);
        return;
    }
    (void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &len);
    if (failure != 0) {
        (void)err_set(&stream->err, ERR_NETWORK, "connect: %s", strerror(failure));
        stream_fail(stream);
        return;
    }
    stream->is_connected = true;
    stream->is_blocked = false;
    (void)!stream_watch(stream, LOOP_READ, NULL);
    stream->user.opened(stream->user.ctx);
}

static int stream_open(void *self, const struct stream_user *user, struct err *err)
{
    struct tcp_stream *stream = self;
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons(stream->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (stream->fd >= 0) {
        return err_set(err, ERR_BUSY, "the stream is open");
    }
    stream->user = *user;
    stream->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connect(stream->fd, (const struct sockaddr *)&at, sizeof at) != 0 && errno != EINPROGRESS) {
        (void)err_set(&stream->err, ERR_NETWORK, "connect: %s", strerror(errno));
        stream->loop.ops->arm(stream->loop.self, &stream->failure,
                              stream->loop.ops->now(stream->loop.self), stream_fail, stream);
        return 0;
    }
    return stream_watch(stream, LOOP_WRITE, err);
}

static int stream_read(void *self, void *data, size_t cap, size_t *got, struct err *err)
{
    struct tcp_stream *stream = self;
    ssize_t count = stream->fd >= 0 ? recv(stream->fd, data, cap, 0) : 0;
    *got = count > 0 ? (size_t)count : 0;
    if (count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR))) {
        return 0;
    }
    (void)err_set(err, ERR_NETWORK, "the broker closed the connection%s%s", count < 0 ? ": " : "",
                  count < 0 ? strerror(errno) : "");
    stream_close(stream);
    return ERR_NETWORK;
}

static int stream_write(void *self, struct span bytes, size_t *taken, struct err *err)
{
    struct tcp_stream *stream = self;
    ssize_t count = stream->fd >= 0 ? send(stream->fd, bytes.data, bytes.len, MSG_NOSIGNAL) : 0;
    *taken = count > 0 ? (size_t)count : 0;
    if (stream->fd < 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) {
        (void)err_set(err, ERR_NETWORK, "send to the broker: %s", strerror(errno));
        stream_close(stream);
        return ERR_NETWORK;
    }
    if (*taken < bytes.len && !stream->is_blocked) {
        stream->is_blocked = true;
        return stream_watch(stream, LOOP_READ | LOOP_WRITE, err);
    }
    return 0;
}

void tcp_stream_break(struct tcp_stream *stream)
{
    struct linger at_once = {.l_onoff = 1};
    if (stream->fd < 0) {
        return;
    }
    (void)setsockopt(stream->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    stream_close(stream);
    (void)err_set(&stream->err, ERR_NETWORK, "the cable is out");
    stream->loop.ops->arm(stream->loop.self, &stream->failure,
                          stream->loop.ops->now(stream->loop.self), stream_fail, stream);
}

void tcp_stream_init(struct tcp_stream *stream, struct loop loop, uint16_t port)
{
    *stream = (struct tcp_stream){.loop = loop, .port = port, .fd = -1};
}

struct stream tcp_stream_interface(struct tcp_stream *stream)
{
    static const struct stream_ops ops = {
        .open = stream_open, .read = stream_read, .write = stream_write, .close = stream_close};
    return (struct stream){.ops = &ops, .self = stream};
}
