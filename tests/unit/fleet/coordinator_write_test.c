/* coordinator_write: what is published, in which order, and what follows from the broker's answer.
 */
#include "agent/fleet/coordinator_private.h"
#include "tests/check.h"
#include "tests/sim/sealing.h"
#include "tests/unit/fleet/desk.h"

static struct desk desk;

static struct rollout_state state_of(const struct desk_publish *publish)
{
    struct rollout_state state = {.id = ""};
    CHECK(publish != NULL);
    if (publish != NULL) {
        CHECK_INT_EQ(rollout_state_parse(span_of(publish->payload, publish->len), &state, NULL), 0);
    }
    return state;
}

static void open_acting(void)
{
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_act(&desk);
}

/* An order says all that its rollout says, and what the node ran before. */
static void case_order(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    spec.start_by_ms = 120000;
    spec.force = true;
    open_acting();
    desk_rollout(&desk, &spec);
    desk_node(&desk, "gw-00");
    desk_step(&desk, 1000);
    struct desk_publish *publish = desk_find(&desk, "/order/web");
    struct order order = desk_order_of(publish);
    struct digest one = desk_digest(1), two = desk_digest(2);
    CHECK(publish != NULL && publish->is_retained);
    CHECK_STR_EQ(publish->topic, "berth/1/sim/node/gw-00/order/web");
    CHECK_STR_EQ(order.fleet, "sim");
    CHECK_STR_EQ(order.node, "gw-00");
    CHECK_STR_EQ(order.app, "web");
    CHECK_STR_EQ(order.rollout, "web-1");
    CHECK_INT_EQ(order.epoch, 1);
    CHECK_INT_EQ(order.gen, 1);
    CHECK(digest_is_equal(&order.release, &two));
    CHECK(digest_is_equal(&order.before, &one));
    CHECK(order.force);
    CHECK(!order.hold);
    CHECK_INT_EQ(order.issued, DESK_WALL + desk.now);
    CHECK_INT_EQ(order.start_by, DESK_WALL + desk.now + 120000);
    CHECK_INT_EQ(strlen(order.id), 16);
    CHECK_CONTAINS(desk.said, "gw-00: order 1.1 given\n");
    desk_run(&desk, 3000); /* sent is enough: it is not sent twice */
    CHECK_INT_EQ(desk_count(&desk, "/order/web"), 1);
    desk_close(&desk);
}

/* Numbers grow above what the node has taken and above what lies on its topic. */
static void case_order_number(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    struct report report = desk_report("gw-00", 1);
    struct order held = {.id = "00000000000000aa",
                         .fleet = "sim",
                         .node = "gw-01",
                         .app = "web",
                         .epoch = 1,
                         .gen = 7,
                         .issued = 1,
                         .start_by = 2};
    report.apps[0].order_epoch = 1;
    report.apps[0].order_gen = 41;
    open_acting();
    spec.max_unavailable = 2;
    desk_rollout(&desk, &spec);
    desk_hear_report(&desk, "gw-00", &report);
    desk_hear_presence(&desk, "gw-00", true);
    desk_hear_order(&desk, "gw-01", "web", &held, SEAL_PEM_TRUSTED);
    desk_node(&desk, "gw-01");
    desk_step(&desk, 1000);
    CHECK_INT_EQ(desk_order_of(desk_find(&desk, "gw-00/order/web")).gen, 42);
    CHECK_INT_EQ(desk_order_of(desk_find(&desk, "gw-01/order/web")).gen, 8);
    desk_close(&desk);
}

/* One that takes back has no time to begin by, and says so in the journal. */
static void case_order_taken_back(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    open_acting();
    desk_rollout(&desk, &spec);
    desk_node(&desk, "gw-00");
    desk_step(&desk, 1000);
    desk_answer_all(&desk);
    desk_hear_text(&desk, "rollout/web-1/control", "{\"schema\":1,\"want\":\"abort\"}");
    desk_step(&desk, 1000);
    CHECK_INT_EQ(desk_count(&desk, "/order/web"), 2);
    struct order order = desk_order_of(desk_find(&desk, "/order/web"));
    CHECK(digest_is_equal(&order.release, &order.before));
    CHECK_INT_EQ(order.start_by, 0);
    CHECK_INT_EQ(order.gen, 2);
    CHECK_CONTAINS(desk.said, "gw-00: order 1.2 takes back what was not begun\n");
    desk_close(&desk);
}

