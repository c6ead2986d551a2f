/* linux_server: connections of the local socket, each with bounded buffers and a time-out. */
#include "ports/linux/server.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ports/linux/server_socket.h"

#define READ_BYTES    4096
#define LINGER_MS     1000
#define RESUME_MS     1000
#define BUF_BYTES_MIN 4096

static void peer_ready(void *ctx, int fd, unsigned events);
static void peer_expired(void *ctx);
static void listen_ready(void *ctx, int fd, unsigned events);

static void peer_arm(struct linux_server_peer *peer, int64_t wait_ms)
{
    struct loop *loop = &peer->server->loop;
    loop->ops->arm(loop->self, &peer->timer, loop->ops->now(loop->self) + wait_ms, peer_expired,
                   peer);
}

static void peer_disarm(struct linux_server_peer *peer)
{
    struct loop *loop = &peer->server->loop;
    loop->ops->disarm(loop->self, &peer->timer);
}

static void peer_close(struct linux_server_peer *peer)
{
    struct loop *loop = &peer->server->loop;
    peer_disarm(peer);
    (void)loop->ops->watch(loop->self, peer->fd, 0, NULL, NULL, NULL);
    (void)close(peer->fd);
    free(peer->in);
    free(peer->out);
    void *named = peer->named;
    *peer = (struct linux_server_peer){.server = peer->server, .fd = -1};
    if (named != NULL) {
        peer->server->user.closed(named);
    }
}

/* Closes from the loop, so that nobody's call loses its peer half-way. */
static void peer_lose(struct linux_server_peer *peer)
{
    if (!peer->is_lost) {
        peer->is_lost = true;
        peer_arm(peer, 0);
    }
}

static void peer_watch(struct linux_server_peer *peer)
{
    struct loop *loop = &peer->server->loop;
    unsigned events = peer->is_at_end ? 0 : LOOP_READ;
    events |= peer->out_len > peer->out_sent ? LOOP_WRITE : 0;
    if (loop->ops->watch(loop->self, peer->fd, events, peer_ready, peer, NULL) != 0) {
        peer_lose(peer);
    }
}

static void peer_expired(void *ctx)
{
    peer_close(ctx);
}

/* Makes room for `more` bytes behind `len`; false above `most` or without memory. */
static bool buf_grow(uint8_t **buf, size_t *cap, size_t len, size_t more, size_t most)
{
    if (more > most - len) {
        return false;
    }
    if (len + more <= *cap) {
        return true;
    }
    size_t want = *cap < BUF_BYTES_MIN ? BUF_BYTES_MIN : *cap;
    while (want < len + more) {
        want *= 2;
    }
    uint8_t *grown = realloc(*buf, want < most ? want : most);
    if (grown == NULL) {
        return false;
    }
    *buf = grown;
    *cap = want < most ? want : most;
    return true;
}

/* Writes what the socket takes now; false when the peer is gone. */
static bool peer_flush(struct linux_server_peer *peer)
{
    size_t before = peer->out_sent;
    while (peer->out_sent < peer->out_len) {
        ssize_t done = send(peer->fd, peer->out + peer->out_sent, peer->out_len - peer->out_sent,
                            MSG_NOSIGNAL | MSG_DONTWAIT);
        if (done < 0) {
            if (errno == EINTR) {
                continue;
            }
            if (errno != EAGAIN) {
                return false;
            }
            if (peer->out_sent > before) {
                peer_arm(peer, LINUX_SERVER_IDLE_MS);
            }
            return true;
        }
        peer->out_sent += (size_t)done;
    }
    free(peer->out);
    peer->out = NULL;
    peer->out_len = peer->out_cap = peer->out_sent = 0;
    if (peer->is_finishing) {
        (void)shutdown(peer->fd, SHUT_WR);
        peer->is_lingering = true;
        peer_arm(peer, LINGER_MS);
    } else if (peer->is_kept) {
        peer_disarm(peer);
    }
    return true;
}

