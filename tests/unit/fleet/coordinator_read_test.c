/* coordinator_read: whose word counts for what: orders by signature and topic, reports by topic,
 * labels of the fleet, documents of rollouts. */
#include "tests/check.h"
#include "tests/sim/sealing.h"
#include "tests/unit/fleet/desk.h"

static struct desk desk;

static const struct roster_node *node_of(const char *name)
{
    return roster_find(coordinator_roster(desk.coordinator), name);
}

#define app_of(node, app) (node_of(node) != NULL ? roster_app_find(node_of(node), app) : NULL)

static void open_read(void)
{
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_connect(&desk);
    desk_run(&desk, 1000);
}

/* -- nodes ------------------------------------------------------------------------------------ */

/* A report is believed on its own node's topic, in its own fleet, and nowhere else. */
static void case_report_of_another(void)
{
    struct report report = desk_report("gw-00", 1);
    open_read();
    desk_hear_report(&desk, "gw-01", &report);
    CHECK(node_of("gw-00") == NULL);
    CHECK(node_of("gw-01") == NULL);
    CHECK_CONTAINS(desk.said, "report of gw-01: it speaks for node gw-00 of fleet sim\n");
    (void)text_copy(report.fleet, sizeof report.fleet, "other");
    desk_hear_report(&desk, "gw-00", &report);
    CHECK(node_of("gw-00") == NULL);
    CHECK_INT_EQ(desk.warnings, 2);
    (void)text_copy(report.fleet, sizeof report.fleet, "sim");
    desk_hear_report(&desk, "gw-00", &report);
    CHECK(node_of("gw-00") != NULL && node_of("gw-00")->is_reported);
    struct digest one = desk_digest(1);
    const struct roster_app *app = app_of("gw-00", "web");
    CHECK(app != NULL && digest_is_equal(&app->committed, &one));
    desk_hear_text(&desk, "node/gw-00/report", "{");
    CHECK_CONTAINS(desk.said, "report of gw-00: ");
    CHECK(app_of("gw-00", "web")->is_reported);
    CHECK_INT_EQ(desk.warnings, 3);
    desk_close(&desk);
}

static void case_presence(void)
{
    open_read();
    desk_hear_presence(&desk, "gw-00", true);
    CHECK(node_of("gw-00") != NULL && node_of("gw-00")->is_present);
    desk_hear_text(&desk, "node/gw-00/presence", "{\"schema\":1}");
    CHECK(node_of("gw-00")->is_present);
    desk_hear_presence(&desk, "gw-00", false);
    CHECK(!node_of("gw-00")->is_present);
    desk_close(&desk);
}

/* The labels that the fleet gives decide which nodes a selector matches; taken away, they do not.
 */
static void case_labels(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    struct rollout_view view;
    (void)text_copy(spec.selector, sizeof spec.selector, "site=north");
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_act(&desk);
    desk_rollout(&desk, &spec);
    desk_node(&desk, "gw-00");
    desk_node(&desk, "gw-01");
    desk_run(&desk, 1000);
    CHECK(coordinator_view(desk.coordinator, "web-1", &view));
    CHECK_INT_EQ(view.state->matched, 0);
    desk_hear_text(&desk, "node/gw-01/labels", "{\"schema\":1,\"labels\":{\"site\":\"north\"}}");
    desk_run(&desk, 1000);
    CHECK_INT_EQ(view.state->matched, 1);
    CHECK_INT_EQ(desk_count(&desk, "node/gw-01/order/web"), 1);
    CHECK_INT_EQ(desk_count(&desk, "node/gw-00/order/web"), 0);
    desk_hear_text(&desk, "node/gw-01/labels", "{\"schema\":1,\"labels\":{\"site\":7}}");
    CHECK_CONTAINS(desk.said, "labels of gw-01: ");
    desk_run(&desk, 1000);
    CHECK_INT_EQ(view.state->matched, 1);
    desk_hear(&desk, "node/gw-01/labels", span_of(NULL, 0), false);
    desk_run(&desk, 1000);
    CHECK_INT_EQ(view.state->matched, 0);
    desk_close(&desk);
}

/* -- orders ----------------------------------------------------------------------------------- */

static struct order order_made(void)
{
    struct order order = {.id = "00000000000000aa",
                          .fleet = "sim",
                          .node = "gw-00",
                          .app = "web",
                          .epoch = 5,
                          .gen = 3,
                          .release = desk_digest(2),
                          .before = desk_digest(1),
                          .rollout = "web-9",
                          .issued = DESK_WALL};
    return order;
}

/* Signed by the order key, and on the topic of its node, app and fleet: each alone is not enough.
 */
