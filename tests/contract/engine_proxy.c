/* engine_proxy: pairs of descriptors in one poll loop, in a process of its own. */
#include "tests/contract/engine_proxy.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAIRS_MAX = 128 };

static int socket_at(const char *path, bool is_listening)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    const struct sockaddr *name = (const struct sockaddr *)&address;
    if (is_listening) {
        unlink(path);
        if (bind(fd, name, sizeof address) == 0 && listen(fd, PAIRS_MAX) == 0) {
            return fd;
        }
    } else if (connect(fd, name, sizeof address) == 0) {
        return fd;
    }
    close(fd);
    return -1;
}

/* Moves what is there; false when this side has ended. */
static bool forward(int from, int to)
{
    char data[16384];
    ssize_t len = read(from, data, sizeof data);
    for (ssize_t sent = 0; len > 0 && sent < len;) {
        ssize_t part = send(to, data + sent, (size_t)(len - sent), MSG_NOSIGNAL);
        if (part < 0) {
            return false;
        }
        sent += part;
    }
    return len > 0;
}

static void proxy_accept(int listener, const char *target, struct pollfd *fds, size_t *count)
{
    int client = accept(listener, NULL, NULL);
    int engine = client >= 0 && *count + 2 <= 1 + 2 * PAIRS_MAX ? socket_at(target, false) : -1;
    if (engine < 0) {
        close(client);
        return;
    }
    fds[(*count)++] = (struct pollfd){.fd = client, .events = POLLIN};
    fds[(*count)++] = (struct pollfd){.fd = engine, .events = POLLIN};
}

static void proxy_run(int listener, const char *target)
{
    struct pollfd fds[1 + 2 * PAIRS_MAX] = {{.fd = listener, .events = POLLIN}};
    size_t count = 1;
    for (;;) {
        if (poll(fds, count, -1) < 0) {
            continue;
        }
        for (size_t i = 1; i + 1 < count;) {
            bool is_ended = (fds[i].revents != 0 && !forward(fds[i].fd, fds[i + 1].fd)) ||
                            (fds[i + 1].revents != 0 && !forward(fds[i + 1].fd, fds[i].fd));
            if (!is_ended) {
                i += 2;
                continue;
            }
            close(fds[i].fd);
            close(fds[i + 1].fd);
            fds[i] = fds[count - 2];
            fds[i + 1] = fds[count - 1];
            count -= 2;
        }
        if (fds[0].revents != 0) {
            proxy_accept(listener, target, fds, &count);
        }
    }
}

pid_t engine_proxy_start(const char *path, const char *target)
{
    int listener = socket_at(path, true);
    if (listener < 0) {
        return -1;
    }
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        proxy_run(listener, target);
        _exit(1);
    }
    close(listener);
    return child;
}

void engine_proxy_stop(pid_t child, const char *path)
{
    unlink(path);
    if (child > 0) {
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
}
