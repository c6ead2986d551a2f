/* orders: orders that are news, one an app at most, until a record holds them. */
#ifndef AGENT_NODE_ORDERS_H
#define AGENT_NODE_ORDERS_H

#include "agent/node/order.h"
#include "platform/clock.h"

/* The newest order for one app that is not taken yet. */
struct order_slot {
    bool is_used;
    struct order order;
    uint64_t epoch_base; /* of the trust that it was held against */
    mono_ms late_at;     /* by uptime, where no wall clock can be trusted; MONO_NEVER: no startBy */
    bool has_release;    /* its payload is stored */
    bool is_storing;     /* and here it is being written */
    bool is_look_due;    /* look again whether it is stored */
    mono_ms look_at;
    int refusal;         /* an error code; 0: none */
    bool is_turned_away; /* no place to remember its app: refused for as long as it lies here */
    enum order_wait wait;
};

/* All zero: none waits. A slot stays where it is as long as it is used. */
struct orders {
    struct order_slot list[APPS_MAX];
};

/* The order that waits for this app, or NULL. */
const struct order_slot *orders_find(const struct orders *orders, const char *app);
/* The slot for an order of this app: its own, which an older order may be in, or a free one; NULL:
 * orders for APPS_MAX others wait. */
struct order_slot *orders_place(struct orders *orders, const char *app);
/* Whether an order may take the place of what waits for its app: one in hand never gives way to an
 * older one that comes late, unless the trust's base was raised since it came. ERR_NOTHING: it
 * waits already. ERR_STALE. */
NODISCARD int orders_check(const struct orders *orders, const struct order *order, uint64_t base,
                           struct err *err);
/* Some order needs this payload. */
bool orders_is_needed(const struct orders *orders, const struct digest *release);
/* Payloads that orders wait for: each once, at most `cap`, and how many. */
size_t orders_missing(const struct orders *orders, struct digest *digests, size_t cap);
/* Its time to begin is over: by a wall clock that is trusted, else by uptime since its receipt. */
bool orders_is_late(const struct order_slot *slot, wall_ms wall, bool is_trusted, mono_ms now);
/* When one is looked at next; MONO_NEVER: none waits. */
mono_ms orders_look_at(const struct orders *orders);

#endif