static void case_order(void)
{
    struct order order = order_made();
    open_read();
    desk_hear_order(&desk, "gw-00", "web", &order, SEAL_PEM_STRANGER);
    CHECK(app_of("gw-00", "web") == NULL);
    CHECK_CONTAINS(desk.said, "the order for gw-00 web is not believed: ");
    desk_hear_order(&desk, "gw-01", "web", &order, SEAL_PEM_TRUSTED);
    CHECK(app_of("gw-01", "web") == NULL);
    CHECK(app_of("gw-00", "web") == NULL);
    CHECK_CONTAINS(desk.said,
                   "the order for gw-01 web is not believed: it is for node gw-00, app web\n");
    desk_hear_order(&desk, "gw-00", "db", &order, SEAL_PEM_TRUSTED);
    CHECK(app_of("gw-00", "db") == NULL);
    CHECK(app_of("gw-00", "web") == NULL);
    (void)text_copy(order.fleet, sizeof order.fleet, "other");
    desk_hear_order(&desk, "gw-00", "web", &order, SEAL_PEM_TRUSTED);
    CHECK(app_of("gw-00", "web") == NULL);
    CHECK_INT_EQ(desk.warnings, 4);
    (void)text_copy(order.fleet, sizeof order.fleet, "sim");
    desk_hear_order(&desk, "gw-00", "web", &order, SEAL_PEM_TRUSTED);
    const struct roster_app *app = app_of("gw-00", "web");
    CHECK(app != NULL && app->order.is_there && app->order.is_echoed);
    CHECK(app != NULL && strcmp(app->order.rollout, "web-9") == 0);
    CHECK_INT_EQ(desk.warnings, 4);
    desk_close(&desk);
}

/* An epoch that is signed in an order is never claimed again. */
static void case_order_epoch(void)
{
    struct order order = order_made();
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_connect(&desk);
    desk_hear_order(&desk, "gw-00", "web", &order, SEAL_PEM_TRUSTED);
    desk_run(&desk, 1000);
    CHECK_INT_EQ(desk_claim_of(desk_find(&desk, "/coordinator")).epoch, 6);
    desk_close(&desk);
}

/* What somebody lays over an order is covered again with the order, at most once a second. */
static void case_order_covered(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_act(&desk);
    desk_rollout(&desk, &spec);
    desk_node(&desk, "gw-00");
    desk_run(&desk, 1000);
    desk_answer_all(&desk);
    struct order first = desk_order_of(desk_find(&desk, "/order/web"));
    CHECK_INT_EQ(desk_count(&desk, "/order/web"), 1);
    desk_hear_text(&desk, "node/gw-00/order/web", "not signed");
    desk_run(&desk, 100);
    CHECK_INT_EQ(desk_count(&desk, "/order/web"), 2);
    CHECK_STR_EQ(desk_order_of(desk_find(&desk, "/order/web")).id, first.id);
    desk_answer_all(&desk);
    desk_hear_text(&desk, "node/gw-00/order/web", "not signed");
    desk_run(&desk, 500);
    CHECK_INT_EQ(desk_count(&desk, "/order/web"), 2);
    desk_step(&desk, 400); /* a second after the first was covered: not what is heard before */
    desk_hear_text(&desk, "node/gw-00/order/web", "not signed");
    desk_run(&desk, 50);
    CHECK_INT_EQ(desk_count(&desk, "/order/web"), 3);
    desk_close(&desk);
}

/* -- rollouts --------------------------------------------------------------------------------- */

static void case_spec(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    struct rollout_view view;
    open_read();
    desk_hear_text(&desk, "rollout/web-1/spec", "{\"schema\":1}");
    CHECK_CONTAINS(desk.said, "rollout web-1 is not followed: ");
    CHECK(!coordinator_view(desk.coordinator, "web-1", &view));
    (void)text_copy(spec.selector, sizeof spec.selector, "((");
    desk_hear_spec(&desk, &spec);
    CHECK(!coordinator_view(desk.coordinator, "web-1", &view));
    CHECK_INT_EQ(desk.warnings, 2);
    spec.selector[0] = '\0';
    desk_hear_spec(&desk, &spec);
    CHECK(coordinator_view(desk.coordinator, "web-1", &view));
    CHECK_INT_EQ(view.spec->max_unavailable, 1);
    spec.max_unavailable = 9;
    desk_hear_spec(&desk, &spec); /* written once */
    CHECK_INT_EQ(view.spec->max_unavailable, 1);
    CHECK_INT_EQ(desk.warnings, 2);
    desk_close(&desk);
}

