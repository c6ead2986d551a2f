/* swap: the node planner of one app: from what is remembered and observed to the next actions. */
#ifndef AGENT_NODE_SWAP_H
#define AGENT_NODE_SWAP_H

#include "agent/node/session.h"

/* X(NAME, word, sentence) */
#define ACTIONS(X)                                                                                 \
    X(PULL, "pull", "make the image of a generation present and durable")                          \
    X(NETWORK, "network", "make sure of the app's network")                                        \
    X(CREATE, "create", "create a replica's container")                                            \
    X(START, "start", "start a container")                                                         \
    X(RESTART, "restart", "stop a container and start it again")                                   \
    X(KEEP, "keep", "let the engine restart a proven container by itself")                         \
    X(RESTORE, "restore", "give a container its limits and its restart policy back")               \
    X(NOTICE, "notice", "tell a container that it will be stopped")                                \
    X(FORGET, "forget", "delete the tracked connections of a failed container")                    \
    X(STOP, "stop", "stop a container within its grace")                                           \
    X(REMOVE, "remove", "remove a stopped container")                                              \
    X(RENAME, "rename", "give a container its own name back")                                      \
    X(HOLD, "hold", "note a container's volumes that the engine has named")                        \
    X(EXAMINE, "examine", "ask how a failed container ended and what it wrote last")

enum action_kind {
#define ACTION_ENUM_(name, word, sentence) ACTION_##name,
    ACTIONS(ACTION_ENUM_) ACTION_COUNT
#undef ACTION_ENUM_
};

/* One call to make. (gen, service, number) names the replica; PULL and NETWORK use gen alone, and
 * PULL with gen 0 is of what is wanted. */
struct action {
    enum action_kind kind;
    uint32_t gen;
    uint8_t service, number;
};

/* Looks at a part of the world, numbered from 1 as they begin. */
struct swap_looks {
    uint64_t asked; /* the last that was begun */
    uint64_t seen;  /* the last that was answered, and found no hand of others in it */
};

/* What the planner is told besides memory and session. Plans are NULL where there is no such
 * release or its payload cannot be read. */
struct swap_facts {
    mono_ms now;
    struct boot_id boot;
    const struct plan *committed, *candidate, *previous, *wanted;
    const struct plan *left; /* of session.left_gen, as long as it is at hand */
    bool lacks_files;        /* of what is wanted, some are not here yet */
    bool is_engine_up;
    bool has_restart_backoff; /* the engine's own restarts back off */
    bool may_begin;           /* no other app of the node is changing, and changes are allowed */
    bool is_wish_late;        /* what is wanted had to begin before now */
    bool is_memory_lost;      /* nothing is known to be a leftover */
    bool is_wanted_revoked, is_candidate_revoked;
    struct swap_looks lists;  /* of the engine's containers */
    struct swap_looks tables; /* of the kernel's table */
};

struct swap_decision {
    /* When set, `next` is to be made durable before anything else is done for this app. */
    bool is_remembering;
    struct memory_app next;
    /* The record goes back to the committed release: it holds even if it cannot be written. */
    bool is_going_back;
    struct action actions[ACTIONS_MAX];
    size_t action_count;
    mono_ms wake_at;     /* plan again at the latest then */
    bool is_look_wanted; /* the engine is to be looked at before anything else can be decided */
    bool is_table_look_wanted; /* and the kernel's table */
};

/* Plans one app. Pure but for the planner's own notes in session (see session.h): no I/O, no clock,
 * no allocation. Level-triggered: may be called at any time, repeats what is still to be done, and
 * leaves out what is_busy or is_staging says is under way. Marks is_wished on the replicas that
 * should get traffic and sets wish_gen. */
void swap_step(const struct memory_app *memory, struct session_app *session,
               const struct swap_facts *facts, struct swap_decision *decision);

/* Of a candidate that failed one container of each service stays until the next swap of the app
 * begins, stopped, without traffic and never restarted: the evidence. True for that replica. */
bool swap_keeps_remains(const struct memory_app *memory, const struct session_app *session,
                        const struct replica *replica);

/* How long from now until an unproven release may be proven; 0 when none soaks. */
int64_t swap_soak_remaining_ms(const struct memory_app *memory, const struct session_app *session,
                               const struct plan *candidate, mono_ms now);

/* The generation a new try of `release` would get: the previous one's own while its lane is still
 * its, else a new number in a free lane. */
struct generation swap_generation(const struct memory_app *memory,
                                  const struct session_app *session, const struct plan *wanted);

const char *action_word(enum action_kind kind);

#endif
