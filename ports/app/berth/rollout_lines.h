/* rollout_lines: a rollout as lines of text, one for each change that can be seen. */
#ifndef PORTS_APP_BERTH_ROLLOUT_LINES_H
#define PORTS_APP_BERTH_ROLLOUT_LINES_H

#include <stdio.h>

#include "agent/fleet/coordinator.h"

#define ROLLOUT_LINES_NODES_MAX 1024

/* Zeroed before first use. */
struct rollout_lines {
    FILE *out;
    char last_state[ROLLOUT_TEXT_BYTES + 64];
    size_t count;
    struct {
        char name[NODE_NAME_BYTES];
        enum node_condition condition;
    } nodes[ROLLOUT_LINES_NODES_MAX];
};

/* Prints what changed since the last call: nodes first, then the rollout. */
void rollout_lines_step(struct rollout_lines *lines, const struct coordinator *coordinator,
                        const char *id);

#endif
