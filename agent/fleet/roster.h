/* roster: the coordinator's table of nodes: what is retained about each, nothing concluded.
 *
 * A node is a few words of its own, and one piece of memory with its labels and apps as numbers of
 * what many share (words.h). Whoever wants to read an app is given a copy. */
#ifndef AGENT_FLEET_ROSTER_H
#define AGENT_FLEET_ROSTER_H

#include "agent/fleet/selector.h"
#include "agent/fleet/words.h"
#include "agent/wire/labels.h"
#include "agent/wire/order.h"
#include "agent/wire/presence.h"
#include "agent/wire/report.h"

#define ROSTER_FALLS_MAX    3    /* more are not counted */
#define ROSTER_RESTARTS_MAX 1023 /* the same, of what a node counts */

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

/* What is known of one app of a node: a copy, made from the bytes in which the roster keeps it. */
struct roster_app {
    char app[NAME_BYTES];
    struct roster_order order; /* not there: all zero */
    /* As reported. */
    bool is_reported;
    bool is_changing; /* phase is not rest */
    bool is_overridden;
    bool is_order_open, is_order_waiting;
    bool is_serving;
    wall_ms unserving_since;  /* of the coordinator's clock; 0: it serves, or never reported */
    uint32_t unserving_count; /* since it committed this release, at most 3, it stopped serving */
    /* Ends by itself of what it committed: as it reported last, at most 1,023; and seen here, at
     * most 3. What it counted before is none of ours. */
    uint32_t restarts, restart_count;
    struct digest committed;  /* none: nothing runs, proven */
    uint64_t order_epoch, order_gen;
    char order_id[ORDER_ID_BYTES];
    /* Newest first. What ended before the order that lies there answers nothing any more, and is
     * not kept once that order has its answer. */
    struct report_outcome outcomes[REPORT_OUTCOMES_MAX];
    size_t outcome_count;
};

/* Stays where it is until it is forgotten. Its labels and apps are asked for by functions. */
struct roster_node {
    const char *name;
    wall_ms absent_since; /* of the coordinator's clock; 0: it is there, or nobody told */
    uint64_t session;     /* of its presence: its hex digits, or a hash of anything else; 0: none */
    uint32_t rank;        /* its place by name, as of the last roster_at */
    uint32_t number;      /* its own as long as it is here */
    bool is_present : 1;
    bool is_reported : 1;
    bool is_jump_bound : 1; /* an agent before 0.2: it refuses epochs far above those it has seen */
    bool is_changed : 1;    /* since roster_changes_clear */
    bool is_fallen : 1;     /* it was there in this session, and absent_since it is not */
    bool is_unshown : 1;    /* it stands in the table's list of those */
    bool is_on_2 : 1; /* what it says of itself lies at berth/2, and its orders belong there */
    bool has_presence_1 : 1, has_report_1 : 1; /* what lies at berth/1 hides what lies at berth/2 */
    bool is_listed : 1;                        /* the roll names it */
    bool is_barred : 1;  /* in no rollout: the operators demand what it has not (roster_judge) */
    bool is_hearsay : 1; /* its labels of the fleet are signed by nobody */
    uint32_t record_len : 24;
    /* Its own word that an app changes, in seconds of the coordinator's clock: since when (0: all
     * rest), how long before that, and until when. An order, or a day at rest, begins anew. */
    uint32_t changing_since_s, changing_s, rested_at_s;
    uint32_t labels_version; /* of the labels that an operator signed; 0: none */
    uint8_t *record;         /* private: roster_record.c */
    const struct words *words;
};

struct roster_table;

/* Grows as nodes come; only memory bounds it. */
struct roster {
    size_t node_count, app_count;
    uint32_t number_count; /* above every node's number */
    uint32_t members;      /* grows with each node that comes or is forgotten */
    /* Something found no memory in this session and is missing here: no conclusion about "every
     * node" holds. `short_of` names the node it was about. */
    bool is_short;
    char short_of[NODE_NAME_BYTES];
    wall_ms now;     /* by which absent_since is told; its owner keeps it; 0: nobody tells it */
    wall_ms fell_at; /* when a node that was there left last; 0: none did */
    void *(*resize)(void *memory, size_t size); /* realloc; tests put one that fails */
    struct roster_table *table;                 /* private; NULL: nobody came yet */
};

