/* toy_fleet: nodes that obey, fail, vanish and answer late, told of by the same calls as real ones;
 * and a clerk who writes down, apart from the planner, what the laws are about. */
#ifndef TESTS_UNIT_FLEET_TOY_FLEET_H
#define TESTS_UNIT_FLEET_TOY_FLEET_H

#include "agent/fleet/planner.h"

#define TOY_NODES_MAX 20
#define TOY_TICK_MS   MINUTES_MS(1)

/* How a node answers the release it is ordered to run. */
enum toy_fate { TOY_GOOD, TOY_BAD, TOY_REFUSING, TOY_FATE_COUNT };

struct toy_node {
    char name[NODE_NAME_BYTES];
    bool is_present, is_hung; /* hung: connected, and never does or says anything again */
    enum toy_fate fate;
    uint8_t runs; /* the byte its committed release is made of; 0: nothing */
    bool is_overridden;
    unsigned wait, work; /* ticks before it begins; until it is proven or not */
    struct order order;  /* the highest it took; id empty: none */
    bool is_open, is_begun;
    struct report_outcome outcomes[REPORT_OUTCOMES_MAX];
    size_t outcome_count;
    unsigned session;
};

/* What the clerk knows of the newest order of a node: told of by its own book, not the roster. */
struct toy_entry {
    bool is_written, is_back; /* back: takes back one that was not begun */
    wall_ms issued;
    char id[ORDER_ID_BYTES];
};

struct toy_fleet {
    struct roster roster;
    struct planner_tally *tally; /* held against planner_step at each plan; NULL: none */
    struct toy_node nodes[TOY_NODES_MAX];
    struct order topics[TOY_NODES_MAX]; /* what lies at the broker; id empty: nothing */
    struct toy_entry entries[TOY_NODES_MAX];
    size_t count;
    uint64_t random, serial;
    wall_ms now;
    struct rollout_spec spec;
    struct rollout_control control;
    struct selector selector;
    bool is_superseded;
    struct planner_result result;
    unsigned ordered, taken_back;
};

uint64_t toy_random(struct toy_fleet *fleet, uint64_t below);
void toy_open(struct toy_fleet *fleet, uint64_t seed, size_t nodes);
void toy_close(struct toy_fleet *fleet);

struct digest toy_release(uint8_t byte);

/* The node's world goes on by one tick; what it has to say is said when it is present. */
void toy_node_tick(struct toy_fleet *fleet, size_t node);
void toy_node_connect(struct toy_fleet *fleet, size_t node, bool is_present);
/* Someone at the node goes back to the old release, or away from the new one. */
void toy_node_override(struct toy_fleet *fleet, size_t node);

/* Plans, checks every order against the clerk's book, and writes it. */
void toy_plan(struct toy_fleet *fleet);

/* By the book: nodes whose newest order has no answer that was told, and is not lost. */
uint32_t toy_outstanding(const struct toy_fleet *fleet);
/* By the book: nodes whose newest order of this rollout was told to have failed, or is lost. */
uint32_t toy_failed(const struct toy_fleet *fleet);

#endif
