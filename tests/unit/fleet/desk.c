/* desk: notes everything, answers nothing by itself. */
#include "tests/unit/fleet/desk.h"

#include "agent/fleet/coordinator_private.h"
#include "tests/check.h"
#include "tests/sim/sealing.h"

static int fake_open(void *self, const struct bus_session *session, const struct bus_user *user,
                     struct err *err)
{
    struct desk *desk = self;
    (void)err;
    desk->opens++;
    desk->user = *user;
    desk->keepalive_s = session->keepalive_s;
    (void)snprintf(desk->client_id, sizeof desk->client_id, "%s", session->client_id);
    (void)snprintf(desk->will_topic, sizeof desk->will_topic, "%s", session->will_topic);
    (void)snprintf(desk->will, sizeof desk->will, "%.*s", (int)session->will.len,
                   (const char *)session->will.data);
    return 0;
}

static void fake_close(void *self)
{
    ((struct desk *)self)->closes++;
}

static int fake_subscribe(void *self, const char *filter, bus_done done, void *ctx, struct err *err)
{
    struct desk *desk = self;
    if (desk->is_subscribe_refused || desk->filter_count == DESK_FILTERS_MAX) {
        return err_set(err, ERR_BUSY, "no room");
    }
    struct desk_filter *made = &desk->filters[desk->filter_count++];
    *made = (struct desk_filter){.done = done, .ctx = ctx};
    (void)snprintf(made->filter, sizeof made->filter, "%s", filter);
    return 0;
}

static int fake_unsubscribe(void *self, const char *filter, struct err *err)
{
    struct desk *desk = self;
    (void)err;
    desk->unsubscribed_count++;
    (void)snprintf(desk->unsubscribed, sizeof desk->unsubscribed, "%s", filter);
    return 0;
}

static bool is_ending(const char *topic, const char *ending)
{
    size_t len = strlen(topic), tail = strlen(ending);
    return len >= tail && strcmp(topic + len - tail, ending) == 0;
}

/* What is signed is looked at as what was signed; an order by those who look at orders. */
static struct span looked_at(const char *topic, struct span payload)
{
    bool is_signed = is_ending(topic, "/coordinator") || is_ending(topic, "/spec") ||
                     is_ending(topic, "/control") || is_ending(topic, "/state");
    struct span inner = is_signed && payload.len > 0 ? sealing_payload(payload) : payload;
    return inner.len > 0 ? inner : payload;
}

/* A renewal by a step, after the claim was echoed once. */
static bool renewal_keep(struct desk *desk, const char *topic, struct span payload, bus_done done,
                         void *ctx)
{
    struct claim claim;
    if (!desk->is_stepping || desk->is_silent || !is_ending(topic, "/coordinator") ||
        claim_parse(looked_at(topic, payload), &claim, NULL) != 0 || claim.is_released ||
        claim.epoch != desk->epoch_echoed || desk->renewal_len > 0) {
        return false;
    }
    CHECK(payload.len <= sizeof desk->renewal);
    memcpy(desk->renewal, payload.data, payload.len);
    desk->renewal_len = payload.len;
    desk->renewal_done = done;
    desk->renewal_ctx = ctx;
    return true;
}

static int fake_publish(void *self, const char *topic, struct span payload, bool is_retained,
                        bus_done done, void *ctx, struct err *err)
{
    struct desk *desk = self;
    if (strchr(topic, '~') != NULL && desk->fence_count < 16) {
        desk->fence_done = done;
        desk->fence_ctx = ctx;
        (void)snprintf(desk->fences[desk->fence_count++], BUS_TOPIC_BYTES, "%s", topic);
        return 0;
    }
    if (renewal_keep(desk, topic, payload, done, ctx)) {
        return 0;
    }
    if (desk->is_publish_refused || desk->publish_count == DESK_PUBLISHES_MAX) {
        return err_set(err, ERR_BUSY, "no room");
    }
    struct desk_publish *made = &desk->publishes[desk->publish_count++];
    *made = (struct desk_publish){.is_retained = is_retained, .done = done, .ctx = ctx};
    struct span inner = looked_at(topic, payload);
    (void)snprintf(made->topic, sizeof made->topic, "%s", topic);
    CHECK(payload.len <= sizeof made->whole);
    made->whole_len = payload.len;
    made->len = inner.len;
    if (payload.len > 0) {
        memcpy(made->whole, payload.data, payload.len);
        memcpy(made->payload, inner.data, inner.len);
    }
    return 0;
}

