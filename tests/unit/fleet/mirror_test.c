/* mirror: what lies at the broker, read by one rule: taken when it can be read, named when it
 * cannot, gone when it is cleared; and nothing signed is verified twice. */
#include "agent/fleet/mirror.h"

#include "tests/check.h"
#include "tests/sim/sealing.h"
#include "tests/unit/fleet/mirror_desk.h"

#define HEX16 "aaaaaaaaaaaaaaaa"

static enum mirror_answer heard(const char *below, const char *payload)
{
    return heard_span(below, span_text(payload));
}

static bool is_unread(const char *below)
{
    char topic[BUS_TOPIC_BYTES];
    (void)snprintf(topic, sizeof topic, "berth/1/sim/%s", below);
    return mirror_unread_find(&mirror, topic) != NULL;
}

static enum mirror_answer spec_heard(const char *id, const char *on)
{
    char below[80];
    struct rollout_spec spec = spec_of(id);
    (void)snprintf(below, sizeof below, "rollout/%s/spec", on);
    return heard_span(below, sealing_spec(&spec, SEALING_ANN));
}

static enum mirror_answer state_heard(enum rollout_phase phase)
{
    struct rollout_state state = {.id = "r", .phase = phase, .matched = 3};
    return heard_span("rollout/r/state", sealing_state(&state, NULL, SEAL_PEM_TRUSTED));
}

static enum mirror_answer control_heard(const char *id, const char *want, uint64_t serial)
{
    char below[80];
    struct rollout_control control = {.serial = serial};
    (void)text_copy(control.id, sizeof control.id, id);
    (void)text_copy(control.want, sizeof control.want, want);
    (void)snprintf(below, sizeof below, "rollout/%s/control", id);
    return heard_span(below, sealing_control(&control, SEALING_BEN));
}

static enum mirror_answer report_heard(const char *node, const char *fleet)
{
    static struct report report;
    static char data[REPORT_BYTES_MAX];
    struct text text;
    report = (struct report){.version = "1", .app_count = 1};
    (void)text_copy(report.node, sizeof report.node, node);
    (void)text_copy(report.fleet, sizeof report.fleet, fleet);
    (void)text_copy(report.apps[0].app, sizeof report.apps[0].app, "web");
    (void)text_copy(report.apps[0].phase, sizeof report.apps[0].phase, "rest");
    (void)text_copy(report.apps[0].wanted_by, sizeof report.apps[0].wanted_by, "order");
    text_init(&text, data, sizeof data);
    report_render(&report, &text);
    return heard_span("node/gw-1/report", span_of(text.data, text.len));
}

/* An order in an envelope; `type`: another role's, say. */
static struct span order_seal(const char *node, uint64_t gen, const char *type, const char *pem)
{
    static uint8_t memory[8 * ORDER_BYTES_MAX];
    static char data[ORDER_BYTES_MAX];
    struct order order = {.epoch = 1, .gen = gen, .issued = 5, .fleet = "sim", .app = "web"};
    struct envelope_signature signature;
    uint8_t point[VERIFY_KEY_BYTES], der[SIGN_DER_BYTES_MAX];
    struct span encoding, envelope = {0};
    struct sign sign = seal_sign_port();
    struct digest digest;
    struct arena arena;
    struct text text;
    size_t len = 0;
    order.release.bytes[0] = 1;
    (void)text_copy(order.node, sizeof order.node, node);
    (void)snprintf(order.id, sizeof order.id, "%016llx", (unsigned long long)gen);
    text_init(&text, data, sizeof data);
    order_render(&order, &text);
    struct span content = span_of(text.data, text.len);
    arena_init(&arena, memory, sizeof memory);
    CHECK_INT_EQ(envelope_encoding(type, content, &arena, &encoding, NULL), 0);
    CHECK_INT_EQ(sign.ops->key_public(sign.self, pem, point, NULL), 0);
    CHECK_INT_EQ(sign.ops->signature(sign.self, pem, encoding, der, &len, NULL), 0);
    seal_digest(span_of(point, sizeof point), &digest);
    digest_render(&digest, signature.key_id);
    signature.der = span_of(der, len);
    CHECK_INT_EQ(envelope_render(type, content, &signature, 1, &arena, &envelope, NULL), 0);
    return envelope;
}

