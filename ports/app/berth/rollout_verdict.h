/* rollout_verdict: what a rollout's documents say to somebody who waits for its end. */
#ifndef PORTS_APP_BERTH_ROLLOUT_VERDICT_H
#define PORTS_APP_BERTH_ROLLOUT_VERDICT_H

#include "agent/wire/rollout.h"

/* Exit statuses of the verbs that wait. */
#define ROLLOUT_EXIT_STOPPED     3 /* by a failure, or finished with nodes that do not run it */
#define ROLLOUT_EXIT_ENDED       4 /* aborted or superseded */
#define ROLLOUT_EXIT_OFFLINE     5 /* only offline nodes are missing; a coordinator goes on */
#define ROLLOUT_EXIT_INTERRUPTED 130

/* A new rollout's name: <app, cut to 12>-<date and time, UTC>-<4 hex>. */
void rollout_id_make(const char *app, wall_ms created, uint16_t random, char id[NAME_BYTES]);

/* How many of its nodes have failed it, as the planner counts. */
uint32_t rollout_failures(const struct rollout_spec *spec, const struct rollout_state *state);

/* More have failed than somebody accepted. An old state beside a new control is no stop. */
bool rollout_is_stopped(const struct rollout_spec *spec, const struct rollout_control *control,
                        const struct rollout_state *state);

/* The exit status, or -1 while there is something to wait for: it is on its way, paused by
 * somebody, or a node's change is not at its end. */
int rollout_exit_status(const struct rollout_spec *spec, const struct rollout_control *control,
                        const struct rollout_state *state);

/* Every node that is there has given its answer; only offline ones are missing, and get their order
 * when they return. */
bool rollout_is_offline_missing(const struct rollout_spec *spec, const struct rollout_state *state);

#endif
