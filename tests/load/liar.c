/* liar.c: a server that misbehaves in one chosen way, so that the load generator can be tested. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char good[] = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nliar 1\n";

/* False when the client left instead of asking. */
static bool request_read(int fd)
{
    char buf[2048];
    size_t len = 0;
    while (len < sizeof(buf)) {
        ssize_t got = recv(fd, buf + len, sizeof(buf) - len, 0);
        if (got <= 0) {
            return false;
        }
        len += (size_t)got;
        if (memmem(buf, len, "\r\n\r\n", 4) != NULL) {
            return true;
        }
    }
    return false;
}

static void text_send(int fd, const char *text)
{
    send(fd, text, strlen(text), MSG_NOSIGNAL);
}

/* Makes the close that follows a reset. */
static void reset_arm(int fd)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

static void lie_reset(int fd)
{
    reset_arm(fd);
}

static void lie_reset_midway(int fd)
{
    send(fd, good, 20, MSG_NOSIGNAL);
    usleep(5000);
    reset_arm(fd);
}

static void lie_reset_idle(int fd)
{
    text_send(fd, good);
    usleep(2000);
    reset_arm(fd);
}

static void lie_close(int fd)
{
    (void)fd;
}

/* What a drain must never do: close when the next request may be on its way. */
static void lie_race(int fd)
{
    text_send(fd, good);
    request_read(fd);
}

static void lie_short(int fd)
{
    send(fd, good, sizeof(good) - 4, MSG_NOSIGNAL);
}

static void lie_status(int fd)
{
    text_send(fd, "HTTP/1.1 503 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

static void lie_garbled(int fd)
{
    text_send(fd, "SSH-2.0-OpenSSH_9.2\r\n");
}

static void lie_extra(int fd)
{
    text_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nliar 1\n+");
}

static void lie_body(int fd)
{
    text_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n");
}

static void lie_silent(int fd)
{
    request_read(fd);
}

/* The four that follow are no lies: a client has to live with them. */
static void honest_idle(int fd)
{
    text_send(fd, good);
}

static void honest_close(int fd)
{
    text_send(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 7\r\n\r\nliar 2\n");
}

static void honest_trickle(int fd)
{
    for (size_t i = 0; i < sizeof(good) - 1; i++) {
        send(fd, good + i, 1, MSG_NOSIGNAL);
        usleep(200);
    }
}

/* The version is the client's address. */
static void honest_from(int fd)
{
    struct sockaddr_in client;
    socklen_t len = sizeof(client);
    char address[INET_ADDRSTRLEN] = "";
    char text[128];
    getpeername(fd, (struct sockaddr *)&client, &len);
    inet_ntop(AF_INET, &client.sin_addr, address, sizeof(address));
    snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\nliar %s\n",
             strlen(address) + 6, address);
    text_send(fd, text);
}

static const struct {
    const char *name;
    void (*serve)(int fd);
} manners[] = {
    {"reset", lie_reset},
    {"reset-midway", lie_reset_midway},
    {"reset-idle", lie_reset_idle},
    {"close", lie_close},
    {"race", lie_race},
    {"short", lie_short},
    {"status", lie_status},
    {"garbled", lie_garbled},
    {"extra", lie_extra},
    {"body", lie_body},
    {"silent", lie_silent},
    {"idle", honest_idle},
    {"said-close", honest_close},
    {"trickle", honest_trickle},
    {"from", honest_from},
};

static int listen_anywhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(fd, 16) < 0 || getsockname(fd, (struct sockaddr *)&address, &len) < 0) {
        perror("liar");
        exit(1);
    }
    printf("%u\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof(manners) / sizeof(manners[0]); i++) {
        if (argc != 2 || strcmp(argv[1], manners[i].name) != 0) {
            continue;
        }
        for (int listen_fd = listen_anywhere();;) {
            int fd = accept(listen_fd, NULL, NULL);
            int on = 1;
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
            if (request_read(fd)) {
                manners[i].serve(fd);
            }
            close(fd);
        }
    }
    fprintf(stderr, "usage: liar MANNER (prints its port; serves on 127.0.0.1 until killed)\n");
    return 2;
}