static struct span sealed(const char *node, uint64_t gen)
{
    return order_seal(node, gen, trust_role_type(TRUST_ROLE_ORDER), SEAL_PEM_TRUSTED);
}

#define node_of(name) roster_find(&mirror.roster, name)
#define app_of(name)  (node_of(name) != NULL ? roster_app_find(node_of(name), "web") : NULL)

/* -- nodes ------------------------------------------------------------------------------------ */

static void case_node(void)
{
    mirror_desk_open(false);
    CHECK_INT_EQ(
        heard("node/gw-1/presence", "{\"schema\":1,\"session\":\"" HEX16 "\",\"online\":true}"),
        MIRROR_TAKEN);
    CHECK_INT_EQ(report_heard("gw-1", "sim"), MIRROR_TAKEN);
    CHECK(news.report != NULL && news.rollout == NULL);
    CHECK_INT_EQ(heard("node/gw-1/labels", "{\"schema\":1,\"labels\":{\"site\":\"n\"}}"),
                 MIRROR_TAKEN);
    CHECK_INT_EQ(heard_span("node/gw-1/order/web", sealed("gw-1", 1)), MIRROR_TAKEN);
    const struct roster_node *node = roster_find(&mirror.roster, "gw-1");
    CHECK(node != NULL && node->is_present && node->is_reported);
    CHECK_STR_EQ(roster_label(node, "site"), "n");
    CHECK(app_of("gw-1")->is_reported && app_of("gw-1")->order.is_echoed);
    CHECK_INT_EQ(cleared("node/gw-1/report"), MIRROR_CLEARED);
    CHECK(!node->is_reported && !app_of("gw-1")->is_reported);
    CHECK(app_of("gw-1")->order.is_there);
    CHECK_INT_EQ(cleared("node/gw-1/labels"), MIRROR_CLEARED);
    CHECK(roster_label(node, "site") == NULL);
    CHECK_INT_EQ(cleared("node/gw-1/presence"), MIRROR_CLEARED);
    CHECK(!node->is_present);
    CHECK_INT_EQ(cleared("node/gw-1/order/web"), MIRROR_CLEARED);
    CHECK(roster_find(&mirror.roster, "gw-1") == NULL);
    CHECK_INT_EQ(cleared("node/gw-1/report"), MIRROR_CLEARED); /* and again */
    CHECK_INT_EQ(mirror.roster.node_count, 0);
    CHECK_INT_EQ(mirror.roster.app_count, 0);
    mirror_close(&mirror);
}

/* An owner that puts its orders back keeps one that was cleared, as long as its node is there. */
static void case_order_kept(void)
{
    mirror_desk_open(true);
    CHECK_INT_EQ(report_heard("gw-1", "sim"), MIRROR_TAKEN);
    CHECK_INT_EQ(heard_span("node/gw-1/order/web", sealed("gw-1", 1)), MIRROR_TAKEN);
    CHECK_INT_EQ(cleared("node/gw-1/order/web"), MIRROR_CLEARED);
    CHECK(app_of("gw-1")->order.is_there && !app_of("gw-1")->order.is_echoed);
    CHECK_INT_EQ(cleared("node/gw-1/report"), MIRROR_CLEARED);
    CHECK(app_of("gw-1")->order.is_there);
    CHECK_INT_EQ(cleared("node/gw-1/order/web"), MIRROR_CLEARED);
    CHECK(roster_find(&mirror.roster, "gw-1") == NULL); /* it was removed */
    mirror_close(&mirror);
    mirror_desk_open(false);
    CHECK_INT_EQ(report_heard("gw-1", "sim"), MIRROR_TAKEN);
    CHECK_INT_EQ(heard_span("node/gw-1/order/web", sealed("gw-1", 1)), MIRROR_TAKEN);
    CHECK_INT_EQ(cleared("node/gw-1/order/web"), MIRROR_CLEARED);
    CHECK(!app_of("gw-1")->order.is_there);
    mirror_close(&mirror);
}

