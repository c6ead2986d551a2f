/* web.c: a small web server that anyone could have written: one thread, one poll loop. */
#include "conn.h"
#include "probe.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNS_MAX = 1024, FIXED_POLLS = 3 };

struct server {
    struct site site;
    int listen_fd;
    int udp_fd;
    size_t conns_len;
    struct conn *conns[CONNS_MAX];
    struct pollfd polls[FIXED_POLLS + 2 * CONNS_MAX];
};

static int socket_open(int type, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int on = 1;
    int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        (type == SOCK_STREAM && listen(fd, 1024) < 0)) {
        fprintf(stderr, "web: cannot listen on port %u: %s\n", port, strerror(errno));
        exit(1);
    }
    return fd;
}

static void server_listen(struct server *server)
{
    const struct settings *settings = &server->site.settings;
    server->listen_fd = socket_open(SOCK_STREAM, settings->port);
    if (settings->udp_port != 0) {
        server->udp_fd = socket_open(SOCK_DGRAM, settings->udp_port);
    }
    printf("%s %s listens on port %u\n", settings->name, settings->version, settings->port);
}

static void server_accept(struct server *server)
{
    while (server->conns_len < CONNS_MAX) {
        struct sockaddr_in client = {0};
        socklen_t len = sizeof(client);
        int fd = accept4(server->listen_fd, (struct sockaddr *)&client, &len,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            return;
        }
        struct conn *conn = conn_new(fd, &client);
        if (conn != NULL) {
            server->conns[server->conns_len++] = conn;
        }
    }
}

/* The answer to a datagram says who gives it: "NAME VERSION " and then the datagram. */
static void server_udp_echo(const struct server *server)
{
    char buf[2048];
    struct sockaddr_in client;
    socklen_t address_len = sizeof(client);
    int head = snprintf(buf, sizeof(buf), "%s %s ", server->site.settings.name,
                        server->site.settings.version);
    size_t head_len = (size_t)head;
    ssize_t len = recvfrom(server->udp_fd, buf + head_len, sizeof(buf) - head_len, 0,
                           (struct sockaddr *)&client, &address_len);
    if (len >= 0) {
        sendto(server->udp_fd, buf, head_len + (size_t)len, 0, (struct sockaddr *)&client,
               address_len);
    }
}

static void server_signals_read(struct server *server, int64_t now_ms)
{
    const struct settings *settings = &server->site.settings;
    struct drain before = server->site.drain;
    drain_read(&server->site.drain, now_ms);
    bool has_term = server->site.drain.stop_by_ms != before.stop_by_ms;
    if (has_term && settings->abrupt_term) {
        exit(0);
    }
    if ((has_term && settings->ignore_term) || (!has_term && settings->ignore_notice)) {
        server->site.drain = before;
        return;
    }
    printf("%s %s: %s\n", settings->name, settings->version,
           has_term ? "SIGTERM, finishing" : "notice, answers say close from now on");
}

/* How long poll may sleep: until the next thing that comes without an event. */
static int server_wait_ms(const struct server *server, int64_t now_ms)
{
    const struct site *site = &server->site;
    int64_t due_ms = INT64_MAX;
    if (server->listen_fd < 0) {
        due_ms = site->started_ms + site->settings.start_delay_ms;
    }
    if (site->settings.crash_after_ms > 0) {
        int64_t crash_ms = site->started_ms + site->settings.crash_after_ms;
        due_ms = crash_ms < due_ms ? crash_ms : due_ms;
    }
    for (size_t i = 0; i < server->conns_len; i++) {
        int64_t conn_ms = conn_due_ms(server->conns[i]);
        due_ms = conn_ms < due_ms ? conn_ms : due_ms;
    }
    if (site->drain.stop_by_ms != 0) {
        return 0;
    }
    if (due_ms == INT64_MAX) {
        return -1;
    }
    return due_ms <= now_ms ? 0 : (int)(due_ms - now_ms);
}