static mono_ms fake_mono(void *self)
{
    return ((struct desk *)self)->now;
}

static wall_ms fake_wall(void *self, bool *is_trusted)
{
    *is_trusted = ((struct desk *)self)->is_clock_trusted;
    return DESK_WALL + ((struct desk *)self)->now;
}

static int fake_fill(void *self, void *data, size_t len, struct err *err)
{
    struct desk *desk = self;
    if (desk->is_entropy_out) {
        return err_set(err, ERR_ENTROPY, "none");
    }
    desk->random++;
    memcpy(data, &desk->random, len);
    return 0;
}

static void fake_line(void *self, enum log_level level, const char *text)
{
    struct desk *desk = self;
    size_t len = strlen(desk->said);
    desk->warnings += level == LOG_LEVEL_WARNING;
    desk->errors += level == LOG_LEVEL_ERROR;
    (void)snprintf(desk->said + len, sizeof desk->said - len, "%s\n", text);
}

/* The release role and the order role are key 1's. */
static void trust_make(struct trust *trust)
{
    struct verify verify = seal_verify_port();
    struct digest digest;
    *trust = (struct trust){.version = 1, .fleet = "sim", .key_count = 1};
    trust->keys[0].point[0] = 4;
    trust->keys[0].point[1] = 1;
    trust->keys[0].roles = 1u << TRUST_ROLE_ORDER | 1u << TRUST_ROLE_RELEASE;
    verify.ops->sha256(verify.self, span_of(trust->keys[0].point, VERIFY_KEY_BYTES), &digest);
    digest_render(&digest, trust->keys[0].id);
    for (size_t i = 0; i < TRUST_ROLE_COUNT; i++) {
        trust->threshold[i] = 1;
    }
}

static int fake_keep(void *ctx, uint64_t epoch, struct err *err)
{
    struct desk *desk = ctx;
    if (desk->is_keep_refused) {
        return err_set(err, ERR_IO, "read-only");
    }
    desk->epoch_kept = epoch;
    return 0;
}

static int fake_roll_keep(void *ctx, const char *shard, struct span envelope, struct err *err)
{
    struct desk *desk = ctx;
    (void)text_copy(desk->roll_kept, sizeof desk->roll_kept, shard);
    desk->rolls_kept += envelope.len > 0;
    return desk->is_keep_refused ? err_set(err, ERR_IO, "no space") : 0;
}

static int fake_begun_keep(void *ctx, const struct begun *begun, struct err *err)
{
    struct desk *desk = ctx;
    if (desk->is_keep_refused) {
        return err_set(err, ERR_IO, "read-only");
    }
    begun_close(&desk->begun_kept);
    CHECK(begun_copy(&desk->begun_kept, begun));
    return 0;
}

static int fake_freeze_keep(void *ctx, struct span envelope, struct err *err)
{
    struct desk *desk = ctx;
    if (desk->is_keep_refused || envelope.len > sizeof desk->freeze_kept) {
        return err_set(err, ERR_STORE, "disk full");
    }
    memcpy(desk->freeze_kept, envelope.data, envelope.len);
    desk->freeze_kept_len = envelope.len;
    return 0;
}

