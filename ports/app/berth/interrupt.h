/* interrupt: SIGINT, SIGTERM and SIGHUP as something the loop sees, so that a verb can leave well.
 */
#ifndef PORTS_APP_BERTH_INTERRUPT_H
#define PORTS_APP_BERTH_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>

#include "platform/loop.h"

/* Must not move between open and close. */
struct interrupt {
    struct loop loop;
    sigset_t before;
    int fd; /* -1: signals end the process as ever */
    bool has_come;
};

void interrupt_open(struct interrupt *interrupt, struct loop loop);
void interrupt_close(struct interrupt *interrupt);

#endif
