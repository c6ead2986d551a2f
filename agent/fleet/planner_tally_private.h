/* planner_tally_private: what a tally keeps; for planner_tally.c and its own small tools. */
#ifndef AGENT_FLEET_PLANNER_TALLY_PRIVATE_H
#define AGENT_FLEET_PLANNER_TALLY_PRIVATE_H

#include "agent/fleet/planner_private.h"
#include "agent/fleet/ranks.h"

#define PART_NO_WAVE UINT8_MAX

enum part_flag {
    PART_CHANGING = 1 << 0,   /* by anybody's order, or by itself */
    PART_WAITED_FOR = 1 << 1, /* by this rollout alone, longer than is usual */
    PART_ORDERED = 1 << 2,
    PART_DONE = 1 << 3, /* by itself; beside the others it may have vanished */
    PART_GONE = 1 << 4, /* done: changed and then gone; else: gone long */
    PART_FAILURE = 1 << 5,
    PART_NEW_FAILURE = 1 << 6,
    PART_FINAL = 1 << 7, /* an answer since the last resume, or before it */
    PART_FINAL_BEFORE = 1 << 8,
    PART_CANARY = 1 << 9,
    PART_NEXT = 1 << 10, /* as planner_set has them */
    PART_REVOCABLE = 1 << 11,
    PART_BACK = 1 << 12,
    PART_HOLDS_SLOT = 1 << 13, /* as the budgets ask */
    PART_UNSTEADY = 1 << 14,
    PART_RECENT = 1 << 15 /* its order was issued within the last minute */
};

/* What one node adds to the plan. */
struct part {
    wall_ms wake; /* when it is judged again without a word of it; 0: never */
    uint32_t flags;
    uint32_t weight; /* of its failure, in hundredths */
    uint8_t condition;
    uint8_t wave; /* in the state's list */
};

struct tally_wave {
    uint32_t members, done, failed, changing, pending, offline, gone, bad;
};

/* Behind those of planner_set. */
enum tally_set {
    TALLY_CHANGING = PLANNER_SETS,
    TALLY_BUSY,
    TALLY_STUCK,
    TALLY_OFFLINE,
    TALLY_FAILED,
    TALLY_FAILED_NEW,
    TALLY_LAST_MEMBER, /* of the wave that opened last */
    TALLY_LAST_NOT_DONE,
    TALLY_DONE_GONE,
    TALLY_RECENT,
    TALLY_SETS
};

/* A heap of instants; of what stands in it twice only the part's own `wake` counts. */
struct due {
    wall_ms at;
    uint32_t rank;
};

struct dues {
    struct due *list;
    size_t count, cap;
};

struct planner_tally {
    bool is_made, is_broken; /* broken: memory was short; every node is looked at instead */
    wall_ms now;
    /* What every part depends on. */
    char rollout[NAME_BYTES];
    struct rollout_control control;
    uint32_t members, wave_first;
    size_t wave_count;
    wall_ms burst_at;
    uint64_t cuts[ROLLOUT_WAVES_MAX];
    bool has_vanished;
    /* By rank. */
    struct part *parts;
    uint32_t *group_of; /* group_labels numbers each; 0: none */
    size_t group_labels;
    struct ranks sets[TALLY_SETS];
    struct dues dues;
    /* Sums. */
    uint32_t changing, matched, ordered, waited_for;
    uint32_t count[NODE_CONDITION_COUNT];
    uint64_t with[2], gone[2]; /* done, and not */
    struct failure_sample sample;
    struct tally_wave waves[ROLLOUT_WAVES_MAX];
    struct words groups;
    uint32_t *held; /* by a group's number: who holds a slot, or is unsteady */
    size_t group_cap;
    uint64_t judged, recounts;
};

/* planner_dues.c */
/* False: no memory. */
bool dues_add(struct dues *dues, wall_ms at, size_t rank);
/* Takes the first whose time has come; SIZE_MAX: none. */
size_t dues_take(struct dues *dues, wall_ms now);
/* The first instant that is some part's own; 0: none. */
wall_ms dues_first(struct dues *dues, const struct part *parts);
/* Nothing but each part's own: what stands in it for nothing has become too much. */
bool dues_refill(struct dues *dues, const struct part *parts, size_t count);

#endif