void desk_again(struct desk *desk, const char *pem)
{
    const struct coordinator_settings settings = {
        .fleet = "sim",
        .audits_always = !desk->audits_seldom,
        .order_key_pem = pem,
        .trust = &desk->trust,
        .operators = &desk->operators,
        .epoch_kept = desk->epoch_kept,
        .epoch_keep = fake_keep,
        .roll_keep = fake_roll_keep,
        .freeze_kept = span_of(desk->freeze_kept, desk->freeze_kept_len),
        .freeze_keep = fake_freeze_keep,
        .begun_kept = &desk->begun_kept,
        .begun_keep = fake_begun_keep,
        .epoch_ctx = desk};
    coordinator_free(desk->coordinator);
    desk->filter_count = desk->publish_count = 0;
    CHECK_INT_EQ(coordinator_new(&settings, &desk->ports, &desk->coordinator, NULL), 0);
}

void desk_open(struct desk *desk, const char *pem, int64_t settle_ms)
{
    static const struct bus_ops bus_ops = {.open = fake_open,
                                           .close = fake_close,
                                           .subscribe = fake_subscribe,
                                           .unsubscribe = fake_unsubscribe,
                                           .publish = fake_publish};
    static const struct clock_ops clock_ops = {.mono = fake_mono, .wall = fake_wall};
    static const struct entropy_ops entropy_ops = {.fill = fake_fill};
    static const struct log_ops log_ops = {.line = fake_line};
    struct err err = {0};
    memset(desk, 0, sizeof *desk);
    desk->now = 1000;
    desk->random = 0x100;
    trust_make(&desk->trust);
    desk->operators = sealing_operators(1);
    const struct coordinator_settings settings = {
        .fleet = "sim",
        .audits_always = !desk->audits_seldom,
        .order_key_pem = pem,
        .trust = &desk->trust,
        .operators = &desk->operators,
        .settle_ms = settle_ms,
        .epoch_keep = fake_keep,
        .roll_keep = fake_roll_keep,
        .freeze_kept = span_of(desk->freeze_kept, desk->freeze_kept_len),
        .freeze_keep = fake_freeze_keep,
        .begun_kept = &desk->begun_kept,
        .begun_keep = fake_begun_keep,
        .epoch_ctx = desk};
    const struct coordinator_ports ports = {.clock = {&clock_ops, desk},
                                            .bus = {&bus_ops, desk},
                                            .entropy = {&entropy_ops, desk},
                                            .sign = seal_sign_port(),
                                            .verify = seal_verify_port(),
                                            .log = {&log_ops, desk}};
    desk->ports = ports;
    CHECK_INT_EQ(coordinator_new(&settings, &ports, &desk->coordinator, &err), 0);
}

/* What it summed node by node was at every plan what a count of all nodes finds. */
void desk_close(struct desk *desk)
{
    CHECK(desk->audits_seldom || coordinator_audit_faults(desk->coordinator) == 0);
    coordinator_free(desk->coordinator);
    begun_close(&desk->begun_kept);
}

/* Behind what is retained, which comes with the answer to the subscription. */
static void fences_deliver(struct desk *desk)
{
    size_t count = desk->fence_count;
    for (size_t i = 0; i < desk->filter_count; i++) {
        count = desk->filters[i].is_answered ? count : 0;
    }
    desk->fence_count -= count;
    for (size_t i = 0; i < count; i++) {
        desk->fence_done(desk->fence_ctx, NULL);
        if (strncmp(desk->fences[i], desk->fences_lost, strlen(desk->fences_lost)) != 0 ||
            desk->fences_lost[0] == '\0') {
            desk->user.received(desk->user.ctx, desk->fences[i], span_text("{}"), false);
        }
    }
}

void desk_step(struct desk *desk, int64_t ms)
{
    fences_deliver(desk);
    desk->now += ms;
    desk->is_stepping = true;
    coordinator_step(desk->coordinator);
    desk->is_stepping = false;
    if (desk->renewal_len > 0) {
        struct span renewal = span_of(desk->renewal, desk->renewal_len);
        desk->renewal_len = 0;
        desk->renewal_done(desk->renewal_ctx, NULL);
        desk->user.received(desk->user.ctx, "berth/1/sim/coordinator", renewal, false);
    }
}

