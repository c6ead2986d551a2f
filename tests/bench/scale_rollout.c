/* scale_rollout: a whole rollout through the real coordinator: nodes that are a few numbers each, a
 * bus in this process that loses and repeats, real signatures by mbedTLS. In real time; what the
 * coordinator's own calls cost is told apart from what this program spends on its nodes. Judges
 * nothing. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>

#include "agent/fleet/coordinator.h"
#include "agent/fleet/signed.h"
#include "agent/wire/envelope.h"
#include "agent/wire/topic.h"
#include "ports/mbedtls/sign.h"
#include "ports/mbedtls/verify.h"
#include "tests/bench/scale_events.h"

#define FLEET    "bench"
#define GROUPS   1000
#define LABELS   8
#define APPS     4
#define WALL     INT64_C(1764000000000)
#define BEGIN_US 30000
#define WORK_US  400000 /* and up to as much again */

struct node {
    char order_id[ORDER_ID_BYTES];
    uint64_t epoch, gen;
    uint8_t runs; /* 1: the release before; 2: the new one */
    bool is_open, is_begun;
};

static struct {
    struct node *nodes;
    size_t count;
    struct events events;
    struct bus_user user;
    struct coordinator *coordinator;
    struct verify verify;
    struct trust trust;
    uint64_t random, lose_one_in;
    int64_t started_us;
    bool has_said;
    double spent;   /* seconds in the coordinator's calls */
    int64_t *freed; /* when a node's good word came in, in order */
    size_t freed_count, used_count;
    int64_t *waited; /* until the next order went out */
    size_t orders, echoes_lost, late, doubled, heard;
} bench;

static struct report report;

/* -- time and chance -------------------------------------------------------------------------- */

static int64_t clock_us(clockid_t id)
{
    struct timespec at;
    (void)clock_gettime(id, &at);
    return (int64_t)at.tv_sec * 1000000 + at.tv_nsec / 1000;
}

static int64_t now_us(void)
{
    return clock_us(CLOCK_MONOTONIC) - bench.started_us;
}

static uint64_t draw(uint64_t below)
{
    bench.random = bench.random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (bench.random >> 33) % below;
}

static bool is_lost(void)
{
    return bench.lose_one_in != 0 && draw(bench.lose_one_in) == 0;
}

static mono_ms port_mono(void *self)
{
    (void)self;
    return now_us() / 1000;
}

static wall_ms port_wall(void *self, bool *is_trusted)
{
    *is_trusted = true;
    return WALL + port_mono(self);
}

static int port_fill(void *self, void *data, size_t len, struct err *err)
{
    (void)self;
    return getrandom(data, len, 0) == (ssize_t)len ? 0 : err_set(err, ERR_ENTROPY, "getrandom");
}

static void port_line(void *self, enum log_level level, const char *text)
{
    (void)self;
    if (level == LOG_LEVEL_ERROR || (level == LOG_LEVEL_WARNING && strstr(text, "again") == NULL)) {
        (void)fprintf(stderr, "%s\n", text);
    }
}

/* -- the bus ---------------------------------------------------------------------------------- */

static int bus_open(void *self, const struct bus_session *session, const struct bus_user *user,
                    struct err *err)
{
    (void)self;
    (void)session;
    (void)err;
    bench.user = *user;
    events_add(&bench.events, (struct event){.at = now_us(), .kind = EVENT_OPENED});
    return 0;
}

static void bus_close(void *self)
{
    (void)self;
}

static int bus_subscribe(void *self, const char *filter, bus_done done, void *ctx, struct err *err)
{
    (void)self;
    (void)err;
    const char *last = strrchr(filter, '/');
    events_add(&bench.events, (struct event){.at = now_us() + 100,
                                             .kind = EVENT_SUBSCRIBED,
                                             .done = done,
                                             .ctx = ctx,
                                             .is_reports = strcmp(last, "/report") == 0});
    return 0;
}

static int bus_unsubscribe(void *self, const char *filter, struct err *err)
{
    (void)self;
    (void)filter;
    (void)err;
    return 0;
}

static size_t index_of(const char *name)
{
    return (size_t)strtoull(name + 3, NULL, 10);
}

