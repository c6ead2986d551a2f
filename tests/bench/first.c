/* first.c: a stopwatch: asks over and over, and says at which instant a version answered first. */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int64_t wall_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* One request over a connection of its own; the whole answer, or what came of it. */
static void ask(const struct sockaddr_in *target, char *answer, size_t cap)
{
    static const char question[] = "GET / HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n";
    const struct timeval patience = {.tv_usec = 200000};
    size_t len = 0;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    answer[0] = '\0';
    if (fd < 0) {
        return;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(fd, (const struct sockaddr *)target, sizeof *target) == 0 &&
        send(fd, question, sizeof question - 1, MSG_NOSIGNAL) == (ssize_t)sizeof question - 1) {
        ssize_t got;
        while (len < cap - 1 && (got = recv(fd, answer + len, cap - 1 - len, 0)) > 0) {
            len += (size_t)got;
        }
        answer[len] = '\0';
    }
    (void)close(fd);
}

static bool is_version(const char *answer, const char *version)
{
    const char *body = strstr(answer, "\r\n\r\n");
    const char *space = body == NULL ? NULL : strrchr(body, ' ');
    size_t len = strlen(version);
    return space != NULL && strncmp(answer, "HTTP/1.1 200", 12) == 0 &&
           strncmp(space + 1, version, len) == 0 && space[1 + len] == '\n';
}

int main(int argc, char **argv)
{
    char answer[1024];
    struct sockaddr_in target = {.sin_family = AF_INET};
    char *colon = argc == 4 ? strrchr(argv[1], ':') : NULL;
    if (colon == NULL) {
        fprintf(stderr, "usage: first ADDR:PORT VERSION SECONDS\n"
                        "prints the wall clock's microseconds when VERSION has answered\n");
        return 2;
    }
    *colon = '\0';
    target.sin_port = htons((uint16_t)atoi(colon + 1));
    if (inet_pton(AF_INET, argv[1], &target.sin_addr) != 1) {
        fprintf(stderr, "first: %s is not an IPv4 address\n", argv[1]);
        return 2;
    }
    int64_t until_us = wall_us() + atoll(argv[3]) * 1000000;
    while (wall_us() < until_us) {
        ask(&target, answer, sizeof answer);
        if (is_version(answer, argv[2])) {
            printf("%lld\n", (long long)wall_us());
            return 0;
        }
        (void)usleep(500);
    }
    fprintf(stderr, "first: version %s did not answer within %s s\n", argv[2], argv[3]);
    return 1;
}
