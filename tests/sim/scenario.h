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
    SCENE_HOLD_PORT       /* a process takes the port that the release wants */
};

struct scene {
    enum scene_kind kind;
    enum release_name release;
    int64_t number;
};

#define SCENES_MAX   12
#define SCENARIO_NONE RELEASE_COUNT

struct scenario {
    const char *word;
    enum release_name uses[4];
    size_t use_count;
    struct scene scenes[SCENES_MAX];
    enum release_name ends_in; /* without faults; SCENARIO_NONE: nothing runs */
    bool needs_agent; /* nothing can be asked of a machine without one */
};

extern const struct scenario scenarios[];
extern const size_t scenario_count;

#endif
