/* rollout_freeze: the fleet's lock, for the verbs that it stops. */
#ifndef PORTS_APP_BERTH_ROLLOUT_FREEZE_H
#define PORTS_APP_BERTH_ROLLOUT_FREEZE_H

#include "ports/app/berth/rollout_run.h"
#include "ports/app/berth/rollout_world.h"

/* ERR_CONFLICT while the fleet is frozen: says by whom, until when, why, and what to do. `what`:
 * "nothing was begun". */
NODISCARD int rollout_freeze_refuse(const struct rollout_world *world, const char *what,
                                    struct err *err);
/* The freeze that holds, in words; false, and nothing is written: there is none. */
bool rollout_freeze_say(const struct rollout_world *world, struct text *text);
/* "frozen":{"owner","until","reason"} or "frozen":null. */
void rollout_freeze_json(const struct rollout_world *world, struct text *text);

/* freeze.json in the fleet's folder: the last one that a coordinator of it has taken. The memory is
 * the caller's to free; *envelope is empty where there is no file. ERR_IO, ERR_OVERSIZE,
 * ERR_MEMORY. */
NODISCARD int rollout_freeze_load(const struct fleet_dir *dir, char **memory, struct span *envelope,
                                  struct err *err);
NODISCARD int rollout_freeze_keep(const struct fleet_dir *dir, struct span envelope,
                                  struct err *err);

#endif
