/* fleet_journey: one rollout over one fleet, with what a seed lets happen meanwhile. */
#ifndef TESTS_SIM_FLEET_JOURNEY_H
#define TESTS_SIM_FLEET_JOURNEY_H

#include "tests/sim/fleet_checker.h"

#define FLEET_EVENTS_MAX 24

/* What may happen to a fleet. X(NAME, word, what `who` and `number` mean) */
#define FLEET_EVENTS(X)                                                                            \
    X(NONE, "nothing", "")                                                                         \
    X(AGENT_KILL, "agent-kill", "node")                                                            \
    X(POWER_CUT, "power-cut", "node")                                                              \
    X(CUT_AT, "cut-at-operation", "node; the operation, counted from now")                         \
    X(KILL_AT, "kill-at-operation", "node; the operation, counted from now")                       \
    X(NODE_LOSE, "node-loses-connection", "node")                                                  \
    X(NODE_PART, "node-partition", "node")                                                         \
    X(NODE_MEND, "node-mended", "node")                                                            \
    X(REGISTRY_OFF, "registry-off", "node")                                                        \
    X(REGISTRY_ON, "registry-on", "node")                                                          \
    X(ROLLBACK, "rollback-by-hand", "node")                                                        \
    X(SEAT_KILL, "coordinator-kill", "seat; ms until the next one begins there")                   \
    X(SEAT_TAKE, "coordinator-begins", "seat")                                                     \
    X(SEAT_LOSE, "coordinator-loses-connection", "seat")                                           \
    X(SEAT_PART, "coordinator-partition", "seat")                                                  \
    X(SEAT_MEND, "coordinator-mended", "seat")                                                     \
    X(LOSE_ALL, "all-lose-connection", "")                                                         \
    X(BROKER_DOWN, "broker-down", "")                                                              \
    X(BROKER_FORGET, "broker-forgets", "")                                                         \
    X(BROKER_UP, "broker-up", "")                                                                  \
    X(PAUSE, "pause", "")                                                                          \
    X(RESUME, "resume", "")                                                                        \
    X(ABORT, "abort", "")                                                                          \
    X(SUPERSEDE, "supersede", "by a rollout of another release")

enum fleet_event_kind {
#define FLEET_EVENT_ENUM_(name, word, means) FLEET_##name,
    FLEET_EVENTS(FLEET_EVENT_ENUM_) FLEET_EVENT_COUNT
#undef FLEET_EVENT_ENUM_
};

struct fleet_event {
    int64_t at_ms; /* since the rollout's start */
    enum fleet_event_kind kind;
    size_t who;
    int64_t number;
};

/* Everything that a seed decides. */
struct fleet_plan {
    uint64_t seed;
    size_t nodes;
    uint32_t max_unavailable;
    enum release_name release;
    uint32_t is_new;  /* bits: nodes that run nothing before */
    uint32_t twos;    /* bits: nodes whose agents know berth/2 */
    bool do_change;   /* an agent that is killed comes back as one of the other version */
    uint32_t is_sick; /* bits: nodes on which the release crashes whatever it does elsewhere */
    bool does_resume; /* failures are accepted, as often as it takes; else the first pause stays */
    struct sim_bus_faults faults;
    struct fleet_event events[FLEET_EVENTS_MAX]; /* by time */
    size_t event_count;
};

struct fleet_result {
    uint32_t breaches, breaches_of['h' - 'a' + 1];
    char first[SIM_LAW_TEXT_BYTES];
    char phase[ROLLOUT_WORD_BYTES]; /* in which it ended */
    uint32_t done;                  /* nodes that run the release */
    uint32_t orders, outcomes, late;
    uint32_t cuts, kills;
    int64_t took_ms;
};

/* Something wrong on purpose, to see that the checker reports it; may be NULL. Called before
 * the rollout that is looked at (second -1) and after each second of it. */
typedef void (*fleet_mischief)(struct fleet *fleet, struct fleet_checker *checker, int second);

void fleet_plan_draw(struct fleet_plan *plan, uint64_t seed);

void fleet_journey_run(const struct releases *releases, const struct fleet_plan *plan,
                       fleet_mischief mischief, char *trace, size_t trace_cap,
                       struct fleet_result *result);

const char *fleet_event_word(enum fleet_event_kind kind);

#endif
