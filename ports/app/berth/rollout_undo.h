/* rollout_undo: a rollout that brings back what another one changed, node by node. */
#ifndef PORTS_APP_BERTH_ROLLOUT_UNDO_H
#define PORTS_APP_BERTH_ROLLOUT_UNDO_H

#include "agent/fleet/roster.h"
#include "agent/wire/rollout.h"
#include "ports/app/berth/rollout_run.h"

/* The spec of what takes `undone` back: its budgets, no waves, stopped by its own first failure.
 * The caller adds id and created. */
void rollout_undo_spec(const struct rollout_spec *undone, struct rollout_spec *spec);

/* Why a node that the rollout changed cannot go back; NULL: it can, or it was never changed (then
 * *is_changed is false). */
const char *rollout_undo_refusal(const struct rollout_spec *undone, const struct roster_node *node,
                                 bool *is_changed);

/* Reads the fleet over a session of its own, says who cannot go back, and asks at a terminal unless
 * `is_confirmed`. ERR_NOT_FOUND: no such rollout, or no node that can go back; ERR_CANCELLED. */
NODISCARD int rollout_undo_prepare(struct rollout_run *run, const char *id, bool is_confirmed,
                                   struct rollout_spec *spec, size_t *count, struct err *err);

#endif
