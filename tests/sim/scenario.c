/* scenario: the list. Times are chosen to fall inside the phase they mean: a candidate is ready
 * about a second after it is asked for, soaks for three, and its old release is kept warm for
 * ten. */
#include "tests/sim/scenario.h"

#include "platform/base/units.h"

#define ACTIVATE(name)                                                                             \
    {                                                                                              \
        SCENE_ACTIVATE, RELEASE_##name, 0                                                          \
    }
#define REFUSED(name, e)                                                                           \
    {                                                                                              \
        SCENE_ACTIVATE, RELEASE_##name, ERR_##e                                                    \
    }
#define ROLLBACK                                                                                   \
    {                                                                                              \
        SCENE_ROLLBACK, SCENARIO_NONE, 0                                                           \
    }
#define WAIT(ms)                                                                                   \
    {                                                                                              \
        SCENE_WAIT, SCENARIO_NONE, (ms)                                                            \
    }
#define SETTLE                                                                                     \
    {                                                                                              \
        SCENE_SETTLE, SCENARIO_NONE, 0                                                             \
    }
#define FROM_HERE                                                                                  \
    {                                                                                              \
        SCENE_FROM_HERE, SCENARIO_NONE, 0                                                          \
    }
#define DISTURB(kind, n)                                                                           \
    {                                                                                              \
        SCENE_##kind, SCENARIO_NONE, (n)                                                           \
    }
#define USES(...)                                                                                  \
    .uses = {__VA_ARGS__},                                                                         \
    .use_count = sizeof((enum release_name[]){__VA_ARGS__}) / sizeof(enum release_name)

