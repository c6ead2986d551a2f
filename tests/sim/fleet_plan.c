/* fleet_plan: a seed becomes a fleet, a release, and what goes wrong. */
#include "tests/sim/fleet_journey.h"

#include <assert.h>
#include <stdlib.h>

#define EVENTS_FROM_MS  200
#define EVENTS_UNTIL_MS 70000

static const char *const words[FLEET_EVENT_COUNT] = {
#define WORD_(name, word, means) [FLEET_##name] = word,
    FLEET_EVENTS(WORD_)
#undef WORD_
};

const char *fleet_event_word(enum fleet_event_kind kind)
{
    return words[kind];
}

struct draw {
    struct sim_world chance;
    struct fleet_plan *plan;
};

static uint64_t below(struct draw *draw, uint64_t bound)
{
    return sim_random(&draw->chance, bound);
}

static bool one_in(struct draw *draw, uint64_t of)
{
    return sim_random_one_in(&draw->chance, of);
}

static void add(struct draw *draw, int64_t at_ms, enum fleet_event_kind kind, size_t who,
                int64_t number)
{
    struct fleet_plan *plan = draw->plan;
    size_t at = plan->event_count;
    if (at == FLEET_EVENTS_MAX) {
        return;
    }
    for (; at > 0 && plan->events[at - 1].at_ms > at_ms; at--) {
        plan->events[at] = plan->events[at - 1];
    }
    plan->events[at] = (struct fleet_event){at_ms, kind, who, number};
    plan->event_count++;
}

static int64_t moment(struct draw *draw)
{
    return sim_random_between(&draw->chance, EVENTS_FROM_MS, EVENTS_UNTIL_MS);
}

/* One event, and what ends it: `kind` and `end` with a time between. */
static void add_pair(struct draw *draw, enum fleet_event_kind kind, enum fleet_event_kind end,
                     size_t who, int64_t most_ms)
{
    int64_t at = moment(draw);
    add(draw, at, kind, who, 0);
    add(draw, at + sim_random_between(&draw->chance, 100, most_ms), end, who, 0);
}

static void draw_node_event(struct draw *draw)
{
    size_t node = (size_t)below(draw, draw->plan->nodes);
    switch (below(draw, 8)) {
    case 0:
        add(draw, moment(draw), FLEET_AGENT_KILL, node, 0);
        break;
    case 1:
        add(draw, moment(draw), FLEET_POWER_CUT, node, 0);
        break;
    case 2:
        add(draw, moment(draw), FLEET_CUT_AT, node, 1 + (int64_t)below(draw, 40));
        break;
    case 3:
        add(draw, moment(draw), FLEET_KILL_AT, node, 1 + (int64_t)below(draw, 40));
        break;
    case 4:
        add(draw, moment(draw), FLEET_NODE_LOSE, node, 0);
        break;
    case 5:
        add_pair(draw, FLEET_NODE_PART, FLEET_NODE_MEND, node, one_in(draw, 4) ? 600000 : 60000);
        break;
    case 6:
        add_pair(draw, FLEET_REGISTRY_OFF, FLEET_REGISTRY_ON, node, 60000);
        break;
    default:
        if (one_in(draw, 2)) {
            add(draw, moment(draw), FLEET_ROLLBACK, node, 0);
        }
        break;
    }
}

/* What only coordinators know is lost when the broker forgets while they die: never both. */
static void draw_middle(struct draw *draw, bool may_forget)
{
    size_t seat = (size_t)below(draw, FLEET_SEATS);
    switch (below(draw, 7)) {
    case 0:
        add_pair(draw, FLEET_BROKER_DOWN, FLEET_BROKER_UP, 0, 60000);
        break;
    case 1:
        add(draw, moment(draw), FLEET_LOSE_ALL, 0, 0);
        break;
    case 2:
        add(draw, moment(draw), FLEET_SEAT_LOSE, seat, 0);
        break;
    case 3:
        add_pair(draw, FLEET_SEAT_PART, FLEET_SEAT_MEND, seat, 120000);
        break;
    case 4:
        add(draw, moment(draw), FLEET_SEAT_TAKE, 1, 0);
        break;
    default:
        if (may_forget) {
            add_pair(draw, FLEET_BROKER_FORGET, FLEET_BROKER_UP, 0, 30000);
        } else {
            add(draw, moment(draw), FLEET_SEAT_KILL, seat, 500 + (int64_t)below(draw, 20000));
        }
        break;
    }
}

