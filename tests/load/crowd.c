/* crowd: many nodes in one process that take orders and answer them, over real sessions with
 * their own certificates: what the broker and the coordinator of a fleet have to do, without the
 * gateways.
 * usage: crowd FOLDER PORT FLEET NODE-PREFIX FIRST COUNT PREPARE-MS SOAK-MS
 * FOLDER holds the bundles nodes/PREFIX<i>. Lines of JSON on stdout: when all are up or no more,
 * each change of a node (milliseconds of the boot-time clock, the same in all processes), and at
 * SIGTERM what each node ran in the end. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/wire/presence.h"
#include "agent/wire/topic.h"
#include "tests/load/peer.h"
#include "tests/load/sessions.h"

struct crowd_node {
    struct crowd *crowd;
    struct session session;
    struct peer peer;
    bool is_busy;         /* a publication waits for the broker's word */
    bool has_asked;       /* for the release that the peer wants */
    unsigned lost, acked; /* sessions; reports */
    mono_ms lost_at;      /* 0: up */
    enum peer_phase told_phase;
    char told_order[ORDER_ID_BYTES];
};

struct crowd {
    struct sessions shared;
    const char *fleet;
    size_t count;
    struct report report;
    char text[REPORT_BYTES_MAX];
    mono_ms back_ms_max; /* the longest time from a lost session to the next */
    unsigned orders, failed;
    unsigned char scratch[ENVELOPE_BYTES_MAX * 2];
    struct crowd_node nodes[SESSIONS_MAX];
};

static volatile sig_atomic_t is_over;

static void over(int number)
{
    (void)number;
    is_over = 1;
}

static struct bus bus_of(struct crowd_node *node)
{
    return mosquitto_bus_interface(node->session.bus);
}

static void topic_of(const struct crowd_node *node, enum topic_kind kind,
                     const struct digest *digest, char text[BUS_TOPIC_BYTES])
{
    struct topic topic = {.kind = kind};
    (void)snprintf(topic.fleet, sizeof topic.fleet, "%s", node->crowd->fleet);
    (void)snprintf(topic.node, sizeof topic.node, "%s", node->session.node);
    if (topic_is_about_node(kind)) {
        topic.level = 2;
        topic_shard(&node->crowd->shared.verify, node->session.node, topic.shard);
    }
    if (digest != NULL) {
        digest_render(digest, topic.digest);
    }
    topic_render(&topic, text);
}

static void presence_write(const char *session, bool is_online, struct text *text)
{
    struct presence presence = {.is_online = is_online};
    (void)snprintf(presence.session, sizeof presence.session, "%s", session);
    presence_render(&presence, text);
}

static void greet(void *ctx, const char *session, struct link_hello *hello)
{
    struct crowd_node *node = ctx;
    struct text will;
    (void)snprintf(hello->client_id, sizeof hello->client_id, "%s", node->session.node);
    topic_of(node, TOPIC_PRESENCE, NULL, hello->will_topic);
    text_init(&will, hello->will, sizeof hello->will);
    presence_write(session, false, &will);
}

/* What fails is tried again with the next session; the session's end says why. */
static void told(void *ctx, const struct err *err)
{
    struct crowd_node *node = ctx;
    node->is_busy = false;
    node->acked += err == NULL;
    node->crowd->failed += err != NULL;
}

static void asked(void *ctx, const struct err *err)
{
    struct crowd_node *node = ctx;
    node->crowd->failed += err != NULL;
}

static void ask(struct crowd_node *node, enum topic_kind kind, const struct digest *digest)
{
    char filter[BUS_TOPIC_BYTES];
    struct bus bus = bus_of(node);
    topic_of(node, kind, digest, filter);
    if (bus.ops->subscribe(bus.self, filter, asked, node, NULL) != 0) {
        node->crowd->failed++;
    }
}

