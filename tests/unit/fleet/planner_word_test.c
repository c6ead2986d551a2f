/* planner_word: what a node only says of itself, and what a lost one says late: it binds that node,
 * and for a bounded time. */
#include "tests/check.h"
#include "tests/unit/fleet/desk.h"
#include "tests/unit/fleet/planner_desk.h"

static void report_phase(const char *phase, wall_ms now)
{
    struct report report = desk_report("gw-00", 1);
    (void)text_copy(report.apps[0].phase, sizeof report.apps[0].phase, phase);
    roster_report(&roster, &report, now);
}

/* What a node says of itself holds the others up for half an hour, and it alone for good. Saying
 * it again and again makes it no longer; an order, or a day at rest, does. */
static void case_word(void)
{
    wall_ms end = NOW + PLANNER_WORD_MS;
    planner_desk_begin(2);
    report_phase("prepare", NOW);
    plan(end - 1);
    CHECK_INT_EQ(result.order_count, 0);
    CHECK_INT_EQ(result.wake_at, end);
    CHECK_STR_EQ(result.state.waiting, "another change in the fleet to end (gw-00)");
    plan(end);
    CHECK_INT_EQ(result.order_count, 1);
    CHECK_INT_EQ(result.orders[0].node, 1);
    CHECK_INT_EQ(condition(0, end), NODE_BUSY);
    CHECK_INT_EQ(result.state.waits[ROLLOUT_WAIT_STUCK].count, 1);
    CHECK_STR_EQ(result.state.waits[ROLLOUT_WAIT_STUCK].node, "gw-00");
    APP_SET(1, committed, spec.release);
    plan(end);
    CHECK_STR_EQ(result.state.waiting,
                 "gw-00: it says that it changes, without an order and without an end; look at "
                 "it, or leave it out with rollout skip");
    spec.shape.offline_until_ms = 2 * PLANNER_WORD_MS;
    plan(NOW + 2 * PLANNER_WORD_MS);
    CHECK_INT_EQ(result.state.phase, ROLLOUT_FINISHED);
    planner_desk_begin(1);
    for (wall_ms at = 0; at < PLANNER_WORD_MS; at += 2000) {
        report_phase("unproven", NOW + 2 * at);
        CHECK_INT_EQ(planner_changing(&roster, NOW + 2 * at), 1);
        report_phase("rest", NOW + 2 * at + 2000);
        CHECK_INT_EQ(planner_changing(&roster, NOW + 2 * at + 2000), 0);
    }
    report_phase("prepare", end + PLANNER_WORD_MS);
    CHECK_INT_EQ(planner_changing(&roster, end + PLANNER_WORD_MS), 0);
    order_put(0, "db-7", NOW + 1);
    CHECK_INT_EQ(planner_changing(&roster, end + PLANNER_WORD_MS), 1);
    CHECK_INT_EQ(planner_changing(&roster, end + 2 * PLANNER_WORD_MS), 0);
    report_phase("rest", end + 2 * PLANNER_WORD_MS);
    wall_ms day = end + 2 * PLANNER_WORD_MS + 86400000;
    report_phase("prepare", day - 1);
    CHECK_INT_EQ(planner_changing(&roster, day), 0);
    report_phase("rest", day);
    report_phase("prepare", day + 86400000);
    CHECK_INT_EQ(planner_changing(&roster, day + 86400000 + PLANNER_WORD_MS - 1), 1);
    CHECK_INT_EQ(planner_changing(&roster, day + 86400000 + PLANNER_WORD_MS), 0);
}

static uint32_t restarts_told;

static void serving_tell(bool is_serving, wall_ms now)
{
    struct report report = desk_report("gw-00", 2);
    report.apps[0].is_serving = is_serving;
    report.apps[0].restarts = restarts_told;
    report.apps[0].committed.release = spec.release;
    report.apps[0].outcome_count = 1;
    report.apps[0].outcomes[0] = (struct report_outcome){.kind = OUTCOME_SUCCEEDED};
    memcpy(report.apps[0].outcomes[0].id, "0000000000000001", ORDER_ID_BYTES);
    roster_report(&roster, &report, now);
}

/* A proven node that stops serving for a moment, three times, has regressed as well; what it did
 * before the release was proven is not counted. */
