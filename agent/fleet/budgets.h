/* budgets: how many may change at a time: of the rollout, of a group, of a node's peers, in a
 * minute. Pure; made anew for each plan from what the roster shows. */
#ifndef AGENT_FLEET_BUDGETS_H
#define AGENT_FLEET_BUDGETS_H

#include "agent/fleet/roster.h"
#include "agent/wire/rollout.h"

/* A value that no node has is told by a bit that is not set; where it is, one looks. */
#define BUDGETS_BITS 65536

/* What the budgets ask of a node. */
struct budgets_node {
    bool is_changing; /* by anybody's order, or by itself */
    bool holds_slot;  /* of its groups: it changes, or is lost to this rollout and not skipped */
};

/* What somebody keeps of groups, peers and the last minute; ctx NULL: all nodes are looked at. */
struct budgets_sums {
    const void *ctx;
    /* As many as may change of the node's group by this label hold a slot, itself left out. */
    bool (*is_group_full)(const void *ctx, size_t label, const struct roster_node *node);
    bool (*has_peers)(const void *ctx, const struct roster_node *node);
    /* Orders of this rollout that were issued after `after`: how many, and the first instant. */
    uint32_t (*recent)(const void *ctx, wall_ms after, wall_ms *first);
};

struct budgets {
    const struct rollout_spec *spec;
    const struct roster *roster;
    struct budgets_node (*ask)(const void *ctx, const struct roster_node *node);
    const void *ctx;
    struct budgets_sums sums;
    wall_ms now;
    uint32_t free;      /* orders that maxUnavailable leaves */
    uint32_t rate_left; /* orders that this minute leaves */
    wall_ms rate_at;    /* when it leaves more; 0: it is not that */
    uint8_t held[BUDGETS_BITS / 8], troubled[BUDGETS_BITS / 8];
};

/* `matched`: nodes that the rollout means; `changing`: nodes that change, of the fleet; `done` and
 * `ordered`: nodes of the rollout that are done, and that have an order of it. `ask` and `ctx` are
 * set before. */
void budgets_init(struct budgets *budgets, uint32_t matched, uint32_t changing, uint32_t done,
                  uint32_t ordered);

/* The node's group by this label; NULL: it is one of its own. */
const char *budgets_group(const struct rollout_spec *spec, size_t label,
                          const struct roster_node *node);
/* It is there, and each app that it reports serves. */
bool budgets_is_serving(const struct roster_node *node);

/* Nodes that may change at a time, by the spec. */
uint32_t budgets_most(const struct rollout_spec *spec, uint32_t matched);

/* The node may have its order now, or what for it waits: ROLLOUT_WAIT_BUDGET, _RATE, _GROUP or
 * _PEERS; ROLLOUT_WAIT_COUNT: nothing. */
enum rollout_wait budgets_ask(const struct budgets *budgets, const struct roster_node *node);
/* It has got its order. */
void budgets_take(struct budgets *budgets, const struct roster_node *node);

#endif
