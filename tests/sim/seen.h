/* seen: what a technician sees of the node, line by line as it changes, in the trace. */
#ifndef TESTS_SIM_SEEN_H
#define TESTS_SIM_SEEN_H

#include "agent/node/conductor.h"
#include "ports/sim/world.h"

enum { SEEN_BYTES = 8192 };

struct seen {
    char text[SEEN_BYTES]; /* what was seen last */
};

/* Traces each line of the status that was not there before; nothing where the world keeps no trace.
 */
void seen_trace(struct seen *seen, const struct conductor *agent, struct sim_world *world);

#endif
