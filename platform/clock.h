/* clock: what time it is, on two clocks, and which boot this is. */
#ifndef PLATFORM_CLOCK_H
#define PLATFORM_CLOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "platform/base/units.h"

#define BOOT_ID_BYTES 16

/* Names one boot of the machine: equal as long as it stays up, different after each reboot. */
struct boot_id {
    unsigned char bytes[BOOT_ID_BYTES];
};

struct clock_ops {
    /* Milliseconds on the boot-time clock (CLOCK_BOOTTIME on Linux); never decreases. */
    mono_ms (*mono)(void *self);
    /* Wall clock; *trusted is false while the time is not known to be right. It then still never
     * answers less than what the port knows to be surely past, and may answer more than is true. */
    wall_ms (*wall)(void *self, bool *trusted);
    /* The latest time that is surely past: proven, not only said by a clock that nobody keeps
     * right. May be NULL where that is all that wall answers. */
    wall_ms (*past)(void *self);
    /* This boot; the same answer at every call in one boot, agent restarts included. */
    struct boot_id (*boot)(void *self);
};

/* The owner of `self` outlives every user of the interface. None of the ops blocks or fails. */
struct clock {
    const struct clock_ops *ops;
    void *self;
};

/* What is surely past by this clock. */
static inline wall_ms clock_past(const struct clock *clock)
{
    bool is_trusted = false;
    return clock->ops->past != NULL ? clock->ops->past(clock->self)
                                    : clock->ops->wall(clock->self, &is_trusted);
}

#endif
