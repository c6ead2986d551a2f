/* wall: what is known of the time: what the machine's clock says, whether that is kept right, and
 * what is surely past.
 *
 *   machine's clock            | trusted | answered          | surely past
 *   ---------------------------+---------+-------------------+------------------------------------
 *   synchronised, after build  | yes     | itself            | itself, which becomes the floor
 *   synchronised, before build | no      | the floor         | the floor and the uptime since
 *   not synchronised           | no      | itself, from the  | the floor and the uptime since
 *                              |         | floor on          |
 *
 * The floor rises only with proof: the build date, a time that was saved as proven, the beginning
 * of a certificate that was verified, a synchronised clock. Only a synchronised clock lowers it. */
#ifndef PORTS_LINUX_WALL_H
#define PORTS_LINUX_WALL_H

#include <stdbool.h>

#include "platform/base/units.h"

struct wall {
    wall_ms build; /* this program was made then: a clock before it is wrong */
    wall_ms floor; /* surely past since `at`; never below build */
    mono_ms at;
};

/* What the machine says at one instant. */
struct wall_reading {
    wall_ms wall;
    mono_ms now; /* on the boot-time clock */
    bool is_synchronised;
};

void wall_init(struct wall *wall, wall_ms build, mono_ms now);

/* `time` was surely past at `now`. Below what is known already nothing changes. */
void wall_prove(struct wall *wall, wall_ms time, mono_ms now);

/* What to answer for the time. */
wall_ms wall_look(struct wall *wall, const struct wall_reading *reading, bool *trusted);

/* The latest time that is surely past. */
wall_ms wall_past(struct wall *wall, const struct wall_reading *reading);

#endif
