/* rollout_world: what the broker holds of rollouts and of the nodes they mean, for who only looks.
 */
#ifndef PORTS_APP_BERTH_ROLLOUT_WORLD_H
#define PORTS_APP_BERTH_ROLLOUT_WORLD_H

#include "agent/fleet/coordinator.h"
#include "ports/app/berth/session.h"

/* Subscribed by who reads it: rollouts, what is told of and to every node, who coordinates. */
#define ROLLOUT_WORLD_FILTERS 3

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
    size_t count, room;
    bool is_short;       /* no memory for every rollout that came */
    bool is_coordinated; /* somebody's claim stands; an interrupted one may be gone all the same */
    void *memory;
    struct report report;
};

/* ERR_MEMORY. The caller closes it, also after a failure. */
NODISCARD int rollout_world_open(struct rollout_world *world, const char *fleet,
                                 const struct trust *trust, struct verify verify, struct err *err);
void rollout_world_close(struct rollout_world *world);

/* The i-th filter to subscribe. */
void rollout_world_filter(const struct rollout_world *world, size_t index,
                          char filter[BUS_TOPIC_BYTES]);
/* Takes a message (ctx: the world); what is none of its or cannot be read is skipped. */
void rollout_world_take(void *ctx, const char *topic, struct span payload, bool is_retained);

/* Reads what is there, over a connected session; sorted. ERR_MEMORY where not all of it found room,
 * session_read's codes. */
NODISCARD int rollout_world_read(struct rollout_world *world, struct session *session,
                                 struct err *err);

/* Newest first; records without a spec are dropped. Invalidates what find answered. */
void rollout_world_sort(struct rollout_world *world);
/* By id, or the newest one when id is NULL. ERR_NOT_FOUND says which there are. */
NODISCARD int rollout_world_find(const struct rollout_world *world, const char *id,
                                 const struct rollout_record **record, struct err *err);
/* For those who show it. */
struct rollout_view rollout_record_view(const struct rollout_record *record);

#endif