static void publish(struct crowd_node *node, enum topic_kind kind, const char *text)
{
    char topic[BUS_TOPIC_BYTES];
    struct bus bus = bus_of(node);
    topic_of(node, kind, NULL, topic);
    node->is_busy = bus.ops->publish(bus.self, topic, span_text(text), true, told, node, NULL) == 0;
    node->crowd->failed += !node->is_busy;
}

static void opened(void *ctx, const char *session)
{
    struct crowd_node *node = ctx;
    char buffer[LINK_WILL_BYTES];
    struct text text;
    text_init(&text, buffer, sizeof buffer);
    presence_write(session, true, &text);
    if (node->lost_at != 0) {
        mono_ms back_ms = linux_loop_now() - node->lost_at;
        node->crowd->back_ms_max =
            back_ms > node->crowd->back_ms_max ? back_ms : node->crowd->back_ms_max;
        node->lost_at = 0;
    }
    ask(node, TOPIC_TRUST, NULL);
    ask(node, TOPIC_REVOKE, NULL);
    ask(node, TOPIC_ORDER, NULL);
    publish(node, TOPIC_PRESENCE, buffer);
    node->has_asked = false;
    node->peer.is_report_due = true;
}

static void closed(void *ctx, const struct err *err, bool was_open)
{
    struct crowd_node *node = ctx;
    (void)err;
    node->is_busy = false;
    if (was_open) {
        node->lost++;
        node->lost_at = linux_loop_now();
    }
}

static void received(void *ctx, const char *name, struct span payload, bool is_retained)
{
    struct crowd_node *node = ctx;
    struct crowd *crowd = node->crowd;
    struct topic topic;
    struct arena arena;
    struct digest digest;
    (void)is_retained;
    if (!topic_parse(name, &topic)) {
        return;
    }
    if (topic.kind == TOPIC_ORDER && payload.len > 0) {
        arena_init(&arena, crowd->scratch, sizeof crowd->scratch);
        crowd->orders++;
        peer_order(&node->peer, payload, &arena, linux_loop_now());
    } else if (topic.kind == TOPIC_RELEASE && digest_parse(topic.digest, &digest)) {
        struct bus bus = bus_of(node);
        peer_release(&node->peer, &digest);
        (void)bus.ops->unsubscribe(bus.self, name, NULL);
        node->has_asked = false;
    }
}

/* A line for each change: what a judge of budgets reads. */
static void change_tell(struct crowd_node *node, mono_ms now)
{
    static const char *const words[] = {
        [PEER_REST] = "rest", [PEER_PREPARE] = "prepare", [PEER_UNPROVEN] = "unproven"};
    const struct peer *peer = &node->peer;
    if (peer->phase == node->told_phase && strcmp(peer->order.id, node->told_order) == 0) {
        return;
    }
    printf("{\"at\":%lld,\"node\":\"%s\",\"order\":\"%s\",\"is\":\"%s\",\"swaps\":%u}\n",
           (long long)now, node->session.node, peer->order.id, words[peer->phase], peer->swaps);
    (void)fflush(stdout);
    node->told_phase = peer->phase;
    memcpy(node->told_order, peer->order.id, sizeof node->told_order);
}

static mono_ms node_turn(struct crowd_node *node, mono_ms now)
{
    struct crowd *crowd = node->crowd;
    struct peer *peer = &node->peer;
    link_step(&node->session.link, now);
    mono_ms due = mono_min(link_deadline(&node->session.link), peer_deadline(peer));
    change_tell(node, now); /* an order that has come */
    bool is_due = peer_step(peer, now);
    change_tell(node, now);
    if (!link_is_open(&node->session.link) || node->is_busy) {
        return due;
    }
    if (peer_wants(peer) != NULL && !node->has_asked) {
        ask(node, TOPIC_RELEASE, peer_wants(peer));
        node->has_asked = true;
    }
    if (is_due) {
        struct text text;
        text_init(&text, crowd->text, sizeof crowd->text);
        peer_report(peer, &crowd->report, &text, (wall_ms)time(NULL) * 1000);
        publish(node, TOPIC_REPORT, crowd->text);
    }
    return due;
}