/* An order for a release that the broker does not have would only wait for it. */
static void case_release_first(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    struct rollout_view view;
    open_acting();
    desk_hear_spec(&desk, &spec);
    desk_node(&desk, "gw-00");
    desk_step(&desk, 1000);
    CHECK_INT_EQ(desk_count(&desk, "/order/web"), 0);
    CHECK(coordinator_view(desk.coordinator, "web-1", &view));
    CHECK_STR_EQ(view.state->waiting,
                 "the release at the broker: publish it (berth release publish)");
    desk_close(&desk);

    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    CHECK_INT_EQ(desk_start(&desk, &spec, span_text("an envelope"), NULL), 0);
    desk_act(&desk);
    desk_node(&desk, "gw-00");
    desk_step(&desk, 1000);
    CHECK_INT_EQ(desk_count(&desk, "/order/web"), 0);
    CHECK(coordinator_view(desk.coordinator, "web-1", &view));
    CHECK_STR_EQ(view.state->waiting, "the release to arrive at the broker");
    desk_answer_all(&desk);
    desk_step(&desk, 1000);
    CHECK_INT_EQ(desk_count(&desk, "/order/web"), 1);
    desk_close(&desk);
}

/* An order that the broker does not take is sent again; the others are not. */
static void case_order_refused(void)
{
    const struct err denied = {.code = ERR_DENIED, .text = "not yours"};
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    open_acting();
    desk_rollout(&desk, &spec);
    desk_node(&desk, "gw-00");
    desk_step(&desk, 1000);
    struct order first = desk_order_of(desk_find(&desk, "/order/web"));
    desk_answer(&desk, desk_find(&desk, "/order/web"), &denied);
    CHECK_CONTAINS(desk.said, "not taken by the broker: not yours\n");
    desk_run(&desk, 100);
    CHECK_INT_EQ(desk_count(&desk, "/order/web"), 2);
    CHECK_STR_EQ(desk_order_of(desk_find(&desk, "/order/web")).id, first.id);
    desk_close(&desk);
}

/* No entropy, no key: no order, and a key that cannot sign is logged as an error. */
static void case_order_impossible(void)
{
    struct rollout_view view;
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    open_acting();
    desk.is_entropy_out = true;
    desk_rollout(&desk, &spec);
    desk_node(&desk, "gw-00");
    desk_step(&desk, 1000);
    CHECK_INT_EQ(desk_count(&desk, "/order/web"), 0);
    CHECK(coordinator_view(desk.coordinator, "web-1", &view));
    CHECK_CONTAINS(view.state->waiting, "a number for the order of gw-00");
    desk.is_entropy_out = false;
    desk_hear_presence(&desk, "gw-00", true);
    desk_step(&desk, 1000);
    CHECK_INT_EQ(desk_count(&desk, "/order/web"), 1);
    desk_close(&desk);

    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_act(&desk);
    (void)text_copy(desk.coordinator->pem, sizeof desk.coordinator->pem, "no key");
    desk_rollout(&desk, &spec);
    desk_node(&desk, "gw-00");
    desk_step(&desk, 1000);
    CHECK_INT_EQ(desk_count(&desk, "/order/web"), 0);
    CHECK_CONTAINS(desk.said, "an order waits: a signature for the order of gw-00");
    CHECK(coordinator_view(desk.coordinator, "web-1", &view));
    CHECK_CONTAINS(view.state->waiting, "a signature for the order of gw-00");
    CHECK(desk.errors >= 1);
    CHECK(strstr(desk.said, "given") == NULL);
    const struct roster_node *node = roster_find(coordinator_roster(desk.coordinator), "gw-00");
    CHECK(!roster_app_find(node, "web")->order.is_there);
    CHECK_INT_EQ(view.state->count[NODE_PENDING], 1);
    desk_close(&desk);
}