/* Read as a node reads it; it trusts who signed, the cost of that is the node's. */
static void order_hear(const struct topic *topic, struct span payload)
{
    static uint8_t memory[4 * ENVELOPE_BYTES_MAX];
    struct node *node = &bench.nodes[index_of(topic->node)];
    struct envelope_parts parts;
    struct arena arena;
    struct order order;
    arena_init(&arena, memory, sizeof memory);
    if (envelope_take_apart(payload, &arena, &parts, NULL) != 0 ||
        order_parse(parts.payload, &order, NULL) != 0) {
        abort();
    }
    if (strcmp(node->order_id, order.id) == 0) {
        return; /* the same again */
    }
    memcpy(node->order_id, order.id, sizeof order.id);
    node->epoch = order.epoch;
    node->gen = order.gen;
    node->is_open = true;
    node->is_begun = false;
    bench.orders++;
    if (bench.used_count < bench.freed_count) {
        bench.waited[bench.used_count] = now_us() - bench.freed[bench.used_count];
        bench.used_count++;
    }
    events_add(&bench.events, (struct event){.at = now_us() + BEGIN_US,
                                             .kind = EVENT_BEGIN,
                                             .node = index_of(topic->node)});
}

static int bus_publish(void *self, const char *text, struct span payload, bool is_retained,
                       bus_done done, void *ctx, struct err *err)
{
    struct topic topic;
    (void)self;
    (void)err;
    (void)is_retained;
    bool is_order = topic_parse(text, &topic) && topic.kind == TOPIC_ORDER;
    bool is_dropped = is_order && is_lost(); /* acknowledged, and never seen again */
    events_add(&bench.events,
               (struct event){.at = now_us() + 500, .kind = EVENT_TAKEN, .done = done, .ctx = ctx});
    bench.echoes_lost += is_dropped;
    if (!is_dropped) {
        if (is_order) {
            order_hear(&topic, payload);
        }
        struct event echo = {.at = now_us() + 1000, .kind = EVENT_ECHO, .len = payload.len};
        echo.topic = strdup(text);
        echo.payload = malloc(payload.len + 1);
        assert(echo.topic != NULL && echo.payload != NULL);
        memcpy(echo.payload, payload.data, payload.len);
        events_add(&bench.events, echo);
    }
    return 0;
}

static void bus_pace(void *self, unsigned seconds)
{
    (void)self;
    (void)seconds;
}

/* -- what nodes say --------------------------------------------------------------------------- */

static struct digest digest_of(int byte)
{
    struct digest digest;
    memset(digest.bytes, byte, sizeof digest.bytes);
    return digest;
}

static void app_make(struct report_app *app, const struct node *node, size_t index)
{
    (void)snprintf(app->app, sizeof app->app, "app-%zu", index);
    (void)text_copy(app->phase, sizeof app->phase,
                    index == 0 && node->is_begun ? "unproven" : "rest");
    (void)text_copy(app->wanted_by, sizeof app->wanted_by, "order");
    app->committed.gen = 1;
    app->committed.release = digest_of(index == 0 ? node->runs : 1);
    app->is_serving = true;
    if (index == 0 && node->gen != 0) {
        memcpy(app->order_id, node->order_id, sizeof app->order_id);
        app->order_epoch = node->epoch;
        app->order_gen = node->gen;
        app->is_order_open = node->is_open;
        if (!node->is_open) {
            app->outcome_count = 1;
            app->outcomes[0].kind = OUTCOME_SUCCEEDED;
            memcpy(app->outcomes[0].id, node->order_id, sizeof app->order_id);
        }
    }
}

static struct span report_of(size_t index)
{
    static char data[REPORT_BYTES_MAX];
    struct text text;
    memset(&report, 0, sizeof report);
    (void)text_copy(report.fleet, sizeof report.fleet, FLEET);
    (void)snprintf(report.node, sizeof report.node, "gw-%06zu", index);
    report.schema_trust = 2;
    report.schema_order = report.schema_release = 1;
    report.label_count = LABELS;
    for (size_t i = 0; i < LABELS; i++) {
        (void)snprintf(report.label_names[i], 64, i == 0 ? "site" : "label-%zu", i);
        (void)snprintf(report.label_values[i], 64, "value-%zu",
                       i == 0 ? index % GROUPS : index % 7);
    }
    report.app_count = APPS;
    for (size_t i = 0; i < APPS; i++) {
        app_make(&report.apps[i], &bench.nodes[index], i);
    }
    text_init(&text, data, sizeof data);
    report_render(&report, &text);
    return span_of(text.data, text.len);
}

