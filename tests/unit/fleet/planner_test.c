/* planner: what a node is, every kind once; then each law with the smallest fleet that shows it. */
#include "tests/check.h"
#include "tests/unit/fleet/toy_fleet.h"

static struct toy_fleet fleet;

static enum node_condition condition_of(size_t node)
{
    const struct planner_rollout rollout = {
        .spec = &fleet.spec, .control = &fleet.control, .selector = &fleet.selector};
    return planner_condition(&rollout, roster_find(&fleet.roster, fleet.nodes[node].name),
                             fleet.now);
}

#define node_of(node) roster_find(&fleet.roster, fleet.nodes[(node)].name)
#define app_of(node)  roster_app_find(node_of(node), "web")

static void app_write(size_t node, const struct roster_app *app)
{
    CHECK(roster_app_put(&fleet.roster, node_of(node), app));
}

/* Writes one member of what is known of the app. */
#define APP_SET(node, member, value)                                                               \
    do {                                                                                           \
        struct roster_app app_ = *app_of(node);                                                    \
        app_.member = (value);                                                                     \
        app_write(node, &app_);                                                                    \
    } while (0)

/* An order of this rollout lies on the topic of gw-00, and the node took it. */
static void ordered_open(void)
{
    toy_open(&fleet, 1, 1);
    toy_plan(&fleet);
    CHECK_INT_EQ(fleet.ordered, 1);
}

static void outcome_set(size_t node, enum outcome_kind kind, const char *reason)
{
    struct roster_app app = *app_of(node);
    app.outcome_count = 1;
    app.outcomes[0] = (struct report_outcome){.kind = kind};
    memcpy(app.outcomes[0].id, app.order.id, sizeof app.outcomes[0].id);
    (void)text_copy(app.outcomes[0].reason, REPORT_WORD_BYTES, reason);
    app_write(node, &app);
}

/* Every outcome, with and without the release running in the end. */
static void case_conditions_answered(void)
{
    static const struct {
        enum outcome_kind kind;
        enum node_condition elsewhere, there;
    } rows[] = {
        {OUTCOME_SUCCEEDED, NODE_OVERRIDDEN, NODE_DONE},
        {OUTCOME_FAILED, NODE_FAILED, NODE_DONE},
        {OUTCOME_INCONCLUSIVE, NODE_FAILED, NODE_DONE},
        {OUTCOME_REFUSED, NODE_FAILED, NODE_DONE},
        {OUTCOME_EXPIRED, NODE_FAILED, NODE_DONE},
        {OUTCOME_REPLACED, NODE_FAILED, NODE_DONE},
        {OUTCOME_OVERRIDDEN, NODE_OVERRIDDEN, NODE_OVERRIDDEN},
    };
    CHECK_INT_EQ(COUNT_OF(rows), OUTCOME_KIND_COUNT - 1);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        ordered_open();
        outcome_set(0, rows[i].kind, "");
        CHECK_INT_EQ(condition_of(0), rows[i].elsewhere);
        APP_SET(0, committed, fleet.spec.release);
        CHECK_INT_EQ(condition_of(0), rows[i].there);
        fleet.now += MINUTES_MS(600); /* an answer stays one, however late it is */
        CHECK_INT_EQ(condition_of(0), rows[i].there);
        toy_close(&fleet);
    }
}

static void case_conditions_unanswered(void)
{
    ordered_open();
    CHECK_INT_EQ(condition_of(0), NODE_CHANGING);
    toy_node_connect(&fleet, 0, false);
    CHECK_INT_EQ(condition_of(0), NODE_CHANGING);
    fleet.now += MINUTES_MS(30) - 1;
    CHECK_INT_EQ(condition_of(0), NODE_CHANGING);
    fleet.now += 1;
    CHECK_INT_EQ(condition_of(0), NODE_LOST);
    outcome_set(0, OUTCOME_SUCCEEDED, "");
    APP_SET(0, committed, fleet.spec.release);
    CHECK_INT_EQ(condition_of(0), NODE_DONE); /* a late outcome overrides it */
    toy_close(&fleet);
}

static void case_conditions_without_order(void)
{
    toy_open(&fleet, 1, 1);
    CHECK_INT_EQ(condition_of(0), NODE_PENDING);
    APP_SET(0, is_changing, true);
    CHECK_INT_EQ(condition_of(0), NODE_BUSY);
    APP_SET(0, is_changing, false);
    APP_SET(0, is_overridden, true);
    CHECK_INT_EQ(condition_of(0), NODE_OVERRIDDEN);
    fleet.spec.force = true;
    CHECK_INT_EQ(condition_of(0), NODE_PENDING);
    fleet.spec.force = false;
    APP_SET(0, committed, fleet.spec.release); /* an override to the very release */
    CHECK_INT_EQ(condition_of(0), NODE_DONE);
    APP_SET(0, is_changing, true);
    CHECK_INT_EQ(condition_of(0), NODE_OVERRIDDEN);
    APP_SET(0, is_overridden, false);
    APP_SET(0, is_changing, false);
    APP_SET(0, committed, toy_release(1));
    toy_node_connect(&fleet, 0, false);
    CHECK_INT_EQ(condition_of(0), NODE_OFFLINE);
    toy_close(&fleet);
}