/* -- levels ----------------------------------------------------------------------------------- */

static const char *at2(const char *node, const char *below)
{
    static char topic[BUS_TOPIC_BYTES];
    struct verify verify = seal_verify_port();
    char shard[TOPIC_SHARD_BYTES];
    topic_shard(&verify, node, shard);
    (void)snprintf(topic, sizeof topic, "berth/2/sim/node/%s/%.63s/%.63s", shard, node, below);
    return topic;
}

static enum mirror_answer heard2(const char *below, struct span payload)
{
    mirror_take(&mirror, at2("gw-1", below), payload, 1000, &news);
    return news.answer;
}

static enum mirror_answer presence2(bool is_online)
{
    return heard2(
        "presence",
        span_text(is_online ? "{\"schema\":1,\"session\":\"bbbbbbbbbbbbbbbb\",\"online\":true}"
                            : "{\"schema\":1,\"session\":\"bbbbbbbbbbbbbbbb\",\"online\":false}"));
}

static enum mirror_answer presence1(void)
{
    return heard("node/gw-1/presence", "{\"schema\":1,\"session\":\"" HEX16 "\",\"online\":true}");
}

static struct span report_text(const char *version)
{
    static char data[REPORT_BYTES_MAX];
    static struct report report;
    struct text text;
    report = (struct report){.fleet = "sim", .node = "gw-1"};
    (void)text_copy(report.version, sizeof report.version, version);
    text_init(&text, data, sizeof data);
    report_render(&report, &text);
    return span_of(text.data, text.len);
}

/* An agent moves: it clears what it said at berth/1, then speaks at berth/2; its orders belong
 * there from then on. An agent of the version before, put in its place, is heard again; what lies
 * at berth/2 is of the past then, in whatever order both are read. */
static void case_levels(void)
{
    mirror_desk_open(true);
    CHECK_INT_EQ(presence1(), MIRROR_TAKEN);
    CHECK_INT_EQ(heard_span("node/gw-1/report", report_text("0.1")), MIRROR_TAKEN);
    CHECK_INT_EQ(heard_span("node/gw-1/order/web", sealed("gw-1", 1)), MIRROR_TAKEN);
    CHECK(app_of("gw-1")->order.is_echoed);
    CHECK_INT_EQ(roster_level(roster_find(&mirror.roster, "gw-1")), 1);
    CHECK_INT_EQ(presence2(true), MIRROR_HIDDEN);
    CHECK_INT_EQ(heard2("report", report_text("0.2")), MIRROR_HIDDEN);
    CHECK_INT_EQ(heard2("presence", span_of(NULL, 0)), MIRROR_HIDDEN);
    CHECK(roster_find(&mirror.roster, "gw-1")->is_present);
    CHECK_INT_EQ(cleared("node/gw-1/presence"), MIRROR_CLEARED);
    CHECK_INT_EQ(cleared("node/gw-1/report"), MIRROR_CLEARED);
    CHECK_INT_EQ(presence2(true), MIRROR_TAKEN);
    CHECK_INT_EQ(heard2("report", report_text("0.2")), MIRROR_TAKEN);
    CHECK(news.report != NULL && strcmp(news.report->version, "0.2") == 0);
    CHECK_INT_EQ(roster_level(roster_find(&mirror.roster, "gw-1")), 2);
    CHECK(app_of("gw-1")->order.is_there && !app_of("gw-1")->order.is_echoed);
    CHECK_INT_EQ(heard_span("node/gw-1/order/web", sealed("gw-1", 1)), MIRROR_TAKEN);
    CHECK(!app_of("gw-1")->order.is_echoed); /* the node does not read there */
    CHECK_INT_EQ(cleared("node/gw-1/order/web"), MIRROR_HIDDEN);
    CHECK(app_of("gw-1")->order.is_there);
    CHECK_INT_EQ(heard2("order/web", sealed("gw-1", 1)), MIRROR_TAKEN);
    CHECK(app_of("gw-1")->order.is_echoed);
    CHECK_INT_EQ(heard_span("node/gw-1/order/web", sealed("gw-1", 1)), MIRROR_TAKEN);
    CHECK(app_of("gw-1")->order.is_echoed); /* and what lies there too does not matter */
    CHECK_INT_EQ(presence2(false), MIRROR_TAKEN);
    CHECK_INT_EQ(heard_span("node/gw-1/report", report_text("0.1")), MIRROR_TAKEN);
    CHECK_INT_EQ(presence1(), MIRROR_TAKEN);
    CHECK_INT_EQ(roster_level(roster_find(&mirror.roster, "gw-1")), 1);
    CHECK(!app_of("gw-1")->order.is_echoed);
    CHECK_INT_EQ(presence2(false), MIRROR_HIDDEN);
    CHECK(roster_find(&mirror.roster, "gw-1")->is_present);
    mirror_close(&mirror);
    mirror_desk_open(false); /* read anew, the past first */
    CHECK_INT_EQ(presence2(false), MIRROR_TAKEN);
    CHECK_INT_EQ(heard2("report", report_text("0.2")), MIRROR_TAKEN);
    CHECK_INT_EQ(heard_span("node/gw-1/report", report_text("0.1")), MIRROR_TAKEN);
    CHECK_INT_EQ(presence1(), MIRROR_TAKEN);
    CHECK_INT_EQ(roster_level(roster_find(&mirror.roster, "gw-1")), 1);
    CHECK(roster_find(&mirror.roster, "gw-1")->is_present);
    CHECK_INT_EQ(mirror.unread_count, 0);
    mirror_close(&mirror);
}

