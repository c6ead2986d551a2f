/* deed: what a scene does to the machine, and how long requests may fail for it. */
#ifndef TESTS_SIM_DEED_H
#define TESTS_SIM_DEED_H

#include "tests/sim/gateway.h"
#include "tests/sim/scenario.h"

/* Does it, unless the scene asks something of the agent. Where it takes something from traffic the
 * checker excuses requests for as long as the agent may take to notice and to mend it; for so much
 * longer as a fault that lasts (lasts_ms of `op`; 0: none) keeps it from doing so. Returns until
 * when the deed lasts by itself, now at the earliest. */
mono_ms deed_do(struct gateway *gateway, const struct scene *scene, enum sim_op op,
                int64_t lasts_ms);

#endif