/* Into the coordinator, with what it costs there. */
static void hear(const char *topic, struct span payload, bool is_retained)
{
    int64_t from = clock_us(CLOCK_THREAD_CPUTIME_ID);
    bench.user.received(bench.user.ctx, topic, payload, is_retained);
    bench.spent += (double)(clock_us(CLOCK_THREAD_CPUTIME_ID) - from) / 1e6;
}

static void node_say(size_t index, enum topic_kind kind, struct span payload, bool is_retained)
{
    struct topic topic = {.kind = kind, .fleet = FLEET};
    char text[BUS_TOPIC_BYTES];
    (void)snprintf(topic.node, sizeof topic.node, "gw-%06zu", index);
    topic_render(&topic, text);
    hear(text, payload, is_retained);
}

static void report_say(size_t index, bool is_retained)
{
    const struct node *node = &bench.nodes[index];
    node_say(index, TOPIC_REPORT, report_of(index), is_retained);
    bench.heard += !is_retained;
    if (!is_retained && node->gen != 0 && !node->is_open && bench.freed_count < bench.count) {
        bench.freed[bench.freed_count++] = now_us();
    }
}

/* One of so many comes seconds late, one comes twice. */
static void report_send(size_t index)
{
    struct event event = {.at = now_us() + 1000, .kind = EVENT_REPORT, .node = index};
    if (is_lost()) {
        event.at += 1000000 + (int64_t)draw(2000000);
        bench.late++;
    }
    events_add(&bench.events, event);
    if (is_lost()) {
        event.at += 5000;
        event.kind = EVENT_REPORT_AGAIN;
        bench.doubled++;
        events_add(&bench.events, event);
    }
}

static void everybody_say(void)
{
    char data[256];
    struct text text;
    struct presence presence = {.session = "0123456789abcdef", .is_online = true};
    text_init(&text, data, sizeof data);
    presence_render(&presence, &text);
    for (size_t i = 0; i < bench.count; i++) {
        node_say(i, TOPIC_PRESENCE, span_of(text.data, text.len), true);
        report_say(i, true);
    }
}

/* -- the loop --------------------------------------------------------------------------------- */

static void event_happen(struct event *event)
{
    struct node *node = &bench.nodes[event->node];
    int64_t from = clock_us(CLOCK_THREAD_CPUTIME_ID);
    switch (event->kind) {
    case EVENT_OPENED:
        bench.user.opened(bench.user.ctx);
        break;
    case EVENT_SUBSCRIBED:
        event->done(event->ctx, NULL);
        if (event->is_reports && !bench.has_said) { /* at the first of both levels of topics */
            bench.has_said = true;
            everybody_say();
        }
        return;
    case EVENT_TAKEN:
        event->done(event->ctx, NULL);
        break;
    case EVENT_ECHO:
        bench.user.received(bench.user.ctx, event->topic, span_of(event->payload, event->len),
                            false);
        free(event->topic);
        free(event->payload);
        break;
    case EVENT_BEGIN:
        node->is_begun = true;
        report_send(event->node);
        events_add(&bench.events, (struct event){.at = event->at + WORK_US + (int64_t)draw(WORK_US),
                                                 .kind = EVENT_END,
                                                 .node = event->node});
        return;
    case EVENT_END:
        node->is_begun = node->is_open = false;
        node->runs = 2;
        report_send(event->node);
        return;
    case EVENT_REPORT:
        report_say(event->node, false);
        return;
    case EVENT_REPORT_AGAIN:
        node_say(event->node, TOPIC_REPORT, report_of(event->node), false);
        return;
    }
    bench.spent += (double)(clock_us(CLOCK_THREAD_CPUTIME_ID) - from) / 1e6;
}

