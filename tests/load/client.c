/* client.c: one client of the load: asks, judges the answer, rests, asks again. */
#include "client.h"

#include "reply.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLOSING_US = 200000, AFTER_FAILURE_US = 20000 };

void client_init(struct client *client, int target, bool is_keepalive, int64_t due_us)
{
    *client =
        (struct client){.target = target, .is_keepalive = is_keepalive, .fd = -1, .due_us = due_us};
}

bool client_is_in_flight(const struct client *client)
{
    return client->state == CLIENT_CONNECTING || client->state == CLIENT_READING;
}

static void fd_drop(struct client *client)
{
    if (client->fd >= 0) {
        close(client->fd);
        client->fd = -1;
    }
}

/* Paced from answer to question: a slow server is asked less often, never more. */
static void client_rest(struct client *client, const struct crowd *crowd, int64_t now_us)
{
    client->state = CLIENT_RESTING;
    client->due_us = now_us + crowd->options.pace_ms * 1000;
}

static void client_fail(struct client *client, struct crowd *crowd, enum failure kind,
                        const char *detail, int64_t now_us)
{
    struct failure_note note = {
        .kind = kind,
        .target = client->target,
        .is_keepalive = client->is_keepalive,
        .local_port = client->local_port,
        .answers_before = client->answers,
        .after_us = now_us - client->asked_us,
        .detail = detail,
    };
    tally_failure(&crowd->tally, &crowd->options, &note, now_us);
    if (kind != FAILURE_STATUS) {
        fd_drop(client);
    }
    client_rest(client, crowd, now_us);
    if (client->due_us < now_us + AFTER_FAILURE_US) {
        client->due_us = now_us + AFTER_FAILURE_US;
    }
}

static void client_errno_fail(struct client *client, struct crowd *crowd, int error, int64_t now_us)
{
    enum failure kind = FAILURE_CONNECT;
    if (error == ECONNRESET || error == EPIPE) {
        kind = FAILURE_RESET;
    } else if (error == ECONNREFUSED) {
        kind = FAILURE_REFUSED;
    } else if (error == ETIMEDOUT) {
        kind = FAILURE_TIMEOUT;
    }
    client_fail(client, crowd, kind, strerror(error), now_us);
}

static void epoll_set(const struct crowd *crowd, struct client *client, int operation,
                      uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = client};
    epoll_ctl(crowd->epoll_fd, operation, client->fd, &event);
}

static void client_request_send(struct client *client, struct crowd *crowd, int64_t now_us)
{
    char request[512];
    int len = snprintf(request, sizeof(request),
                       "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: load\r\nConnection: %s\r\n\r\n",
                       crowd->options.path, crowd->options.targets[client->target].name,
                       client->is_keepalive ? "keep-alive" : "close");
    client->state = CLIENT_READING;
    client->len = 0;
    if (send(client->fd, request, (size_t)len, MSG_NOSIGNAL) != len) {
        client_errno_fail(client, crowd, errno, now_us);
    }
}

static void client_connected(struct client *client, struct crowd *crowd, int64_t now_us)
{
    int error = 0;
    socklen_t len = sizeof(error);
    getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (error != 0) {
        client_errno_fail(client, crowd, error, now_us);
        return;
    }
    struct tcp_info info = {0};
    len = sizeof(info);
    getsockopt(client->fd, IPPROTO_TCP, TCP_INFO, &info, &len);
    tally_connected(&crowd->tally, now_us - client->asked_us, info.tcpi_total_retrans > 0);
    epoll_set(crowd, client, EPOLL_CTL_MOD, EPOLLIN);
    client_request_send(client, crowd, now_us);
}

