/* eyes: each hint is an event of its own, so that a deed and its hint are never one. */
#include "ports/sim/eyes.h"

static void tell(void *self, uint64_t arg)
{
    struct sim_eyes *eyes = self;
    if (eyes->hint != NULL && arg == eyes->agent && arg == eyes->world->agents &&
        sim_world_is_live(eyes->world)) {
        eyes->told++;
        eyes->world->answers++;
        eyes->hint(eyes->ctx);
    }
}

static void send(struct sim_eyes *eyes)
{
    int64_t late = eyes->late_ms > 0 ? sim_random_between(eyes->world, 0, eyes->late_ms) : 0;
    sim_world_at(eyes->world, eyes->world->now + late, tell, eyes, eyes->agent);
}

void sim_eyes_watch(struct sim_eyes *eyes, sim_hint hint, void *ctx)
{
    eyes->hint = hint;
    eyes->ctx = ctx;
    eyes->agent = eyes->world->agents;
}

void sim_eyes_see(struct sim_eyes *eyes)
{
    if (!eyes->is_open || eyes->hint == NULL) {
        return;
    }
    eyes->seen++;
    if (eyes->lost_in > 0 && sim_random_one_in(eyes->world, eyes->lost_in)) {
        return;
    }
    send(eyes);
    if (eyes->double_in > 0 && sim_random_one_in(eyes->world, eyes->double_in)) {
        send(eyes);
    }
}
