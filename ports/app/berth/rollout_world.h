/* rollout_world: what the broker holds of rollouts and of the nodes they mean, for a verb that only
 * looks: a mirror, filled over the verb's session. */
#ifndef PORTS_APP_BERTH_ROLLOUT_WORLD_H
#define PORTS_APP_BERTH_ROLLOUT_WORLD_H

#include "agent/fleet/coordinator.h"
#include "agent/fleet/mirror.h"
#include "ports/app/berth/session.h"

/* How much of the fleet a verb reads. */
enum world_scope {
    WORLD_ROLLOUTS, /* whose word counts, rollouts, and who coordinates them */
    WORLD_NODES,    /* and which nodes there are, what every one says and is told */
    WORLD_ALL       /* and what lies below nodes on topics that nobody reads */
};

/* Zeroed before open. About 350 KiB and what it allocates. */
struct rollout_world {
    struct mirror mirror;
    struct mirror_news news; /* of the last message */
    wall_ms now;             /* of the last message */
    size_t count; /* rollouts with a spec, after a sort: the first of the mirror's list */
};

/* `trust`: whose orders are believed; outlives the world. The operators are those of the folder,
 * until the broker shows a later document. ERR_VALUE, the codes of operators_file_load. The caller
 * closes it, also after a failure. */
NODISCARD int rollout_world_open(struct rollout_world *world, const struct fleet_dir *dir,
                                 const struct trust *trust, const struct keyring *keyring,
                                 struct err *err);
void rollout_world_close(struct rollout_world *world);

/* Hands on what is retained of it, whole, or fails with session_read's codes. What is handed on is
 * for rollout_world_take first. */
NODISCARD int rollout_world_each(const struct rollout_world *world, struct session *session,
                                 enum world_scope scope,
                                 void (*received)(void *ctx, const char *topic, struct span payload,
                                                  bool is_retained),
                                 void *ctx, struct err *err);
/* Takes a message (ctx: the world). */
void rollout_world_take(void *ctx, const char *topic, struct span payload, bool is_retained);

/* Takes all of it, over a connected session; sorted. What cannot be read is named on stderr.
 * ERR_MEMORY where not all of it found room, session_read's codes. */
NODISCARD int rollout_world_read(struct rollout_world *world, struct session *session,
                                 enum world_scope scope, struct err *err);

/* Newest first, those without a spec last. Invalidates what find answered. */
void rollout_world_sort(struct rollout_world *world);
/* By id, or by its beginning or end where no other has it, or the newest one when id is NULL or
 * "latest". ERR_NOT_FOUND says which there are, ERR_VALUE which are meant. */
NODISCARD int rollout_world_find(const struct rollout_world *world, const char *id,
                                 const struct kept **rollout, struct err *err);
/* For those who show it: the state is the broker's. */
struct rollout_view rollout_world_view(const struct kept *rollout);
/* A coordinator's claim stands; an interrupted one may be gone all the same. */
bool rollout_world_is_coordinated(const struct rollout_world *world);

#endif
