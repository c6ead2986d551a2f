/* wall: a floor and the uptime since. */
#include "ports/linux/wall.h"

void wall_init(struct wall *wall, wall_ms build, mono_ms now)
{
    *wall = (struct wall){.build = build, .floor = build, .at = now};
}

/* The floor, and what has passed since it was proven. */
static wall_ms risen(const struct wall *wall, mono_ms now)
{
    return wall->floor + (now > wall->at ? now - wall->at : 0);
}

void wall_prove(struct wall *wall, wall_ms time, mono_ms now)
{
    if (time > risen(wall, now)) {
        wall->floor = time;
        wall->at = now;
    }
}

static bool is_kept(struct wall *wall, const struct wall_reading *reading)
{
    if (!reading->is_synchronised || reading->wall < wall->build) {
        return false;
    }
    wall->floor = reading->wall; /* lower, too: what was believed before was wrong */
    wall->at = reading->now;
    return true;
}

wall_ms wall_look(struct wall *wall, const struct wall_reading *reading, bool *trusted)
{
    *trusted = is_kept(wall, reading);
    wall_ms past = risen(wall, reading->now);
    return *trusted || (!reading->is_synchronised && reading->wall > past) ? reading->wall : past;
}

wall_ms wall_past(struct wall *wall, const struct wall_reading *reading)
{
    (void)is_kept(wall, reading);
    return risen(wall, reading->now);
}
