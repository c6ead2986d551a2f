/* rollout_follow: a rollout on standard output while it changes: a table in place on a terminal, a
 * line for each change elsewhere. */
#ifndef PORTS_APP_BERTH_ROLLOUT_FOLLOW_H
#define PORTS_APP_BERTH_ROLLOUT_FOLLOW_H

#include "ports/app/berth/progress.h"

#define ROLLOUT_FOLLOW_BYTES 262144

/* What a look goes by. */
struct rollout_sight {
    const struct roster *roster;
    wall_ms now;
    /* What a node is to the rollout. */
    enum node_condition (*condition)(const void *ctx, const struct rollout_view *view,
                                     const struct roster_node *node);
    const void *ctx;
};

/* Zeroed before use; about half a MiB: not for the stack. */
struct rollout_follow {
    struct progress progress;
    char bytes[ROLLOUT_FOLLOW_BYTES];
    char drawn[ROLLOUT_FOLLOW_BYTES]; /* the table as it stands on the terminal */
};

void rollout_follow_close(struct rollout_follow *follow);

/* Looks at every node that the rollout means; fills follow->progress and leaves the lines about
 * what is new in `lines` (may be NULL). */
void rollout_follow_look(struct rollout_follow *follow, const struct rollout_view *view,
                         const struct rollout_sight *sight, struct text *lines);

/* The same, shown. */
void rollout_follow_show(struct rollout_follow *follow, const struct rollout_view *view,
                         const struct rollout_sight *sight);

#endif
