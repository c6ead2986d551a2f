/* fleet_checker: the laws of the rollout, judged from what the broker accepts and what the machines
 * really do; it shares nothing with planner, coordinator or conductor.
 *
 * a  at most maxUnavailable nodes change by order at a time
 * b  no new order once a failure, a pause or a later rollout of the app could be known, until an
 *    operator accepts it
 * c  an order gets one outcome, which never changes
 * d  an order makes at most one swap that succeeds, and no more attempts than its release has
 * e  orders of a topic only grow; one coordinator writes in an epoch, after its claim has stood
 * f  who got no order for a release never starts it
 * g  a rollout ends, or says what it waits for; nodes run what their reports say
 * h  each machine keeps the laws of the swap
 */
#ifndef TESTS_SIM_FLEET_CHECKER_H
#define TESTS_SIM_FLEET_CHECKER_H

#include "tests/sim/fleet.h"
#include "tests/sim/fleet_read.h"

#define FLEET_ORDERS_MAX   48 /* of one node */
#define FLEET_ROLLOUTS_MAX 4
#define FLEET_CLAIMS_MAX   64

struct fleet_order {
    struct read_order read;
    mono_ms accepted_at;
    char outcome[32], reason[32]; /* as reported first; empty: not yet */
    bool is_late;                 /* a coordinator that had been followed had still sent it */
    uint32_t commits, attempts;
};

struct fleet_watched {
    struct fleet_checker *checker;
    size_t index;
    struct fleet_order orders[FLEET_ORDERS_MAX]; /* accepted by the broker; by (epoch, gen) */
    size_t order_count;
    bool is_changing;  /* by the newest order, as far as the broker knows */
    bool is_by_hand;   /* somebody at the node has decided something */
    bool is_liar;      /* what is reported in its name is no evidence of anything */
    int last_commit;   /* release of the machine's checker */
    uint64_t gen_high; /* of the containers started */
    struct read_report report;
    bool is_reported;
};

struct fleet_rollout_watched {
    char id[33], release[65];
    char app[33];
    uint32_t max_unavailable;
    int64_t lost_after_ms;
    bool is_superseded; /* the broker has the spec of a later one of the same app */
    uint32_t failures, accepted;
    mono_ms closed_at; /* more failures than accepted, or a pause, since; MONO_NEVER: open */
    char want[16];
};

struct fleet_claim {
    uint64_t epoch;
    char nonce[17];
    mono_ms at; /* accepted first */
};

struct fleet_checker {
    struct fleet *fleet;
    struct fleet_watched nodes[FLEET_NODES_MAX];
    struct fleet_rollout_watched rollouts[FLEET_ROLLOUTS_MAX];
    size_t rollout_count;
    struct fleet_claim claims[FLEET_CLAIMS_MAX];
    size_t claim_count;
    int64_t hear_ms;    /* how long a coordinator may need to hear what the broker accepted */
    mono_ms deaf_until; /* some could not hear anything until then */
    uint32_t orders, outcomes, late;
    uint32_t breaches, breaches_of['h' - 'a' + 1]; /* by law */
    char first[SIM_LAW_TEXT_BYTES];
};

/* Watches the fleet's broker and machines from now on. */
void fleet_checker_init(struct fleet_checker *checker, struct fleet *fleet);
/* What a rollout may do, as its spec says. */
void fleet_checker_rollout(struct fleet_checker *checker, const struct rollout_spec *spec);
/* Somebody at the node decides by hand. */
void fleet_checker_hand(struct fleet_checker *checker, size_t node);
/* A coordinator hears nothing until then. */
void fleet_checker_deaf(struct fleet_checker *checker, mono_ms until);
/* g and h, when all is at rest. `is_well`: the release is, on every machine; `is_good`: every node
 * has to run it. */
void fleet_checker_end(struct fleet_checker *checker, const char *rollout, bool is_well,
                       bool is_good);

/* The rollout came to its end in a rollout of its app that began later. */
void fleet_checker_superseded(struct fleet_checker *checker, const char *rollout);
/* What the broker holds of a rollout's state, in the checker's own reading; false: nothing. */
bool fleet_checker_state(const struct fleet *fleet, const char *id, struct read_state *state);

void fleet_checker_breach(struct fleet_checker *checker, char law, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

#endif
