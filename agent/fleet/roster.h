/* roster: the coordinator's table of nodes: what is retained about each, nothing concluded. */
#ifndef AGENT_FLEET_ROSTER_H
#define AGENT_FLEET_ROSTER_H

#include "agent/fleet/selector.h"
#include "agent/wire/labels.h"
#include "agent/wire/order.h"
#include "agent/wire/presence.h"
#include "agent/wire/report.h"

/* The order that lies on a node's topic (or is on its way there). */
struct roster_order {
    bool is_there;
    bool is_echoed; /* seen at the broker in this session */
    bool is_sent;   /* published in this session */
    bool was_there; /* the broker has had it, in this session or an earlier one */
    char id[ORDER_ID_BYTES];
    uint64_t epoch, gen;
    struct digest release, before;
    bool hold, force;
    wall_ms start_by, issued;
    char rollout[NAME_BYTES];
};

struct roster_app {
    char app[NAME_BYTES];
    struct roster_app *next; /* of the same node */
    struct roster_order order;
    /* As reported. */
    bool is_reported;
    bool is_changing; /* phase is not rest */
    bool is_overridden;
    bool is_order_open, is_order_waiting;
    bool is_serving;
    wall_ms unserving_since; /* of the coordinator's clock; 0: it serves, or never reported */
    struct digest committed; /* none: nothing runs, proven */
    uint64_t order_epoch, order_gen;
    char order_id[ORDER_ID_BYTES];
    struct report_outcome outcomes[REPORT_OUTCOMES_MAX];
    size_t outcome_count;
};

/* name NUL value NUL ..., all that the node or the fleet gave; NULL: none. */
struct roster_labels {
    char *text;
    size_t count;
};

struct roster_node {
    char name[NODE_NAME_BYTES];
    char session[PRESENCE_SESSION_BYTES];
    bool is_present;
    bool is_reported;
    wall_ms absent_since; /* of the coordinator's clock; 0: it is there, or nobody told */
    bool is_jump_bound;   /* an agent before 0.2: it refuses epochs far above those it has seen */
    struct roster_app *first_app;
    struct roster_labels own, given; /* of its report; of the labels topic */
};

/* Grows as nodes come; only memory bounds it. */
struct roster {
    struct roster_node **nodes; /* sorted by name */
    size_t node_count, node_cap;
    size_t app_count;
    /* Something found no memory in this session and is missing here: no conclusion about "every
     * node" holds. `short_of` names the node it was about. */
    bool is_short;
    char short_of[NODE_NAME_BYTES];
    wall_ms now; /* by which absent_since is told; its owner keeps it; 0: nobody tells it */
    void *(*resize)(void *memory, size_t size); /* realloc; tests put one that fails */
};

/* An empty roster; nothing is allocated yet. */
void roster_init(struct roster *roster);
void roster_close(struct roster *roster);

/* NULL: not there (find); no memory, then is_short is set, or not a name (need). */
struct roster_node *roster_find(const struct roster *roster, const char *node);
struct roster_node *roster_need(struct roster *roster, const char *node);
struct roster_app *roster_app_find(const struct roster_node *node, const char *app);
struct roster_app *roster_app_need(struct roster *roster, struct roster_node *node,
                                   const char *app);

/* What came from the node's topics. A farewell of another session than the present one is not
 * believed: a broker may send the will of a connection that the node has long replaced. */
void roster_presence(struct roster *roster, const char *node, const struct presence *presence);
/* `now`: of the clock by which unserving_since is told. */
void roster_report(struct roster *roster, const struct report *report, wall_ms now);
/* `names` and `values`: the labels document; count 0 clears it. */
void roster_labels(struct roster *roster, const char *node, const char *const *names,
                   const char *const *values, size_t count);
/* A verified order, from the topic or about to be written there. An older one is ignored; where it
 * lies on the topic the newer has to be put there again. */
void roster_order(struct roster *roster, const struct order *order, bool is_echo);

/* Something that is not believed lies where the order of this node and app belongs: that order has
 * to be put there again. False when none is known. */
bool roster_order_covered(struct roster *roster, const char *node, const char *app);

/* The topic was cleared at the broker. A node of which nothing is left is forgotten, and pointers
 * to it with it. An order `is_kept` for its owner to put it there again, unless its node has gone:
 * it has no report, no presence and no labels any more. */
void roster_report_clear(struct roster *roster, const char *node);
void roster_presence_clear(struct roster *roster, const char *node);
void roster_labels_clear(struct roster *roster, const char *node);
void roster_order_clear(struct roster *roster, const char *node, const char *app, bool is_kept);

bool roster_matches(const struct roster_node *node, const struct selector *selector);
/* What stands there; NULL: the node has no such label. "node" is its name. */
const char *roster_label(const struct roster_node *node, const char *name);

/* The outcome reported for an order id, or NULL. */
const struct report_outcome *roster_outcome(const struct roster_app *app, const char *id);

/* The highest epoch in any order, which are signed; 0: none. What nodes report has no say in it. */
uint64_t roster_epoch(const struct roster *roster);
/* The epoch of an order for this node by a coordinator of `epoch`: that, or for an agent before
 * 0.2, which refuses to jump so far, the one above what it was ordered or says it was. That binds
 * itself alone, and the fleet can go on to epochs by the clock while such agents are there. */
uint64_t roster_epoch_for(const struct roster_node *node, uint64_t epoch);

/* The link was lost: nobody is known to be present, no order known to be at the broker. An order
 * that the broker was not heard to have is forgotten: it is read there again, or was never given.
 */
void roster_forget_session(struct roster *roster);

#endif