/* How many are up. */
static size_t turn(struct crowd *crowd)
{
    mono_ms now = linux_loop_now(), due = now + 200;
    size_t count = 0;
    for (size_t i = 0; i < crowd->count; i++) {
        due = mono_min(due, node_turn(&crowd->nodes[i], now));
        count += link_is_open(&crowd->nodes[i].session.link);
    }
    linux_loop_run_once(&crowd->shared.loop, due > now ? due - now : 0);
    return count;
}

static unsigned swaps_count(const struct crowd *crowd)
{
    unsigned swaps = 0;
    for (size_t i = 0; i < crowd->count; i++) {
        swaps += crowd->nodes[i].peer.swaps;
    }
    return swaps;
}

static void tell(const struct crowd *crowd)
{
    unsigned lost = 0, refused = 0, acked = 0;
    for (size_t i = 0; i < crowd->count; i++) {
        const struct crowd_node *node = &crowd->nodes[i];
        char hex[DIGEST_HEX_BYTES];
        digest_render(&node->peer.committed, hex);
        printf("{\"runs\":\"%s\",\"node\":\"%s\",\"swaps\":%u}\n", hex, node->session.node,
               node->peer.swaps);
        lost += node->lost;
        refused += node->peer.refused;
        acked += node->acked;
    }
    printf("{\"nodes\":%zu,\"orders\":%u,\"refused\":%u,\"swaps\":%u,\"acknowledged\":%u,"
           "\"failed\":%u,\"lost\":%u,\"backMsMax\":%lld}\n",
           crowd->count, crowd->orders, refused, swaps_count(crowd), acked, crowd->failed, lost,
           (long long)crowd->back_ms_max);
    (void)fflush(stdout);
}

static void crowd_run(struct crowd *crowd)
{
    bool was_up = false;
    while (!is_over) {
        bool is_up = turn(crowd) == crowd->count;
        if (is_up != was_up) {
            printf("{\"up\":%s,\"backMsMax\":%lld}\n", is_up ? "true" : "false",
                   (long long)crowd->back_ms_max);
            (void)fflush(stdout);
        }
        was_up = is_up;
    }
    tell(crowd);
}

static int crowd_init(struct crowd *crowd, char **argv, struct err *err)
{
    unsigned long first = strtoul(argv[5], NULL, 10);
    int rc = sessions_init(&crowd->shared, err);
    crowd->fleet = argv[3];
    for (size_t i = 0; rc == 0 && i < crowd->count; i++) {
        struct crowd_node *node = &crowd->nodes[i];
        const struct link_user user = {
            .greet = greet, .opened = opened, .closed = closed, .received = received, .ctx = node};
        node->crowd = crowd;
        (void)snprintf(node->session.node, sizeof node->session.node, "%.40s%lu", argv[4],
                       first + i);
        peer_init(&node->peer, crowd->fleet, node->session.node, strtol(argv[7], NULL, 10),
                  strtol(argv[8], NULL, 10));
        rc = session_init(&node->session, &crowd->shared, argv[1],
                          (uint16_t)strtoul(argv[2], NULL, 10), &user, err);
    }
    return rc;
}

int main(int argc, char **argv)
{
    static struct crowd crowd;
    struct err err = {0};
    crowd.count = argc == 9 ? (size_t)strtoul(argv[6], NULL, 10) : 0;
    if (crowd.count == 0 || crowd.count > SESSIONS_MAX) {
        (void)fprintf(stderr,
                      "usage: crowd FOLDER PORT FLEET NODE-PREFIX FIRST COUNT PREPARE-MS SOAK-MS "
                      "(at most %d nodes)\n",
                      SESSIONS_MAX);
        return 2;
    }
    (void)signal(SIGTERM, over);
    (void)signal(SIGPIPE, SIG_IGN);
    if (crowd_init(&crowd, argv, &err) != 0) {
        (void)fprintf(stderr, "crowd: %s\n", err.text);
        return EXIT_FAILURE;
    }
    crowd_run(&crowd);
    return EXIT_SUCCESS;
}
