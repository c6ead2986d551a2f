/* coordinator: one of possibly several that watch the fleet; the one whose claim stands gives the
 * orders. */
#ifndef AGENT_FLEET_COORDINATOR_H
#define AGENT_FLEET_COORDINATOR_H

#include "agent/fleet/begun.h"
#include "agent/fleet/planner.h"
#include "agent/link/link.h"
#include "agent/wire/operators.h"
#include "platform/clock.h"
#include "platform/log.h"
#include "platform/sign.h"

#define COORDINATOR_PUBLISHES_MAX 16
#define COORDINATOR_SETTLE_MS     2000
#define COORDINATOR_REREAD_MS     600000
#define COORDINATOR_STATE_GAP_MS  1000
/* A plan from what is kept of each node is held against a count of all nodes so often. */
#define COORDINATOR_AUDIT_MS 600000

struct coordinator_ports {
    struct clock clock;
    struct bus bus;
    struct entropy entropy;
    struct sign sign;
    struct verify verify;
    struct log log;
};

struct coordinator_settings {
    const char *fleet;         /* copied */
    const char *order_key_pem; /* copied; signs orders */
    const struct trust *trust; /* copied; whose orders and releases are believed */
    /* Whose specs and controls are believed, until the broker shows a higher version; copied; NULL:
     * nobody's. */
    const struct operators *operators;
    /* T: its own claim must stand so long before it acts; is renewed each third of it; and nothing
     * is published once the last echo of it is so old. 0: COORDINATOR_SETTLE_MS. The same at every
     * coordinator of a fleet. */
    int64_t settle_ms;
    /* The highest epoch that this place has ever claimed; 0: none. What a broker has lost, this
     * still knows. Not to be given when the trust's epochBase was raised since. */
    uint64_t epoch_kept;
    /* Keeps the epoch that is claimed next, durably, before anything is published with it; a
     * failure is logged, and goes no further. NULL: nothing is kept. */
    int (*epoch_keep)(void *ctx, uint64_t epoch, struct err *err);
    /* Keeps a higher version of the operators' document, as it came; a failure is logged. NULL:
     * nothing is kept. */
    int (*operators_keep)(void *ctx, struct span envelope, struct err *err);
    /* Keeps a shard of the roll, as it came; a failure is logged. NULL: nothing is kept. */
    int (*roll_keep)(void *ctx, const char *shard, struct span envelope, struct err *err);
    /* The last freeze or thaw that this place has taken, as its operator signed it; empty: none. An
     * older one is a copy, whatever a broker shows. One that is not believed any more is logged. */
    struct span freeze_kept;
    /* Keeps one that was taken; a failure is logged. NULL: nothing is kept. */
    int (*freeze_keep)(void *ctx, struct span envelope, struct err *err);
    /* What was begun from here, app by app; copied; NULL: nothing is known. */
    const struct begun *begun_kept;
    /* Keeps all of it, before the first order of what has just begun; a failure is logged. NULL:
     * nothing is kept. */
    int (*begun_keep)(void *ctx, const struct begun *begun, struct err *err);
    void *epoch_ctx;    /* of all */
    bool audits_always; /* at every plan, in simulations: it costs as much as the fleet is large */
};

/* For those who watch. Pointers change with the coordinator's steps, and live as long as the
 * rollout is kept: of one that has ended, until the next step. */
struct rollout_view {
    const struct rollout_spec *spec;
    const struct rollout_control *control;
    const struct rollout_state *state; /* as planned last, or as another coordinator wrote it */
};

struct coordinator;

/* Allocates and prepares; connects at the first step. ERR_MEMORY, ERR_VALUE (key). */
NODISCARD int coordinator_new(const struct coordinator_settings *settings,
                              const struct coordinator_ports *ports, struct coordinator **made,
                              struct err *err);
/* Ends the session without a word: whoever holds the claim calls coordinator_leave first, or the
 * others wait for it. */
void coordinator_free(struct coordinator *coordinator);

/* Call after every turn of the bus and at the deadline. */
void coordinator_step(struct coordinator *coordinator);
mono_ms coordinator_deadline(const struct coordinator *coordinator);

/* Gives the claim back politely; has_left when the broker heard it or cannot. */
void coordinator_leave(struct coordinator *coordinator);
bool coordinator_has_left(const struct coordinator *coordinator);

bool coordinator_is_acting(const struct coordinator *coordinator);
/* Connected and everything retained was read. */
bool coordinator_is_informed(const struct coordinator *coordinator);

/* Adds a rollout (its spec, signed by an operator, and the release's envelope) to what this
 * coordinator keeps and asserts at the broker. It comes from an operator's own hand: it is begun
 * whatever the clock says. Both are copied; an undo has no release (empty). The codes of
 * signed_open and rollout_spec_parse, ERR_WRONG_FLEET, ERR_EXISTS (id), ERR_MEMORY, ERR_VALUE
 * (selector). */
NODISCARD int coordinator_start(struct coordinator *coordinator, struct span spec,
                                struct span release, struct err *err);

/* Believes these operators from now on, where their version is higher than the one that holds. */
void coordinator_operators(struct coordinator *coordinator, const struct operators *operators);

/* Knows a shard of the roll that was kept: what the broker shows must not be older, and a broker
 * that shows none is told. mirror_roll_seed's codes. */
NODISCARD int coordinator_roll_seed(struct coordinator *coordinator, struct span envelope,
                                    struct err *err);

/* False when there is no such rollout. */
bool coordinator_view(const struct coordinator *coordinator, const char *id,
                      struct rollout_view *view);
/* The i-th rollout, ended ones included; false past the last. */
bool coordinator_view_at(const struct coordinator *coordinator, size_t index,
                         struct rollout_view *view);
/* The broker has shown the rollout's spec in this session. */
bool coordinator_is_published(const struct coordinator *coordinator, const char *id);
/* How often a count of all nodes has found another plan than what is kept of them; each was logged
 * as an error, and the count was used. */
uint64_t coordinator_audit_faults(const struct coordinator *coordinator);
const struct roster *coordinator_roster(const struct coordinator *coordinator);
/* What a node is to a rollout now. */
enum node_condition coordinator_condition(const struct coordinator *coordinator, const char *id,
                                          const struct roster_node *node);

#endif
