/* watchdog: tells the service manager that the loop turns, and says nothing when it does not. */
#ifndef BERTHD_WATCHDOG_H
#define BERTHD_WATCHDOG_H

#include <stdbool.h>

#include "platform/base/units.h"

struct watchdog {
    int64_t limit_ms; /* the manager ends an agent that is silent for so long; 0: nobody watches */
    mono_ms told_at;
};

/* Reads WATCHDOG_USEC and WATCHDOG_PID (sd_watchdog_enabled(3)) from the environment. */
void watchdog_init(struct watchdog *watchdog, mono_ms now);

/* Call once in each turn of the loop, and at the latest when watchdog_deadline has passed. Where
 * the loop turns by itself it is told in passing: no wake-up is added as long as there is one in
 * each quarter of the limit. */
void watchdog_step(struct watchdog *watchdog, mono_ms now);
mono_ms watchdog_deadline(const struct watchdog *watchdog);

#endif
