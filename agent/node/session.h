/* session: what the agent knows of one app only while it runs: replicas, probes, timers. */
#ifndef AGENT_NODE_SESSION_H
#define AGENT_NODE_SESSION_H

#include "agent/node/adopt.h"
#include "agent/node/memory.h"
#include "agent/node/probe.h"

/* How well a replica is, as far as anybody was asked. X(NAME, word, sentence) */
#define HEALTHS(X)                                                                                 \
    X(READY, "ready", "it was asked and has answered well")                                        \
    X(NOT_READY, "not-ready", "it does not run, or its own answers are bad")                       \
    X(UNKNOWN, "unknown", "it could not be asked, or was not asked yet")

enum health {
#define HEALTH_ENUM_(name, word, sentence) HEALTH_##name,
    HEALTHS(HEALTH_ENUM_) HEALTH_COUNT
#undef HEALTH_ENUM_
};

/* A list of the engine is evidence that something runs for so long after it was asked for: while
 * something changes, and at rest, where the engine is asked less often. */
#define LIST_EVIDENCE_MS      5000
#define LIST_EVIDENCE_REST_MS 15000

/* An engine on which it is altered still after so many restores does not show what it is given. */
#define RESTORES_MAX 3

/* Whose time passes while a candidate is not ready. X(NAME, word, sentence) */
#define SWAP_WAITS(X)                                                                              \
    X(RELEASE, "release", "it is started, and not ready by its own answers")                       \
    X(ENGINE, "engine", "the engine has not made or started it")                                   \
    X(ASKER, "asker", "it runs and cannot be asked")                                               \
    X(HAND, "hand", "somebody has paused it")

enum swap_wait {
#define SWAP_WAIT_ENUM_(name, word, sentence) SWAP_WAIT_##name,
    SWAP_WAITS(SWAP_WAIT_ENUM_) SWAP_WAIT_COUNT
#undef SWAP_WAIT_ENUM_
};

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
    enum engine_restart_kind policy; /* as it was seen first, or as the agent has set it since */
    bool is_altered;                 /* its limits, or that, are others by a hand */
    uint32_t restarts;
    int64_t started_ms; /* of this run of its process, by the engine's clock; 0: unknown */
    int exit_code;
    bool has_unnamed_volume; /* the engine named a volume of it: noted before it is needed */
    mono_ms seen_at;         /* when the list was asked for that showed it last; 0: none has */
    mono_ms state_since;     /* when a list first showed it in this state */
    uint8_t falls;    /* ends of its process, seen since the swap began, that nobody asked for */
    bool is_run_ours; /* a call has just started it: the next list tells which run that is */

    /* Observed by probes; begun when it is seen running, dropped when not. */
    bool is_probed;
    uint32_t probe_epoch; /* grows as probing begins: answers to older questions are dropped */
    struct probe probe;

    /* Observed of the kernel's table. */
    bool is_routed;      /* traffic may reach it: in the table, or in one being applied */
    bool was_routed;     /* at some time in this session */
    mono_ms unrouted_at; /* when it left the table; 0: it never was in it */

    /* The planner's own notes. */
    bool is_wished;        /* should get traffic */
    bool was_started;      /* started by this swap, in this session */
    bool is_forgotten;     /* its tracked connections were deleted */
    bool is_telling;       /* of its service it shows best why the candidate was given up */
    bool is_examined;      /* how it ended is known, or cannot be had */
    bool has_start_failed; /* the engine refused its last start: its state says nothing */
    bool is_miswired;      /* it cannot work as it is wired: it is removed and created again */
    uint8_t rewirings;     /* times that was so in this swap */
    mono_ms notified_at;   /* when it was told to drain; 0: not */
    uint8_t starts;        /* starts since it last ran well */
    uint8_t restores;      /* times in a row that it was to get back what was altered */
    uint8_t remakes;       /* times it was removed in this swap because it was dead */
    bool is_remaking;      /* it was removed in order to be made anew */
    bool is_misnamed;      /* somebody has renamed it; it serves as before */
    bool is_name_taken;    /* and its name could not be given back */
    bool is_held;          /* its volumes without a name of ours were noted in this swap */
    mono_ms start_not_before;

    /* The conductor's. */
    uint8_t examine_failures;
    bool is_busy;            /* a call on it is under way */
    mono_ms call_not_before; /* the port refused to take one: not at once again */
    uint64_t touched; /* number of the list asked for before the last call on it: older news */
};

/* What the app waits for at rest with a wish. X(NAME, word, sentence) */
#define WISH_WAITS(X)                                                                              \
    X(NONE, "", "nothing")                                                                         \
    X(REGISTRY, "registry", "the registry cannot be reached, or gives no more bytes")              \
    X(ENGINE, "engine", "the engine does not answer")                                              \
    X(FILES, "files", "files of the release are missing: publish it, or hand them over")           \
    X(TURN, "turn", "another app of this node is changing, or the store does not work")            \
    X(RETRY, "retry", "the next try of a release whose last one was inconclusive")

enum wish_wait {
#define WISH_WAIT_ENUM_(name, word, sentence) WISH_WAIT_##name,
    WISH_WAITS(WISH_WAIT_ENUM_) WISH_WAIT_COUNT
#undef WISH_WAIT_ENUM_
};

/* Session of one app. All zero at the agent's start. */
struct session_app {
    struct replica replicas[OBSERVED_MAX];
    size_t replica_count;
    bool is_boot_stale;   /* the machine has started with the ruleset of the previous release */
    bool is_observed;     /* the engine has listed containers at least once */
    mono_ms planned_from; /* when it was planned first; 0: not yet */
    bool is_route_held;   /* nobody is known to be ready: the table found at the start stays */

