/* journey: one run of one scenario with one set of faults, from the first boot to rest. */
#ifndef TESTS_SIM_JOURNEY_H
#define TESTS_SIM_JOURNEY_H

#include "tests/sim/gateway.h"
#include "tests/sim/scenario.h"

struct journey_plan {
    const struct scenario *scenario;
    uint64_t seed;
    struct sim_fault first;      /* from SCENE_FROM_HERE on, counting power-cut points */
    struct sim_fault second;     /* from the next boot or life of the agent on */
    enum sim_op op;              /* of which `single` strikes the n-th */
    struct sim_fault single;     /* from SCENE_FROM_HERE on */
    int64_t cut_at_ms;           /* cut the power so long after SCENE_FROM_HERE; 0: not */
    bool is_unattended;          /* no agent after the cut: law 9 */
    char *trace;                 /* NULL: none */
    size_t trace_cap;
};

struct journey_result {
    uint32_t points;         /* power-cut points passed since SCENE_FROM_HERE */
    uint32_t points_of[SIM_OP_COUNT];
    uint32_t points_after;   /* of them, after the first cut or kill */
    int64_t took_ms;         /* virtual, since SCENE_FROM_HERE */
    int64_t settle_ms;       /* the longest it took to settle, from the last trouble before */
    uint32_t cuts, kills;
    bool has_struck;         /* the first fault did */
    bool has_struck_twice;
    uint32_t breaches;
    char first[SIM_LAW_TEXT_BYTES]; /* breach */
    uint64_t cut_state;      /* what the machine was at the first cut; 0: none */
    int began_in;            /* what served at SCENE_FROM_HERE: release_name, or SCENARIO_NONE */
    int ends_in;             /* the same in the end */
};

/* Runs it. Every breach of a law is counted, and how it ended is judged: without a fault as the
 * scenario says, else in any release it uses that was committed. */
void journey_run(const struct releases *releases, const struct journey_plan *plan,
                 struct journey_result *result);

#endif
