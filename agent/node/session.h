/* session: what the agent knows of one app only while it runs: replicas, probes, timers. */
#ifndef AGENT_NODE_SESSION_H
#define AGENT_NODE_SESSION_H

#include "agent/node/memory.h"
#include "agent/node/probe.h"

/* One container that is there or should be. Identity is (gen, service, number). */
struct replica {
    uint32_t gen;
    uint8_t service; /* index in the plan */
    uint8_t number;  /* from 1 */

    /* Observed by the engine's list. */
    bool is_present;
    enum engine_state state;
    char id[ENGINE_ID_BYTES];
    ipv4 address;
    bool keeps_running;
    uint32_t restarts;
    int exit_code;

    /* Observed by probes; begun when it is seen running, dropped when not. */
    bool is_probed;
    uint32_t probe_epoch; /* grows as probing begins: answers to older questions are dropped */
    struct probe probe;

    /* Observed of the kernel's table. */
    bool is_routed;      /* traffic may reach it: in the table, or in one being applied */
    bool was_routed;     /* at some time in this session */
    mono_ms unrouted_at; /* when it left the table; 0: it never was in it */

    /* The planner's own notes. */
    bool is_wished;    /* should get traffic */
    bool was_started;  /* started by this swap, in this session */
    bool is_forgotten; /* its tracked connections were deleted */
    bool
        has_start_failed; /* the engine refused its last start: its state says nothing of the app */
    bool is_miswired;     /* it cannot work as it is wired: it is removed and created again */
    uint8_t rewirings;    /* times that was so in this swap */
    mono_ms notified_at;  /* when it was told to drain; 0: not */
    uint8_t starts;       /* starts since it last ran well */
    mono_ms start_not_before;

    /* The conductor's. */
    bool is_busy;     /* a call on it is under way */
    uint64_t touched; /* number of the list asked for before the last call on it: older news */
};

/* Session of one app. All zero at the agent's start. */
struct session_app {
    struct replica replicas[OBSERVED_MAX];
    size_t replica_count;
    bool is_boot_stale; /* the machine has started with the ruleset of the previous release */
    bool is_observed;   /* the engine has listed containers at least once */

    /* One swap; zeroed by session_begin_swap. */
    bool is_staged;
    bool is_staging;      /* a pull is under way */
    uint32_t staging_gen; /* of this generation; answers about another come too late */
    uint8_t pull_failures;
    mono_ms pull_not_before;
    mono_ms staging_progress_at;
    mono_ms prepared_from;   /* the deadline's clock: staged, containers being made; 0: not yet */
    bool baseline_ready;     /* the committed release was ready when the swap began */
    uint8_t engine_failures; /* creates and starts of the candidate that the engine refused */
    bool has_world_fault;    /* engine, disk or network errors were seen since */
    bool is_spec_refused;    /* the engine refused what the candidate asks for */
    bool is_resumed;         /* unproven, and the machine has started again */
    bool is_switched;        /* the candidate is what should get traffic */
    mono_ms soak_since;      /* the kernel confirmed the switch; 0: not yet */
    mono_ms soak_seen;       /* when the soak was last looked at */

    bool is_network_ready;
    bool is_network_busy;
    mono_ms network_not_before;
    uint32_t image_missing_gen; /* a create found no image for this generation */
    mono_ms warm_until;         /* the previous release stays running until; 0: not decided */
    mono_ms retry_at;           /* no new try before */
    bool is_route_settled;      /* the kernel holds what is wished */
    bool is_boot_settled;       /* the boot-time ruleset serves the committed release */
    bool is_kept;               /* the engine keeps the committed release running by itself */
    uint32_t wish_gen;          /* whose ports are open; 0: none */

    /* The candidate of late: given up, its containers leave by its own plan. */
    uint32_t left_gen; /* 0: none in this session */
    struct digest left;
};

/* Clears what belongs to one swap. */
void session_begin_swap(struct session_app *session);

/* The entry of (gen, service, number), or NULL. */
struct replica *session_find(struct session_app *session, uint32_t gen, uint8_t service,
                             uint8_t number);

/* The same, added as absent when missing; NULL when the table is full. */
struct replica *session_need(struct session_app *session, uint32_t gen, uint8_t service,
                             uint8_t number);

/* Drops entries that are absent, idle and of none of the app's remembered generations. */
void session_prune(struct session_app *session, const struct memory_app *memory);

/* Running by the engine, ready by its probes, and not told to drain. */
bool replica_is_ready(const struct replica *replica);
/* It has a process: running, restarting or paused. */
bool replica_is_alive(const struct replica *replica);

#endif
