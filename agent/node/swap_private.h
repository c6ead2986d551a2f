/* swap_private: what the planner's three parts (phases, upkeep, retirement) share. */
#ifndef AGENT_NODE_SWAP_PRIVATE_H
#define AGENT_NODE_SWAP_PRIVATE_H

#include "agent/node/swap.h"

/* One planning step of one app. */
struct step {
    const struct memory_app *memory;
    struct session_app *session;
    const struct swap_facts *facts;
    struct swap_decision *decision;
};

/* Adds an action for a replica and marks it busy, unless it is already or the list is full. */
void step_act(struct step *step, enum action_kind kind, struct replica *replica);
/* Adds an action for a generation as a whole. */
void step_act_gen(struct step *step, enum action_kind kind, uint32_t gen);
void step_wake(struct step *step, mono_ms at);

/* Some service of the plan cannot run beside its old self. */
bool plan_is_stop_first(const struct plan *plan);

/* verdict.c: each asks for one record; at most one of them in a step. */

/* The wanted release becomes the candidate. */
void verdict_begin(struct step *step);
/* All of the candidate is ready: it is what serves, unproven. */
void verdict_switch(struct step *step);
/* The candidate is dropped: back to the committed release, or to nothing. */
void verdict_go_back(struct step *step, enum reason reason);
/* What is wanted is given up before it is begun: it has its verdict, as a generation that never
 * was. */
void verdict_refuse(struct step *step, enum reason reason);
/* The candidate's images cannot be had now: back to rest with the wish kept, at no cost. */
void verdict_wait(struct step *step);
/* What is wanted could not be fetched, and waiting would not help: a try was made. */
void verdict_unstaged(struct step *step, enum reason reason);
/* What is wanted could not begin in its time: it is not wanted any more. */
void verdict_expire(struct step *step, enum reason reason);
/* The candidate was healthy through its soak: it is committed. */
void verdict_commit(struct step *step);
/* Containers of a Compose project are taken over: they may be stopped. */
void verdict_adopt(struct step *step, const struct memory_adopted *adopted);
/* What was before the first release is to serve again: it is committed no longer. */
void verdict_give_back(struct step *step);
/* They run again as before, or there is nothing left of them: nothing is taken over any more. */
void verdict_given_back(struct step *step);
/* The machine started again while the candidate was unproven. */
void verdict_count_boot(struct step *step);

/* blame.c: whose fault, and whose time. */

/* The first failure that a replica of the candidate shows; REASON_NONE when there is none. */
enum reason blame_replicas(struct step *step);
/* Counts the time in which the candidate is not ready to whom it belongs; the reason why it goes
 * when somebody's is used up, else REASON_NONE. To be called in each step of such a time. */
enum reason blame_time(struct step *step);

/* soak.c: the candidate serves, unproven. */

/* No call of the planner for so long: the machine slept, and its time is nobody's. */
#define SLEEP_GAP_MS 10000
/* Wishes traffic for the candidate, or, as long as none of it is ready, for the committed release
 * where that is; returns whether the candidate has somebody ready. */
bool soak_wish(struct step *step);
/* The candidate, ready, can be asked now: what it was a while ago is no reason to switch. */
bool soak_may_begin(const struct step *step);
/* Waits for the kernel, then soaks: time passes while there is evidence. Ends in a record. */
void soak_step(struct step *step);

/* adopt.c: what ran before the first release. */

/* adopt_concern of this step. */
uint32_t step_adopts(const struct step *step);
/* Their volumes without a name are noted for the candidate's containers; true when nothing is left
 * to do. */
bool adopt_hold(struct step *step);
/* Remembers them, then stops them; true when none runs, and the engine would start none. */
bool adopt_take(struct step *step);
/* Starts them again as they were; true when nothing is left to do. */
bool adopt_serve(struct step *step);

/* swap.c */

/* The candidate must not run beside the committed release. */
bool step_is_exclusive(const struct step *step);
/* The committed release is wanted again instead of the candidate. */
bool swap_is_overridden(const struct memory_app *memory);

/* hold.c: the gap of a release that cannot run beside the other one. */

/* The committed release is about to be stopped: new connections wait from now on. True when the
 * kernel lets them, or nobody is to wait: it may lose its traffic. */
bool hold_put_up(struct step *step);
/* Nobody serves, and whoever is new waits, where the committed release did. */
void hold_wish(struct step *step);
/* The candidate is dropped: they wait for the committed release where it has to come up again. */
void hold_for_way_back(struct step *step);
/* Somebody serves. */
void hold_end(struct step *step);

/* stage.c: images. */

/* Notes a new wish: it is not to blame for what was waited for before. */
void stage_follow_wish(struct step *step);
/* Makes the images of a generation (0: of what is wanted) present; true when they are. */
bool stage_images(struct step *step, uint32_t gen, const struct plan *plan);
/* The same for what is wanted, at rest: what no waiting can mend is a try that failed. */
bool stage_wanted(struct step *step);
/* The same for the candidate: where the site has to be waited for, that is done at rest. */
bool stage_candidate(struct step *step);
/* Ends a wish whose time to begin is over. */
void stage_expire(struct step *step);

/* upkeep.c: keeps a set of replicas there and running. */

/* Creates what is missing of `gen`, starts what is not running, restarts what is not alive, with
 * back-off. */
void upkeep_set(struct step *step, uint32_t gen, const struct plan *plan);
/* Creates what is missing only; true when all of the set is there. */
bool upkeep_create(struct step *step, uint32_t gen, const struct plan *plan);
/* Lets the engine restart the set by itself where that is wise; true when nothing is left to do. */
bool upkeep_keep(struct step *step, uint32_t gen, const struct plan *plan);
/* Notes the set's volumes that the engine has named by itself, for containers to come; true when
 * nothing is left to do. */
bool upkeep_hold(struct step *step, uint32_t gen, const struct plan *plan);
/* Wishes traffic for the ready replicas of `gen` (where none is ready: for those that have it and
 * are alive) and opens its ports; returns how many are ready. */
size_t upkeep_wish(struct step *step, uint32_t gen, const struct plan *plan);
size_t upkeep_count_ready(const struct step *step, uint32_t gen, const struct plan *plan);
bool upkeep_is_there(const struct step *step, uint32_t gen, const struct plan *plan);
bool upkeep_is_all_ready(const struct step *step, uint32_t gen, const struct plan *plan);

/* remains.c */

/* The candidate is given up: of each service the replica that shows best why is marked. */
void remains_mark(struct step *step);

/* retire.c: takes replicas out of service by the laws. */

enum retire_manner {
    RETIRE_POLITE, /* notice, drain, stop */
    RETIRE_FAILED  /* its connections are deleted, then it is stopped */
};

/* Brings a replica that must not run any longer one step nearer to stopped and, unless is_kept,
 * removed; one that failed and is kept is examined first. Waits while traffic may reach it. True
 * when nothing is left to do. `plan` may be NULL. */
bool retire_replica(struct step *step, struct replica *replica, const struct plan *plan,
                    enum retire_manner manner, bool is_kept);

#endif
