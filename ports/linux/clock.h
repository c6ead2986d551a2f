/* linux_clock: the kernel's clocks, and whether somebody keeps the wall clock right. */
#ifndef PORTS_LINUX_CLOCK_H
#define PORTS_LINUX_CLOCK_H

#include "platform/base/err.h"
#include "platform/clock.h"
#include "ports/linux/wall.h"

/* Surely past: this version was not yet written. A wall clock before it is wrong. */
#define LINUX_CLOCK_BUILD_MS 1767225600000 /* 2026-01-01T00:00:00Z */

/* private */
struct linux_clock {
    struct boot_id boot;
    struct wall wall;
};

/* Reads this boot's id. `build` is a time that is surely past (0 when none is known). The wall
 * clock is trusted while the kernel says that it is synchronised (adjtimex(2), STA_UNSYNC clear)
 * and it is not before `build`; see wall.h for what else is answered. ERR_IO when /proc cannot be
 * read. */
NODISCARD int linux_clock_init(struct linux_clock *clock, wall_ms build, struct err *err);

/* A later time was proven to be past; an earlier one is ignored. Only a synchronised clock lowers
 * what was proven. */
void linux_clock_raise(struct linux_clock *clock, wall_ms proven);

/* The interface; valid as long as `clock`. */
struct clock linux_clock_interface(struct linux_clock *clock);

#endif