const struct scenario scenarios[] = {
    {"first-start", USES(RELEASE_V1), {FROM_HERE, ACTIVATE(V1), SETTLE}, RELEASE_V1},
    {"first-never-ready",
     USES(RELEASE_SILENT),
     {FROM_HERE, ACTIVATE(SILENT), SETTLE},
     SCENARIO_NONE},
    {"first-stillborn",
     USES(RELEASE_STILLBORN),
     {FROM_HERE, ACTIVATE(STILLBORN), SETTLE},
     SCENARIO_NONE},
    {"first-crashing",
     USES(RELEASE_CRASHING),
     {FROM_HERE, ACTIVATE(CRASHING), SETTLE},
     SCENARIO_NONE},
    {"first-missing", USES(RELEASE_MISSING), {FROM_HERE, ACTIVATE(MISSING), SETTLE}, SCENARIO_NONE},
    {"swap",
     USES(RELEASE_V1, RELEASE_V2),
     {ACTIVATE(V1), SETTLE, FROM_HERE, ACTIVATE(V2), SETTLE},
     RELEASE_V2},
    {"swap-pair",
     USES(RELEASE_PAIR1, RELEASE_PAIR2),
     {ACTIVATE(PAIR1), SETTLE, FROM_HERE, ACTIVATE(PAIR2), SETTLE},
     RELEASE_PAIR2},
    {"swap-from-deaf",
     USES(RELEASE_V1, RELEASE_DEAF, RELEASE_V3),
     {ACTIVATE(DEAF), SETTLE, FROM_HERE, ACTIVATE(V3), SETTLE},
     RELEASE_V3},
    {"swap-never-ready",
     USES(RELEASE_V1, RELEASE_SILENT),
     {ACTIVATE(V1), SETTLE, FROM_HERE, ACTIVATE(SILENT), SETTLE},
     RELEASE_V1},
    {"swap-crashing",
     USES(RELEASE_V1, RELEASE_CRASHING),
     {ACTIVATE(V1), SETTLE, FROM_HERE, ACTIVATE(CRASHING), SETTLE},
     RELEASE_V1},
    {"swap-fading",
     USES(RELEASE_V1, RELEASE_FADING),
     {ACTIVATE(V1), SETTLE, FROM_HERE, ACTIVATE(FADING), SETTLE},
     RELEASE_V1},
    {"swap-hanging",
     USES(RELEASE_V1, RELEASE_HANGING),
     {ACTIVATE(V1), SETTLE, FROM_HERE, ACTIVATE(HANGING), SETTLE},
     RELEASE_V1},
    {"rollback-warm",
     USES(RELEASE_V1, RELEASE_V2),
     {ACTIVATE(V1), SETTLE, ACTIVATE(V2), WAIT(9000), FROM_HERE, ROLLBACK, SETTLE},
     RELEASE_V1},
    {"rollback-cold",
     USES(RELEASE_V1, RELEASE_V2),
     {ACTIVATE(V1), SETTLE, ACTIVATE(V2), SETTLE, FROM_HERE, ROLLBACK, SETTLE},
     RELEASE_V1},
    {"rollback-unproven",
     USES(RELEASE_V1, RELEASE_V2),
     {ACTIVATE(V1), SETTLE, FROM_HERE, ACTIVATE(V2), WAIT(3200), ROLLBACK, SETTLE},
     RELEASE_V1},
    {"replace-preparing",
     USES(RELEASE_V1, RELEASE_SLOW, RELEASE_V2),
     {ACTIVATE(V1), SETTLE, FROM_HERE, ACTIVATE(SLOW), WAIT(2500), ACTIVATE(V2), SETTLE},
     RELEASE_V2},
    {"replace-unproven",
     USES(RELEASE_V1, RELEASE_V2, RELEASE_V3),
     {ACTIVATE(V1), SETTLE, FROM_HERE, ACTIVATE(V2), WAIT(3200), ACTIVATE(V3), SETTLE},
     RELEASE_V3},
    {"refusals",
     USES(RELEASE_V1, RELEASE_V3, RELEASE_UNSIGNED, RELEASE_FORGED),
     {ACTIVATE(V3), SETTLE, FROM_HERE, REFUSED(UNSIGNED, UNSIGNED), REFUSED(FORGED, SIGNATURE),
      REFUSED(V1, BELOW_FLOOR), REFUSED(REVOKED, REVOKED), SETTLE},
     RELEASE_V3},
    {"port-held",
     USES(RELEASE_V1),
     {DISTURB(HOLD_PORT, 0), FROM_HERE, REFUSED(V1, PORT_HELD), SETTLE},
     SCENARIO_NONE},
    {"engine-restarts-in-swap",
     USES(RELEASE_V1, RELEASE_V2),
     {ACTIVATE(V1), SETTLE, FROM_HERE, ACTIVATE(V2), WAIT(1500), DISTURB(ENGINE_RESTART, 3000),
      SETTLE},
     RELEASE_V2},
    {"flushed-in-soak",
     USES(RELEASE_V1, RELEASE_V2),
     {ACTIVATE(V1), SETTLE, FROM_HERE, ACTIVATE(V2), WAIT(4000), DISTURB(FLUSH, 0), WAIT(40000),
      SETTLE},
     RELEASE_V2},
    {"told-by-signal",
     USES(RELEASE_SIGNALLED, RELEASE_V2),
     {ACTIVATE(SIGNALLED), SETTLE, FROM_HERE, ACTIVATE(V2), SETTLE},
     RELEASE_V2},
    {"told-by-command",
     USES(RELEASE_COMMANDED, RELEASE_V2),
     {ACTIVATE(COMMANDED), SETTLE, FROM_HERE, ACTIVATE(V2), SETTLE},
     RELEASE_V2},
    {"told-by-request",
     USES(RELEASE_POSTED, RELEASE_V2),
     {ACTIVATE(POSTED), SETTLE, FROM_HERE, ACTIVATE(V2), SETTLE},
     RELEASE_V2},
    {"frozen-starting",
     USES(RELEASE_V1, RELEASE_V2),
     {ACTIVATE(V1), SETTLE, FROM_HERE, ACTIVATE(V2), WAIT(1050), DISTURB(FREEZE, 200000), SETTLE},
     RELEASE_V2},
    {"frozen-in-soak",
     USES(RELEASE_V1, RELEASE_V2),
     {ACTIVATE(V1), SETTLE, FROM_HERE, ACTIVATE(V2), WAIT(3200), DISTURB(FREEZE, 60000), SETTLE},
     RELEASE_V2},
    {"slow-engine",
     USES(RELEASE_V1, RELEASE_V2),
     {ACTIVATE(V1), SETTLE, FROM_HERE, DISTURB(SLOW, 5000), ACTIVATE(V2), SETTLE},
     RELEASE_V2},
    {"paused-preparing",
     USES(RELEASE_V1, RELEASE_SLOW),
     {ACTIVATE(V1), SETTLE, FROM_HERE, ACTIVATE(SLOW), WAIT(2500), DISTURB(PAUSE_NEW, 0),
      WAIT(4000), DISTURB(UNPAUSE, 0), SETTLE},
     RELEASE_SLOW},
    {"asker-cut-at-rest",
     USES(RELEASE_V1, RELEASE_V2),
     {ACTIVATE(V1), SETTLE, FROM_HERE, DISTURB(CUT_ASKER, 60000), ACTIVATE(V2), WAIT(60000),
      SETTLE},
     RELEASE_V2},
    {"firewall-reloaded",
     USES(RELEASE_V1, RELEASE_V2),
     {ACTIVATE(V1), SETTLE, FROM_HERE, DISTURB(FIREWALL, 0), WAIT(40000), SETTLE},
     RELEASE_V1},
    {"disk-full",
     USES(RELEASE_V1, RELEASE_V2),
     {ACTIVATE(V1), SETTLE, FROM_HERE, ACTIVATE(V2), WAIT(3200), DISTURB(DISK_FULL, 30000),
      WAIT(31000), ACTIVATE(V1), SETTLE},
     RELEASE_V1},
    {"clock-jumps",
     USES(RELEASE_V1, RELEASE_V2),
     {ACTIVATE(V1), SETTLE, FROM_HERE, ACTIVATE(V2), WAIT(3000), DISTURB(CLOCK, 315360000000),
      WAIT(1000), DISTURB(CLOCK, -315360000000), WAIT(1000), DISTURB(CLOCK_TRUE, 0), SETTLE},
     RELEASE_V2},
    {"revoked-before",
     USES(RELEASE_V1, RELEASE_V2),
     {ACTIVATE(V1),
      SETTLE,
      ACTIVATE(V2),
      SETTLE,
      {SCENE_REVOKE, RELEASE_V1, 0},
      FROM_HERE,
      ROLLBACK,
      WAIT(5000),
      SETTLE},
     RELEASE_V2},
    {"stalled-pull",
     USES(RELEASE_V1, RELEASE_V2),
     {ACTIVATE(V1), SETTLE, FROM_HERE, {SCENE_STALL, RELEASE_V2, 120000}, ACTIVATE(V2), SETTLE},
     RELEASE_V2},
    {"removed-by-hand",
     USES(RELEASE_V1),
     {ACTIVATE(V1), SETTLE, FROM_HERE, DISTURB(REMOVE_ONE, 0), WAIT(30000), SETTLE},
     .ends_in = RELEASE_V1,
     .needs_agent = true},
};

const size_t scenario_count = COUNT_OF(scenarios);