static void case_unsteady(void)
{
    planner_desk_begin(2);
    order_put(0, "web-1", NOW + 1000);
    for (int i = 0; i < 4; i++) {
        report_phase("rest", NOW);
        struct report report = desk_report("gw-00", 1);
        report.apps[0].is_serving = i % 2 == 0;
        roster_report(&roster, &report, NOW);
    }
    for (wall_ms at = NOW; at < NOW + 2000; at += 1000) {
        serving_tell(true, at);
        CHECK_INT_EQ(condition(0, at), NODE_DONE);
        serving_tell(false, at + 10);
        CHECK_INT_EQ(condition(0, at + 10), NODE_CHANGING);
    }
    serving_tell(true, NOW + 3000);
    CHECK_INT_EQ(condition(0, NOW + 3000), NODE_DONE);
    serving_tell(false, NOW + 3010);
    CHECK_INT_EQ(condition(0, NOW + 3010), NODE_REGRESSED);
    serving_tell(true, NOW + 4000); /* it will do so again */
    CHECK_INT_EQ(condition(0, NOW + 4000), NODE_REGRESSED);
    plan(NOW + 4000);
    CHECK_STR_EQ(result.state.failed_reason, "unsteady");
}

/* So has one whose containers end three times by themselves, however quickly they are back: counted
 * from its success on, as far as this coordinator heard, and across the agent's own restarts. */
static void case_restarts(void)
{
    static const struct {
        uint32_t told;
        enum node_condition condition;
    } steps[] = {{1, NODE_DONE}, {2, NODE_DONE},      {0, NODE_DONE},     {1, NODE_DONE},
                 {1, NODE_DONE}, {2, NODE_REGRESSED}, {0, NODE_REGRESSED}};
    planner_desk_begin(2);
    order_put(0, "web-1", NOW + 1000);
    for (uint32_t i = 0; i < 9; i++) { /* of what ran before */
        struct report report = desk_report("gw-00", 1);
        report.apps[0].restarts = i;
        roster_report(&roster, &report, NOW);
    }
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        restarts_told = steps[i].told;
        serving_tell(true, NOW + (wall_ms)i * 1000);
        CHECK_INT_EQ(condition(0, NOW + (wall_ms)i * 1000), steps[i].condition);
    }
    restarts_told = 0;
    plan(NOW + 9000);
    CHECK_STR_EQ(result.state.failed_reason, "restarts");
    roster_close(&roster);
    roster_init(&roster); /* who hears of the node for the first time counts from there */
    restarts_told = 4000000000u;
    serving_tell(true, NOW);
    restarts_told = 0;
    const struct roster_app *app = roster_app_find(roster_at(&roster, 0), "web");
    CHECK(app->restart_count == 0 && app->restarts == ROSTER_RESTARTS_MAX);
}

/* A lost node's order gave up its slot: one that takes it back cannot be begun either, so that it
 * is no change beside those that may be. What its node did unseen is brought back in its turn. */
static void case_lost_and_back(void)
{
    planner_desk_begin(3);
    rollout_failure_default(&spec.shape.failure);
    spec.shape.failure.is_given = true;
    spec.shape.failure.minimum = 1;
    (void)text_copy(spec.shape.failure.action, ROLLOUT_WORD_BYTES, "rollback");
    order_put(0, "web-1", NOW + 1000);
    order_put(1, "web-1", NOW + 1000);
    APP_SET(1, committed, spec.release);
    outcome_put(1, OUTCOME_SUCCEEDED, "");
    wall_ms now = NOW + 1000 + ROLLOUT_LOST_AFTER_MS_DEFAULT;
    plan(now);
    CHECK_INT_EQ(result.state.phase, ROLLOUT_ROLLING_BACK);
    CHECK_INT_EQ(result.order_count, 2);
    CHECK_INT_EQ(result.orders[0].node, 1);
    CHECK_INT_EQ(result.orders[0].start_by, 0);
    CHECK_INT_EQ(result.orders[1].node, 0);
    CHECK(result.orders[1].is_taken_back);
    CHECK_INT_EQ(result.orders[1].start_by, NOW + 1000);
    struct order back = {.app = "web", .node = "gw-00", .id = "00000000000000aa", .epoch = 3};
    back.gen = 6;
    back.release = back.before = desk_digest(1);
    back.start_by = NOW + 1000;
    back.issued = now;
    (void)text_copy(back.rollout, sizeof back.rollout, "web-1");
    roster_order(&roster, &back, true);
    CHECK_INT_EQ(planner_changing(&roster, now), 0);
    APP_SET(0, committed, spec.release); /* it had begun, and its word comes late */
    outcome_put(0, OUTCOME_EXPIRED, "");
    APP_SET(1, committed, desk_digest(1));
    struct rollout_state memory = {.is_rolling_back = true};
    const struct planner_rollout rollout = {
        .spec = &spec, .control = &control, .selector = &selector, .memory = &memory};
    planner_step(&rollout, &roster, 0, now, &result);
    CHECK_INT_EQ(result.order_count, 1);
    CHECK_INT_EQ(result.orders[0].node, 0);
    CHECK(digest_is_equal(&result.orders[0].release, &back.release));
    CHECK_INT_EQ(result.orders[0].start_by, 0);
    planner_step(&rollout, &roster, 1, now, &result); /* as much as may changes already */
    CHECK_INT_EQ(result.order_count, 0);
    CHECK_INT_EQ(result.state.phase, ROLLOUT_ROLLING_BACK);
}