/* A spec that lies on another rollout's topic is nobody's. */
static void case_spec_of_another(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    struct rollout_view view;
    open_read();
    desk_hear(&desk, "rollout/web-2/spec", sealing_spec(&spec, SEALING_ANN), false);
    CHECK(!coordinator_view(desk.coordinator, "web-1", &view));
    CHECK(!coordinator_view(desk.coordinator, "web-2", &view));
    CHECK_CONTAINS(desk.said, "rollout web-2 is not followed: it is the spec of web-1\n");
    desk_close(&desk);
}

static void case_control(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    struct rollout_view view;
    open_read();
    desk_hear_text(&desk, "rollout/web-1/control",
                   "{\"schema\":1,\"want\":\"pause\",\"accepted\":2}"); /* before its spec */
    desk_hear_spec(&desk, &spec);
    CHECK(coordinator_view(desk.coordinator, "web-1", &view));
    CHECK_STR_EQ(view.control->want, "pause");
    CHECK_INT_EQ(view.control->accepted, 2);
    CHECK_INT_EQ(view.control->serial, 1);
    desk_hear_text(&desk, "rollout/web-1/control", "{\"schema\":1,\"want\":\"fly\"}");
    CHECK_CONTAINS(desk.said, "control of rollout web-1: ");
    CHECK_STR_EQ(view.control->want, "pause");
    CHECK_INT_EQ(desk.warnings, 1);
    desk_close(&desk);
}

/* Who acts plans the state; of a written one it believes only an end. Who stands by believes all.
 */
static void case_state(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    struct rollout_state state = {.id = "web-1", .phase = ROLLOUT_PAUSED, .epoch = 1, .matched = 7};
    struct rollout_view view;
    for (int is_acting = 0; is_acting < 2; is_acting++) {
        desk_open(&desk, SEAL_PEM_TRUSTED, 0);
        if (is_acting == 1) {
            desk_act(&desk);
        } else {
            desk_connect(&desk);
            desk_run(&desk, 1000);
        }
        desk_rollout(&desk, &spec);
        state.phase = ROLLOUT_PAUSED;
        desk_hear_state(&desk, &state);
        CHECK(coordinator_view(desk.coordinator, "web-1", &view));
        CHECK_INT_EQ(view.state->phase, is_acting == 1 ? ROLLOUT_RUNNING : ROLLOUT_PAUSED);
        state.phase = ROLLOUT_ABORTED;
        desk_hear_state(&desk, &state);
        CHECK_INT_EQ(view.state->phase, ROLLOUT_ABORTED);
        desk_hear_text(&desk, "rollout/web-1/state", "{");
        CHECK_INT_EQ(view.state->phase, ROLLOUT_ABORTED);
        desk_close(&desk);
    }
}

/* A state of an earlier coordinator that lies over ours is covered with ours; one of our own is
 * not. */
static void case_state_written_over(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    struct rollout_state state = {.id = "web-1", .phase = ROLLOUT_PAUSED};
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_connect(&desk);
    desk_hear_claim(&desk, 4, "0000000000000001", false);
    desk_hear_claim(&desk, 4, "0000000000000001", true);
    desk_run(&desk, 1000);
    desk_answer(&desk, desk_find(&desk, "/coordinator"), NULL);
    desk_run(&desk, 3000);
    desk_rollout(&desk, &spec);
    desk_node(&desk, "gw-00");
    desk_run(&desk, 3000);
    desk_answer_all(&desk);
    desk_run(&desk, 3000);
    size_t before = desk_count(&desk, "/state");
    CHECK(before >= 1);
    state.epoch = 5;
    state.revision = 99;
    desk_hear_state(&desk, &state);
    desk_run(&desk, 3000);
    CHECK_INT_EQ(desk_count(&desk, "/state"), before);
    state.epoch = 4; /* and an older one of its own */
    desk_hear_state(&desk, &state);
    desk_run(&desk, 3000);
    CHECK_INT_EQ(desk_count(&desk, "/state"), before + 1);
    desk_close(&desk);
}

/* Cleared at the broker: an ended rollout is forgotten, a live one is put back. */
static void case_spec_cleared(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    struct rollout_state state = {.id = "web-1", .phase = ROLLOUT_ABORTED};
    struct rollout_view view;
    open_read();
    desk_hear_spec(&desk, &spec);
    desk_hear(&desk, "rollout/web-1/control", span_of(NULL, 0), false);
    desk_hear(&desk, "rollout/web-1/spec", span_of(NULL, 0), false);
    CHECK(coordinator_view(desk.coordinator, "web-1", &view));
    desk_hear_state(&desk, &state);
    desk_hear(&desk, "rollout/web-1/control", span_of(NULL, 0), false);
    CHECK(coordinator_view(desk.coordinator, "web-1", &view));
    desk_hear(&desk, "rollout/web-1/spec", span_of(NULL, 0), false);
    CHECK(!coordinator_view(desk.coordinator, "web-1", &view));
    desk_close(&desk);
}