void desk_run(struct desk *desk, int64_t ms)
{
    mono_ms end = desk->now + ms;
    int idle = 0;
    for (int turns = 0; turns < 10000; turns++) {
        mono_ms at = coordinator_deadline(desk->coordinator);
        if (at > end) {
            break;
        }
        desk_step(desk, at > desk->now ? at - desk->now : 0);
        /* A step does what it was for: at most one more is asked for without time going on. */
        idle = coordinator_deadline(desk->coordinator) <= desk->now ? idle + 1 : 0;
        CHECK(idle < 2);
        desk->now += idle >= 2;
    }
    desk_step(desk, end > desk->now ? end - desk->now : 0);
}

void desk_filters_answer(struct desk *desk, const struct err *err)
{
    for (size_t i = 0; i < desk->filter_count; i++) {
        if (!desk->filters[i].is_answered) {
            desk->filters[i].is_answered = true;
            desk->filters[i].done(desk->filters[i].ctx, err);
        }
    }
    if (err == NULL && !coordinator_is_informed(desk->coordinator)) {
        coordinator_step(desk->coordinator); /* it sends its fences */
        fences_deliver(desk);
    }
}

void desk_connect(struct desk *desk)
{
    unsigned opens = desk->opens;
    desk_run(desk, 60000); /* whatever it has to wait after a failure */
    CHECK_INT_EQ(desk->opens, opens + (opens == desk->opens ? 0 : 1));
    desk->user.opened(desk->user.ctx);
    desk_step(desk, 0);
    desk_filters_answer(desk, NULL);
}

void desk_lose(struct desk *desk)
{
    const struct err err = {.code = ERR_NETWORK, .text = "gone"};
    for (size_t i = 0; i < desk->publish_count; i++) {
        desk_answer(desk, &desk->publishes[i], &err);
    }
    desk_filters_answer(desk, &err);
    desk->user.closed(desk->user.ctx, &err);
    desk->publish_count = 0;
    desk->filter_count = 0;
}

void desk_act(struct desk *desk)
{
    desk_connect(desk);
    desk_run(desk, 1000);
    struct desk_publish *claim = desk_find(desk, "/coordinator");
    CHECK(claim != NULL);
    if (claim != NULL) {
        desk_answer(desk, claim, NULL);
    }
    desk_run(desk, 3000);
    CHECK(coordinator_is_acting(desk->coordinator));
}

void desk_hear(struct desk *desk, const char *topic, struct span payload, bool is_retained)
{
    char whole[BUS_TOPIC_BYTES];
    (void)snprintf(whole, sizeof whole, "berth/1/sim/%s", topic);
    desk->user.received(desk->user.ctx, whole, payload, is_retained);
}

void desk_hear_control(struct desk *desk, const struct rollout_control *control, const char *pem)
{
    char topic[BUS_TOPIC_BYTES];
    (void)snprintf(topic, sizeof topic, "rollout/%s/control", control->id);
    desk_hear(desk, topic, sealing_control(control, pem), false);
}

/* The next serial after what was taken. */
static bool control_hear(struct desk *desk, const char *name, const char *payload)
{
    char whole[BUS_TOPIC_BYTES];
    struct rollout_control control;
    struct rollout_view view;
    struct topic topic;
    (void)snprintf(whole, sizeof whole, "berth/1/sim/%s", name);
    if (!topic_parse(whole, &topic) || topic.kind != TOPIC_ROLLOUT_CONTROL ||
        rollout_control_parse(span_text(payload), &control, NULL) != 0) {
        return false;
    }
    bool is_there = coordinator_view(desk->coordinator, topic.rollout, &view);
    control.serial = is_there ? view.control->serial + 1 : 1;
    (void)text_copy(control.id, sizeof control.id, topic.rollout);
    desk_hear_control(desk, &control, SEALING_ANN);
    return true;
}