/* Another rollout's order binds the node until it is answered or its time is over. */
static void case_conditions_foreign(void)
{
    ordered_open();
    struct roster_app foreign = *app_of(0);
    (void)text_copy(foreign.order.rollout, sizeof foreign.order.rollout, "web-0");
    app_write(0, &foreign);
    CHECK_INT_EQ(condition_of(0), NODE_BUSY);
    APP_SET(0, committed, fleet.spec.release);
    CHECK_INT_EQ(condition_of(0), NODE_BUSY);
    APP_SET(0, committed, toy_release(1));
    outcome_set(0, OUTCOME_FAILED, "");
    CHECK_INT_EQ(condition_of(0), NODE_PENDING);
    APP_SET(0, outcome_count, 0);
    fleet.now += MINUTES_MS(30);
    CHECK_INT_EQ(condition_of(0), NODE_PENDING);
    toy_close(&fleet);
}

/* One node at a time, in whatever rollout the other one changes. */
static void case_one_at_a_time(void)
{
    toy_open(&fleet, 1, 3);
    toy_plan(&fleet);
    toy_plan(&fleet);
    CHECK_INT_EQ(fleet.ordered, 1);
    CHECK_INT_EQ(planner_changing(&fleet.roster, fleet.now), 1);
    CHECK_CONTAINS(fleet.result.state.waiting, "gw-00");
    toy_close(&fleet);
    toy_open(&fleet, 1, 3);
    APP_SET(2, is_changing, true);
    roster_at(&fleet.roster, 2)->changing_since_s = (uint32_t)(fleet.now / 1000);
    toy_plan(&fleet);
    CHECK_INT_EQ(fleet.ordered, 0);
    CHECK_CONTAINS(fleet.result.state.waiting, "another change");
    toy_close(&fleet);
    toy_open(&fleet, 1, 3);
    fleet.spec.max_unavailable = 2;
    toy_plan(&fleet);
    CHECK_INT_EQ(fleet.ordered, 2);
    toy_close(&fleet);
}

/* The slot is held for as long as this rollout waits for the answer, not for the default time. */
static void case_slow_app_keeps_its_slot(void)
{
    toy_open(&fleet, 1, 2);
    fleet.spec.lost_after_ms = (uint64_t)MINUTES_MS(120);
    toy_plan(&fleet);
    fleet.now += MINUTES_MS(60);
    toy_plan(&fleet);
    CHECK_INT_EQ(fleet.result.state.count[NODE_CHANGING], 1);
    CHECK_INT_EQ(fleet.ordered, 1);
    toy_close(&fleet);
}

static void case_stops_at_a_failure(void)
{
    toy_open(&fleet, 1, 3);
    toy_plan(&fleet);
    outcome_set(0, OUTCOME_FAILED, "never-ready");
    toy_plan(&fleet);
    CHECK_INT_EQ(fleet.result.state.phase, ROLLOUT_PAUSED);
    CHECK_STR_EQ(fleet.result.state.failed_node, "gw-00");
    CHECK_STR_EQ(fleet.result.state.failed_outcome, "failed");
    CHECK_CONTAINS(fleet.result.state.waiting, "gw-00 failed (never-ready)");
    CHECK_INT_EQ(fleet.ordered, 1);
    fleet.control.accepted = 1;
    toy_plan(&fleet);
    CHECK_INT_EQ(fleet.ordered, 2);
    toy_close(&fleet);
}

/* A node that is lost stops the rollout, and stays the reason until someone resumes it. */
static void case_lost_stops_for_good(void)
{
    toy_open(&fleet, 1, 3);
    toy_plan(&fleet);
    toy_node_connect(&fleet, 0, false);
    fleet.now += MINUTES_MS(30);
    for (int i = 0; i < 3; i++) {
        toy_plan(&fleet);
        CHECK_INT_EQ(fleet.result.state.phase, ROLLOUT_PAUSED);
        CHECK_STR_EQ(fleet.result.state.failed_node, "gw-00");
        CHECK_STR_EQ(fleet.result.state.failed_outcome, "lost");
    }
    fleet.now += MINUTES_MS(60);
    toy_plan(&fleet);
    CHECK_INT_EQ(fleet.result.state.phase, ROLLOUT_PAUSED);
    CHECK_INT_EQ(fleet.ordered, 1);
    toy_close(&fleet);
}