/* A topic in another shard than its name's is nobody's. */
static void case_shard(void)
{
    char topic[BUS_TOPIC_BYTES];
    mirror_desk_open(false);
    (void)snprintf(topic, sizeof topic, "%s", at2("gw-1", "report"));
    topic[strlen("berth/2/sim/node/")] ^= 1;
    mirror_take(&mirror, topic, report_text("0.2"), 0, &news);
    CHECK_INT_EQ(news.answer, MIRROR_UNREADABLE);
    CHECK_CONTAINS(news.err.text, "shard");
    CHECK_INT_EQ(mirror.unread_count, 1);
    CHECK_INT_EQ(mirror.roster.node_count, 0);
    mirror_take(&mirror, topic, span_of(NULL, 0), 0, &news);
    CHECK_INT_EQ(mirror.unread_count, 0);
    CHECK_INT_EQ(heard2("report", report_text("0.2")), MIRROR_TAKEN);
    CHECK_INT_EQ(heard2("labels", span_text("{\"schema\":1,\"labels\":{}}")), MIRROR_UNREADABLE);
    CHECK_INT_EQ(heard2("elsewhere", span_text("{}")), MIRROR_FOREIGN);
    CHECK_INT_EQ(mirror.foreign_count, 1);
    mirror_close(&mirror);
}

/* -- what cannot be read ---------------------------------------------------------------------- */

