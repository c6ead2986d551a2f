/* planner: the fleet planner: from what is retained about a rollout and its nodes to the next
 * orders. Pure: no I/O, no clock; what it remembers of waves stands in the rollout's state. */
#ifndef AGENT_FLEET_PLANNER_H
#define AGENT_FLEET_PLANNER_H

#include "agent/fleet/roster.h"
#include "agent/wire/freeze.h"
#include "agent/wire/rollout.h"

#define PLANNER_ORDERS_MAX 16
/* A proven node that does not serve for so long has regressed; until then it counts as changing. */
#define PLANNER_DEGRADED_MS 60000

/* Who stops serving so often after it was proven has regressed, too, however short it was. */
#define PLANNER_UNSERVING_MAX ROSTER_FALLS_MAX
/* What a node says of itself, that an app changes, counts as a change in the fleet for so long a
 * day beyond its orders. After that it binds only itself: it gets no order, and is named. */
#define PLANNER_WORD_MS 1800000

/* So many of its nodes, and such a share of them, that leave within a minute pause a rollout: it is
 * not each of them that failed. */
#define PLANNER_BURST_NODES   3
#define PLANNER_BURST_PERCENT 20
#define PLANNER_BURST_MS      60000

/* One live rollout. */
struct planner_rollout {
    const struct rollout_spec *spec;
    const struct rollout_control *control;
    const struct selector *selector;    /* of the spec; NULL: every node */
    const struct rollout_state *memory; /* the state planned or read last; NULL: none */
    bool is_superseded;                 /* a later one of the same app is there */
    const struct freeze *freeze;        /* the fleet is frozen; NULL: it is not */
    const char *freeze_owner;
};

/* An order to write. */
struct planner_order {
    uint32_t node;         /* in the roster */
    struct digest release; /* none: no opinion */
    struct digest before;
    bool is_taken_back; /* it takes back one that was not begun */
    /* Until when the node may begin it; 0: the writer says. One that takes back what can no longer
     * be begun cannot be begun either, or it would be one more change beside those that may be. */
    wall_ms start_by;
};

struct planner_result {
    struct rollout_state state; /* all but id's epoch and instant, which the writer adds */
    struct planner_order orders[PLANNER_ORDERS_MAX];
    size_t order_count;
    wall_ms wake_at; /* when an order's time is over; 0: no such */
};

/* The rollout means this node: by its selector, and an undo by what lies on its topic. */
bool planner_is_meant(const struct planner_rollout *rollout, const struct roster_node *node);

/* What a node is to this rollout (rollout.h). */
enum node_condition planner_condition(const struct planner_rollout *rollout,
                                      const struct roster_node *node, wall_ms now);

/* Nodes that change or are unproven now, whoever ordered it: orders without an outcome and not
 * lost, and swaps under way. */
uint32_t planner_changing(const struct roster *roster, wall_ms now);

/* Plans one rollout. Level-triggered: may be called at any time. `changing` is planner_changing
 * plus what was ordered since for other rollouts in the same turn. */
void planner_step(const struct planner_rollout *rollout, const struct roster *roster,
                  uint32_t changing, wall_ms now, struct planner_result *result);

/* -- the same, for a coordinator: what a node adds to a plan is kept, and judged again only when
 * the roster notes a change of it, or when its time has come -------------------------------------
 */

struct planner_tally;

/* NULL: no memory. */
struct planner_tally *planner_tally_new(void);
void planner_tally_free(struct planner_tally *tally);

/* Takes what roster_changes tells, and whose time has come. To be called for every tally of a
 * roster before roster_changes_clear. */
void planner_tally_take(struct planner_tally *tally, const struct planner_rollout *rollout,
                        const struct roster *roster, wall_ms now);
/* The same result as planner_step with what planner_changing says, at a cost that does not grow
 * with the fleet. Without memory it is planner_step. */
void planner_tally_step(struct planner_tally *tally, const struct planner_rollout *rollout,
                        const struct roster *roster, wall_ms now, struct planner_result *result);
/* Forgets all that was kept: the next step looks at every node. */
void planner_tally_forget(struct planner_tally *tally);
/* How many nodes were judged, and how often all were, since it was made. */
uint64_t planner_tally_judged(const struct planner_tally *tally, uint64_t *recounts);

/* Both plan the same; else `why` says what differs first. */
bool planner_result_is_same(const struct planner_result *a, const struct planner_result *b,
                            char *why, size_t why_size);

/* What a plan does with a node, before it does it. */
struct planner_forecast {
    enum node_condition condition; /* NODE_CONDITION_COUNT: the rollout does not mean it */
    size_t wave;                   /* in which it is ordered, from 0; in one piece: 0 */
    bool has_group;                /* else its missing label keeps it from its order */
};

/* The waves as they will open when nothing fails, nobody comes and nobody goes: one forecast for
 * each node of the roster. Returns how many waves there will be. */
size_t planner_foresee(const struct planner_rollout *rollout, const struct roster *roster,
                       wall_ms now, struct planner_forecast *forecasts);

#endif