void desk_hear_text(struct desk *desk, const char *topic, const char *payload)
{
    if (!control_hear(desk, topic, payload)) {
        desk_hear(desk, topic, span_text(payload), false);
    }
}

void desk_hear_claim(struct desk *desk, uint64_t epoch, const char *nonce, bool is_released)
{
    struct claim claim = {.epoch = epoch, .is_released = is_released, .since = DESK_WALL};
    (void)text_copy(claim.nonce, sizeof claim.nonce, nonce);
    desk_hear(desk, "coordinator", sealing_claim(&claim, SEAL_PEM_TRUSTED), false);
}

void desk_hear_spec(struct desk *desk, const struct rollout_spec *spec)
{
    char topic[BUS_TOPIC_BYTES];
    (void)snprintf(topic, sizeof topic, "rollout/%s/spec", spec->id);
    desk_hear(desk, topic, sealing_spec(spec, SEALING_ANN), false);
    struct kept *kept = kept_find(&desk->coordinator->mirror.rollouts, spec->id);
    if (kept != NULL && !desk->is_begin_judged) {
        kept->is_begun = true;
    }
}

int desk_start(struct desk *desk, const struct rollout_spec *spec, struct span release,
               struct err *err)
{
    return coordinator_start(desk->coordinator, sealing_spec(spec, SEALING_ANN), release, err);
}

void desk_hear_state(struct desk *desk, const struct rollout_state *state)
{
    char topic[BUS_TOPIC_BYTES];
    (void)snprintf(topic, sizeof topic, "rollout/%s/state", state->id);
    desk_hear(desk, topic, sealing_state(state, NULL, SEAL_PEM_TRUSTED), false);
}

void desk_hear_presence(struct desk *desk, const char *node, bool is_online)
{
    struct presence presence = {.session = "aaaaaaaaaaaaaaaa", .is_online = is_online};
    char data[512], topic[BUS_TOPIC_BYTES];
    struct text text;
    text_init(&text, data, sizeof data);
    presence_render(&presence, &text);
    (void)snprintf(topic, sizeof topic, "node/%s/presence", node);
    desk_hear(desk, topic, span_of(text.data, text.len), false);
}

void desk_hear_report(struct desk *desk, const char *node, const struct report *report)
{
    static char data[REPORT_BYTES_MAX];
    char topic[BUS_TOPIC_BYTES];
    struct text text;
    text_init(&text, data, sizeof data);
    report_render(report, &text);
    (void)snprintf(topic, sizeof topic, "node/%s/report", node);
    desk_hear(desk, topic, span_of(text.data, text.len), false);
}

void desk_hear_order(struct desk *desk, const char *node, const char *app,
                     const struct order *order, const char *pem)
{
    char data[ORDER_BYTES_MAX], topic[BUS_TOPIC_BYTES];
    struct text text;
    text_init(&text, data, sizeof data);
    order_render(order, &text);
    (void)snprintf(topic, sizeof topic, "node/%s/order/%s", node, app);
    desk_hear(desk, topic,
              sealing_of(trust_role_type(TRUST_ROLE_ORDER), span_of(text.data, text.len), pem),
              false);
}

int desk_index(const struct desk *desk, const char *ending)
{
    for (size_t i = desk->publish_count; i > 0; i--) {
        if (is_ending(desk->publishes[i - 1].topic, ending)) {
            return (int)i - 1;
        }
    }
    return -1;
}

struct desk_publish *desk_find(struct desk *desk, const char *ending)
{
    int index = desk_index(desk, ending);
    return index >= 0 ? &desk->publishes[index] : NULL;
}

size_t desk_count(const struct desk *desk, const char *ending)
{
    size_t count = 0;
    for (size_t i = 0; i < desk->publish_count; i++) {
        count += is_ending(desk->publishes[i].topic, ending);
    }
    return count;
}

