/* observed: what an ended call, a record that holds, the engine's list and the kernel's table make
 * of a session. Pure; the conductor and the worlds of the tests observe by these and by nothing
 * else, so that what the planner is proven against is what it meets. */
#ifndef AGENT_NODE_OBSERVED_H
#define AGENT_NODE_OBSERVED_H

#include "agent/node/swap.h"

/* A call that was not even taken, and one that failed and is no back-off's, come again after it. */
#define CALL_RETRY_MS SECONDS_MS(1)
/* Examinations of a failed container before it is given up. */
#define EXAMINATIONS_MAX 3

/* The end of a call on a replica. */
struct call_end {
    enum action_kind kind;
    int code;             /* 0: it is done */
    const char *id;       /* CREATE that is done: of the container */
    uint64_t list_number; /* of the list asked for last: what it says is older news */
};

/* What the call has made of the replica, before the next list confirms it. */
void observed_call_ended(struct session_app *session, const struct memory_app *memory,
                         struct replica *replica, const struct call_end *end, mono_ms now);

/* The pull that is waited for is of this release: answers about another come too late. */
bool observed_is_staging(const struct session_app *session, const struct digest *release);
/* That pull ended. `is_missing`: the image that a create missed is this one. */
void observed_pull_ended(struct session_app *session, const struct memory_app *memory,
                         const struct digest *release, int code, bool is_missing, mono_ms now);
/* The app's network was made sure of, or could not be. */
void observed_network_ended(struct session_app *session, const struct memory_app *memory,
                            bool is_made, mono_ms now);
/* The engine refused something the candidate needs, and not because of it. */
void observed_engine_failed(struct session_app *session);
/* An error of engine, disk or network was seen: a candidate is not blamed for what follows. */
void observed_world_fault(struct session_app *session, const struct memory_app *memory);

/* `next` holds from here on, in the place of `memory`. */
void observed_record(struct session_app *session, const struct memory_app *memory,
                     const struct memory_app *next);

/* A container that is seen for the first time in this session may have had traffic before. */
void observed_found(struct replica *replica, bool is_assumed_routed, bool is_maybe_anew);
/* The first list was taken in. `is_boot_stale`: the machine started with the previous release's
 * table. */
void observed_listed(struct session_app *session, bool is_boot_stale);
/* It is off its network: `is_away`: it is at another's address. True: that is news. */
bool observed_detached(struct session_app *session, struct replica *replica, bool is_away);
/* The engine is back: what failed meanwhile is asked again before it is judged. */
void observed_engine_back(struct session_app *session);

/* Whether traffic may reach it now. */
void observed_routed(struct replica *replica, bool is_routed, mono_ms now);
/* Whether the kernel and the boot file hold what is wished. True: that is news. */
bool observed_settled(struct session_app *session, bool is_route, bool is_boot);
/* Traffic went elsewhere for a while: what soaked meanwhile proves nothing. */
void observed_rerouted(struct session_app *session);

/* Traffic went to it when the agent started, and the record lets it serve: it is presumed ready. */
bool observed_is_presumed(const struct session_app *session, const struct memory_app *memory,
                          const struct replica *replica, const struct boot_id *boot);
/* It runs and is asked from here on; not any more. */
void observed_asking(struct replica *replica, const struct plan_service *service, bool is_presumed,
                     mono_ms now);
void observed_unasked(struct replica *replica);

#endif
