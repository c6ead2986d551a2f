/* rollout_start: a rollout for the verbs that start one. */
#ifndef PORTS_APP_BERTH_ROLLOUT_START_H
#define PORTS_APP_BERTH_ROLLOUT_START_H

#include <stdbool.h>

#include "platform/base/err.h"

/* One node of the fleet and the signed release it is to run. */
struct rollout_start_node {
    const char *dir; /* the fleet's folder, or NULL: fleet_dir_choose */
    const char *file, *node;
    bool is_forced;
};

/* As `berth rollout start FILE -l node=NODE --watch`: an exit status, or an error. */
NODISCARD int rollout_start_node(const struct rollout_start_node *one, struct err *err);

/* A rollout whose nodes are to go back to what ran before it. */
struct rollout_start_undo {
    const char *dir, *id;
    bool is_watched, is_detached, is_confirmed;
};

/* `berth rollout undo ID`: a rollout of its own; an exit status, or an error. */
NODISCARD int rollout_start_undo(const struct rollout_start_undo *undo, struct err *err);

#endif
