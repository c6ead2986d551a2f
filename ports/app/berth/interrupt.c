/* interrupt: a signalfd in the loop. */
#include "ports/app/berth/interrupt.h"

#include <sys/signalfd.h>
#include <unistd.h>

static void signal_came(void *ctx, int fd, unsigned events)
{
    struct signalfd_siginfo info;
    (void)events;
    if (read(fd, &info, sizeof info) > 0) {
        ((struct interrupt *)ctx)->has_come = true;
    }
}

void interrupt_open(struct interrupt *interrupt, struct loop loop)
{
    sigset_t signals;
    *interrupt = (struct interrupt){.loop = loop};
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &signals, &interrupt->before);
    interrupt->fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
    if (interrupt->fd >= 0 &&
        loop.ops->watch(loop.self, interrupt->fd, LOOP_READ, signal_came, interrupt, NULL) != 0) {
        close(interrupt->fd);
        interrupt->fd = -1;
    }
    if (interrupt->fd < 0) {
        (void)sigprocmask(SIG_SETMASK, &interrupt->before, NULL);
    }
}

void interrupt_close(struct interrupt *interrupt)
{
    if (interrupt->fd >= 0) {
        int rc =
            interrupt->loop.ops->watch(interrupt->loop.self, interrupt->fd, 0, NULL, NULL, NULL);
        (void)rc; /* it is watched */
        close(interrupt->fd);
        (void)sigprocmask(SIG_SETMASK, &interrupt->before, NULL);
    }
}