static void draw_operator(struct draw *draw)
{
    int64_t at = moment(draw);
    switch (below(draw, 6)) {
    case 0:
        add(draw, at, FLEET_PAUSE, 0, 0);
        add(draw, at + 1000 + (int64_t)below(draw, 60000), FLEET_RESUME, 0, 0);
        break;
    case 1:
        add(draw, at, FLEET_PAUSE, 0, 0);
        break;
    case 2:
        add(draw, at, FLEET_ABORT, 0, 0);
        break;
    case 3:
        add(draw, at, FLEET_SUPERSEDE, 0, 0);
        break;
    default:
        break;
    }
}

static void draw_bus(struct draw *draw)
{
    static const int64_t delays[] = {20, 20, 60, 200, 600};
    struct sim_bus_faults *faults = &draw->plan->faults;
    faults->delay_ms_min = 1;
    faults->delay_ms_max = delays[below(draw, COUNT_OF(delays))];
    faults->lose_one_in = one_in(draw, 4) ? 100 + below(draw, 400) : 0;
    faults->duplicate_one_in = one_in(draw, 3) ? 2 + below(draw, 20) : 0;
    faults->drop_one_in = one_in(draw, 12) ? 20 + below(draw, 100) : 0;
    faults->is_takeover_silent = one_in(draw, 3);
}

void fleet_plan_draw(struct fleet_plan *plan, uint64_t seed)
{
    static const enum release_name releases[] = {
        RELEASE_V2,     RELEASE_V2,      RELEASE_V2,        RELEASE_V2,     RELEASE_SLOW,
        RELEASE_DEAF,   RELEASE_PAIR2,   RELEASE_V3,        RELEASE_SILENT, RELEASE_CRASHING,
        RELEASE_FADING, RELEASE_HANGING, RELEASE_STILLBORN, RELEASE_MISSING};
    struct draw draw = {.plan = plan};
    memset(plan, 0, sizeof *plan);
    sim_world_init(&draw.chance, seed * 7919 + 17);
    plan->seed = seed;
    /* A third of all fleets knows berth/1 only, a third berth/2, and a third has agents of both. */
    plan->twos = seed % 3 == 0   ? 0
                 : seed % 3 == 1 ? UINT32_MAX
                                 : (uint32_t)(seed * UINT64_C(0x9e3779b97f4a7c15) >> 32);
    plan->do_change = seed % 4 == 0;
    plan->nodes = 3 + (size_t)below(&draw, one_in(&draw, 4) ? FLEET_NODES_MAX - 2 : 6);
    plan->max_unavailable = one_in(&draw, 2) ? 1 : 1 + (uint32_t)below(&draw, 4);
    plan->release = releases[below(&draw, COUNT_OF(releases))];
    plan->is_new = one_in(&draw, 3) ? (uint32_t)below(&draw, 1u << plan->nodes) : 0;
    plan->is_sick = one_in(&draw, 4) ? 1u << below(&draw, plan->nodes) : 0;
    plan->does_resume = one_in(&draw, 2);
    draw_bus(&draw);
    if (one_in(&draw, 6)) {
        return; /* nothing happens */
    }
    bool may_forget = one_in(&draw, 3) && plan->faults.drop_one_in == 0;
    for (uint64_t i = below(&draw, 5); i > 0; i--) {
        draw_node_event(&draw);
    }
    for (uint64_t i = below(&draw, 4); i > 0; i--) {
        draw_middle(&draw, may_forget);
    }
    draw_operator(&draw);
    if (one_in(&draw, 8)) { /* last, so that it moves nothing that was drawn before it */
        add(&draw, 0, FLEET_SEAT_TAKE, 1, 0);
        add(&draw, moment(&draw), FLEET_SEAT_KILL, 0, MONO_NEVER);
    }
}
