/* fake_server: one process per connection, all in one process group. */
#include "tests/contract/fake_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REQUEST_BYTES = 65536 };

/* Reads one request with its body; 0 when the client has gone. */
static size_t read_request(int fd, char *request)
{
    size_t len = 0;
    size_t need = 0;
    while (need == 0 || len < need) {
        ssize_t part = read(fd, request + len, REQUEST_BYTES - 1 - len);
        if (part <= 0) {
            return 0;
        }
        len += (size_t)part;
        request[len] = '\0';
        const char *end = strstr(request, "\r\n\r\n");
        if (need == 0 && end != NULL) {
            const char *length = strcasestr(request, "\r\nContent-Length:");
            need = (size_t)(end + 4 - request);
            need += length != NULL && length < end ? strtoul(length + 17, NULL, 10) : 0;
        }
    }
    return len;
}

static void send_all(int fd, const char *data, size_t len, size_t piece)
{
    for (size_t at = 0; at < len;) {
        size_t want = piece > 0 && piece < len - at ? piece : len - at;
        ssize_t part = send(fd, data + at, want, MSG_NOSIGNAL);
        if (part <= 0) {
            return;
        }
        at += (size_t)part;
        if (piece > 0) {
            usleep(5000);
        }
    }
}

static void give(int fd, const struct fake_answer *answer)
{
    static char filler[16384];
    char ordinary[8192];
    const char *bytes = answer->answer;
    if (answer->body != NULL) {
        (void)snprintf(ordinary, sizeof ordinary,
                       "HTTP/1.1 %d Said\r\nContent-Length: %zu\r\n\r\n%s", answer->status,
                       strlen(answer->body), answer->body);
        bytes = ordinary;
    }
    memset(filler, 'x', sizeof filler);
    send_all(fd, bytes,
             answer->body == NULL && answer->answer_len > 0 ? answer->answer_len : strlen(bytes),
             answer->piece);
    for (size_t left = answer->repeat; left > 0;) {
        size_t part = left < sizeof filler ? left : sizeof filler;
        send_all(fd, filler, part, 0);
        left -= part;
    }
}

static void serve(int fd, const struct fake_answer *answers, size_t count, unsigned *used)
{
    static char request[REQUEST_BYTES];
    while (read_request(fd, request) > 0) {
        size_t at = 0;
        while (at < count &&
               (strncmp(request, answers[at].request, strlen(answers[at].request)) != 0 ||
                (answers[at].holds != NULL && strstr(request, answers[at].holds) == NULL) ||
                (answers[at].times > 0 && used[at] >= answers[at].times))) {
            at++;
        }
        if (at == count) {
            break;
        }
        used[at]++;
        give(fd, &answers[at]);
        if (answers[at].after == FAKE_HANG) {
            pause();
        }
        if (answers[at].after == FAKE_RESET) {
            struct linger linger = {.l_onoff = 1, .l_linger = 0};
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
        }
        if (answers[at].after != FAKE_KEEP) {
            break;
        }
    }
    close(fd);
    _exit(0);
}

static int listen_at(struct fake_server *server, const char *folder)
{
    struct sockaddr_un unix_name = {.sun_family = AF_UNIX};
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof name;
    int fd = socket(folder != NULL ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (folder != NULL) {
        (void)snprintf(server->path, sizeof server->path, "%s/fake.sock", folder);
        (void)snprintf(unix_name.sun_path, sizeof unix_name.sun_path, "%s", server->path);
        unlink(server->path);
        if (bind(fd, (const struct sockaddr *)&unix_name, sizeof unix_name) != 0) {
            perror("bind");
            return -1;
        }
    } else {
        if (bind(fd, (const struct sockaddr *)&name, sizeof name) != 0 ||
            getsockname(fd, (struct sockaddr *)&name, &len) != 0) {
            perror("bind");
            return -1;
        }
        server->port = ntohs(name.sin_port);
    }
    return listen(fd, 128) == 0 ? fd : -1;
}

bool fake_server_start(struct fake_server *server, const char *folder,
                       const struct fake_answer *answers, size_t count)
{
    *server = (struct fake_server){.child = -1};
    int listener = listen_at(server, folder);
    server->used = mmap(NULL, FAKE_ANSWERS_MAX * sizeof *server->used, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (listener < 0 || server->used == MAP_FAILED || count > FAKE_ANSWERS_MAX) {
        return false;
    }
    fflush(NULL);
    server->child = fork();
    if (server->child == 0) {
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGCHLD, SIG_IGN);
        for (;;) {
            int fd = accept(listener, NULL, NULL);
            if (fd >= 0 && fork() == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                serve(fd, answers, count, server->used);
            }
            close(fd);
        }
    }
    setpgid(server->child, server->child);
    close(listener);
    return server->child > 0;
}

void fake_server_stop(struct fake_server *server)
{
    if (server->child > 0) {
        kill(-server->child, SIGKILL);
        waitpid(server->child, NULL, 0);
        server->child = -1;
    }
    if (server->used != NULL && server->used != MAP_FAILED) {
        munmap(server->used, FAKE_ANSWERS_MAX * sizeof *server->used);
        server->used = NULL;
    }
    if (server->path[0] != '\0') {
        unlink(server->path);
    }
}

unsigned fake_server_used(const struct fake_server *server, size_t at)
{
    return ((volatile unsigned *)server->used)[at];
}
