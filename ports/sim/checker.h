/* checker: the laws of the swap as predicates over the simulated world; it knows containers, tables
 * and the truth about every release, and nothing of the agent. */
#ifndef PORTS_SIM_CHECKER_H
#define PORTS_SIM_CHECKER_H

#include "ports/sim/engine.h"
#include "ports/sim/route.h"

#define SIM_RELEASES_MAX 16
#define SIM_LAW_TEXT_BYTES 256
/* After a boot or an engine's restart nobody can serve until the engine and the apps are up. */
#define SIM_BOOT_GRACE_MS 12000

/* The truth about one release. */
struct sim_release {
    char word[16];
    struct digest digest;
    uint64_t sequence, floor;
    int64_t soak_ms;
    uint8_t replicas;
    bool is_allowed; /* validly signed and not revoked */
    bool is_told;    /* it wants a notice before it is stopped, having served */
    bool has_served; /* it had traffic, and was ready */
    bool has_soaked; /* served healthily for its soak since another one was committed */
};

/* One app of one node. Laws by their number in DESIGN section 7; the first breach stays as text. */
struct sim_checker {
    struct sim_world *world;
    struct sim_engine *engine;
    struct sim_route *route;
    char app[ENGINE_LABEL_BYTES];
    struct sim_release releases[SIM_RELEASES_MAX];
    size_t release_count;
    int serving;             /* release that all backends of the kernel's table are of; -1: none */
    mono_ms served_since;    /* without a fault of its own, in this boot */
    int committed;           /* release of the boot file; -1: none yet */
    uint64_t floor;          /* highest of the committed releases */
    int64_t detect_ms;       /* how long a fault of an app may go unnoticed */
    mono_ms failing_since;   /* requests fail by an app's own fault since; 0: they do not */
    bool is_calm;            /* nothing goes wrong: each notice arrives */
    mono_ms blind_until;     /* nobody on this machine can ask an app */
    mono_ms excused_until;   /* something outside the agent's power happened */
    struct route_table last; /* the kernel's table before someone removed it */
    uint32_t breaches;
    char first[SIM_LAW_TEXT_BYTES];
};

void sim_checker_init(struct sim_checker *checker, struct sim_world *world,
                      struct sim_engine *engine, struct sim_route *route, const char *app);

/* Tells it a release; returns its number. */
int sim_checker_add(struct sim_checker *checker, const struct sim_release *release);

/* From now on it is not allowed to run, unless it is what was committed. */
void sim_checker_revoke(struct sim_checker *checker, const struct digest *release);

/* An observer for sim_world_watch, ctx being the checker: laws 1, 2 and 4 at each step. */
void sim_checker_saw(void *checker, enum sim_sight sight, const void *thing);

/* A request of a client reached the container (NULL: nobody) at that backend, and was answered or
 * not: law 1 and 3, "never neither". */
void sim_checker_request(struct sim_checker *checker, ipv4 backend, bool is_answered);

/* Requests may fail until then: the world, not the agent, took something away. */
void sim_checker_excuse(struct sim_checker *checker, mono_ms until);
/* From now on nothing reaches a container for so long: that time is no part of any soak. */
void sim_checker_gap(struct sim_checker *checker, int64_t for_ms);
/* Nobody on this machine can ask an app until then: its own faults go unnoticed. */
void sim_checker_blind(struct sim_checker *checker, mono_ms until);
/* The power has just gone: what was true until now is noted. */
void sim_checker_cut(struct sim_checker *checker);
/* The machine was asleep for so long: nothing served or failed meanwhile. */
void sim_checker_slept(struct sim_checker *checker, int64_t for_ms);
/* The machine began a new boot. */
void sim_checker_boot(struct sim_checker *checker);

/* Law 3 when all is at rest: the committed release, or one that took its place, serves completely
 * and alone; where none was ever committed, nothing is left but one stopped container of a
 * candidate that failed. */
void sim_checker_rest(struct sim_checker *checker);
/* Law 9 with no agent on a booted machine: what was committed serves. */
void sim_checker_unattended(struct sim_checker *checker);

void sim_checker_breach(struct sim_checker *checker, int law, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

#endif