static void leave(size_t node, wall_ms now)
{
    struct presence presence = {.session = "aaaaaaaaaaaaaaaa", .is_online = false};
    roster.now = now;
    roster_presence(&roster, roster_at(&roster, node)->name, &presence);
}

/* Three of fifteen within a minute, to the instant and to the node: that is no failure of theirs.
 */
static void case_burst(void)
{
    struct rollout_state memory = {0};
    struct planner_rollout rollout = {
        .spec = &spec, .control = &control, .selector = &selector, .memory = &memory};
    for (int row = 0; row < 4; row++) {
        planner_desk_begin(row == 1 ? 16 : 15);
        leave(1, NOW);
        leave(2, NOW + 10);
        leave(row == 3 ? 2 : 3, NOW + (row == 2 ? 60000 : 59999)); /* in a burst only in row 0 */
        planner_step(&rollout, &roster, 0, NOW + 60000, &result);
        CHECK_INT_EQ(result.state.phase, row == 0 ? ROLLOUT_PAUSED : ROLLOUT_RUNNING);
        CHECK_INT_EQ(result.state.burst_at, row == 0 ? NOW + 59999 : 0);
    }
    planner_desk_begin(15);
    order_put(1, "web-1", NOW + 1000); /* its order is lost then, and it is not blamed */
    for (size_t i = 1; i < 4; i++) {
        leave(i, NOW);
    }
    planner_step(&rollout, &roster, 0, NOW, &result);
    memory = result.state;
    CHECK_INT_EQ(result.order_count, 1);
    CHECK(result.orders[0].is_taken_back);
    CHECK_STR_EQ(result.state.waiting, "someone to resume it, or gw-01 and others to come back: "
                                       "many nodes left within a minute, as when a site or a "
                                       "broker goes");
    wall_ms later = NOW + 7200000;
    planner_step(&rollout, &roster, 0, later, &result); /* it is remembered, and stands */
    CHECK_INT_EQ(result.state.phase, ROLLOUT_PAUSED);
    CHECK_INT_EQ(result.state.count[NODE_LOST], 0);
    CHECK_INT_EQ(result.state.count[NODE_OFFLINE], 3);
    control.resumed_at = NOW + 1;
    planner_step(&rollout, &roster, 0, later, &result);
    CHECK_INT_EQ(result.state.phase, ROLLOUT_RUNNING);
    CHECK_INT_EQ(result.order_count, 1);
    control.resumed_at = 0;
    for (size_t i = 1; i < 4; i++) { /* or they come back */
        struct presence presence = {.session = "aaaaaaaaaaaaaaab", .is_online = true};
        roster_presence(&roster, roster_at(&roster, i)->name, &presence);
    }
    planner_step(&rollout, &roster, 0, NOW + 1000, &result);
    CHECK_INT_EQ(result.state.phase, ROLLOUT_RUNNING);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"word", case_word},   {"unsteady", case_unsteady},           {"restarts", case_restarts},
        {"burst", case_burst}, {"lost and back", case_lost_and_back},
    };
    int status = check_run(cases, COUNT_OF(cases), argc, argv);
    roster_close(&roster);
    return status;
}