    /* Staging: before a swap begins, and wherever an image is missing. */
    struct digest wish;   /* what was wanted when the planner last looked */
    bool has_looked;      /* the planner has looked at it in this session */
    bool is_wish_found;   /* it was there when the agent started: a cut may have struck its pull */
    mono_ms wished_at;    /* since when, or since its last try began */
    enum wish_wait wait;  /* for what, as of the last look */
    struct digest staged; /* the release whose images are known to be present; none: not known */
    bool has_staged_volumes;  /* its image declares volumes that it does not mount */
    bool is_staged_exclusive; /* and two generations may not write them */
    bool is_staging;          /* a pull is under way */
    struct digest staging;    /* of this release; answers about another come too late */
    mono_ms staging_progress_at;
    uint8_t pull_failures; /* pulls in a row that the site's trouble ended */
    mono_ms pull_not_before;
    int pull_refusal; /* what no repetition makes better, until a record holds it; 0: nothing */

    /* One swap; zeroed by session_begin_swap. */
    mono_ms prepared_from;              /* staged, containers being made; 0: not yet */
    int64_t waited_ms[SWAP_WAIT_COUNT]; /* the deadline's clocks: whose time passed since */
    enum swap_wait waiting_for;         /* whose passes now */
    mono_ms waits_seen;                 /* when that was last looked at; 0: not */
    bool baseline_ready;                /* the committed release was ready when the swap began */
    uint8_t engine_failures; /* creates and starts of the candidate that the engine refused */
    bool has_world_fault;    /* engine, disk or network errors were seen since */
    bool is_spec_refused;    /* the engine refused what the candidate asks for */
    bool is_switched;        /* the candidate is what should get traffic */
    mono_ms hold_until;      /* new connections wait where nobody serves; 0: they do not */
    bool is_hold_up;         /* the kernel lets them wait: the old one may lose its traffic */
    bool is_stood_in;        /* switched, and the committed release serves for a moment */
    mono_ms route_from;      /* the soak waits for the kernel since; 0: it does not */
    mono_ms soak_since;      /* the kernel confirmed the switch: evidence counts from here; 0: no */
    mono_ms soak_seen;       /* when the soak was last looked at */
    int64_t soaked_ms;       /* passed of the soak in stretches with evidence that are over */
    mono_ms shown_from;      /* the present stretch: its first and its last good answer; 0: none */
    mono_ms shown_until;
    mono_ms blind_since; /* unproven and without evidence since; 0: there is some */
    uint64_t last_list;  /* the looks that the verdict waits for: begun after all was answered */
    uint64_t last_table; /* 0: not all was answered yet */

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

    struct adopted adopted;

    /* The candidate of late: given up, its containers leave by its own plan. */
    uint32_t left_gen; /* 0: none in this session */
    struct digest left;
};

const char *wish_wait_word(enum wish_wait wait);

/* A pull ended by trouble of the site: when the next one may be. */
void stage_failed(struct session_app *session, mono_ms now);

/* Clears what belongs to one swap. */
void session_begin_swap(struct session_app *session);

/* Ends of the processes of this generation that nobody asked for, since the swap began. */
uint32_t session_falls(const struct session_app *session, uint32_t gen);

/* The entry of (gen, service, number), or NULL. */
struct replica *session_find(struct session_app *session, uint32_t gen, uint8_t service,
                             uint8_t number);

/* The same, added as absent when missing; NULL when the table is full. */
struct replica *session_need(struct session_app *session, uint32_t gen, uint8_t service,
                             uint8_t number);

/* Drops entries that are absent, idle and of none of the app's remembered generations. */
void session_prune(struct session_app *session, const struct memory_app *memory);

/* Takes what a list says of a container; the list was asked for at `asked_at`. `is_excused`: the
 * engine was away meanwhile, so that an end of the process may be its doing. True when the process
 * has ended since the last look without anybody having asked for it. */
bool replica_see(struct replica *replica, const struct engine_container *seen, mono_ms asked_at,
                 bool is_excused, mono_ms now);
/* The engine was asked since its probes have failed, or does not say: only then is that held
 * against it, for a hand that froze or removed it looks the same from outside. Lowers *again_at. */
bool replica_is_looked_at(const struct replica *replica, mono_ms now, mono_ms *again_at);
/* A list does not name it. */
void replica_miss(struct replica *replica, mono_ms now);

/* What is known of it since `since`: its probes' answers; without any probe, that the engine lists
 * it running. EVIDENCE_OPEN where it does not run or is not asked yet. */
enum evidence replica_evidence(const struct replica *replica, const struct plan_service *service,
                               mono_ms since, mono_ms now);
/* Until when it is shown to be well, by when the answers were asked for. */
mono_ms replica_shown_until(const struct replica *replica, const struct plan_service *service,
                            mono_ms now);
/* Every regular probe, or without any a list, was asked since then and says that it is well. */
bool replica_is_proven(const struct replica *replica, const struct plan_service *service,
                       mono_ms since);
/* How well it is, for people and the fleet; *why is a word that says what that rests on. */
enum health replica_health(const struct replica *replica, const struct plan_service *service,
                           mono_ms now, const char **why);
const char *health_word(enum health health);

/* Running by the engine, ready by its probes, and not told to drain. Presumed so, for routing
 * only, where traffic went to it when the agent started. */
bool replica_is_ready(const struct replica *replica);
/* It has a process: running, restarting or paused. */
bool replica_is_alive(const struct replica *replica);

#endif
