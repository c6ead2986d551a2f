/* desk: a coordinator with a bus, a clock and a journal that only note what is asked of them; what
 * is answered, and when, is the test's. */
#ifndef TESTS_UNIT_FLEET_DESK_H
#define TESTS_UNIT_FLEET_DESK_H

#include "agent/fleet/coordinator.h"
#include "agent/wire/topic.h"

#define DESK_PUBLISHES_MAX 256
#define DESK_PAYLOAD_BYTES 8192
#define DESK_FILTERS_MAX   96
#define DESK_WALL          INT64_C(1764000000000) /* the wall clock's lead over `now` */

struct desk_publish {
    char topic[BUS_TOPIC_BYTES];
    uint8_t payload[DESK_PAYLOAD_BYTES]; /* of what is signed but an order: what was signed */
    size_t len;
    uint8_t whole[DESK_PAYLOAD_BYTES]; /* as it goes to the broker */
    size_t whole_len;
    bool is_retained, is_answered;
    bus_done done;
    void *ctx;
};

struct desk_filter {
    char filter[BUS_TOPIC_BYTES];
    bool is_answered;
    bus_done done;
    void *ctx;
};

/* Must not move in memory. */
struct desk {
    struct coordinator *coordinator;
    struct coordinator_ports ports;
    struct trust trust;
    mono_ms now;
    struct bus_user user;
    unsigned opens, closes;
    bool is_publish_refused, is_subscribe_refused, is_entropy_out;
    bool is_clock_trusted; /* no, so that epochs are small numbers */
    uint64_t epoch_kept;   /* what the next coordinator finds */
    bool is_keep_refused;
    char roll_kept[TOPIC_SHARD_BYTES]; /* the last shard */
    unsigned rolls_kept;
    uint8_t freeze_kept[DESK_PAYLOAD_BYTES]; /* the same */
    size_t freeze_kept_len;
    struct begun begun_kept;
    uint64_t random;
    char client_id[128], will_topic[BUS_TOPIC_BYTES], will[1024];
    unsigned keepalive_s;
    struct desk_publish publishes[DESK_PUBLISHES_MAX];
    size_t publish_count;
    struct desk_filter filters[DESK_FILTERS_MAX];
    size_t filter_count;
    char fences[16][BUS_TOPIC_BYTES]; /* published, and delivered with the next step */
    bus_done fence_done;
    void *fence_ctx;
    size_t fence_count;
    char fences_lost[16];               /* of topics that begin so; empty: none */
    char unsubscribed[BUS_TOPIC_BYTES]; /* the last one */
    unsigned unsubscribed_count;
    char said[4096]; /* the journal's lines, each with its newline */
    unsigned warnings, errors;
    struct operators operators; /* ann and ben */
    bool audits_seldom;   /* the next coordinator; else each plan is held against a count of all */
    bool is_begin_judged; /* else every spec that is heard may begin, whatever the clock */
    /* Renewals of the claim that a step makes are echoed at once, and not noted; once one was. */
    bool is_stepping, is_silent;
    uint64_t epoch_echoed;
    uint8_t renewal[2048];
    size_t renewal_len;
    bus_done renewal_done;
    void *renewal_ctx;
};

/* A coordinator of fleet "sim" with room for eight nodes, at time 1000; not connected. */
void desk_open(struct desk *desk, const char *pem, int64_t settle_ms);
/* Another process in its place: it knows what was kept, and nothing else. */
void desk_again(struct desk *desk, const char *pem);
void desk_close(struct desk *desk);

/* Goes on by so much, and steps. */
void desk_step(struct desk *desk, int64_t ms);
/* Steps at each deadline that comes within so much, and at its end. */
void desk_run(struct desk *desk, int64_t ms);
/* Connects: the session is open, and every subscription is answered. */
void desk_connect(struct desk *desk);
void desk_filters_answer(struct desk *desk, const struct err *err);
/* The session ends. */
void desk_lose(struct desk *desk);
/* Connects, claims, hears its own claim, and lets it stand. */
void desk_act(struct desk *desk);

/* The broker delivers. */
void desk_hear(struct desk *desk, const char *topic, struct span payload, bool is_retained);
void desk_hear_text(struct desk *desk, const char *topic, const char *payload);
void desk_hear_claim(struct desk *desk, uint64_t epoch, const char *nonce, bool is_released);
/* A text on a control's topic, where it can be read, is signed by ann with the next serial. */
void desk_hear_spec(struct desk *desk, const struct rollout_spec *spec);
void desk_hear_state(struct desk *desk, const struct rollout_state *state);
void desk_hear_presence(struct desk *desk, const char *node, bool is_online);
/* Node and fleet as in the report, whatever the topic says. */
void desk_hear_report(struct desk *desk, const char *node_of_topic, const struct report *report);
/* Signed by `pem`, on the topic of `node` and `app`. */
void desk_hear_order(struct desk *desk, const char *node, const char *app,
                     const struct order *order, const char *pem);

/* The newest publish on a topic that ends so; NULL: none. Its number, from 0; -1: none. */
struct desk_publish *desk_find(struct desk *desk, const char *ending);
int desk_index(const struct desk *desk, const char *ending);
size_t desk_count(const struct desk *desk, const char *ending);
/* The order that it carries. */
struct order desk_order_of(const struct desk_publish *publish);
struct claim desk_claim_of(const struct desk_publish *publish);
/* Answers it; `err` NULL: taken. Then the broker delivers it, when it was taken. */
void desk_answer(struct desk *desk, struct desk_publish *publish, const struct err *err);
/* Answers all that wait. */
void desk_answer_all(struct desk *desk);

/* "web-1": release made of byte 2, one at a time. */
struct rollout_spec desk_spec(const char *id, const char *app, wall_ms created);
struct digest desk_digest(uint8_t byte);
/* A node of fleet "sim" that runs what `byte` makes (0: nothing) of app "web". */
struct report desk_report(const char *node, uint8_t byte);
/* Started here: signed by ann. */
int desk_start(struct desk *desk, const struct rollout_spec *spec, struct span release,
               struct err *err);
void desk_hear_control(struct desk *desk, const struct rollout_control *control, const char *pem);
/* A rollout whose release lies at the broker, and a present node that runs byte 1. */
void desk_rollout(struct desk *desk, const struct rollout_spec *spec);
void desk_node(struct desk *desk, const char *node);

#endif