static void turn(void)
{
    struct event event;
    int64_t now = now_us();
    while (events_take(&bench.events, now, &event)) {
        event_happen(&event);
    }
    int64_t from = clock_us(CLOCK_THREAD_CPUTIME_ID);
    coordinator_step(bench.coordinator);
    bench.spent += (double)(clock_us(CLOCK_THREAD_CPUTIME_ID) - from) / 1e6;
    int64_t deadline = coordinator_deadline(bench.coordinator);
    int64_t next = deadline < INT64_MAX / 1000 ? deadline * 1000 : INT64_MAX;
    int64_t event_at = events_first(&bench.events);
    next = event_at < next ? event_at : next;
    int64_t wait = next - now_us();
    if (wait > 0) {
        wait = wait > 50000 ? 50000 : wait;
        (void)nanosleep(&(struct timespec){.tv_nsec = (long)wait * 1000}, NULL);
    }
}

static struct rollout_spec spec_make(uint32_t most)
{
    struct rollout_spec spec = {.id = "bench-1",
                                .app = "app-0",
                                .release = digest_of(2),
                                .version = "2",
                                .created = WALL,
                                .max_unavailable = most,
                                .start_by_ms = ROLLOUT_START_BY_MS_DEFAULT,
                                .lost_after_ms = ROLLOUT_LOST_AFTER_MS_DEFAULT,
                                .offline = "later"};
    static const uint32_t percents[] = {0, 5, 25, 100};
    spec.shape.wave_count = COUNT_OF(percents);
    for (size_t i = 0; i < COUNT_OF(percents); i++) {
        spec.shape.waves[i].size.percent = percents[i];
        spec.shape.waves[i].soak_ms = 2000;
        spec.shape.waves[i].threshold = 95;
    }
    spec.shape.waves[0].size.count = 1;
    spec.shape.group_count = 1;
    spec.shape.group_max = 4;
    (void)text_copy(spec.shape.group_by[0], ROLLOUT_LABEL_BYTES, "site");
    (void)text_copy(spec.shape.group_missing, ROLLOUT_WORD_BYTES, "alone");
    rollout_failure_default(&spec.shape.failure);
    spec.shape.failure.is_given = true;
    spec.shape.failure.ratio = 5;
    spec.shape.failure.minimum = 3;
    return spec;
}

/* As an operator signs it: with the one key that this program has. */
static int rollout_start(const char *pem, const struct sign *sign, struct rollout_spec *spec,
                         struct err *err)
{
    static uint8_t memory[4 * ROLLOUT_BYTES_MAX];
    char data[ROLLOUT_BYTES_MAX];
    struct operators operators = {.version = 1, .fleet = FLEET, .count = 1};
    struct span envelope;
    struct arena arena;
    struct text text;
    (void)text_copy(operators.list[0].name, NAME_BYTES, "bench");
    operators.list[0].key = bench.trust.keys[0];
    coordinator_operators(bench.coordinator, &operators);
    (void)text_copy(spec->fleet, sizeof spec->fleet, FLEET);
    text_init(&text, data, sizeof data);
    rollout_spec_render(spec, &text);
    arena_init(&arena, memory, sizeof memory);
    int rc = signed_make(signed_type(SIGNED_SPEC), span_of(text.data, text.len), sign,
                         &bench.verify, pem, &arena, &envelope, err);
    return rc != 0 ? rc
                   : coordinator_start(bench.coordinator, envelope,
                                       span_text("no node here reads it"), err);
}

static void coordinator_make(const char *pem, struct sign sign)
{
    static const struct clock_ops clock_ops = {.mono = port_mono, .wall = port_wall};
    static const struct entropy_ops entropy_ops = {.fill = port_fill};
    static const struct log_ops log_ops = {.line = port_line};
    static const struct bus_ops bus_ops = {.open = bus_open,
                                           .close = bus_close,
                                           .subscribe = bus_subscribe,
                                           .unsubscribe = bus_unsubscribe,
                                           .publish = bus_publish,
                                           .pace = bus_pace};
    const struct coordinator_settings settings = {
        .fleet = FLEET, .order_key_pem = pem, .trust = &bench.trust, .settle_ms = 5000};
    const struct coordinator_ports ports = {.clock = {&clock_ops, NULL},
                                            .bus = {&bus_ops, NULL},
                                            .entropy = {&entropy_ops, NULL},
                                            .sign = sign,
                                            .verify = bench.verify,
                                            .log = {&log_ops, NULL}};
    struct err err;
    if (coordinator_new(&settings, &ports, &bench.coordinator, &err) != 0) {
        (void)fprintf(stderr, "%s\n", err.text);
        exit(EXIT_FAILURE);
    }
}