static void case_unread(void)
{
    static const char *const topics[] = {
        "node/gw-1/report", "node/gw-1/presence", "node/gw-1/labels", "node/gw-1/order/web",
        "rollout/r/spec",   "rollout/r/control",  "rollout/r/state",  "coordinator"};
    mirror_desk_open(false);
    for (size_t i = 0; i < COUNT_OF(topics); i++) {
        CHECK_INT_EQ(heard(topics[i], "{\"schema\":99}"), MIRROR_UNREADABLE);
        CHECK(news.is_first && news.err.text[0] != '\0');
        CHECK(is_unread(topics[i]));
        CHECK_INT_EQ(heard(topics[i], "{\"schema\":99}"), MIRROR_UNREADABLE);
        CHECK(!news.is_first); /* named once */
        CHECK_INT_EQ(heard(topics[i], "{"), MIRROR_UNREADABLE);
        CHECK(news.is_first); /* for another reason */
        CHECK_INT_EQ(mirror.unread_count, i + 1);
    }
    CHECK_INT_EQ(mirror.rollouts.count, 0); /* and took no place */
    CHECK_INT_EQ(mirror.roster.node_count, 0);
    CHECK(!mirror.has_claim);
    for (size_t i = 1; i < mirror.unread_count; i++) {
        CHECK(strcmp(mirror.unread[i - 1]->topic, mirror.unread[i]->topic) < 0);
    }
    for (size_t i = 0; i < COUNT_OF(topics); i++) {
        CHECK_INT_EQ(cleared(topics[i]), MIRROR_CLEARED);
        CHECK(!is_unread(topics[i]));
    }
    CHECK_INT_EQ(mirror.unread_count, 0);
    CHECK_INT_EQ(heard("node/gw-1/report", "{"), MIRROR_UNREADABLE);
    CHECK_INT_EQ(report_heard("gw-1", "sim"), MIRROR_TAKEN); /* a good one takes its place */
    CHECK_INT_EQ(mirror.unread_count, 0);
    CHECK_INT_EQ(heard("node/gw-1/report", "{"), MIRROR_UNREADABLE);
    CHECK(app_of("gw-1")->is_reported); /* a bad one takes nothing away */
    mirror_close(&mirror);
}

/* A document that speaks for somebody else is not what its topic asks for. */
static void case_of_another(void)
{
    mirror_desk_open(false);
    CHECK_INT_EQ(report_heard("gw-2", "sim"), MIRROR_UNREADABLE);
    CHECK_CONTAINS(news.err.text, "it speaks for node gw-2");
    CHECK_INT_EQ(report_heard("gw-1", "other"), MIRROR_UNREADABLE);
    CHECK_INT_EQ(heard_span("node/gw-1/order/web", sealed("gw-2", 1)), MIRROR_UNREADABLE);
    CHECK_CONTAINS(news.err.text, "it is for node gw-2");
    CHECK_INT_EQ(spec_heard("q", "r"), MIRROR_UNREADABLE);
    CHECK_CONTAINS(news.err.text, "it is the spec of q");
    CHECK_INT_EQ(mirror.roster.node_count + mirror.rollouts.count, 0);
    mirror_close(&mirror);
}

static void case_foreign(void)
{
    mirror_desk_open(false);
    mirror_take(&mirror, "berth/1/other/coordinator", span_text("{"), 0, &news);
    CHECK_INT_EQ(news.answer, MIRROR_FOREIGN);
    mirror_take(&mirror, "berth/1/simple/thing", span_text("{"), 0, &news);
    CHECK_INT_EQ(news.answer, MIRROR_FOREIGN);
    CHECK_INT_EQ(heard("node/~0123456789abcdef/report", "{}"), MIRROR_FOREIGN); /* a fence */
    CHECK_INT_EQ(mirror.unread_count, 0);
    CHECK_INT_EQ(heard("node/gw-1/elsewhere", "{}"), MIRROR_FOREIGN);
    CHECK_INT_EQ(mirror.unread_count, 1);
    CHECK_INT_EQ(mirror.foreign_count, 1);
    CHECK(is_unread("node/gw-1/elsewhere"));
    CHECK_INT_EQ(cleared("node/gw-1/elsewhere"), MIRROR_FOREIGN);
    CHECK_INT_EQ(mirror.unread_count + mirror.foreign_count, 0);
    CHECK_INT_EQ(heard("node/gw-1/story/0", "{"), MIRROR_OTHER);
    CHECK_INT_EQ(heard("trust", "{"), MIRROR_OTHER);
    CHECK_INT_EQ(mirror.unread_count, 0);
    mirror_close(&mirror);
}

/* -- rollouts --------------------------------------------------------------------------------- */

