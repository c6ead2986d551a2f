/* state: what a machine is at an instant, as one number: tells cuts apart that fall on different
 * ground. */
#ifndef TESTS_SIM_STATE_H
#define TESTS_SIM_STATE_H

#include "ports/sim/machine.h"

/* Of the containers (release, state, policy, who stopped them) and the tables of kernel and boot:
 * what a cut is about to change. */
uint64_t state_of_machine(const struct sim_machine *machine);

/* Of what the medium keeps of the app's record: phase, releases, verdict, counts; not of ids, times
 * and generations. Mixed into `hash`. */
uint64_t state_of_memory(const struct sim_machine *machine, uint64_t hash);

/* A set of such numbers. */
#define STATES_MAX 65536u
struct states {
    uint64_t seen[STATES_MAX]; /* open addressing; 0: free */
    size_t count;
};

/* True when it was not in the set; the set refuses nothing before it is half full, and then counts
 * no more. */
bool states_add(struct states *states, uint64_t state);

#endif