/* An empty roster; nothing is allocated yet. */
void roster_init(struct roster *roster);
void roster_close(struct roster *roster);

/* The index-th node by name. Sorts those who came since the last call. */
struct roster_node *roster_at(const struct roster *roster, size_t index);
/* The node of this number, below number_count; NULL: it was forgotten. */
struct roster_node *roster_by_number(const struct roster *roster, uint32_t number);

/* NULL: not there (find); no memory, then is_short is set, or not a name (need). */
struct roster_node *roster_find(const struct roster *roster, const char *node);
struct roster_node *roster_need(struct roster *roster, const char *node);

/* What is known of an app of a node, or NULL. A copy: it lives as long as the block in which it is
 * asked for. */
#define roster_app_find(node, name) roster_app_copy((node), (name), &(struct roster_app){.app = ""})
const struct roster_app *roster_app_copy(const struct roster_node *node, const char *name,
                                         struct roster_app *app);
/* One app after the other, in the order of their coming; `*at` is 0 before the first. */
bool roster_app_next(const struct roster_node *node, size_t *at, struct roster_app *app);
/* Puts down all that is known of an app; one that is neither reported nor ordered goes. False,
 * and nothing is changed: no memory, then is_short is set, or not a name. */
bool roster_app_put(struct roster *roster, struct roster_node *node, const struct roster_app *app);

/* What came from the node's topics. A farewell of another session than the present one is not
 * believed: a broker may send the will of a connection that the node has long replaced. */
void roster_presence(struct roster *roster, const char *node, const struct presence *presence);
/* `now`: of the clock by which unserving_since and changing_since are told. */
void roster_report(struct roster *roster, const struct report *report, wall_ms now);
/* `names` and `values`: the labels document; count 0 clears it. */
void roster_labels(struct roster *roster, const char *node, const char *const *names,
                   const char *const *values, size_t count);
/* Labels that an operator signed, of this version (above 0). What unsigned labels alone know of is
 * in no rollout. */
void roster_labels_signed(struct roster *roster, const char *node, const char *const *names,
                          const char *const *values, size_t count, uint32_t version);
/* Whether the roll names it, and whether it is in any rollout. */
void roster_judge(struct roster *roster, struct roster_node *node, bool is_listed, bool is_barred);
/* A verified order, from the topic or about to be written there. An older one is ignored; where it
 * lies on the topic the newer has to be put there again. False: no memory, nothing is changed. */
bool roster_order(struct roster *roster, const struct order *order, bool is_echo);
/* This order of this node was published, or was not after all; `is_taken`: the broker said that it
 * has it. Of any other order nothing is noted. */
void roster_order_sent(struct roster *roster, const char *node, const char *app, const char *id,
                       bool is_sent, bool is_taken);

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

/* Of which level (1 or 2) the last document was that the node said of itself. Where that is another
 * one, the node's orders have to be put there: none is echoed, none is sent. */
void roster_level_set(struct roster *roster, struct roster_node *node, unsigned level);
unsigned roster_level(const struct roster_node *node);

/* False for every selector: a barred node, and one that only unsigned labels know of. */
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

/* -- for those who follow what changes -------------------------------------------------------- */

/* The numbers of the nodes of which something changed since roster_changes_clear. False: there was
 * no memory to note them all; then any may have. */
bool roster_changes(const struct roster *roster, const uint32_t **numbers, size_t *count);
void roster_changes_clear(struct roster *roster);

/* The nodes that have, or had, an order that its broker does not show and that they have not gone
 * past: from the last to the first; `*at` is SIZE_MAX before the last. NULL: none is left. Those
 * who have none any more are forgotten on the way. */
const struct roster_node *roster_unshown_next(struct roster *roster, size_t *at);
/* Such an order: it has to be put on its topic again. */
bool roster_is_unshown(const struct roster_app *app);

#endif
