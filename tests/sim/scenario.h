/* scenario: what a technician does on a gateway, step by step, and how it ends when nothing goes
 * wrong. */
#ifndef TESTS_SIM_SCENARIO_H
#define TESTS_SIM_SCENARIO_H

#include "tests/sim/releases.h"

enum scene_kind {
    SCENE_END = 0,
    SCENE_ACTIVATE,       /* the release; `number` is the code that is expected at once */
    SCENE_ROLLBACK,
    SCENE_WAIT,           /* `number` milliseconds */
    SCENE_SETTLE,         /* until the agent is settled */
    SCENE_FROM_HERE,      /* faults strike from here on; what comes before is another scenario's */
    SCENE_ENGINE_RESTART, /* the engine is away for `number` milliseconds */
    SCENE_FLUSH,          /* somebody else removes our table */
    SCENE_REMOVE_ONE,     /* somebody removes one container that has traffic */
    SCENE_HOLD_PORT,      /* a process takes the port that the release wants */
    SCENE_FREEZE,         /* the engine answers nothing for `number` milliseconds */
    SCENE_SLOW,       /* from now on each of its calls takes up to `number` milliseconds longer */
    SCENE_PAUSE,      /* somebody freezes what has traffic */
    SCENE_PAUSE_NEW,  /* somebody freezes the newest that has none yet */
    SCENE_UNPAUSE,    /* and lets everything frozen go on */
    SCENE_DISCONNECT, /* somebody takes what has traffic off its network */
    SCENE_STOP_PRUNE, /* somebody stops what has traffic, and prunes the networks */
    SCENE_LINK_DOWN,  /* nothing reaches a container, and nobody can ask, for `number` ms */
    SCENE_CUT_ASKER,  /* this machine cannot ask for `number` ms; clients are answered */
    SCENE_OLD_TABLE,  /* somebody loads the ruleset of the last boot */
    SCENE_FIREWALL,   /* somebody reloads the firewall: nothing is forwarded to the pool */
    SCENE_DISK_FULL,  /* nothing grows on the state disk for `number` milliseconds */
    SCENE_CLOCK,      /* the wall clock jumps by `number` ms, and nobody vouches for it */
    SCENE_CLOCK_TRUE, /* it is set right, and trusted */
    SCENE_REVOKE,     /* the release is revoked: the agent is given the new list */
    SCENE_DISTRUST,       /* a new trust document: the key that signs releases is gone from it */
    SCENE_STALL       /* the release's next pull stands still for `number` milliseconds */
};

struct scene {
    enum scene_kind kind;
    enum release_name release;
    int64_t number;
};

#define SCENES_MAX    14
#define SCENARIO_NONE RELEASE_COUNT

struct scenario {
    const char *word;
    enum release_name uses[4];
    size_t use_count;
    struct scene scenes[SCENES_MAX];
    enum release_name ends_in; /* without faults; SCENARIO_NONE: nothing runs */
    bool has_beside; /* a second app runs beside it, and ends in: */
    enum release_name beside_ends_in;
    bool needs_agent; /* nothing can be asked of a machine without one */
};

extern const struct scenario scenarios[];
extern const size_t scenario_count;

#endif