static void case_rollout(void)
{
    mirror_desk_open(false);
    CHECK_INT_EQ(spec_heard("r", "r"), MIRROR_TAKEN);
    struct kept *kept = kept_find(&mirror.rollouts, "r");
    CHECK(kept != NULL && news.rollout == kept && kept->spec.created == 7);
    CHECK(!kept->has_control && !kept->has_told);
    CHECK_INT_EQ(control_heard("r", "pause", 1), MIRROR_TAKEN);
    CHECK(kept->has_control && strcmp(kept->offer.control.want, "pause") == 0);
    CHECK_STR_EQ(kept->offer.signer, "ben");
    CHECK_STR_EQ(kept->control.want, "run"); /* an offer */
    CHECK(kept_control(kept) == &kept->offer.control);
    CHECK_INT_EQ(state_heard(ROLLOUT_PAUSED), MIRROR_TAKEN);
    CHECK(kept->has_told && kept->told.phase == ROLLOUT_PAUSED && !kept->is_end_there);
    CHECK_INT_EQ(kept->state.phase, ROLLOUT_RUNNING); /* its owner's */
    CHECK_INT_EQ(state_heard(ROLLOUT_ABORTED), MIRROR_TAKEN);
    CHECK(kept->is_end_there);
    CHECK_INT_EQ(cleared("rollout/r/control"), MIRROR_CLEARED);
    CHECK(!kept->has_control && strcmp(kept_control(kept)->want, "run") == 0);
    CHECK_INT_EQ(cleared("rollout/r/spec"), MIRROR_CLEARED);
    CHECK_INT_EQ(kept->spec.created, 0);
    CHECK_INT_EQ(cleared("rollout/r/state"), MIRROR_CLEARED);
    CHECK(news.rollout == NULL && kept_find(&mirror.rollouts, "r") == NULL);
    mirror_close(&mirror);
}

/* A control or a state without a spec gives its place back; a rollout whose owner puts it back only
 * with its end. */
static void case_places(void)
{
    mirror_desk_open(true);
    for (int i = 0; i < 100; i++) {
        char below[80], id[16];
        (void)snprintf(below, sizeof below, "rollout/x-%d/control", i);
        (void)snprintf(id, sizeof id, "x-%d", i);
        CHECK_INT_EQ(control_heard(id, "run", 1), MIRROR_TAKEN);
        CHECK_INT_EQ(mirror.rollouts.count, 1);
        CHECK_INT_EQ(cleared(below), MIRROR_CLEARED);
        CHECK_INT_EQ(cleared(below), MIRROR_CLEARED);
        CHECK_INT_EQ(mirror.rollouts.count, 0);
    }
    CHECK_INT_EQ(state_heard(ROLLOUT_PAUSED), MIRROR_TAKEN);
    CHECK_INT_EQ(mirror.rollouts.count, 1);
    CHECK_INT_EQ(cleared("rollout/r/state"), MIRROR_CLEARED);
    CHECK_INT_EQ(mirror.rollouts.count, 0);
    CHECK_INT_EQ(spec_heard("r", "r"), MIRROR_TAKEN);
    CHECK_INT_EQ(cleared("rollout/r/spec"), MIRROR_CLEARED);
    CHECK(news.rollout != NULL && news.rollout->spec_echo == ECHO_MISSING);
    CHECK_INT_EQ(spec_heard("r", "r"), MIRROR_TAKEN);
    CHECK_INT_EQ(state_heard(ROLLOUT_SUCCEEDED), MIRROR_TAKEN);
    CHECK_INT_EQ(cleared("rollout/r/spec"), MIRROR_CLEARED);
    CHECK(news.rollout == NULL);
    CHECK_INT_EQ(mirror.rollouts.count, 0);
    mirror_close(&mirror);
}

static void case_claim(void)
{
    mirror_desk_open(false);
    const struct claim claim = {.epoch = 4, .nonce = HEX16};
    CHECK_INT_EQ(heard_span("coordinator", sealing_claim(&claim, SEAL_PEM_TRUSTED)), MIRROR_TAKEN);
    CHECK(mirror.has_claim);
    CHECK_INT_EQ(mirror.claim.epoch, 4);
    CHECK_INT_EQ(cleared("coordinator"), MIRROR_CLEARED);
    CHECK(!mirror.has_claim);
    mirror_close(&mirror);
}

