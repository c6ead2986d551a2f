/* crowd: hundreds of nodes in a few numbers each, what they say on its way to two seats that hear
 * it late or twice, and what lies at a broker. The seat that acts plans, and writes what it
 * planned. */
#ifndef TESTS_UNIT_FLEET_CROWD_H
#define TESTS_UNIT_FLEET_CROWD_H

#include "agent/fleet/planner.h"

#define CROWD_NODES_MAX 200
#define CROWD_SEATS     2
#define CROWD_TICK_MS   SECONDS_MS(10)
#define CROWD_START     INT64_C(1764000000000) /* 2025-11-24 16:00:00 UTC */

/* What an order comes to at a node. Two that lie, or might as well: CLAIMING says from the first
 * day that it changes, FLAPPING that it serves, does not, and serves again. */
enum crowd_fate {
    CROWD_GOOD,
    CROWD_BAD,
    CROWD_REFUSING,
    CROWD_FADING,
    CROWD_SILENT,
    CROWD_CLAIMING,
    CROWD_FLAPPING
};

/* What a node says: as it is, as a seat was told. */
struct crowd_told {
    bool is_told, is_present, is_serving, is_changing, is_open;
    wall_ms changing_since; /* by the seat's clock; 0: it does not say so */
    unsigned falls;         /* how often it stopped serving since it runs what it runs */
    uint8_t runs;
    char order_id[ORDER_ID_BYTES];
    enum outcome_kind outcome; /* of that order; NONE: not yet */
};

struct crowd_node {
    char name[NODE_NAME_BYTES];
    const char *label_names[3];
    char label_values[3][NODE_NAME_BYTES];
    size_t label_count;
    enum crowd_fate fate;
    bool is_present, is_serving, is_overridden;
    uint8_t runs;
    struct order order; /* taken last */
    bool is_open, is_begun;
    enum outcome_kind outcome;
    char reason[REPORT_WORD_BYTES];
    wall_ms begin_at, end_at, fade_at;
    int64_t skew_ms;    /* of its clock */
    int64_t fade_in_ms; /* FADING: so long after its success; 0: two minutes */
    unsigned version;   /* grows with each change of what it says */
};

struct crowd_seat {
    struct roster roster;
    struct planner_tally *tally;    /* held against planner_step at each plan */
    unsigned seen[CROWD_NODES_MAX]; /* the version that it was told */
    struct crowd_told told[CROWD_NODES_MAX];
    bool is_alive;
    int64_t skew_ms; /* of its clock */
};

/* An order at the broker, and who judges it writes beside it. */
struct crowd_order {
    struct order order;
    bool is_there, is_back;
    size_t wave;
};

struct crowd {
    struct crowd_node nodes[CROWD_NODES_MAX];
    struct crowd_order orders[CROWD_NODES_MAX];
    size_t count;
    struct crowd_seat seats[CROWD_SEATS];
    size_t acting; /* CROWD_SEATS: nobody */
    wall_ms now, acts_at;
    uint64_t random, serial, epoch;
    uint32_t lose_one_in; /* a message; it comes with a later tick; 0: none is lost */
    int64_t work_ms_max;
    int64_t tick_ms; /* CROWD_TICK_MS, or longer where nothing happens for days */
    /* A seat that another took over from, and that has not noticed: it plans once more. */
    size_t deposed; /* CROWD_SEATS: none */
    wall_ms deposed_at;
    uint64_t deposed_epoch;
    uint64_t trace; /* of every order and state so far */
    struct rollout_spec spec;
    struct rollout_control control;
    struct freeze freeze; /* the fleet's, by ann */
    struct selector selector;
    struct rollout_state state; /* at the broker; id empty: none */
    struct planner_result result;
    uint32_t ordered, taken_back, restated, ordered_late; /* late: by a deposed seat */
    /* Told of each order just before it is written. */
    void (*judge)(struct crowd *crowd, size_t node, const struct planner_order *planned);
    /* Told of each plan. */
    void (*watch)(struct crowd *crowd);
};

void crowd_open(struct crowd *crowd, uint64_t seed, size_t nodes);
void crowd_close(struct crowd *crowd);
uint64_t crowd_random(struct crowd *crowd, uint64_t below);
void crowd_label(struct crowd_node *node, const char *name, const char *value);

/* Every seat reads what lies at the broker, as it does before it acts; for after the nodes got
 * their labels and their states. */
void crowd_read(struct crowd *crowd);

/* A tick: nodes work, messages arrive or not, the acting seat plans. */
void crowd_tick(struct crowd *crowd);
void crowd_connect(struct crowd *crowd, size_t node, bool is_present);
/* It stops or begins to serve. */
void crowd_serve(struct crowd *crowd, size_t node, bool is_serving);
/* The acting seat is gone; the other reads everything and goes on after a while. */
void crowd_kill(struct crowd *crowd);
/* The other seat takes over while the acting one lives, and once more writes what it plans. */
void crowd_depose(struct crowd *crowd);
/* The broker loses every order; who acts puts there again what it knows. */
void crowd_forget(struct crowd *crowd);
/* By the clock of who acts. */
wall_ms crowd_clock(const struct crowd *crowd);
/* The fleet is frozen by the clock of who acts. */
bool crowd_is_frozen(const struct crowd *crowd);
/* What `berth rollout resume` writes. */
void crowd_resume(struct crowd *crowd);

struct digest crowd_release(uint8_t byte);
size_t crowd_index(const struct crowd *crowd, const char *name);
/* The order of the node has no answer that this seat was told, and its time is not over. */
bool crowd_is_outstanding(const struct crowd *crowd, const struct crowd_seat *seat, size_t node);
bool crowd_is_past(const struct crowd *crowd, size_t node);

#endif
