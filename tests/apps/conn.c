/* conn.c: one client's connection: read a request, answer it, in order, as often as asked. */
#include "conn.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PEER_WAIT_MS = 2000, LINGER_MS = 1000 };

struct conn *conn_new(int fd, const struct sockaddr_in *client)
{
    struct conn *conn = calloc(1, sizeof(*conn));
    if (conn == NULL) {
        close(fd);
        return NULL;
    }
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    conn->fd = fd;
    conn->peer_fd = -1;
    conn->client = *client;
    return conn;
}

void conn_free(struct conn **conn)
{
    if ((*conn)->peer_fd >= 0) {
        close((*conn)->peer_fd);
    }
    close((*conn)->fd);
    free(*conn);
    *conn = NULL;
}

void conn_poll_set(const struct conn *conn, struct pollfd polls[2])
{
    static const short events[] = {
        [CONN_READING] = POLLIN,   [CONN_WAITING] = 0, [CONN_WRITING] = POLLOUT,
        [CONN_LINGERING] = POLLIN, [CONN_OVER] = 0,
    };
    polls[0] = (struct pollfd){.fd = conn->fd, .events = events[conn->state]};
    polls[1] = (struct pollfd){.fd = conn->peer_fd, .events = POLLOUT};
}

bool conn_is_in_flight(const struct conn *conn)
{
    return conn->state != CONN_READING || conn->in_len > 0 || !conn->has_answered;
}

int64_t conn_due_ms(const struct conn *conn)
{
    bool has_due = conn->state == CONN_WAITING || conn->state == CONN_LINGERING;
    return has_due ? conn->due_ms : INT64_MAX;
}

static void conn_flush(struct conn *conn, int64_t now_ms)
{
    while (conn->out_sent < conn->out_len) {
        ssize_t sent = send(conn->fd, conn->out + conn->out_sent, conn->out_len - conn->out_sent,
                            MSG_NOSIGNAL);
        if (sent < 0) {
            conn->state = errno == EAGAIN || errno == EINTR ? CONN_WRITING : CONN_OVER;
            return;
        }
        conn->out_sent += (size_t)sent;
    }
    conn->has_answered = true;
    if (conn->keeps_open) {
        conn->state = CONN_READING;
        return;
    }
    shutdown(conn->fd, SHUT_WR);
    conn->state = CONN_LINGERING;
    conn->due_ms = now_ms + LINGER_MS;
}

/* Whether the connection stays is asked now, not when the request came: a notice that arrived
 * during a slow answer counts. */
static void conn_reply(struct conn *conn, const struct site *site, int64_t now_ms)
{
    conn->keeps_open = drain_keeps_open(&site->drain, conn->client_wants_more);
    conn->out_len =
        paths_render(&conn->answer, conn->is_head, conn->keeps_open, conn->out, sizeof(conn->out));
    conn->out_sent = 0;
    conn->state = CONN_WRITING;
    conn_flush(conn, now_ms);
}

static void conn_refuse(struct conn *conn, const struct site *site, int status, int64_t now_ms)
{
    conn->answer.status = status;
    conn->answer.body_len = 0;
    conn->client_wants_more = false;
    conn->is_head = false;
    conn->in_len = 0;
    conn_reply(conn, site, now_ms);
}

static void peer_result_set(struct conn *conn, int error)
{
    const char *result = error == 0              ? "connected"
                         : error == ECONNREFUSED ? "refused"
                         : error == ETIMEDOUT    ? "timeout"
                                                 : strerror(error);
    conn->answer.body_len =
        (size_t)snprintf(conn->answer.body, sizeof(conn->answer.body), "%s\n", result);
    if (conn->peer_fd >= 0) {
        close(conn->peer_fd);
        conn->peer_fd = -1;
    }
}