/* A claim that the broker does not take is made again, after the broker was quiet. */
static void case_claim_refused(void)
{
    const struct err denied = {.code = ERR_DENIED, .text = "not yours"};
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_connect(&desk);
    desk_run(&desk, 1000);
    desk_answer(&desk, desk_find(&desk, "/coordinator"), &denied);
    CHECK(!coordinator_is_informed(desk.coordinator));
    desk_run(&desk, 1000);
    CHECK_INT_EQ(desk_count(&desk, "/coordinator"), 2);
    CHECK(desk_claim_of(desk_find(&desk, "/coordinator")).since > DESK_WALL);
    desk_close(&desk);
}

/* An epoch that only a rival has named is seen, too. */
static void case_claim_epoch(void)
{
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_connect(&desk);
    desk_hear_claim(&desk, 41, "0000000000000041", false);
    desk_hear_claim(&desk, 40, "0000000000000040", false);
    desk_hear_claim(&desk, 40, "0000000000000040", true);
    desk_run(&desk, 1000);
    CHECK_INT_EQ(desk_claim_of(desk_find(&desk, "/coordinator")).epoch, 42);
    desk_close(&desk);
}

/* The clock keeps a coordinator that knows nothing from being a step behind; so does what it keeps,
 * before anything is published with it. */
static void case_epoch_kept(void)
{
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk.is_clock_trusted = true;
    desk_act(&desk);
    uint64_t first = desk_claim_of(desk_find(&desk, "/coordinator")).epoch;
    CHECK(first > DESK_WALL / 1000 && first < DESK_WALL / 1000 + 100);
    CHECK_INT_EQ(desk.epoch_kept, first);
    desk.is_clock_trusted = false; /* and the broker was emptied */
    desk_again(&desk, SEAL_PEM_TRUSTED);
    desk_act(&desk);
    CHECK_INT_EQ(desk_claim_of(desk_find(&desk, "/coordinator")).epoch, first + 1);
    CHECK_INT_EQ(desk.epoch_kept, first + 1);
    desk.is_keep_refused = true;
    desk_again(&desk, SEAL_PEM_TRUSTED);
    desk_act(&desk);
    CHECK_INT_EQ(desk_claim_of(desk_find(&desk, "/coordinator")).epoch, first + 2);
    CHECK_CONTAINS(desk.said, "is not kept here: read-only");
    desk_close(&desk);
}

/* What a thief signed with a stolen key is behind a base that was raised. */
static void case_epoch_base(void)
{
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk.trust.epoch_base = 1764000000;
    desk_again(&desk, SEAL_PEM_TRUSTED);
    desk_act(&desk);
    CHECK_INT_EQ(desk_claim_of(desk_find(&desk, "/coordinator")).epoch, 1764000001);
    desk_close(&desk);
}

/* Reports and claims are not signed: three rollouts of a liar's made nodes refuse for ever. */
static void case_epoch_lies(void)
{
    struct report report = desk_report("gw-00", 1);
    report.apps[0].order_epoch = JSON_INTEGER_MAX - 1;
    report.apps[0].order_gen = JSON_INTEGER_MAX;
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_connect(&desk);
    desk_hear_report(&desk, "gw-00", &report);
    desk_hear_claim(&desk, JSON_INTEGER_MAX - 1, "0000000000000041", false);
    desk_run(&desk, 1000);
    CHECK_INT_EQ(desk_claim_of(desk_find(&desk, "/coordinator")).epoch, 1);
    CHECK_CONTAINS(desk.said, "is not believed: no coordinator of this fleet can be there");
    desk_answer(&desk, desk_find(&desk, "/coordinator"), NULL);
    desk_run(&desk, 3000);
    CHECK(coordinator_is_acting(desk.coordinator));
    desk_hear_claim(&desk, JSON_INTEGER_MAX - 1, "0000000000000041", false); /* over ours */
    CHECK_INT_EQ(desk_count(&desk, "/coordinator"), 2);
    CHECK(coordinator_is_acting(desk.coordinator));
    desk_close(&desk);
}

