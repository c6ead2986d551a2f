/* hands: what people, other programs and a tired machine do to an engine, its containers and the
 * kernel's table, behind the agent's back. */
#ifndef PORTS_SIM_HANDS_H
#define PORTS_SIM_HANDS_H

#include "ports/sim/machine.h"

/* A container that has traffic now, running or frozen; NULL: none. */
struct sim_container *sim_hands_serving(struct sim_machine *machine);
/* The container that was started last and has no traffic; NULL: none. */
struct sim_container *sim_hands_newest(struct sim_machine *machine);

/* Freezes a running container, and lets it go on: its own clock stood still meanwhile. */
void sim_hands_pause(struct sim_machine *machine, struct sim_container *container);
void sim_hands_unpause(struct sim_machine *machine, struct sim_container *container);
/* Takes a running container off its network: it goes on, without an address. */
void sim_hands_disconnect(struct sim_machine *machine, struct sim_container *container);
/* docker network disconnect and connect: it is there again, at an address that the engine chose. */
void sim_hands_move(struct sim_machine *machine, struct sim_container *container);
/* docker update: another memory limit; with `is_policy` another restart policy instead. */
void sim_hands_update(struct sim_machine *machine, struct sim_container *container, bool is_policy);
void sim_hands_rename(struct sim_machine *machine, struct sim_container *container);
/* docker commit, and a container of that image: it carries the labels of the first. */
struct sim_container *sim_hands_copy(struct sim_machine *machine,
                                     const struct sim_container *container);
/* Stops it through the engine, as a person does. */
void sim_hands_stop(struct sim_machine *machine, struct sim_container *container);
/* Removes all networks that no running container is on. */
void sim_hands_prune(struct sim_machine *machine);
/* Nothing reaches any container for so long, and nobody can even ask: the bridge is down. */
void sim_hands_link_down(struct sim_machine *machine, int64_t for_ms);
/* Somebody loads the ruleset of an earlier day: the boot file's, or an empty one. */
void sim_hands_old_table(struct sim_machine *machine);
/* Somebody deletes rules of ours and leaves the table as it is. */
void sim_hands_rules(struct sim_machine *machine);
/* Somebody reloads the firewall: what let forwarded packets pass is gone. */
void sim_hands_firewall(struct sim_machine *machine);

#endif