/* True when the answer has to wait for the peer. */
static bool peer_start(struct conn *conn, int64_t now_ms)
{
    conn->peer_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (conn->peer_fd < 0) {
        peer_result_set(conn, errno);
        return false;
    }
    const struct sockaddr *address = (const struct sockaddr *)&conn->answer.peer;
    if (connect(conn->peer_fd, address, sizeof(conn->answer.peer)) < 0) {
        if (errno == EINPROGRESS) {
            conn->due_ms = now_ms + PEER_WAIT_MS;
            return true;
        }
        peer_result_set(conn, errno);
        return false;
    }
    peer_result_set(conn, 0);
    return false;
}

static void conn_request_take(struct conn *conn, struct site *site,
                              const struct http_request *request, int64_t now_ms)
{
    paths_answer(site, request, &conn->client, now_ms, &conn->answer);
    conn->client_wants_more = request->client_wants_more;
    conn->is_head = strcmp(request->method, "HEAD") == 0;
    conn->in_len -= request->size;
    memmove(conn->in, conn->in + request->size, conn->in_len);
    if (conn->answer.peer.sin_port != 0 && peer_start(conn, now_ms)) {
        conn->state = CONN_WAITING;
    } else if (conn->answer.wait_ms > 0) {
        conn->state = CONN_WAITING;
        conn->due_ms = now_ms + conn->answer.wait_ms;
    } else {
        conn_reply(conn, site, now_ms);
    }
}

static void conn_requests_take(struct conn *conn, struct site *site, int64_t now_ms)
{
    while (conn->state == CONN_READING && conn->in_len > 0) {
        struct http_request request;
        enum http_state state = http_parse(conn->in, conn->in_len, &request);
        if (state == HTTP_COMPLETE) {
            conn_request_take(conn, site, &request, now_ms);
        } else if (state == HTTP_MALFORMED) {
            conn_refuse(conn, site, 400, now_ms);
        } else if (conn->in_len == sizeof(conn->in)) {
            conn_refuse(conn, site, 413, now_ms);
        } else {
            return;
        }
    }
}

static void conn_read(struct conn *conn)
{
    bool is_lingering = conn->state == CONN_LINGERING;
    size_t start = is_lingering ? 0 : conn->in_len;
    ssize_t len = recv(conn->fd, conn->in + start, sizeof(conn->in) - start, 0);
    if (len == 0 || (len < 0 && errno != EAGAIN && errno != EINTR)) {
        conn->state = CONN_OVER;
    } else if (len > 0 && !is_lingering) {
        conn->in_len += (size_t)len;
    }
}

static void conn_wait(struct conn *conn, struct site *site, const struct pollfd polls[2],
                      int64_t now_ms)
{
    bool is_peer = conn->peer_fd >= 0;
    if ((polls[0].revents & (POLLERR | POLLHUP)) != 0) {
        conn->state = CONN_OVER;
    } else if (is_peer && polls[1].revents != 0) {
        int error = 0;
        socklen_t len = sizeof(error);
        getsockopt(conn->peer_fd, SOL_SOCKET, SO_ERROR, &error, &len);
        peer_result_set(conn, error);
        conn_reply(conn, site, now_ms);
    } else if (now_ms >= conn->due_ms) {
        if (is_peer) {
            peer_result_set(conn, ETIMEDOUT);
        }
        conn_reply(conn, site, now_ms);
    }
}

void conn_run(struct conn *conn, struct site *site, const struct pollfd polls[2], int64_t now_ms)
{
    if (conn->state == CONN_WAITING) {
        conn_wait(conn, site, polls, now_ms);
    } else if (conn->state == CONN_WRITING && polls[0].revents != 0) {
        conn_flush(conn, now_ms);
    } else if (conn->state == CONN_READING && polls[0].revents != 0) {
        conn_read(conn);
    } else if (conn->state == CONN_LINGERING) {
        if (polls[0].revents != 0) {
            conn_read(conn);
        }
        if (now_ms >= conn->due_ms) {
            conn->state = CONN_OVER;
        }
    }
    conn_requests_take(conn, site, now_ms);
}