/* A state is published when it changed, once a second at most; an end and a stop at once. */
static void case_state(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    struct report report = desk_report("gw-00", 1);
    open_acting();
    desk_rollout(&desk, &spec);
    desk_step(&desk, 1000);
    CHECK_INT_EQ(desk_count(&desk, "/state"), 1);
    struct rollout_state state = state_of(desk_find(&desk, "/state"));
    CHECK_STR_EQ(state.id, "web-1");
    CHECK_INT_EQ(state.epoch, 1);
    CHECK_INT_EQ(state.updated, DESK_WALL + desk.now);
    CHECK_STR_EQ(state.waiting, "a node that the selector matches");
    desk_answer_all(&desk);
    desk_step(&desk, 100);
    desk_run(&desk, 5000);
    CHECK_INT_EQ(desk_count(&desk, "/state"), 1); /* nothing changed but the time */
    desk_node(&desk, "gw-00");
    desk_step(&desk, 100);
    CHECK_INT_EQ(desk_count(&desk, "/state"), 2);
    mono_ms published = desk.now;
    desk_hear_report(&desk, "gw-01", &(struct report){.fleet = "sim", .node = "gw-01"});
    desk_step(&desk, 100);
    CHECK_INT_EQ(desk_count(&desk, "/state"), 2);
    CHECK(coordinator_deadline(desk.coordinator) <= published + 1000);
    desk_step(&desk, 899);
    CHECK_INT_EQ(desk_count(&desk, "/state"), 2);
    desk_step(&desk, 1);
    CHECK_INT_EQ(desk_count(&desk, "/state"), 3);
    CHECK_INT_EQ(state_of(desk_find(&desk, "/state")).matched, 2);
    struct order order = desk_order_of(desk_find(&desk, "gw-00/order/web"));
    report.apps[0].outcome_count = 1;
    report.apps[0].outcomes[0] =
        (struct report_outcome){.kind = OUTCOME_FAILED, .reason = "never-ready"};
    memcpy(report.apps[0].outcomes[0].id, order.id, sizeof order.id);
    desk_hear_report(&desk, "gw-00", &report);
    desk_step(&desk, 60);
    CHECK_INT_EQ(desk_count(&desk, "/state"), 4);
    CHECK_INT_EQ(state_of(desk_find(&desk, "/state")).phase, ROLLOUT_PAUSED);
    desk_hear_text(&desk, "rollout/web-1/control", "{\"schema\":1,\"want\":\"abort\"}");
    desk_step(&desk, 60);
    CHECK_INT_EQ(desk_count(&desk, "/state"), 5);
    CHECK_INT_EQ(state_of(desk_find(&desk, "/state")).phase, ROLLOUT_ABORTED);
    desk_answer_all(&desk);
    desk_run(&desk, 5000);
    CHECK_INT_EQ(desk_count(&desk, "/state"), 5);
    desk_close(&desk);
}

/* A state that the broker did not take is published again. */
static void case_state_refused(void)
{
    const struct err busy = {.code = ERR_NETWORK, .text = "lost"};
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    open_acting();
    desk_rollout(&desk, &spec);
    desk_step(&desk, 1000);
    unsigned warnings = desk.warnings;
    desk_answer(&desk, desk_find(&desk, "/state"), &busy);
    CHECK_INT_EQ(desk.warnings, warnings); /* the link's end is logged where it ends */
    desk_run(&desk, 2000);
    CHECK_INT_EQ(desk_count(&desk, "/state"), 2);
    desk_close(&desk);
}

/* A later rollout of the same app ends the earlier one; one of another app does not. */
static void case_supersession(void)
{
    struct rollout_spec first = desk_spec("web-1", "web", DESK_WALL);
    struct rollout_spec other = desk_spec("db-1", "db", DESK_WALL + 2);
    struct rollout_spec same = desk_spec("web-0", "web", DESK_WALL);
    struct rollout_spec later = desk_spec("web-2", "web", DESK_WALL + 1);
    struct rollout_view view;
    open_acting();
    desk_rollout(&desk, &first);
    desk_rollout(&desk, &other);
    desk_rollout(&desk, &same);
    desk_step(&desk, 1000);
    CHECK(coordinator_view(desk.coordinator, "web-1", &view));
    CHECK_INT_EQ(view.state->phase, ROLLOUT_RUNNING);
    desk_rollout(&desk, &later);
    desk_step(&desk, 1000);
    CHECK(coordinator_view(desk.coordinator, "web-1", &view));
    CHECK_INT_EQ(view.state->phase, ROLLOUT_SUPERSEDED);
    CHECK(coordinator_view(desk.coordinator, "web-0", &view));
    CHECK_INT_EQ(view.state->phase, ROLLOUT_SUPERSEDED);
    CHECK(coordinator_view(desk.coordinator, "web-2", &view));
    CHECK_INT_EQ(view.state->phase, ROLLOUT_RUNNING);
    CHECK(coordinator_view(desk.coordinator, "db-1", &view));
    CHECK_INT_EQ(view.state->phase, ROLLOUT_RUNNING);
    desk_close(&desk);
}