/* From the address and the port that `local` says; its port may be 0. */
static int socket_open_at(const struct options *options, const struct client *client,
                          const struct sockaddr_in *local)
{
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    const struct sockaddr *remote =
        (const struct sockaddr *)&options->targets[client->target].address;
    bool is_bound = true;
    if (local->sin_family != 0) {
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        is_bound = bind(fd, (const struct sockaddr *)local, sizeof(*local)) == 0;
    }
    if (is_bound &&
        (connect(fd, remote, sizeof(struct sockaddr_in)) == 0 || errno == EINPROGRESS)) {
        return fd;
    }
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* With ports of its own the load takes them in turn, each again as soon as its connection is gone:
 * many connections from few ports, as clients behind a proxy or a NAT make them. */
static int socket_open(struct crowd *crowd, const struct client *client)
{
    const struct options *options = &crowd->options;
    struct sockaddr_in local = options->local;
    if (options->port_first == 0) {
        return socket_open_at(options, client, &local);
    }
    int fd = -1;
    int tries = options->port_last - options->port_first + 1;
    local.sin_family = AF_INET;
    do {
        if (crowd->port_next < options->port_first || crowd->port_next > options->port_last) {
            crowd->port_next = options->port_first;
        }
        local.sin_port = htons(crowd->port_next);
        crowd->port_next = (uint16_t)(crowd->port_next + 1);
        fd = socket_open_at(options, client, &local);
    } while (fd < 0 && (errno == EADDRINUSE || errno == EADDRNOTAVAIL) && --tries > 0);
    return fd;
}

static void client_connect(struct client *client, struct crowd *crowd, int64_t now_us)
{
    struct sockaddr_in local;
    socklen_t len = sizeof(local);
    client->answers = 0;
    client->local_port = 0;
    client->fd = socket_open(crowd, client);
    if (client->fd < 0) {
        client_errno_fail(client, crowd, errno, now_us);
        return;
    }
    if (getsockname(client->fd, (struct sockaddr *)&local, &len) == 0) {
        client->local_port = ntohs(local.sin_port);
    }
    client->state = CLIENT_CONNECTING;
    epoll_set(crowd, client, EPOLL_CTL_ADD, EPOLLOUT);
}

/* A kept connection between two requests: the server may close it, and nothing else. Returns true
 * when the request may go out on it; on false either there is no connection now, or the failure is
 * counted and the client rests. */
static bool client_idle_check(struct client *client, struct crowd *crowd, int64_t now_us)
{
    char byte;
    ssize_t len = recv(client->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (len < 0 && (errno == EAGAIN || errno == EINTR)) {
        return true;
    }
    client->asked_us = now_us;
    if (len == 0) {
        crowd->tally.closed_idle++;
        fd_drop(client);
    } else if (len > 0) {
        client_fail(client, crowd, FAILURE_GARBLED, "bytes between two answers", now_us);
    } else {
        client_fail(client, crowd, FAILURE_RESET, "while idle", now_us);
    }
    return false;
}

static void client_ask(struct client *client, struct crowd *crowd, int64_t now_us)
{
    if (client->fd >= 0) {
        if (client_idle_check(client, crowd, now_us)) {
            client->asked_us = now_us;
            client->due_us = now_us + crowd->options.timeout_ms * 1000;
            client_request_send(client, crowd, now_us);
            return;
        }
        if (client->due_us > now_us) {
            return;
        }
    }
    client->asked_us = now_us;
    client->due_us = now_us + crowd->options.timeout_ms * 1000;
    client_connect(client, crowd, now_us);
}

static void client_answered(struct client *client, struct crowd *crowd, const struct reply *reply,
                            int64_t now_us)
{
    if (reply->status != 200) {
        char detail[16];
        snprintf(detail, sizeof(detail), "%d", reply->status);
        client_fail(client, crowd, FAILURE_STATUS, detail, now_us);
    } else {
        tally_ok(&crowd->tally, client->target, reply->version, now_us - client->asked_us, now_us);
        client_rest(client, crowd, now_us);
    }
    client->answers++;
    client->len = 0;
    if (reply->says_close || !client->is_keepalive) {
        crowd->tally.said_close += client->is_keepalive;
        client->state = CLIENT_CLOSING;
        client->due_us = now_us + CLOSING_US;
    }
}

static void client_read(struct client *client, struct crowd *crowd, int64_t now_us)
{
    size_t room = sizeof(client->buf) - 1 - client->len;
    ssize_t len = recv(client->fd, client->buf + client->len, room, 0);
    if (len < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            client_errno_fail(client, crowd, errno, now_us);
        }
        return;
    }
    if (len == 0) {
        bool is_silent = client->len == 0;
        client_fail(client, crowd, is_silent ? FAILURE_CLOSED : FAILURE_SHORT, "end of stream",
                    now_us);
        return;
    }
    struct reply reply;
    client->len += (size_t)len;
    client->buf[client->len] = '\0';
    switch (reply_judge(client->buf, client->len, crowd->options.any_body, &reply)) {
    case REPLY_PARTIAL:
        if (client->len < sizeof(client->buf) - 1) {
            return;
        }
        client_fail(client, crowd, FAILURE_GARBLED, "too long", now_us);
        return;
    case REPLY_GARBLED:
        client_fail(client, crowd, FAILURE_GARBLED, "see the bytes with curl -v", now_us);
        return;
    case REPLY_COMPLETE:
        client_answered(client, crowd, &reply, now_us);
        return;
    }
}

/* Waits for the server's end of stream; what comes instead no longer matters. */
static void client_closing_read(struct client *client, const struct crowd *crowd, int64_t now_us)
{
    ssize_t len = recv(client->fd, client->buf, sizeof(client->buf), 0);
    if (len == 0 || (len < 0 && errno != EAGAIN && errno != EINTR)) {
        fd_drop(client);
        client_rest(client, crowd, now_us);
    }
}

void client_event(struct client *client, struct crowd *crowd, int64_t now_us)
{
    if (client->fd < 0) {
        return;
    }
    switch (client->state) {
    case CLIENT_RESTING:
        client_idle_check(client, crowd, now_us);
        return;
    case CLIENT_CONNECTING:
        client_connected(client, crowd, now_us);
        return;
    case CLIENT_READING:
        client_read(client, crowd, now_us);
        return;
    case CLIENT_CLOSING:
        client_closing_read(client, crowd, now_us);
        return;
    }
}

void client_due(struct client *client, struct crowd *crowd, int64_t now_us)
{
    switch (client->state) {
    case CLIENT_RESTING:
        if (!crowd->is_stopping) {
            client_ask(client, crowd, now_us);
        }
        return;
    case CLIENT_CONNECTING:
        client_fail(client, crowd, FAILURE_TIMEOUT, "while connecting", now_us);
        return;
    case CLIENT_READING:
        client_fail(client, crowd, FAILURE_TIMEOUT, "while waiting for the answer", now_us);
        return;
    case CLIENT_CLOSING:
        fd_drop(client);
        client_rest(client, crowd, now_us);
        return;
    }
}

void client_close(struct client *client, struct crowd *crowd, int64_t now_us)
{
    if (client_is_in_flight(client)) {
        client_fail(client, crowd, FAILURE_TIMEOUT, "when the run ended", now_us);
    }
    fd_drop(client);
    client->state = CLIENT_RESTING;
}