static void trust_make(const char *pem, const struct sign *sign)
{
    struct digest id;
    struct trust_key *key = &bench.trust.keys[0];
    bench.trust = (struct trust){.version = 1, .fleet = FLEET, .key_count = 1};
    if (sign->ops->key_public(sign->self, pem, key->point, NULL) != 0) {
        abort();
    }
    key->roles = (1u << TRUST_ROLE_COUNT) - 1;
    bench.verify.ops->sha256(bench.verify.self, span_of(key->point, VERIFY_KEY_BYTES), &id);
    digest_render(&id, key->id);
    memset(bench.trust.threshold, 1, sizeof bench.trust.threshold);
}

static int longer(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static void figures_print(double wall, const struct rollout_state *state)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    double cpu = (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
                 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    qsort(bench.waited, bench.used_count, sizeof *bench.waited, longer);
    size_t last = bench.used_count > 0 ? bench.used_count - 1 : 0;
    printf("%zu nodes, %u groups, waves of 1, 5 %%, 25 %%, 100 %%: %s, %u done\n", bench.count,
           GROUPS, rollout_phase_word(state->phase), state->count[NODE_DONE]);
    printf("lost: %zu orders that were acknowledged; %zu reports late by 1 to 3 s, %zu twice\n",
           bench.echoes_lost, bench.late, bench.doubled);
    printf("wall time                        %8.1f s\n", wall);
    printf("CPU of the coordinator           %8.1f s\n", bench.spent);
    printf("CPU with the nodes and the bus   %8.1f s, at most %ld KiB of memory\n", cpu,
           usage.ru_maxrss);
    printf("orders                           %8.0f a second\n", (double)bench.orders / wall);
    printf("changes (ordered, begun, done)   %8.0f a second\n",
           (double)(bench.orders + bench.heard) / wall);
    printf("of the coordinator's CPU alone   %8.0f a second\n",
           (double)(bench.orders + bench.heard) / bench.spent);
    printf("report to next order             %8.1f ms p50, %.1f ms p99\n",
           (double)bench.waited[last / 2] / 1000, (double)bench.waited[last * 99 / 100] / 1000);
}

int main(int argc, char **argv)
{
    static char pem[SIGN_PEM_BYTES_MAX];
    struct mbedtls_sign *port;
    struct sign sign;
    struct rollout_view view = {0};
    struct err err = {0};
    bench.count = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000;
    uint32_t most = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1000;
    bench.lose_one_in = argc > 3 ? strtoull(argv[3], NULL, 10) : 100;
    bench.nodes = calloc(bench.count, sizeof *bench.nodes);
    bench.freed = calloc(bench.count, sizeof *bench.freed);
    bench.waited = calloc(bench.count + 1, sizeof *bench.waited);
    assert(bench.nodes != NULL && bench.freed != NULL && bench.waited != NULL);
    for (size_t i = 0; i < bench.count; i++) {
        bench.nodes[i].runs = 1;
    }
    if (mbedtls_verify_init(&bench.verify, &err) != 0 ||
        mbedtls_sign_new(&port, &sign, &err) != 0 || sign.ops->key_new(sign.self, pem, &err) != 0) {
        (void)fprintf(stderr, "%s\n", err.text);
        return EXIT_FAILURE;
    }
    trust_make(pem, &sign);
    bench.started_us = clock_us(CLOCK_MONOTONIC);
    coordinator_make(pem, sign);
    while (!coordinator_is_acting(bench.coordinator)) {
        turn();
    }
    printf("everybody was read in %.1f s of CPU\n", bench.spent);
    (void)fflush(stdout);
    bench.spent = 0;
    struct rollout_spec spec = spec_make(most);
    if (rollout_start(pem, &sign, &spec, &err) != 0) {
        (void)fprintf(stderr, "%s\n", err.text);
        return EXIT_FAILURE;
    }
    int64_t from = now_us();
    while (!coordinator_view(bench.coordinator, "bench-1", &view) ||
           !rollout_phase_is_end(view.state->phase)) {
        turn();
    }
    figures_print((double)(now_us() - from) / 1e6, view.state);
    coordinator_free(bench.coordinator);
    mbedtls_sign_free(port);
    return EXIT_SUCCESS;
}