/* It looks again when an order's time is over, and the node is lost then. */
static void case_wakes_when_lost(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    struct rollout_view view;
    spec.start_by_ms = 60000;
    spec.lost_after_ms = 30000;
    open_acting();
    desk_rollout(&desk, &spec);
    desk_node(&desk, "gw-00");
    desk_step(&desk, 1000);
    mono_ms ordered = desk.now;
    desk_answer_all(&desk);
    desk_run(&desk, 5000);
    CHECK(coordinator_view(desk.coordinator, "web-1", &view));
    desk_run(&desk, ordered + 89999 - desk.now);
    CHECK_INT_EQ(view.state->count[NODE_CHANGING], 1);
    desk_step(&desk, 1);
    CHECK_INT_EQ(view.state->count[NODE_LOST], 1);
    desk_close(&desk);
}

/* What the bus refuses takes no place: however often, all of them are free afterwards. */
static void case_refused_takes_no_place(void)
{
    char id[NAME_BYTES];
    open_acting();
    desk.is_publish_refused = true;
    for (int i = 0; i < 16; i++) {
        (void)snprintf(id, sizeof id, "web-%02d", i);
        struct rollout_spec spec = desk_spec(id, id, DESK_WALL);
        desk_rollout(&desk, &spec);
        desk_step(&desk, 100);
    }
    size_t before = desk.publish_count;
    desk.is_publish_refused = false;
    desk_hear_presence(&desk, "gw-00", true);
    desk_step(&desk, 100);
    CHECK_INT_EQ(desk.publish_count - before, 16);
    desk_close(&desk);
}

/* More to publish than places: the rest waits for answers, and nothing is lost. */
static void case_places(void)
{
    char node[NODE_NAME_BYTES];
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    struct rollout_spec more = desk_spec("db-1", "db", DESK_WALL);
    spec.max_unavailable = 8;
    more.max_unavailable = 16;
    open_acting();
    desk_answer_all(&desk);
    size_t before = desk.publish_count;
    for (int i = 0; i < 8; i++) {
        (void)snprintf(node, sizeof node, "gw-%02d", i);
        desk_node(&desk, node);
    }
    desk_rollout(&desk, &spec);
    desk_hear_text(&desk, "rollout/web-1/control", "{\"schema\":1,\"want\":\"run\"}");
    desk_step(&desk, 1000);
    desk_rollout(&desk, &more);
    desk_hear_text(&desk, "rollout/web-1/control", "{\"schema\":1,\"want\":\"abort\"}");
    desk_step(&desk, 1000);
    CHECK_INT_EQ(desk.publish_count - before, 16);
    for (int i = 0; i < 20; i++) {
        desk_answer_all(&desk);
        desk_step(&desk, 100);
    }
    CHECK_INT_EQ(desk_count(&desk, "/order/web"), 16);
    CHECK_INT_EQ(state_of(desk_find(&desk, "web-1/state")).phase, ROLLOUT_ABORTED);
    desk_close(&desk);
}

/* An order that the broker took, and then does not show, is published again, the same one; one that
 * it shows is not. The broker's word alone is not enough. */
static void case_order_read_back(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    for (int is_shown = 0; is_shown < 2; is_shown++) {
        desk_open(&desk, SEAL_PEM_TRUSTED, 0);
        desk_act(&desk);
        desk_rollout(&desk, &spec);
        desk_node(&desk, "gw-00");
        desk_run(&desk, 1000);
        struct desk_publish *publish = desk_find(&desk, "/order/web");
        CHECK(publish != NULL);
        struct order first = desk_order_of(publish);
        publish->is_answered = true;
        publish->done(publish->ctx, NULL);
        if (is_shown == 1) {
            desk_hear(&desk, "node/gw-00/order/web", span_of(publish->payload, publish->len),
                      false);
        }
        desk_run(&desk, 4900);
        CHECK_INT_EQ(desk_count(&desk, "/order/web"), 1);
        desk_run(&desk, 300);
        CHECK_INT_EQ(desk_count(&desk, "/order/web"), is_shown == 1 ? 1 : 2);
        CHECK_STR_EQ(desk_order_of(desk_find(&desk, "/order/web")).id, first.id);
        CHECK_INT_EQ(strstr(desk.said, "does not show it") != NULL, is_shown == 0);
        desk_answer_all(&desk); /* and now it is shown */
        desk_run(&desk, 20000);
        CHECK_INT_EQ(desk_count(&desk, "/order/web"), is_shown == 1 ? 1 : 2);
        desk_close(&desk);
    }
}