/* -- signatures ------------------------------------------------------------------------------- */

static void case_verified_once(void)
{
    uint8_t changed[4 * ORDER_BYTES_MAX];
    mirror_desk_open(false);
    struct span order = sealed("gw-1", 1);
    CHECK_INT_EQ(heard_span("node/gw-1/order/web", order), MIRROR_TAKEN);
    CHECK_INT_EQ(verified, 1);
    CHECK_INT_EQ(heard_span("node/gw-1/order/web", order), MIRROR_TAKEN); /* its echo */
    CHECK_INT_EQ(verified, 1);
    CHECK_INT_EQ(mirror.verifications, 1);
    CHECK_INT_EQ(heard_span("node/gw-2/order/web", order), MIRROR_UNREADABLE); /* elsewhere */
    CHECK_INT_EQ(verified, 1);
    for (size_t i = 0; i < order.len; i++) { /* no byte may differ */
        memcpy(changed, order.data, order.len);
        changed[i] ^= 1;
        (void)heard_span("node/gw-1/order/web", span_of(changed, order.len));
        CHECK_INT_EQ(mirror.verifications, 2 + i);
    }
    verified = 0;
    verified_forget(&mirror.verified); /* the trust document has changed */
    CHECK_INT_EQ(heard_span("node/gw-1/order/web", order), MIRROR_TAKEN);
    CHECK_INT_EQ(verified, 1);
    mirror_close(&mirror);
}

/* What was refused is refused each time, and what one role signed is nothing to another. */
static void case_not_verified(void)
{
    struct span payload;
    const char *type = trust_role_type(TRUST_ROLE_ORDER);
    mirror_desk_open(false);
    struct span order = order_seal("gw-1", 1, type, SEAL_PEM_STRANGER);
    for (unsigned i = 1; i < 4; i++) {
        CHECK_INT_EQ(heard_span("node/gw-1/order/web", order), MIRROR_UNREADABLE);
        CHECK_INT_EQ(mirror.verifications, i);
    }
    order = sealed("gw-1", 1);
    CHECK_INT_EQ(heard_span("node/gw-1/order/web", order), MIRROR_TAKEN);
    CHECK_INT_EQ(mirror_open(&mirror, TRUST_ROLE_RELEASE, order, &payload, NULL), ERR_PAYLOAD_TYPE);
    CHECK_INT_EQ(mirror_open(&mirror, TRUST_ROLE_ORDER, order, &payload, NULL), 0);
    mirror_close(&mirror);
}

/* The table of what was verified grows to its bound, and then forgets. */
static void case_verified_bounded(void)
{
    enum { MAX = 4096, MANY = 3 * MAX };
    struct verified table = {.max = MAX};
    struct digest name;
    unsigned known = 0;
    for (unsigned i = 0; i < MANY; i++) {
        seal_digest(span_of(&i, sizeof i), &name);
        CHECK(!verified_is_known(&table, &name));
        verified_note(&table, &name);
        CHECK(verified_is_known(&table, &name));
        verified_note(&table, &name);
        CHECK(table.room <= MAX);
    }
    for (unsigned i = 0; i < MANY; i++) {
        seal_digest(span_of(&i, sizeof i), &name);
        known += verified_is_known(&table, &name);
    }
    CHECK_INT_EQ(table.room, MAX);
    CHECK(known > MAX / 2 && known <= MAX);
    verified_forget(&table);
    CHECK(!verified_is_known(&table, &name));
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"node", case_node},
                                              {"order kept", case_order_kept},
                                              {"levels", case_levels},
                                              {"shard", case_shard},
                                              {"unread", case_unread},
                                              {"of another", case_of_another},
                                              {"foreign", case_foreign},
                                              {"rollout", case_rollout},
                                              {"places", case_places},
                                              {"claim", case_claim},
                                              {"verified once", case_verified_once},
                                              {"not verified", case_not_verified},
                                              {"verified: bounded", case_verified_bounded}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
