/* bus_private: packets between the simulated broker and its clients, and who takes them. */
#ifndef PORTS_SIM_BUS_PRIVATE_H
#define PORTS_SIM_BUS_PRIVATE_H

#include "ports/sim/bus.h"

struct sim_bus_message {
    unsigned holders;
    char topic[BUS_TOPIC_BYTES]; /* or a filter */
    size_t len;
    uint8_t data[];
};

/* X(NAME, way) */
#define SIM_BUS_KINDS(X)                                                                           \
    X(CONNECT, up)                                                                                 \
    X(PUBLISH, up)                                                                                 \
    X(SUBSCRIBE, up)                                                                               \
    X(UNSUBSCRIBE, up)                                                                             \
    X(DISCONNECT, up)                                                                              \
    X(RESET, up) /* the client's end is gone without a word */                                     \
    X(ACCEPTED, down)                                                                              \
    X(DELIVER, down)                                                                               \
    X(ANSWER, down)         /* to the publish or subscription `mid`; `code` */                     \
    X(CLOSED, down)         /* the connection ended; `code` */                                     \
    X(HELLO_LIMIT, timer)   /* of the client */                                                    \
    X(CLIENT_SILENT, timer) /* the client's ping was not answered in partition `mid` */            \
    X(BROKER_SILENT, timer) /* the broker heard nothing for one and a half keepalives */

enum sim_bus_kind {
#define SIM_BUS_KIND_ENUM_(name, way) SIM_BUS_##name,
    SIM_BUS_KINDS(SIM_BUS_KIND_ENUM_) SIM_BUS_KIND_COUNT
#undef SIM_BUS_KIND_ENUM_
};

struct sim_bus_packet {
    mono_ms at;
    uint64_t order;
    enum sim_bus_kind kind;
    uint32_t place, serial; /* of the client; of its session */
    int mid;
    bool is_retained;
    int code;
    struct sim_bus_message *message; /* NULL, or held by the packet */
};

struct sim_bus_session {
    uint32_t place, serial;
    char id[SIM_BUS_ID_BYTES];
    unsigned keepalive_s;
    struct sim_bus_message *will;
    struct sim_bus_message **filters;
    size_t filter_count, filter_cap;
    mono_ms heard;
    bool is_abandoned; /* its client is gone and could not say so */
};

/* bus_queue.c */

/* Grows *array to hold one more; memory of the simulation is never short. */
void *sim_bus_grow(void *array, size_t count, size_t *cap, size_t bytes);
struct sim_bus_message *sim_bus_message_new(const char *topic, struct span payload);
struct sim_bus_message *sim_bus_message_hold(struct sim_bus_message *message);
void sim_bus_message_drop(struct sim_bus_message *message);
/* Puts it into the queue as it is; the packet's hold on its message is handed over. */
void sim_bus_queue(struct sim_broker *broker, const struct sim_bus_packet *packet);
bool sim_bus_take(struct sim_broker *broker, struct sim_bus_packet *packet);
/* Sends it through the network: a delay, and behind what is already on that way. */
void sim_bus_send(struct sim_bus_client *client, struct sim_bus_packet packet);
/* For a packet that is due: true when a partition holds it back. */
bool sim_bus_hold_back(struct sim_bus_client *client, const struct sim_bus_packet *packet);

/* bus_topic.c */

bool sim_bus_topic_is_good(const char *topic);
bool sim_bus_filter_is_good(const char *filter);
/* MQTT 5, 4.7. */
bool sim_bus_filter_matches(const char *filter, const char *topic);

/* bus.c: what arrives at a client. */
void sim_bus_client_take(struct sim_bus_client *client, const struct sim_bus_packet *packet);
/* How long a client waits in silence before it pings. */
int64_t sim_bus_patience_ms(const struct sim_bus_client *client);

/* bus_broker.c: what arrives at the broker. */
void sim_bus_broker_take(struct sim_broker *broker, const struct sim_bus_packet *packet);
/* Ends the session of that client and serial, where there is one. */
void sim_bus_broker_end(struct sim_broker *broker, uint32_t place, uint32_t serial, bool has_will);
/* Nobody will end that client's sessions politely: the broker has to notice. */
void sim_bus_broker_watch(struct sim_broker *broker, const struct sim_bus_client *client,
                          bool is_abandoned);

#endif