static int server_poll(struct server *server, int wait_ms)
{
    bool has_room = server->conns_len < CONNS_MAX;
    server->polls[0] = (struct pollfd){.fd = server->site.drain.signal_fd, .events = POLLIN};
    server->polls[1] = (struct pollfd){.fd = has_room ? server->listen_fd : -1, .events = POLLIN};
    server->polls[2] = (struct pollfd){.fd = server->udp_fd, .events = POLLIN};
    for (size_t i = 0; i < server->conns_len; i++) {
        conn_poll_set(server->conns[i], server->polls + FIXED_POLLS + 2 * i);
    }
    return poll(server->polls, FIXED_POLLS + 2 * server->conns_len, wait_ms);
}

/* Runs what poll found; returns how many clients are owed something. */
static int server_conns_run(struct server *server, int64_t now_ms)
{
    int in_flight = 0;
    size_t kept = 0;
    size_t polled = server->conns_len;
    for (size_t i = 0; i < polled; i++) {
        struct conn *conn = server->conns[i];
        conn_run(conn, &server->site, server->polls + FIXED_POLLS + 2 * i, now_ms);
        if (conn->state == CONN_OVER) {
            conn_free(&conn);
            continue;
        }
        in_flight += conn_is_in_flight(conn);
        server->conns[kept++] = conn;
    }
    server->conns_len = kept;
    return in_flight;
}

static void server_round(struct server *server, bool *is_done)
{
    const struct settings *settings = &server->site.settings;
    int64_t now_ms = clock_now_ms();
    int found = server_poll(server, server_wait_ms(server, now_ms));
    if (found < 0) {
        memset(server->polls, 0, sizeof(server->polls));
    }
    now_ms = clock_now_ms();
    int64_t age_ms = now_ms - server->site.started_ms;
    if (settings->crash_after_ms > 0 && age_ms >= settings->crash_after_ms) {
        abort();
    }
    if (server->polls[0].revents != 0) {
        server_signals_read(server, now_ms);
    }
    int in_flight = server_conns_run(server, now_ms);
    if (server->polls[1].revents != 0) {
        server_accept(server);
    }
    if (server->polls[2].revents != 0) {
        server_udp_echo(server);
    }
    if (server->listen_fd < 0 && age_ms >= settings->start_delay_ms) {
        server_listen(server);
    }
    /* Only a round that found nothing may be the last: what has reached us is answered. */
    *is_done = found <= 0 && drain_is_done(&server->site.drain, now_ms, in_flight);
    bool is_late = server->site.drain.stop_by_ms != 0 && now_ms >= server->site.drain.stop_by_ms;
    *is_done = *is_done || is_late;
    if (!*is_done && found == 0 && server->site.drain.stop_by_ms != 0) {
        poll(NULL, 0, 1);
    }
}

static int server_run(struct server *server)
{
    server->listen_fd = -1;
    server->udp_fd = -1;
    server->site.started_ms = clock_now_ms();
    if (!drain_open(&server->site.drain)) {
        perror("web: signals");
        return 1;
    }
    for (bool is_done = false; !is_done;) {
        server_round(server, &is_done);
    }
    for (size_t i = 0; i < server->conns_len; i++) {
        conn_free(&server->conns[i]);
    }
    printf("%s %s: done\n", server->site.settings.name, server->site.settings.version);
    return 0;
}

int main(int argc, char **argv)
{
    struct server *server = calloc(1, sizeof(*server));
    if (server == NULL || !settings_read(&server->site.settings)) {
        free(server);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    int status = 2;
    if (argc == 3 && strcmp(argv[1], "probe") == 0) {
        status = probe_ask(server->site.settings.port, argv[2]) ? 0 : 1;
    } else if (argc == 4 && strcmp(argv[1], "datagram") == 0) {
        status = probe_datagram((uint16_t)atoi(argv[2]), (uint16_t)atoi(argv[3])) ? 0 : 1;
    } else if (argc == 2 && strcmp(argv[1], "notice") == 0) {
        status = kill(1, SIGUSR1) == 0 ? 0 : 1;
    } else if (argc == 1) {
        status = server_run(server);
    } else {
        fprintf(stderr, "usage: web | web probe /readyz | web notice | web datagram PORT FROM\n");
    }
    free(server);
    return status;
}
