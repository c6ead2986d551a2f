/* planner_private: what a plan's own files share. */
#ifndef AGENT_FLEET_PLANNER_PRIVATE_H
#define AGENT_FLEET_PLANNER_PRIVATE_H

#include "agent/fleet/budgets.h"
#include "agent/fleet/failure.h"
#include "agent/fleet/planner.h"
#include "agent/fleet/waves.h"

/* Of the wave that a plan is in, besides what its state tells. */
struct planner_wave {
    uint32_t pending, offline, gone; /* gone: overridden or skipped, never to be done */
    uint32_t bad;                    /* failures of those whose answer counts for the threshold */
    char node[NODE_NAME_BYTES];      /* one that is not done */
    char member[NODE_NAME_BYTES];    /* any */
};

/* One plan while it is made. */
struct turn {
    const struct planner_rollout *rollout;
    const struct roster *roster;
    wall_ms now;
    struct planner_result *result;
    uint32_t others;   /* that change in the fleet, as the caller counted */
    uint32_t changing; /* the same, with those for whom this rollout waits longer */
    uint32_t ordered;  /* nodes with an order of this rollout */
    bool is_held;      /* as in a pause: what was not begun is taken back */
    bool may_order, has_vanished, has_new_failure;
    struct failure_sample sample;
    struct planner_wave wave[ROLLOUT_WAVES_MAX];
    struct waves waves;
    struct budgets budgets;
    struct planner_tally *tally; /* NULL: every node is looked at */
};

/* Nodes that a plan looks for, one after the other by name. */
enum planner_set {
    PLANNER_NEXT,      /* may have an order now, as far as it is up to the node */
    PLANNER_REVOCABLE, /* planner_is_revocable */
    PLANNER_BACK,      /* runs what this rollout brought, and can go back */
    PLANNER_SETS
};

/* The first such node from `from` on; SIZE_MAX: none. */
size_t planner_walk(const struct turn *turn, enum planner_set set, size_t from);
bool planner_is_next(const struct turn *turn, const struct roster_node *node);
bool planner_is_back(const struct turn *turn, const struct roster_node *node);

/* planner.c: from what was counted to words and orders. */
void planner_begin(struct turn *turn);
void planner_finish(struct turn *turn);

/* planner_node.c */
bool planner_is_ours(const struct roster_order *order, const struct rollout_spec *spec);
wall_ms planner_lost_at(const struct roster_order *order, const struct rollout_spec *spec);
wall_ms planner_bound_until(const struct roster_order *order);
bool planner_is_begun(const struct roster_app *app);
bool planner_node_is_changing(const struct roster_node *node, wall_ms now);
/* The same for the node itself: it gets no order, however long it says that it changes. */
bool planner_node_is_busy(const struct roster_node *node, wall_ms now);
/* What a busy one waits for: the change to end, or that somebody looks at it. */
enum rollout_wait planner_busy_wait(const struct roster_node *node, wall_ms now);
/* Until when its own word that it changes counts; 0: without that word, or it is not there. */
wall_ms planner_word_until(const struct roster_node *node);
/* An order of this rollout that its node has not begun, as far as is known. */
bool planner_is_revocable(const struct rollout_spec *spec, const struct roster_node *node);
/* What a failed, lost or regressed node counts as. */
enum rollout_class planner_class(const struct planner_rollout *rollout,
                                 const struct roster_node *node, enum node_condition condition);
/* The release that the node is to run by this rollout. */
const struct digest *planner_release(const struct rollout_spec *spec, const struct roster_app *app);

/* planner_count.c: everything into the state's numbers. */
void planner_count(struct turn *turn);
bool planner_is_gone_long(const struct turn *turn, const struct roster_node *node);
bool planner_is_changed_and_gone(const struct turn *turn, const struct roster_node *node);
/* With the release and without, of how many how many are gone: is it the release? */
bool planner_has_vanished(const struct turn *turn, const uint64_t count[2], const uint64_t gone[2]);
enum node_condition planner_condition_of(const struct turn *turn, const struct roster_node *node);
void planner_wake_note(struct turn *turn, const struct roster_node *node);
bool planner_sample_note(struct turn *turn, const struct roster_node *node,
                         enum node_condition condition, bool is_canary);
void planner_note_failure(struct turn *turn, const struct roster_node *node,
                          enum node_condition condition, bool is_new);
void planner_count_clear(struct turn *turn);
void planner_wake_at(struct turn *turn, wall_ms at);
/* For waves_open: what a node is, or NODE_CONDITION_COUNT; ctx: the turn. */
enum node_condition planner_crowd(const void *ctx, const struct roster_node *node);
bool planner_is_failure(const struct rollout_spec *spec, enum node_condition condition);

/* planner_tally.c: the same as planner_count, from what is kept. */
void planner_tally_count(struct turn *turn);
size_t planner_tally_walk(const struct planner_tally *tally, enum planner_set set, size_t from);
void planner_tally_budgets(struct turn *turn);

/* planner_burst.c: many nodes leave at a time. */
void planner_burst_note(struct turn *turn);
/* Some of them are still away, and nobody has resumed the rollout. */
bool planner_burst_stops(const struct turn *turn);
void planner_burst_say(struct turn *turn);
/* It left with them, and is not there: whatever its silence would make of it says nothing. */
bool planner_burst_has(const struct turn *turn, const struct roster_node *node);

/* planner_wave.c: the wave that is open now, and the next one. */
void planner_waves(struct turn *turn);
/* The first wave is not over yet: a failure in it counts for more. */
bool planner_is_canary_open(const struct turn *turn);
/* Every wave was opened, reached and watched. */
bool planner_is_through(const struct turn *turn);
/* "wave 2 of 4: ", or nothing for a rollout in one piece. */
void planner_wave_say(const struct turn *turn, struct text *text);
void planner_wait_note(struct turn *turn, enum rollout_wait wait, const char *node);

/* planner_order.c */
void planner_take_back(struct turn *turn);
void planner_order_next(struct turn *turn);
/* What the budgets ask of a node, without what this plan orders. */
struct budgets_node planner_budgets_node(const struct turn *turn, const struct roster_node *node);
/* Nodes that still run what this rollout brought and can go back; orders for as many as may. */
size_t planner_go_back(struct turn *turn);

#endif
