/* fleet: gateways, a broker, coordinators and an operator in one process and one time; the real
 * core on both sides. */
#ifndef TESTS_SIM_FLEET_H
#define TESTS_SIM_FLEET_H

#include "agent/fleet/coordinator.h"
#include "tests/sim/gateway.h"

#define FLEET_NODES_MAX    20
#define FLEET_SEATS        2
#define FLEET_SAYINGS_MAX  12
#define FLEET_SAYING_BYTES 8192
#define FLEET_NAME         "sim"

struct fleet_node {
    struct gateway gateway;
    struct gateway_reach reach;
    char name[NODE_NAME_BYTES];
    mono_ms next; /* as of the last turn */
    char *trace;  /* its world's lines of this turn */
};

/* A place at which a coordinator runs, or not. */
struct fleet_seat {
    struct sim_world world; /* its time and its chance; nothing happens there */
    struct sim_bus_client client;
    struct coordinator *coordinator; /* NULL: nobody */
    uint32_t answers, seen;          /* given to it; of those, looked at */
    uint32_t idle_steps;             /* in a row, in which time stood still */
    mono_ms starts_at;               /* MONO_NEVER: nobody comes */
    char *trace;
};

/* A document that the operator puts at the broker, again and again until the broker has it. */
struct fleet_saying {
    char topic[BUS_TOPIC_BYTES];
    char payload[FLEET_SAYING_BYTES];
    size_t len;
    bool is_sent, is_changed, is_heard; /* on its way; said anew since; at the broker */
    struct rollout_control control;     /* of a control; without a rollout: of another document */
    struct digest digest;
};

/* Where the operator sits. */
struct fleet_desk {
    struct sim_world world;
    struct sim_bus_client client;
    struct link link;
    struct fleet_saying sayings[FLEET_SAYINGS_MAX];
    size_t saying_count;
};

/* Must not move in memory. `saw` may be set: it is told what the broker accepts. */
struct fleet {
    const struct releases *releases;
    struct sim_broker broker;
    struct fleet_node nodes[FLEET_NODES_MAX];
    size_t node_count;
    struct fleet_seat seats[FLEET_SEATS];
    struct fleet_desk desk;
    mono_ms now, controls_at;
    bool is_stuck; /* a coordinator steps without end */
    bool are_words_signed;
    char *trace; /* NULL: none */
    size_t trace_cap, trace_len;
    char *broker_trace;
};

struct fleet_setup {
    const struct releases *releases;
    const enum release_name *names; /* in each node's registry */
    size_t name_count;
    uint64_t seed;
    size_t nodes;
    uint32_t twos; /* bits of the nodes whose agents know berth/2; the others are of the version
                    * before */
    bool are_words_signed; /* the operators demand it of labels, and that nodes are on the roll */
    char *trace;           /* caller's; what does not fit is dropped */
    size_t trace_cap;
};

/* A fleet whose nodes are up and run nothing; no coordinator. */
void fleet_open(struct fleet *fleet, const struct fleet_setup *setup);
void fleet_close(struct fleet *fleet);

/* Always the thing that is next, all worlds in step. */
void fleet_run(struct fleet *fleet, int64_t for_ms);

/* A coordinator begins at the seat, which is empty. */
void fleet_seat_take(struct fleet *fleet, size_t seat);
/* The one at the seat dies; another begins there after `again_ms` (MONO_NEVER: none). */
void fleet_seat_kill(struct fleet *fleet, size_t seat, int64_t again_ms);

/* The operator puts a document at the broker, retained; what lies on the topic is replaced. */
struct fleet_saying *fleet_say(struct fleet *fleet, const char *topic, struct span payload);
/* The spec and the release of a rollout. */
void fleet_rollout(struct fleet *fleet, const struct rollout_spec *spec);
/* An operator's word: the next control, and again the next when another was taken first. */
void fleet_control(struct fleet *fleet, const char *rollout, const char *want, uint32_t accepted);
/* The operator says everything again. */
void fleet_say_again(struct fleet *fleet);
/* What the broker holds of a rollout's state; false: nothing. */
bool fleet_state(const struct fleet *fleet, const char *rollout, struct rollout_state *state);

/* A line in the trace. */
void fleet_note(struct fleet *fleet, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The wall clock of every machine at `now`. */
wall_ms fleet_wall(const struct fleet *fleet);

#endif