struct order desk_order_of(const struct desk_publish *publish)
{
    static uint8_t memory[4 * ORDER_BYTES_MAX];
    struct trust trust;
    struct verify verify = seal_verify_port();
    struct order order = {.app = ""};
    struct span payload;
    struct digest digest;
    struct arena arena;
    trust_make(&trust);
    arena_init(&arena, memory, sizeof memory);
    CHECK(publish != NULL);
    if (publish != NULL) {
        CHECK_INT_EQ(envelope_open(span_of(publish->payload, publish->len), TRUST_ROLE_ORDER,
                                   &trust, &verify, &arena, &payload, &digest, NULL),
                     0);
        CHECK_INT_EQ(order_parse(payload, &order, NULL), 0);
    }
    return order;
}

struct claim desk_claim_of(const struct desk_publish *publish)
{
    struct claim claim = {.epoch = 0};
    CHECK(publish != NULL);
    if (publish != NULL) {
        CHECK_INT_EQ(claim_parse(span_of(publish->payload, publish->len), &claim, NULL), 0);
    }
    return claim;
}

void desk_answer(struct desk *desk, struct desk_publish *publish, const struct err *err)
{
    if (publish == NULL || publish->is_answered) {
        return;
    }
    publish->is_answered = true;
    publish->done(publish->ctx, err);
    if (err == NULL) {
        bool is_claim = is_ending(publish->topic, "/coordinator");
        desk->epoch_echoed = is_claim ? desk_claim_of(publish).epoch : desk->epoch_echoed;
        desk->user.received(desk->user.ctx, publish->topic,
                            span_of(publish->whole, publish->whole_len), false);
    }
}

void desk_answer_all(struct desk *desk)
{
    for (size_t i = 0; i < desk->publish_count; i++) {
        desk_answer(desk, &desk->publishes[i], NULL);
    }
}

struct digest desk_digest(uint8_t byte)
{
    struct digest digest;
    memset(digest.bytes, byte, sizeof digest.bytes);
    return digest;
}

struct rollout_spec desk_spec(const char *id, const char *app, wall_ms created)
{
    struct rollout_spec spec = {.release = desk_digest(2),
                                .sequence = 2,
                                .created = created,
                                .max_unavailable = 1,
                                .start_by_ms = ROLLOUT_START_BY_MS_DEFAULT,
                                .lost_after_ms = ROLLOUT_LOST_AFTER_MS_DEFAULT,
                                .offline = "later"};
    (void)text_copy(spec.id, sizeof spec.id, id);
    (void)text_copy(spec.app, sizeof spec.app, app);
    return spec;
}

struct report desk_report(const char *node, uint8_t byte)
{
    struct report report = {.fleet = "sim", .version = "1", .app_count = 1, .is_engine_up = true};
    struct report_app *app = &report.apps[0];
    (void)text_copy(report.node, sizeof report.node, node);
    (void)text_copy(app->app, sizeof app->app, "web");
    (void)text_copy(app->phase, sizeof app->phase, "rest");
    (void)text_copy(app->wanted_by, sizeof app->wanted_by, "nobody");
    app->committed.gen = byte;
    app->committed.release = byte != 0 ? desk_digest(byte) : (struct digest){0};
    app->is_serving = true;
    return report;
}

void desk_rollout(struct desk *desk, const struct rollout_spec *spec)
{
    char topic[BUS_TOPIC_BYTES], hex[DIGEST_HEX_BYTES];
    desk_hear_spec(desk, spec);
    digest_render(&spec->release, hex);
    (void)snprintf(topic, sizeof topic, "release/%s", hex);
    desk_hear_text(desk, topic, "an envelope");
}

void desk_node(struct desk *desk, const char *node)
{
    struct report report = desk_report(node, 1);
    desk_hear_report(desk, node, &report);
    desk_hear_presence(desk, node, true);
}