/* Reads what is there; false when the connection is over. */
static bool peer_read(struct linux_server_peer *peer)
{
    uint8_t waste[READ_BYTES];
    size_t most = peer->server->user.input_bytes_max;
    bool is_wanted = !peer->is_kept && !peer->is_finishing;
    uint8_t *target = waste;
    size_t room = sizeof waste;
    if (is_wanted) {
        if (peer->in_len == most || !buf_grow(&peer->in, &peer->in_cap, peer->in_len, 1, most)) {
            return false;
        }
        target = peer->in + peer->in_len;
        room = peer->in_cap - peer->in_len;
    }
    ssize_t got = recv(peer->fd, target, room, MSG_DONTWAIT);
    if (got < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    if (got == 0) {
        peer->is_at_end = true;
        return peer->is_finishing && !peer->is_lingering;
    }
    if (is_wanted) {
        peer->in_len += (size_t)got;
        peer->server->user.received(peer->named, span_of(peer->in, peer->in_len));
    }
    return true;
}

static void peer_ready(void *ctx, int fd, unsigned events)
{
    struct linux_server_peer *peer = ctx;
    (void)fd;
    if (peer->is_lost) {
        return; /* the timer closes it */
    }
    if ((events & LOOP_READ) != 0 && !peer->is_at_end && !peer_read(peer)) {
        peer_close(peer);
        return;
    }
    if ((events & LOOP_WRITE) != 0 && !peer->is_lingering && !peer_flush(peer)) {
        peer_close(peer);
        return;
    }
    if (peer->is_lingering && peer->is_at_end) {
        peer_close(peer);
        return;
    }
    peer_watch(peer);
}

void linux_server_send(struct linux_server_peer *peer, struct span bytes)
{
    assert(!peer->is_finishing);
    if (peer->is_lost || bytes.len == 0) {
        return;
    }
    if (peer->out_sent > 0) {
        memmove(peer->out, peer->out + peer->out_sent, peer->out_len - peer->out_sent);
        peer->out_len -= peer->out_sent;
        peer->out_sent = 0;
    }
    if (!buf_grow(&peer->out, &peer->out_cap, peer->out_len, bytes.len,
                  LINUX_SERVER_OUT_BYTES_MAX)) {
        peer_lose(peer);
        return;
    }
    bool was_empty = peer->out_len == 0;
    memcpy(peer->out + peer->out_len, bytes.data, bytes.len);
    peer->out_len += bytes.len;
    if (was_empty && peer->is_kept) {
        peer_arm(peer, LINUX_SERVER_IDLE_MS);
    }
    peer_watch(peer);
}

void linux_server_keep(struct linux_server_peer *peer)
{
    peer->is_kept = true;
    if (!peer->is_lost && peer->out_len == peer->out_sent) {
        peer_disarm(peer);
    }
}

void linux_server_finish(struct linux_server_peer *peer)
{
    peer->is_finishing = true;
    if (!peer->is_lost) {
        /* An empty answer is finished by the first flush as well. */
        peer_arm(peer, peer->out_len > peer->out_sent ? LINUX_SERVER_IDLE_MS : 0);
        peer_watch(peer);
    }
}

static void full_say(const struct linux_server *server, int fd)
{
    const struct span *full = &server->user.full;
    if (full->len > 0) {
        ssize_t sent = send(fd, full->data, full->len, MSG_DONTWAIT | MSG_NOSIGNAL);
        (void)sent; /* a new connection has room for it */
    }
}

static void peer_open(struct linux_server *server, int fd)
{
    struct ucred cred;
    socklen_t len = sizeof cred;
    struct linux_server_peer *peer = NULL;
    for (size_t i = 0; i < LINUX_SERVER_PEERS_MAX && peer == NULL; i++) {
        peer = server->peers[i].fd < 0 ? &server->peers[i] : NULL;
    }
    if (peer == NULL) {
        full_say(server, fd);
    }
    if (peer == NULL || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0) {
        (void)close(fd);
        return;
    }
    *peer = (struct linux_server_peer){.server = server, .fd = fd};
    peer_arm(peer, LINUX_SERVER_IDLE_MS);
    peer_watch(peer);
    peer->named = server->user.opened(server->user.ctx, peer, (uint32_t)cred.uid);
    if (peer->named == NULL) {
        full_say(server, fd);
        peer_close(peer);
    }
}

static void listen_resume(void *ctx)
{
    struct linux_server *server = ctx;
    (void)server->loop.ops->watch(server->loop.self, server->fd, LOOP_READ, listen_ready, server,
                                  NULL);
}

static void listen_ready(void *ctx, int fd, unsigned events)
{
    struct linux_server *server = ctx;
    struct loop *loop = &server->loop;
    (void)events;
    int peer_fd = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (peer_fd >= 0) {
        peer_open(server, peer_fd);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        (void)loop->ops->watch(loop->self, fd, 0, NULL, NULL, NULL);
        loop->ops->arm(loop->self, &server->resume, loop->ops->now(loop->self) + RESUME_MS,
                       listen_resume, server);
    }
}

int linux_server_init(struct linux_server *server, struct loop loop, const char *path,
                      uint32_t owner_uid, const struct linux_server_user *user, struct err *err)
{
    *server = (struct linux_server){.loop = loop, .user = *user, .fd = -1};
    for (size_t i = 0; i < LINUX_SERVER_PEERS_MAX; i++) {
        server->peers[i] = (struct linux_server_peer){.server = server, .fd = -1};
    }
    int rc = server_socket_open(path, owner_uid, &server->fd, err);
    if (rc != 0) {
        return rc;
    }
    (void)strncpy(server->path, path, sizeof server->path - 1);
    rc = loop.ops->watch(loop.self, server->fd, LOOP_READ, listen_ready, server, err);
    if (rc != 0) {
        linux_server_close(server);
        return err_wrap(err, rc, "listen on %s", path);
    }
    return 0;
}

void linux_server_close(struct linux_server *server)
{
    if (server->fd < 0) {
        return;
    }
    for (size_t i = 0; i < LINUX_SERVER_PEERS_MAX; i++) {
        if (server->peers[i].fd >= 0) {
            peer_close(&server->peers[i]);
        }
    }
    server->loop.ops->disarm(server->loop.self, &server->resume);
    (void)server->loop.ops->watch(server->loop.self, server->fd, 0, NULL, NULL, NULL);
    (void)unlink(server->path);
    (void)close(server->fd);
    server->fd = -1;
}
