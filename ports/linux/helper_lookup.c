/* helper_lookup: getaddrinfo in a child, its answer in a pipe and in its exit status. */
#include "ports/linux/helper_lookup.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static size_t addresses_render(const struct addrinfo *found, char *text, size_t cap)
{
    size_t len = 0;
    for (int count = 0; found != NULL && count < HELPER_ADDRESSES_MAX; found = found->ai_next) {
        const struct sockaddr_in *peer = (const void *)found->ai_addr;
        char dotted[INET_ADDRSTRLEN];
        if (found->ai_family != AF_INET ||
            inet_ntop(AF_INET, &peer->sin_addr, dotted, sizeof dotted) == NULL) {
            continue;
        }
        int used = snprintf(text + len, cap - len, "%s\n", dotted);
        assert(used > 0 && (size_t)used < cap - len);
        len += (size_t)used;
        count++;
    }
    return len;
}

/* EAI_* numbers are below zero here and above elsewhere; an exit status takes neither sign. */
static int lookup_work(const char *host, int output_fd)
{
    const struct addrinfo wanted = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char text[HELPER_LOOKUP_BYTES_MAX] = "";
    int status = getaddrinfo(host, NULL, &wanted, &found);
    size_t len = 0;
    if (status == 0) {
        len = addresses_render(found, text, sizeof text);
    } else {
        const char *why = status == EAI_SYSTEM ? strerror(errno) : gai_strerror(status);
        (void)snprintf(text, sizeof text, "%s", why);
        len = strlen(text);
    }
    ssize_t told = write(output_fd, text, len);
    (void)told; /* the helper is gone: nobody asks any more */
    return abs(status);
}

int helper_lookup_start(struct helper_lookup *lookup, const char *host, int agent_fd)
{
    int fds[2];
    pid_t parent = getpid();
    assert(lookup->pid == 0);
    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0) {
        return errno;
    }
    pid_t pid = fork();
    if (pid == 0) {
        close(agent_fd);
        close(fds[0]);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        _exit(getppid() == parent ? lookup_work(host, fds[1]) : 0);
    }
    int failure = pid < 0 ? errno : 0;
    close(fds[1]);
    if (failure != 0) {
        close(fds[0]);
        return failure;
    }
    lookup->pid = pid;
    lookup->output_fd = fds[0];
    return 0;
}

void helper_lookup_kill(struct helper_lookup *lookup)
{
    lookup->is_over_time = true;
    lookup->deadline = MONO_NEVER;
    (void)kill(lookup->pid, SIGKILL);
}

int helper_lookup_end(struct helper_lookup *lookup, int wait_status,
                      char output[HELPER_LOOKUP_BYTES_MAX], size_t *output_len)
{
    ssize_t got = read(lookup->output_fd, output, HELPER_LOOKUP_BYTES_MAX);
    *output_len = got > 0 ? (size_t)got : 0;
    close(lookup->output_fd);
    *lookup = (struct helper_lookup){.output_fd = -1};
    return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;
}
