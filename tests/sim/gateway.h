/* gateway: a simulated machine with the real agent core on it, turn by turn, through cuts and
 * kills. Uses nothing of the core but conductor.h, and uplink.h where there is a fleet. */
#ifndef TESTS_SIM_GATEWAY_H
#define TESTS_SIM_GATEWAY_H

#include "agent/node/conductor.h"
#include "agent/node/uplink.h"
#include "ports/sim/bus.h"
#include "tests/sim/releases.h"
#include "tests/sim/seen.h"

/* A gateway's way to a simulated broker; the uplink is that of the agent that runs. */
struct gateway_reach {
    struct sim_bus_client client;
    struct uplink uplink;
};

/* What a technician asked for: a release, or: */
enum { ASKED_NOTHING = -1, ASKED_ROLLBACK = RELEASE_COUNT };

/* What was asked for one app, and what was answered. */
struct gateway_word {
    struct gateway *gateway;
    int asked;     /* last of what was taken */
    int promised;  /* last of what was answered "done" */
    uint64_t open; /* bits of what was taken since, and never answered "done" */
};

enum { GATEWAY_APPS = 2 }; /* the app, and the one beside it */

struct gateway {
    struct sim_machine machine;
    const struct releases *releases;
    struct trust trust;     /* as the agent was told last */
    struct revoked revoked; /* the same */
    struct config config;
    struct gateway_reach *reach; /* NULL: there is no broker */
    struct conductor *agent;     /* NULL: none runs */
    bool speaks_two;             /* the agent that starts next knows berth/2 */
    mono_ms agent_at;    /* world time at which the next one starts; MONO_NEVER: none does */
    uint32_t answers;    /* of the world, as of the last step */
    uint32_t idle_steps; /* steps in a row in which time stood still */
    uint32_t cuts, kills;
    uint64_t cut_state;  /* what the machine was at the first cut (state.h) */
    bool is_unattended;  /* after a cut no agent starts any more */
    int64_t cut_off_ms;  /* after a cut the registry is out of reach for so long */
    mono_ms registry_at; /* when it is in reach again; 0: it is, or never will be */
    uint32_t returns;    /* times it came to be in reach again */
    struct gateway_word words[GATEWAY_APPS];
    struct seen seen; /* of the status, where there is a trace */
};

/* A gateway that is up, with those images in its registry, clients that ask the app's port and its
 * service address, and the agent started. Must not move in memory. */
void gateway_open(struct gateway *gateway, uint64_t seed, const struct releases *releases,
                  const enum release_name *names, size_t count, const char *node, char *trace,
                  size_t trace_cap);
void gateway_close(struct gateway *gateway);
/* Gives it, just opened, a way to the broker. `reach` must not move in memory. */
void gateway_connect(struct gateway *gateway, struct gateway_reach *reach,
                     struct sim_broker *broker);

/* When gateway_turn has something to do; its own now when that is so already. */
mono_ms gateway_next(const struct gateway *gateway);

/* One event of the world or one step of the agent, no later than `until`. Boots after a cut and
 * starts the agent again after a kill. */
void gateway_turn(struct gateway *gateway, mono_ms until);
/* Cuts the power now. */
void gateway_cut(struct gateway *gateway);
/* Kills the agent now. */
void gateway_kill(struct gateway *gateway);
void gateway_run(struct gateway *gateway, int64_t for_ms);

/* What a technician does; repeated while the agent is not there or not ready to hear it. Returns
 * what the agent says at once. */
int gateway_activate(struct gateway *gateway, enum release_name name);
int gateway_rollback(struct gateway *gateway);
/* The same, asked only once, while no time passes. */
int gateway_rollback_once(struct gateway *gateway);

/* The release is revoked: the agent, now and in each later life, is told. */
void gateway_revoke(struct gateway *gateway, enum release_name name);
/* From now on no key that signed the releases is trusted: what runs goes on, nothing is taken. */
void gateway_distrust(struct gateway *gateway);
/* Its image in the machine's engine. */
struct sim_image *gateway_image(struct gateway *gateway, enum release_name name);

#endif
