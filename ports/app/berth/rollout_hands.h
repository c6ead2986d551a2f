/* rollout_hands: what is written into a rollout's control about single nodes. */
#ifndef PORTS_APP_BERTH_ROLLOUT_HANDS_H
#define PORTS_APP_BERTH_ROLLOUT_HANDS_H

#include "agent/wire/rollout.h"

/* The node is not waited for; a second time changes nothing. ERR_LIMIT. */
NODISCARD int rollout_skip_add(struct rollout_control *control, const char *node, struct err *err);

/* The node's order, or everybody's ("", and what was said of single ones goes), is tried again
 * where it was issued by `before` (of the coordinator's clock) and failed. ERR_LIMIT. */
NODISCARD int rollout_retry_add(struct rollout_control *control, const char *node, wall_ms before,
                                struct err *err);

#endif