/* A node at berth/2 gets its order there; one that moves there gets the same again, and what lies
 * at berth/1 goes when it is heard next. */
static void case_order_level(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    struct report report = desk_report("gw-00", 1);
    struct verify verify = seal_verify_port();
    char data[REPORT_BYTES_MAX], shard[TOPIC_SHARD_BYTES], at[80], topic[BUS_TOPIC_BYTES];
    static const char presence[] =
        "{\"schema\":1,\"session\":\"bbbbbbbbbbbbbbbb\",\"online\":true}";
    struct text text;
    topic_shard(&verify, "gw-00", shard);
    (void)snprintf(at, sizeof at, "berth/2/sim/node/%s/gw-00/", shard);
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_act(&desk);
    desk_rollout(&desk, &spec);
    desk_node(&desk, "gw-00");
    desk_run(&desk, 1000);
    struct desk_publish old = *desk_find(&desk, "/order/web");
    CHECK_STR_EQ(old.topic, "berth/1/sim/node/gw-00/order/web");
    desk_answer_all(&desk);
    desk_hear(&desk, "node/gw-00/presence", span_of(NULL, 0), false);
    desk_hear(&desk, "node/gw-00/report", span_of(NULL, 0), false);
    (void)snprintf(topic, sizeof topic, "%spresence", at);
    desk.user.received(desk.user.ctx, topic, span_text(presence), false);
    (void)snprintf(topic, sizeof topic, "%sreport", at);
    text_init(&text, data, sizeof data);
    report_render(&report, &text);
    desk.user.received(desk.user.ctx, topic, span_of(text.data, text.len), false);
    desk_run(&desk, 1000);
    CHECK_INT_EQ(desk_count(&desk, "/order/web"), 2);
    struct desk_publish *again = desk_find(&desk, "/order/web");
    (void)snprintf(topic, sizeof topic, "%sorder/web", at);
    CHECK_STR_EQ(again->topic, topic);
    CHECK_STR_EQ(desk_order_of(again).id, desk_order_of(&old).id);
    desk_hear(&desk, "node/gw-00/order/web", span_of(old.payload, old.len), true);
    desk_run(&desk, 1000);
    CHECK_INT_EQ(desk_count(&desk, "/order/web"), 2); /* not yet: the new one was not read back */
    desk_answer_all(&desk);
    desk_hear(&desk, "node/gw-00/order/web", span_of(old.payload, old.len), true);
    desk_run(&desk, 1000);
    CHECK_INT_EQ(desk_count(&desk, "/order/web"), 3);
    struct desk_publish *cleared = desk_find(&desk, "/order/web");
    CHECK_STR_EQ(cleared->topic, old.topic);
    CHECK(cleared->len == 0 && cleared->is_retained);
    desk_answer_all(&desk);
    desk_run(&desk, 20000);
    CHECK_INT_EQ(desk_count(&desk, "/order/web"), 3);
    desk_close(&desk);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"order", case_order},
        {"order: level", case_order_level},
        {"order: read back", case_order_read_back},
        {"order: number", case_order_number},
        {"order: taken back", case_order_taken_back},
        {"release first", case_release_first},
        {"order: refused", case_order_refused},
        {"order: impossible", case_order_impossible},
        {"claim: refused", case_claim_refused},
        {"claim: epoch", case_claim_epoch},
        {"epoch: kept", case_epoch_kept},
        {"epoch: base", case_epoch_base},
        {"epoch: lies", case_epoch_lies},
        {"state", case_state},
        {"state: refused", case_state_refused},
        {"supersession", case_supersession},
        {"wakes when lost", case_wakes_when_lost},
        {"places", case_places},
        {"refused takes no place", case_refused_takes_no_place},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
