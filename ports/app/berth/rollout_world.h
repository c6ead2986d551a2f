/* rollout_world: what the broker holds of rollouts and of the nodes they mean, for who only looks.
 */
#ifndef PORTS_APP_BERTH_ROLLOUT_WORLD_H
#define PORTS_APP_BERTH_ROLLOUT_WORLD_H

#include "agent/fleet/coordinator.h"
#include "platform/verify.h"

#define ROLLOUT_WORLD_ROLLOUTS_MAX 256
/* Subscribed by who reads it: rollouts, and what is told of and to every node. */
#define ROLLOUT_WORLD_FILTERS 5

struct rollout_record {
    struct rollout_spec spec; /* created is 0 until it came */
    struct rollout_control control;
    struct rollout_state state;
    bool has_control, has_state;
};

/* Zeroed before open. About 16 KiB and what it allocates. */
struct rollout_world {
    char fleet[NAME_BYTES];
    const struct trust *trust; /* whose orders are believed; outlives the world */
    struct verify verify;
    struct roster roster;
    struct rollout_record *rollouts;
    size_t count;
    void *memory;
    struct report report;
};

/* ERR_MEMORY. The caller closes it, also after a failure. */
NODISCARD int rollout_world_open(struct rollout_world *world, const char *fleet,
                                 const struct trust *trust, struct verify verify, struct err *err);
void rollout_world_close(struct rollout_world *world);

/* The i-th filter to subscribe, the rollouts' one first. */
void rollout_world_filter(const struct rollout_world *world, size_t index,
                          char filter[BUS_TOPIC_BYTES]);
/* Takes a message (ctx: the world); what is none of its or cannot be read is skipped. */
void rollout_world_take(void *ctx, const char *topic, struct span payload, bool is_retained);

/* Newest first; records without a spec are dropped. Invalidates what find answered. */
void rollout_world_sort(struct rollout_world *world);
/* By id, or the newest one when id is NULL. ERR_NOT_FOUND says which there are. */
NODISCARD int rollout_world_find(const struct rollout_world *world, const char *id,
                                 const struct rollout_record **record, struct err *err);
enum node_condition rollout_world_condition(const struct rollout_world *world,
                                            const struct rollout_record *record,
                                            const struct roster_node *node, wall_ms now);

#endif
