/* fleet_checker_private: shared by the fleet checker's own files only. */
#ifndef TESTS_SIM_FLEET_CHECKER_PRIVATE_H
#define TESTS_SIM_FLEET_CHECKER_PRIVATE_H

#include "tests/sim/fleet_checker.h"

/* The machine's own truth, and the release it committed last in hex; empty: none. */
const struct sim_checker *truth_of(const struct fleet_watched *node);
void committed_hex(const struct fleet_watched *node, char hex[65]);
const char *name_of(const struct fleet_watched *node);
/* The highest order; NULL: none. */
struct fleet_order *newest(struct fleet_watched *node);
struct fleet_rollout_watched *rollout_find(struct fleet_checker *checker, const char *id);

/* Law a, with this order just accepted. */
void check_changing(struct fleet_checker *checker, const struct fleet_order *order);

/* sim_bus_saw */
void fleet_checker_saw(void *ctx, const char *client, const char *topic, struct span payload,
                       bool is_retained);

#endif
