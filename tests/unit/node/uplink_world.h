/* uplink_world: everything around the uplink, the conductor included, for its test alone. */
#ifndef TESTS_UNIT_NODE_UPLINK_WORLD_H
#define TESTS_UNIT_NODE_UPLINK_WORLD_H

#include "agent/node/uplink.h"
#include "tests/check.h"

#define WALL INT64_C(1764000000000)

struct sent {
    char topic[BUS_TOPIC_BYTES], text[REPORT_BYTES_MAX];
    bool is_retained;
    bus_done done;
    void *ctx;
};

/* Everything around the uplink. */
static struct {
    struct uplink uplink;
    mono_ms now;
    struct bus_user user;
    struct bus_session session;
    char client_id[96], will_topic[BUS_TOPIC_BYTES], will[LINK_WILL_BYTES];
    bool is_refusing;
    struct sent sent[64];
    size_t sent_count;
    char subscribed[64][BUS_TOPIC_BYTES], unsubscribed[64][BUS_TOPIC_BYTES];
    size_t subscribed_count, unsubscribed_count;
    bus_done last_subscription;
    unsigned pace, paces, opens, closes;
    char said[2048];
    /* The conductor. */
    char order_app[NAME_BYTES], order_text[64];
    unsigned orders, releases;
    bool is_release_true;
    struct digest release;
    struct digest missing[APPS_MAX];
    size_t missing_count;
    struct digest missing_files[APPS_MAX];
    size_t missing_file_count;
    unsigned files;
    int file_code;
    struct report report;
    bool has_story, is_changing;
    char again[NAME_BYTES];
    unsigned agains, documents;
    bool is_revoke;
    char document[64];
} w;

int conductor_order(struct conductor *conductor, const char *app, struct span envelope,
                    struct err *err)
{
    (void)conductor, (void)err;
    w.orders++;
    (void)snprintf(w.order_app, sizeof w.order_app, "%s", app);
    (void)snprintf(w.order_text, sizeof w.order_text, "%.*s", (int)envelope.len,
                   (const char *)envelope.data);
    return 0;
}

bool conductor_release(struct conductor *conductor, const struct digest *digest,
                       struct span envelope)
{
    (void)conductor, (void)envelope;
    w.releases++;
    w.release = *digest;
    return w.is_release_true;
}

size_t conductor_missing(const struct conductor *conductor, struct digest *digests, size_t cap)
{
    (void)conductor;
    size_t count = w.missing_count < cap ? w.missing_count : cap;
    memcpy(digests, w.missing, count * sizeof *digests);
    return count;
}

size_t conductor_missing_files(const struct conductor *conductor, struct digest *digests,
                               size_t cap)
{
    (void)conductor;
    size_t count = w.missing_file_count < cap ? w.missing_file_count : cap;
    memcpy(digests, w.missing_files, count * sizeof *digests);
    return count;
}

int conductor_file(struct conductor *conductor, const struct digest *name, struct span content,
                   conductor_done done, void *ctx, struct err *err)
{
    (void)conductor, (void)content, (void)done, (void)ctx;
    w.files++;
    w.release = *name;
    return w.file_code != 0 ? err_set(err, w.file_code, "refused") : 0;
}

void conductor_report(const struct conductor *conductor, struct report *report)
{
    (void)conductor;
    *report = w.report;
}

bool conductor_story(struct conductor *conductor, char app[NAME_BYTES], struct text *text)
{
    (void)conductor;
    bool has_story = w.has_story;
    if (has_story) {
        memcpy(app, "web", 4);
        text_append(text, "{\"story\":1}");
    }
    w.has_story = false;
    return has_story;
}

size_t conductor_place(const struct conductor *conductor, const char *app)
{
    (void)conductor;
    return strcmp(app, "web") == 0 ? 10 : APPS_MAX;
}

void conductor_story_again(struct conductor *conductor, const char *app)
{
    (void)conductor;
    w.agains++;
    (void)snprintf(w.again, sizeof w.again, "%s", app);
}

void conductor_note_twin(struct conductor *conductor, enum link_twin twin)
{
    (void)conductor, (void)twin;
}

bool conductor_is_changing(const struct conductor *conductor)
{
    (void)conductor;
    return w.is_changing;
}

static int fake_open(void *self, const struct bus_session *session, const struct bus_user *user,
                     struct err *err)
{
    (void)self, (void)err;
    w.opens++;
    w.user = *user;
    w.session = *session;
    (void)snprintf(w.client_id, sizeof w.client_id, "%s", session->client_id);
    (void)snprintf(w.will_topic, sizeof w.will_topic, "%s", session->will_topic);
    (void)snprintf(w.will, sizeof w.will, "%.*s", (int)session->will.len,
                   (const char *)session->will.data);
    return 0;
}

