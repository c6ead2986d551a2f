/* linux_clock: the kernel's clocks, and whether somebody keeps the wall clock right. */
#ifndef PORTS_LINUX_CLOCK_H
#define PORTS_LINUX_CLOCK_H

#include "platform/base/err.h"
#include "platform/clock.h"

/* private */
struct linux_clock {
    struct boot_id boot;
    wall_ms floor;
};

/* Reads this boot's id. `floor` is a time that is surely past (0 when none is known): a wall clock
 * before it is wrong, not trusted, and answered by the floor itself. Above it the wall clock is
 * trusted while the kernel says that it is synchronised (adjtimex(2), STA_UNSYNC clear). ERR_IO
 * when /proc cannot be read. */
NODISCARD int linux_clock_init(struct linux_clock *clock, wall_ms floor, struct err *err);

/* A later time is now known to be surely past: the floor only grows, an earlier one is ignored. */
void linux_clock_raise(struct linux_clock *clock, wall_ms floor);

/* The interface; valid as long as `clock`. */
struct clock linux_clock_interface(struct linux_clock *clock);

#endif