/* A pause takes back what was not begun, leaves what was, and resuming orders it anew. */
static void case_pause_takes_back(void)
{
    toy_open(&fleet, 1, 2);
    fleet.spec.max_unavailable = 2;
    toy_plan(&fleet);
    struct roster_app begun = *app_of(0);
    memcpy(begun.order_id, begun.order.id, sizeof begun.order_id);
    begun.is_order_open = begun.is_changing = true;
    app_write(0, &begun);
    (void)text_copy(fleet.control.want, sizeof fleet.control.want, "pause");
    toy_plan(&fleet);
    CHECK_INT_EQ(fleet.taken_back, 1);
    CHECK(digest_is_equal(&fleet.topics[1].release, &fleet.topics[1].before));
    CHECK(digest_is_equal(&fleet.topics[0].release, &fleet.spec.release));
    toy_plan(&fleet);
    CHECK_INT_EQ(fleet.taken_back, 1);
    outcome_set(1, OUTCOME_SUCCEEDED, "");
    (void)text_copy(fleet.control.want, sizeof fleet.control.want, "run");
    toy_plan(&fleet);
    CHECK_INT_EQ(fleet.ordered, 3);
    toy_close(&fleet);
}

/* What is ended leaves no order behind that a node could still begin, lost nodes included. */
static void case_end_takes_back_all(void)
{
    for (int superseded = 0; superseded < 2; superseded++) {
        toy_open(&fleet, 1, 2);
        toy_plan(&fleet);
        toy_node_connect(&fleet, 0, false);
        fleet.now += MINUTES_MS(30);
        fleet.is_superseded = superseded == 1;
        (void)text_copy(fleet.control.want, sizeof fleet.control.want,
                        superseded == 1 ? "run" : "abort");
        toy_plan(&fleet);
        CHECK_INT_EQ(fleet.taken_back, 1);
        toy_plan(&fleet);
        CHECK_INT_EQ(fleet.result.state.phase,
                     superseded == 1 ? ROLLOUT_SUPERSEDED : ROLLOUT_ABORTED);
        CHECK_INT_EQ(fleet.taken_back, 1);
        CHECK_INT_EQ(fleet.ordered, 1);
        toy_close(&fleet);
    }
}

static void case_offline(void)
{
    toy_open(&fleet, 1, 2);
    toy_node_connect(&fleet, 0, false);
    toy_plan(&fleet);
    CHECK_STR_EQ(fleet.topics[1].node, "gw-01"); /* later: round it */
    toy_close(&fleet);
    toy_open(&fleet, 1, 2);
    (void)text_copy(fleet.spec.offline, sizeof fleet.spec.offline, "wait");
    toy_node_connect(&fleet, 0, false);
    toy_plan(&fleet);
    CHECK_INT_EQ(fleet.ordered, 0);
    CHECK_CONTAINS(fleet.result.state.waiting, "1 offline node");
    (void)text_copy(fleet.spec.offline, sizeof fleet.spec.offline, "fail");
    toy_plan(&fleet);
    CHECK_INT_EQ(fleet.result.state.phase, ROLLOUT_PAUSED);
    CHECK_STR_EQ(fleet.result.state.failed_outcome, "offline");
    toy_close(&fleet);
}

/* A node that went away in the middle of a change of its own is waited for by name of its absence.
 */
static void case_gone_while_busy(void)
{
    toy_open(&fleet, 1, 1);
    APP_SET(0, is_changing, true);
    toy_node_connect(&fleet, 0, false);
    APP_SET(0, is_changing, true);
    CHECK_INT_EQ(condition_of(0), NODE_OFFLINE);
    toy_plan(&fleet);
    CHECK_CONTAINS(fleet.result.state.waiting, "offline");
    toy_close(&fleet);
}

/* It asks to be called again when the next limit passes, whoever's it is. */
static void case_wakes(void)
{
    toy_open(&fleet, 1, 2);
    fleet.spec.lost_after_ms = (uint64_t)MINUTES_MS(5);
    toy_plan(&fleet);
    wall_ms issued = fleet.now;
    toy_plan(&fleet);
    CHECK_INT_EQ(fleet.result.wake_at, issued + MINUTES_MS(20));
    fleet.now = fleet.result.wake_at;
    toy_plan(&fleet);
    CHECK_INT_EQ(fleet.result.state.count[NODE_LOST], 1);
    CHECK_INT_EQ(fleet.result.wake_at, issued + MINUTES_MS(30)); /* until then its slot is held */
    toy_close(&fleet);
}

static void case_no_node(void)
{
    struct err err = {0};
    toy_open(&fleet, 1, 1);
    CHECK_INT_EQ(selector_parse("site=nowhere", &fleet.selector, &err), 0);
    toy_plan(&fleet);
    CHECK_INT_EQ(fleet.result.state.phase, ROLLOUT_RUNNING);
    CHECK_CONTAINS(fleet.result.state.waiting, "a node that the selector matches");
    toy_close(&fleet);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"conditions: answered", case_conditions_answered},
        {"conditions: unanswered", case_conditions_unanswered},
        {"conditions: without an order", case_conditions_without_order},
        {"conditions: another's order", case_conditions_foreign},
        {"one at a time", case_one_at_a_time},
        {"a slow app keeps its slot", case_slow_app_keeps_its_slot},
        {"stops at a failure", case_stops_at_a_failure},
        {"lost stops for good", case_lost_stops_for_good},
        {"pause takes back", case_pause_takes_back},
        {"an end takes back all", case_end_takes_back_all},
        {"offline", case_offline},
        {"gone while busy", case_gone_while_busy},
        {"wakes", case_wakes},
        {"no node", case_no_node},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
