/* progress: a rollout as a person follows it: a line for each change, or a table that is drawn
 * anew. Pure: what is seen comes in, text comes out. */
#ifndef PORTS_APP_BERTH_PROGRESS_H
#define PORTS_APP_BERTH_PROGRESS_H

#include "agent/fleet/coordinator.h"
#include "platform/base/text.h"
#include "ports/app/berth/wave_view.h"

#define PROGRESS_ROWS_MAX 20 /* nodes in the table */

/* One node as it was seen last. */
struct progress_node {
    char name[NODE_NAME_BYTES];
    enum node_condition condition;
    char why[2 * REPORT_WORD_BYTES + 4]; /* of its outcome: "failed: never-ready"; may be empty */
    wall_ms since;
    unsigned round; /* in which it was seen last */
};

/* Zeroed before use; progress_close frees it. */
struct progress {
    struct progress_node *nodes; /* sorted by name */
    size_t count, room;
    unsigned round;
    bool is_begun; /* something has been shown */
    struct wave_shown waves;
    char shown[ROLLOUT_TEXT_BYTES + 64]; /* of the rollout */
};

void progress_close(struct progress *progress);

/* A look at the whole: begin, each node that the rollout means, end. Lines about changes since the
 * look before go to `lines`; NULL when only the table is wanted. In the first look nodes that wait
 * for their order are counted and not listed. `since`: when the node became so; 0: just now. */
void progress_begin(struct progress *progress);
void progress_node(struct progress *progress, const struct progress_node *seen, wall_ms now,
                   struct text *lines);
void progress_end(struct progress *progress, const struct rollout_view *view, wall_ms now,
                  struct text *lines);

/* Feeds a node out of a roster, with the outcome of its order where it has one. */
void progress_roster_node(struct progress *progress, const struct roster_node *node,
                          const char *app, enum node_condition condition, wall_ms now,
                          struct text *lines);

/* The header and at most `rows` nodes, those that matter most first. */
void progress_table(const struct progress *progress, const struct rollout_view *view, wall_ms now,
                    size_t rows, struct text *text);

/* "running, waiting for gw-1 to be proven"; "paused: gw-3 failed (never-ready)". */
void progress_phase(const struct rollout_view *view, struct text *text);

#endif
