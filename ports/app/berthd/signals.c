/* signals: a handler may do little, so it writes one byte into a pipe that the loop watches. */
#include "ports/app/berthd/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* A handler has no context: this end of the pipe is the process's one piece of global state. */
static volatile sig_atomic_t signals_pipe = -1;

static void signal_note(int number)
{
    int before = errno;
    char byte = number == SIGHUP ? 'h' : 't';
    ssize_t written = write((int)signals_pipe, &byte, 1);
    (void)written; /* a full pipe has told already */
    errno = before;
}

static void signals_ready(void *ctx, int fd, unsigned events)
{
    struct signals *signals = ctx;
    char bytes[16];
    (void)events;
    ssize_t got = read(fd, bytes, sizeof bytes);
    for (ssize_t i = 0; i < got; i++) {
        if (bytes[i] == 'h') {
            signals->is_reread = true;
        } else {
            signals->is_ended = true;
        }
    }
}

int signals_init(struct signals *signals, struct loop loop, struct err *err)
{
    int ends[2];
    *signals = (struct signals){.loop = loop, .fd = -1};
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        return err_set(err, ERR_IO, "make a pipe for signals: %s", strerror(errno));
    }
    signals->fd = ends[0];
    signals_pipe = ends[1];
    int rc = loop.ops->watch(loop.self, signals->fd, LOOP_READ, signals_ready, signals, err);
    if (rc != 0) {
        return rc;
    }
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    struct sigaction action = {.sa_handler = signal_note, .sa_flags = SA_RESTART};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (sigaction(numbers[i], &action, NULL) != 0) {
            return err_set(err, ERR_IO, "handle signals: %s", strerror(errno));
        }
    }
    (void)sigaction(SIGPIPE, &ignore, NULL);
    return 0;
}
