/* toy: a world of one app, just large enough to drive the planner and to cut its power. */
#ifndef TESTS_UNIT_NODE_TOY_H
#define TESTS_UNIT_NODE_TOY_H

#include "agent/node/address.h"
#include "agent/node/observed.h"

#define TOY_RELEASES 4
#define TOY_BACKENDS 48
#define TOY_CALLS    64

/* How the containers of one release behave, in milliseconds after their start. */
struct toy_image {
    int64_t ready_ms; /* -1: never */
    int64_t crash_ms; /* 0: never, as below */
    int64_t unready_ms;
    int64_t unalive_ms;
    bool is_unasked;                           /* whoever asks it fails */
    int pull_fails, create_fails, start_fails; /* calls that are still to fail */
};

struct toy_container {
    bool is_present;
    uint32_t gen;
    uint8_t number;
    int release; /* 0: of none that is known */
    ipv4 address;
    enum engine_state state;
    mono_ms started_at;
    bool keeps_running;
    uint32_t restarts;
};

struct toy_table {
    ipv4 backends[TOY_BACKENDS];
    size_t count;
    mono_ms wait_until; /* new connections wait until then; 0: they do not */
};

struct toy_call {
    bool is_used;
    struct action action;
    mono_ms at;
};

struct toy {
    struct config config;
    struct plan plans[TOY_RELEASES + 1]; /* by release, from 1 */
    struct toy_image images[TOY_RELEASES + 1];
    struct memory_app memory; /* as the agent has it: the durable record */
    struct memory_app pending;
    bool is_remembering;
    mono_ms record_at;
    int record_fails;
    struct session_app session;
    struct swap_facts facts; /* the world's switches; plans and clock are filled in each turn */
    struct toy_container containers[OBSERVED_MAX];
    struct toy_call calls[TOY_CALLS];
    struct toy_table kernel, applying, boot;
    bool is_applying, is_route_known;
    bool is_presuming;     /* the kernel held a table when the agent started */
    bool is_table_of_boot; /* and it was the boot file's */
    mono_ms apply_at;
    mono_ms now;
    int64_t call_ms, record_ms, apply_ms; /* how long things take */
    enum action_kind hang_kind; /* calls of this kind on the candidate take longer by hang_ms */
    int64_t hang_ms;
    bool is_list_old; /* the engine answers no list any more */
    int revoked;      /* this release, 0: none */
    mono_ms registry_away_until;
    unsigned records, turns, idle_spins;
    unsigned counts[ACTION_COUNT];
    uint64_t order_of_notice, order_of_stop; /* turn of the first of each */
    mono_ms dark_since;    /* nobody good gets traffic since; MONO_NEVER: somebody does */
    int64_t dark_ms;       /* in all, after somebody did */
    mono_ms refused_since; /* the same, where nobody waits */
    int64_t refused_ms;
    bool has_served;
    unsigned broken; /* laws found broken; each is printed */
};

/* A world at rest in its first boot, nothing deployed, in which all releases are healthy, start
 * first and have `replicas`. */
void toy_init(struct toy *toy, uint8_t replicas);
/* A technician wants `release` (0: the committed one). Durable at once. */
void toy_want(struct toy *toy, int release, bool is_forced);
/* One turn of the agent, then time moves to whatever comes next. */
void toy_turn(struct toy *toy);
/* Turns until the app is at rest and nothing is left to do; false after `turns` of them. */
bool toy_settle(struct toy *toy, unsigned turns);
/* Turns until the durable phase is this; false after `turns` of them. */
bool toy_until(struct toy *toy, enum swap_phase phase, unsigned turns);
/* Turns for so long. */
void toy_pass(struct toy *toy, int64_t ms);
/* Deploys a release and settles; asserts that it serves. */
void toy_deploy(struct toy *toy, int release);
/* The agent is killed and starts again. Calls under way are carried out, a record is or is not. */
void toy_restart_agent(struct toy *toy, bool is_record_kept);
/* The power goes and comes back. Calls under way are carried out or not, a record likewise. */
void toy_reboot(struct toy *toy, bool are_calls_kept, bool is_record_kept);

/* Ends all calls under way, carried out or not. */
void toy_end_calls(struct toy *toy, bool are_kept);

/* The release whose complete set of `replicas` is up and gets all traffic, none other being in the
 * table; 0: none. */
int toy_serving(const struct toy *toy);
/* The release a digest names; 0: none. */
int toy_release(const struct digest *digest);
struct digest toy_digest(int release);
/* Containers of a generation that are present. */
size_t toy_count(const struct toy *toy, uint32_t gen);
bool toy_is_alive(const struct toy_container *container);
/* Would answer its readiness probe now. */
bool toy_is_good(const struct toy *toy, const struct toy_container *container);
struct toy_container *toy_find(struct toy *toy, uint32_t gen, uint8_t number);
bool toy_table_has(const struct toy_table *table, ipv4 address);

/* toy_laws.c: the checker. It knows the world and the durable record, not the agent's notes. */
void laws_check_decision(struct toy *toy, const struct swap_decision *decision);
void laws_check_table(struct toy *toy, const struct toy_table *next);
void laws_check_world(struct toy *toy);

#endif
