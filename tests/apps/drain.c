/* drain.c: the few lines an application needs so that an update of it fails no request. */
#include "drain.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* The notice (SIGUSR1) comes when new connections already go elsewhere. A connection must not be
 * closed while it is idle: its client may be writing the next request at that very moment. So each
 * client gets one more answer, which tells it to leave. SIGTERM comes last, and ends the wait. */

/* ---- drain: begin (this block is quoted in the README) ---- */
bool drain_open(struct drain *drain)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    sigaddset(&signals, SIGTERM);
    *drain = (struct drain){.signal_fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC)};
    return drain->signal_fd >= 0 && sigprocmask(SIG_BLOCK, &signals, NULL) == 0;
}

void drain_read(struct drain *drain, int64_t now_ms)
{
    struct signalfd_siginfo info;
    while (read(drain->signal_fd, &info, sizeof(info)) == sizeof(info)) {
        drain->noticed = true;
        if (info.ssi_signo == SIGTERM && drain->stop_by_ms == 0) {
            drain->stop_by_ms = now_ms + 5000;
        }
    }
}

bool drain_keeps_open(const struct drain *drain, bool client_wants_more)
{
    return client_wants_more && !drain->noticed;
}

bool drain_is_done(const struct drain *drain, int64_t now_ms, int in_flight)
{
    return drain->stop_by_ms != 0 && (in_flight == 0 || now_ms >= drain->stop_by_ms);
}
/* ---- drain: end ---- */
