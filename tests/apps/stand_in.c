/* stand_in: in the place of any program of any image: as /.stand-in it listens on the TCP ports of
 * STAND_IN_PORTS ("80 443") until a signal ends it; under any other name it is a health check that
 * succeeds, unless STAND_IN_SHELL says that the shell is what the container runs. */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORTS_MAX = 32 };

static void end(int number)
{
    (void)number;
    _exit(0);
}

/* The first process of a container gets only the signals that it asks for. */
static void signals_take(void)
{
    static const int numbers[] = {SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGTERM, SIGWINCH};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        (void)signal(numbers[i], end);
    }
}

static int port_open(unsigned long port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int yes = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(fd, 16) != 0) {
        perror("stand_in: listen");
        exit(1);
    }
    return fd;
}

int main(int argc, char **argv)
{
    const char *name = argc > 0 ? argv[0] : "";
    const char *ports = getenv("STAND_IN_PORTS");
    struct pollfd polled[PORTS_MAX];
    nfds_t count = 0;
    char *next = NULL;
    if (strcmp(name, "/.stand-in") != 0 && getenv("STAND_IN_SHELL") == NULL) {
        return 0;
    }
    signals_take();
    for (; ports != NULL && *ports != '\0' && count < PORTS_MAX; ports = next) {
        unsigned long port = strtoul(ports, &next, 10);
        polled[count++] = (struct pollfd){.fd = port_open(port), .events = POLLIN};
    }
    for (;;) {
        if (poll(polled, count, -1) <= 0) {
            continue;
        }
        for (nfds_t i = 0; i < count; i++) {
            int client = polled[i].revents != 0 ? accept(polled[i].fd, NULL, NULL) : -1;
            if (client >= 0) {
                (void)close(client);
            }
        }
    }
}