/* Documents that cannot be read take nothing from those that can, however many lie there; and any
 * number of rollouts is followed. */
static void case_unreadable(void)
{
    enum { MANY = 200 };
    static const char *const kinds[] = {"spec", "control", "state"};
    struct rollout_view view;
    char name[80];
    open_read();
    for (int i = 0; i < MANY; i++) {
        for (size_t kind = 0; kind < COUNT_OF(kinds); kind++) {
            (void)snprintf(name, sizeof name, "rollout/bad-%03d/%s", i, kinds[kind]);
            desk_hear_text(&desk, name, "{\"schema\":99}");
        }
    }
    CHECK_INT_EQ(desk.warnings, MANY * (int)COUNT_OF(kinds)); /* each is named */
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(name, sizeof name, "web-%03d", i);
        struct rollout_spec spec = desk_spec(name, "web", DESK_WALL + i);
        desk_hear_spec(&desk, &spec);
        CHECK(coordinator_view(desk.coordinator, name, &view));
    }
    CHECK(coordinator_view_at(desk.coordinator, MANY - 1, &view));
    CHECK(!coordinator_view_at(desk.coordinator, MANY, &view));
    desk_close(&desk);
}

/* A release is there for the rollouts that are of it, and for no other. */
static void case_release_of_another(void)
{
    struct rollout_spec web = desk_spec("web-1", "web", DESK_WALL);
    struct rollout_spec db = desk_spec("db-1", "db", DESK_WALL);
    web.max_unavailable = db.max_unavailable = 2;
    db.release = desk_digest(3);
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_act(&desk);
    desk_hear_spec(&desk, &web);
    desk_rollout(&desk, &db);
    desk_node(&desk, "gw-00");
    desk_run(&desk, 1000);
    CHECK_INT_EQ(desk_count(&desk, "/order/web"), 0);
    CHECK_INT_EQ(desk_count(&desk, "/order/db"), 1);
    desk_hear_text(&desk, "release/nonsense", "x");
    desk_rollout(&desk, &web);
    desk_answer_all(&desk);
    desk_lose(&desk);
    desk_act(&desk);
    CHECK_INT_EQ(desk_count(&desk, "0202"), 1); /* each its own */
    CHECK_INT_EQ(desk_count(&desk, "0303"), 1);
    desk_close(&desk);
}

/* A release as long as an envelope may be is kept, a longer one is none. */
static void case_release_length(void)
{
    static uint8_t data[73728 + 1];
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    char hex[DIGEST_HEX_BYTES], topic[BUS_TOPIC_BYTES];
    struct rollout_view view;
    digest_render(&spec.release, hex);
    (void)snprintf(topic, sizeof topic, "release/%s", hex);
    for (size_t over = 0; over < 2; over++) {
        desk_open(&desk, SEAL_PEM_TRUSTED, 0);
        desk_act(&desk);
        desk_hear_spec(&desk, &spec);
        desk_hear(&desk, topic, span_of(data, sizeof data - 1 + over), false);
        desk_node(&desk, "gw-00");
        desk_run(&desk, 1000);
        CHECK(coordinator_view(desk.coordinator, "web-1", &view));
        CHECK_INT_EQ(desk_count(&desk, "/order/web"), over == 0 ? 1 : 0);
        desk_close(&desk);
    }
}

/* Another fleet's topics, and what is none of ours, say nothing. */
static void case_foreign(void)
{
    struct rollout_view view;
    char data[SMALL_BYTES_MAX];
    struct text text;
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    open_read();
    text_init(&text, data, sizeof data);
    rollout_spec_render(&spec, &text);
    struct span payload = span_of(text.data, text.len);
    desk.user.received(desk.user.ctx, "berth/1/other/rollout/web-1/spec", payload, false);
    desk.user.received(desk.user.ctx, "berth/1/sim/rollout/web-1/elsewhere", payload, false);
    CHECK(!coordinator_view(desk.coordinator, "web-1", &view));
    CHECK_STR_EQ(desk.said, "");
    desk_hear_text(&desk, "coordinator", "{");
    CHECK_CONTAINS(desk.said, "a claim is ignored: ");
    desk_close(&desk);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"report of another", case_report_of_another},
        {"presence", case_presence},
        {"labels", case_labels},
        {"order", case_order},
        {"order: epoch", case_order_epoch},
        {"order: covered", case_order_covered},
        {"spec", case_spec},
        {"spec of another", case_spec_of_another},
        {"control", case_control},
        {"state", case_state},
        {"state: written over", case_state_written_over},
        {"spec: cleared", case_spec_cleared},
        {"unreadable", case_unreadable},
        {"release of another", case_release_of_another},
        {"release: length", case_release_length},
        {"foreign", case_foreign},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