static void fake_close(void *self)
{
    (void)self;
    w.closes++;
}

static int fake_subscribe(void *self, const char *filter, bus_done done, void *ctx, struct err *err)
{
    (void)self, (void)ctx;
    if (w.is_refusing || w.subscribed_count == 64) {
        return err_set(err, ERR_BUSY, "no room to subscribe");
    }
    w.last_subscription = done;
    (void)snprintf(w.subscribed[w.subscribed_count++], BUS_TOPIC_BYTES, "%s", filter);
    return 0;
}

static int fake_unsubscribe(void *self, const char *filter, struct err *err)
{
    (void)self, (void)err;
    (void)snprintf(w.unsubscribed[w.unsubscribed_count++], BUS_TOPIC_BYTES, "%s", filter);
    return 0;
}

static int fake_publish(void *self, const char *topic, struct span payload, bool is_retained,
                        bus_done done, void *ctx, struct err *err)
{
    (void)self;
    if (w.is_refusing || w.sent_count == 64) {
        return err_set(err, ERR_BUSY, "no room");
    }
    struct sent *sent = &w.sent[w.sent_count++];
    *sent = (struct sent){.is_retained = is_retained, .done = done, .ctx = ctx};
    (void)snprintf(sent->topic, sizeof sent->topic, "%s", topic);
    (void)snprintf(sent->text, sizeof sent->text, "%.*s", (int)payload.len,
                   (const char *)payload.data);
    return 0;
}

static void fake_pace(void *self, unsigned seconds)
{
    (void)self;
    w.pace = seconds;
    w.paces++;
}

static wall_ms fake_wall(void *self, bool *is_trusted)
{
    (void)self;
    *is_trusted = true;
    return WALL + w.now;
}

static int fake_fill(void *self, void *data, size_t len, struct err *err)
{
    (void)self, (void)err;
    memset(data, 0, len);
    return 0;
}

static void fake_line(void *self, enum log_level level, const char *text)
{
    (void)self, (void)level;
    size_t len = strlen(w.said);
    (void)snprintf(w.said + len, sizeof w.said - len, "%s\n", text);
}

static void document(void *ctx, bool is_revoke, struct span envelope)
{
    (void)ctx;
    w.documents++;
    w.is_revoke = is_revoke;
    (void)snprintf(w.document, sizeof w.document, "%.*s", (int)envelope.len,
                   (const char *)envelope.data);
}

static void begin_with(struct verify verify)
{
    static const struct bus_ops bus_ops = {.open = fake_open,
                                           .close = fake_close,
                                           .subscribe = fake_subscribe,
                                           .unsubscribe = fake_unsubscribe,
                                           .publish = fake_publish,
                                           .pace = fake_pace};
    static const struct clock_ops clock_ops = {.wall = fake_wall};
    static const struct entropy_ops entropy_ops = {.fill = fake_fill};
    static const struct log_ops log_ops = {.line = fake_line};
    static const struct config config = {.node = "gw", .fleet = "sim"};
    const struct uplink_ports ports = {.bus = {&bus_ops, NULL},
                                       .entropy = {&entropy_ops, NULL},
                                       .clock = {&clock_ops, NULL},
                                       .log = {&log_ops, NULL},
                                       .document = document,
                                       .verify = verify};
    memset(&w, 0, sizeof w);
    w.now = 1000;
    w.is_release_true = true;
    (void)text_copy(w.report.fleet, sizeof w.report.fleet, "sim");
    (void)text_copy(w.report.node, sizeof w.report.node, "gw");
    uplink_init(&w.uplink, NULL, &config, &ports);
}

static void begin(void)
{
    begin_with((struct verify){0});
}

static void step(int64_t ms)
{
    w.now += ms;
    uplink_step(&w.uplink, w.now);
}

static void begin_open(void)
{
    begin();
    step(0);
    w.user.opened(w.user.ctx);
    step(0);
}

static size_t count_of(const char *topic)
{
    size_t count = 0;
    for (size_t i = 0; i < w.sent_count; i++) {
        count += strcmp(w.sent[i].topic, topic) == 0;
    }
    return count;
}

static struct sent *last_of(const char *topic)
{
    for (size_t i = w.sent_count; i > 0; i--) {
        if (strcmp(w.sent[i - 1].topic, topic) == 0) {
            return &w.sent[i - 1];
        }
    }
    CHECK(!"it was sent");
    return &w.sent[0];
}

#define PRESENCE "berth/1/sim/node/gw/presence"
#define REPORT   "berth/1/sim/node/gw/report"
#define STORY    "berth/1/sim/node/gw/story/a"

static void hear(const char *topic, const char *text)
{
    w.user.received(w.user.ctx, topic, span_text(text), false);
}

#endif
