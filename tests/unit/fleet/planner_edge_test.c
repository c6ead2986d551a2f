/* planner_edge: when an order binds, when it is lost, who is counted and what is said: one step to
 * each side. */
#include "tests/check.h"
#include "tests/unit/fleet/desk.h"
#include "tests/unit/fleet/planner_desk.h"

#define NODES 20

/* Its node took the order, and waits or has begun. */
static void order_taken(size_t node, bool is_waiting)
{
    struct roster_app app = *app_of(node);
    memcpy(app.order_id, app.order.id, sizeof app.order_id);
    app.is_order_open = true;
    app.is_order_waiting = is_waiting;
    app_write(node, &app);
}

/* Our order: lost at its start-by (given or by the spec), and the spec's patience, to the instant.
 */
static void case_lost(void)
{
    planner_desk_begin(1);
    spec.start_by_ms = 1000;
    spec.lost_after_ms = 500;
    order_put(0, "web-1", NOW + 7000);
    CHECK_INT_EQ(condition(0, NOW + 7499), NODE_CHANGING);
    CHECK_INT_EQ(condition(0, NOW + 7500), NODE_LOST);
    APP_SET(0, order.start_by, 0);
    CHECK_INT_EQ(condition(0, NOW + 1499), NODE_CHANGING);
    CHECK_INT_EQ(condition(0, NOW + 1500), NODE_LOST);
    APP_SET(0, committed, spec.release); /* silent, and it runs it all the same */
    CHECK_INT_EQ(condition(0, NOW + 1500), NODE_DONE);
    CHECK_INT_EQ(condition(0, NOW + 1499), NODE_CHANGING);
    APP_SET(0, is_changing, true);
    CHECK_INT_EQ(condition(0, NOW + 1500), NODE_LOST);
}

/* Anybody's order binds its node for 15 min after its start-by, or for 30 after it was issued. */
static void case_bound(void)
{
    planner_desk_begin(1);
    order_put(0, "db-7", NOW + 7000);
    CHECK_INT_EQ(condition(0, NOW + 7000 + 899999), NODE_BUSY);
    CHECK_INT_EQ(planner_changing(&roster, NOW + 7000 + 899999), 1);
    CHECK_INT_EQ(condition(0, NOW + 7000 + 900000), NODE_PENDING);
    CHECK_INT_EQ(planner_changing(&roster, NOW + 7000 + 900000), 0);
    APP_SET(0, order.start_by, 0);
    CHECK_INT_EQ(condition(0, NOW + 1799999), NODE_BUSY);
    CHECK_INT_EQ(condition(0, NOW + 1800000), NODE_PENDING);
}

/* What frees a node from an order: an answer, a hold, or an order that the node took after it. */
static void case_freed(void)
{
    static const struct {
        uint64_t epoch, gen;
        bool is_free;
    } rows[] = {{3, 4, false}, {3, 5, false}, {3, 6, true}, {4, 1, true}, {2, 9, false}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        planner_desk_begin(1);
        order_put(0, "db-7", NOW + 7000);
        APP_SET(0, order_epoch, rows[i].epoch);
        APP_SET(0, order_gen, rows[i].gen);
        CHECK_INT_EQ(condition(0, NOW), rows[i].is_free ? NODE_PENDING : NODE_BUSY);
        APP_SET(0, is_reported, false); /* what was not reported frees nothing */
        CHECK_INT_EQ(planner_changing(&roster, NOW), 1);
    }
    planner_desk_begin(1);
    order_put(0, "db-7", NOW + 7000);
    APP_SET(0, order.hold, true);
    CHECK_INT_EQ(condition(0, NOW), NODE_PENDING);
    planner_desk_begin(1);
    order_put(0, "db-7", NOW + 7000);
    outcome_put(0, OUTCOME_REFUSED, "floor");
    CHECK_INT_EQ(condition(0, NOW), NODE_PENDING);
}

/* An order of this rollout for another release (it takes one back) is not its order. */
static void case_not_ours(void)
{
    planner_desk_begin(1);
    order_put(0, "web-1", NOW + 7000);
    APP_SET(0, order.release, desk_digest(1));
    CHECK_INT_EQ(condition(0, NOW), NODE_BUSY);
    CHECK_INT_EQ(condition(0, NOW + 7000 + 900000), NODE_PENDING);
    planner_desk_begin(1);
    order_put(0, "web-2", NOW + 7000);
    CHECK_INT_EQ(condition(0, NOW), NODE_BUSY);
}

static void changing_put(size_t node)
{
    APP_SET(node, is_changing, true);
    roster_at(&roster, node)->changing_since_s = NOW / 1000;
}

/* A change of its own counts while the node is there to be heard. */
static void case_changing(void)
{
    planner_desk_begin(2);
    changing_put(0);
    CHECK_INT_EQ(planner_changing(&roster, NOW), 1);
    changing_put(1);
    CHECK_INT_EQ(planner_changing(&roster, NOW), 2);
    roster_at(&roster, 0)->is_present = false;
    CHECK_INT_EQ(planner_changing(&roster, NOW), 1);
    CHECK_INT_EQ(condition(0, NOW), NODE_OFFLINE);
    CHECK_INT_EQ(condition(1, NOW), NODE_BUSY);
    roster_at(&roster, 1)->is_reported = false;
    APP_SET(1, is_changing, false);
    CHECK_INT_EQ(condition(1, NOW), NODE_OFFLINE); /* present, and never reported */
}

static void case_words_running(void)
{
    planner_desk_begin(3);
    spec.max_unavailable = 2;
    order_put(0, "web-1", NOW + 1000);
    plan(NOW);
    CHECK_STR_EQ(result.state.waiting, "gw-00 to be proven");
    CHECK_INT_EQ(result.order_count, 1);
    CHECK_INT_EQ(result.orders[0].node, 1);
    order_put(1, "web-1", NOW + 1000);
    plan(NOW);
    CHECK_STR_EQ(result.state.waiting, "gw-00 and others to be proven");
    CHECK_INT_EQ(result.state.current_count, 2);
    CHECK_STR_EQ(result.state.current[1], "gw-01");
    CHECK_INT_EQ(result.order_count, 0);
    CHECK_INT_EQ(result.wake_at, NOW + 1000 + 900000);
    planner_desk_begin(3);
    for (size_t i = 0; i < 3; i++) {
        roster_at(&roster, i)->is_present = false;
    }
    plan(NOW);
    CHECK_STR_EQ(result.state.waiting, "3 offline nodes to come back");
    roster_at(&roster, 0)->is_present = true;
    changing_put(0); /* busy: that is what is waited for */
    plan(NOW);
    CHECK_STR_EQ(result.state.waiting, "another change in the fleet to end (gw-00)");
    planner_desk_begin(1);
    plan(NOW);
    CHECK_STR_EQ(result.state.waiting, "");
    CHECK_INT_EQ(result.order_count, 1);
    CHECK_INT_EQ(result.wake_at, 0);
}

/* "wait": nobody gets an order while one is away. */
static void case_offline_wait(void)
{
    planner_desk_begin(2);
    (void)text_copy(spec.offline, sizeof spec.offline, "wait");
    plan(NOW);
    CHECK_INT_EQ(result.order_count, 1);
    roster_at(&roster, 1)->is_present = false;
    plan(NOW);
    CHECK_INT_EQ(result.order_count, 0);
    CHECK_STR_EQ(result.state.waiting, "1 offline node to come back");
}

/* Not more nodes at a time than are free, and not more orders in a turn than fit. */
static void case_room(void)
{
    planner_desk_begin(NODES);
    spec.max_unavailable = 3;
    plan(NOW);
    CHECK_INT_EQ(result.order_count, 3);
    order_put(7, "db-7", NOW + 1000);
    plan(NOW);
    CHECK_INT_EQ(result.order_count, 2);
    order_put(8, "db-7", NOW + 1000);
    order_put(9, "db-7", NOW + 1000);
    plan(NOW);
    CHECK_INT_EQ(result.order_count, 0);
    order_put(10, "db-7", NOW + 1000);
    plan(NOW);
    CHECK_INT_EQ(result.order_count, 0);
    planner_desk_begin(NODES);
    spec.max_unavailable = 100;
    plan(NOW);
    CHECK_INT_EQ(result.order_count, PLANNER_ORDERS_MAX);
    CHECK_INT_EQ(result.orders[15].node, 15);
    for (size_t i = 0; i < NODES; i++) {
        order_put(i, "web-1", NOW + 1000);
    }
    plan(NOW);
    CHECK_INT_EQ(result.state.current_count, ROLLOUT_CURRENT_MAX);
    CHECK_INT_EQ(result.state.count[NODE_CHANGING], NODES);
}

/* A node that runs nothing had nothing before. */
static void case_before(void)
{
    planner_desk_begin(2);
    spec.max_unavailable = 2;
    APP_SET(0, committed, (struct digest){0});
    plan(NOW);
    struct digest one = desk_digest(1);
    CHECK(digest_is_none(&result.orders[0].before));
    CHECK(digest_is_equal(&result.orders[1].before, &one));
    CHECK(digest_is_equal(&result.orders[1].release, &spec.release));
    CHECK(!result.orders[1].is_taken_back);
}

/* Only what the selector matches is counted and ordered. */
static void case_selector(void)
{
    planner_desk_begin(3);
    spec.max_unavailable = 3;
    CHECK_INT_EQ(selector_parse("node=gw-01", &selector, NULL), 0);
    plan(NOW);
    CHECK_INT_EQ(result.state.matched, 1);
    CHECK_INT_EQ(result.order_count, 1);
    CHECK_INT_EQ(result.orders[0].node, 1);
}

/* The first failure by name is the one that is told, with its outcome and reason. */
static void case_failures(void)
{
    planner_desk_begin(4);
    order_put(1, "web-1", NOW + 1000);
    outcome_put(1, OUTCOME_FAILED, "never-ready");
    order_put(2, "web-1", NOW + 1000);
    outcome_put(2, OUTCOME_REFUSED, "floor");
    plan(NOW);
    CHECK_INT_EQ(result.state.phase, ROLLOUT_PAUSED);
    CHECK_STR_EQ(result.state.failed_node, "gw-01");
    CHECK_STR_EQ(result.state.failed_outcome, "failed");
    CHECK_STR_EQ(result.state.failed_reason, "never-ready");
    CHECK_STR_EQ(result.state.waiting, "someone to resume or abort it: gw-01 failed (never-ready)");
    CHECK_INT_EQ(result.order_count, 0);
    control.accepted = 1;
    plan(NOW);
    CHECK_INT_EQ(result.state.phase, ROLLOUT_PAUSED);
    control.accepted = 2;
    plan(NOW);
    CHECK_INT_EQ(result.state.phase, ROLLOUT_RUNNING);
    CHECK_INT_EQ(result.order_count, 1);
    /* Of a lost one there is no reason. */
    planner_desk_begin(1);
    order_put(0, "web-1", NOW + 1000);
    plan(NOW + 1000 + 900000);
    CHECK_STR_EQ(result.state.failed_outcome, "lost");
    CHECK_STR_EQ(result.state.failed_reason, "");
    CHECK_STR_EQ(result.state.waiting, "someone to resume or abort it: gw-00 lost");
    CHECK_INT_EQ(result.order_count, 0); /* a pause leaves what is lost */
}

static void case_offline_failure(void)
{
    planner_desk_begin(2);
    (void)text_copy(spec.offline, sizeof spec.offline, "fail");
    roster_at(&roster, 1)->is_present = false;
    plan(NOW);
    CHECK_INT_EQ(result.state.phase, ROLLOUT_PAUSED);
    CHECK_STR_EQ(result.state.failed_node, "gw-01");
    CHECK_STR_EQ(result.state.failed_outcome, "offline");
    control.accepted = 1;
    plan(NOW);
    CHECK_INT_EQ(result.state.phase, ROLLOUT_RUNNING);
    (void)text_copy(spec.offline, sizeof spec.offline, "later");
    control.accepted = 0;
    plan(NOW);
    CHECK_INT_EQ(result.state.phase, ROLLOUT_RUNNING);
}

/* A pause, by hand: what was not begun is taken back, what was begun is not. */
static void case_pause(void)
{
    planner_desk_begin(3);
    (void)text_copy(control.want, sizeof control.want, "pause");
    order_put(0, "web-1", NOW + 1000);
    order_taken(0, false);
    order_put(1, "web-1", NOW + 1000);
    order_taken(1, true);
    order_put(2, "web-1", NOW + 1000); /* not even taken */
    plan(NOW);
    CHECK_INT_EQ(result.state.phase, ROLLOUT_PAUSED);
    CHECK_STR_EQ(result.state.waiting, "someone to resume it");
    CHECK_INT_EQ(result.order_count, 2);
    CHECK_INT_EQ(result.orders[0].node, 1);
    CHECK_INT_EQ(result.orders[1].node, 2);
    CHECK(result.orders[0].is_taken_back);
    struct digest one = desk_digest(1);
    CHECK(digest_is_equal(&result.orders[0].release, &one));
    CHECK(digest_is_equal(&result.orders[0].before, &one));
    APP_SET(0, is_order_open, false); /* ended, and its outcome dropped: it can be begun again */
    plan(NOW);
    CHECK_INT_EQ(result.order_count, 3);
}

/* An end: over when nothing of it changes and nothing of it could still begin. */
static void case_end(void)
{
    for (int superseded = 0; superseded < 2; superseded++) {
        enum rollout_phase end = superseded == 1 ? ROLLOUT_SUPERSEDED : ROLLOUT_ABORTED;
        planner_desk_begin(2);
        is_superseded = superseded == 1;
        (void)text_copy(control.want, sizeof control.want, superseded == 1 ? "run" : "abort");
        plan(NOW);
        CHECK_INT_EQ(result.state.phase, end);
        CHECK_STR_EQ(result.state.waiting, "");
        CHECK_INT_EQ(result.order_count, 0);
        order_put(0, "web-1", NOW + 1000);
        plan(NOW);
        CHECK_INT_EQ(result.state.phase, ROLLOUT_ABORTING);
        CHECK_STR_EQ(result.state.waiting,
                     superseded == 1 ? "what has begun to come to its end; a later rollout follows"
                                     : "what has begun to come to its end");
        CHECK_INT_EQ(result.order_count, 1);
        plan(NOW + 1000 + 900000); /* lost, and on its topic still */
        CHECK_INT_EQ(result.state.phase, ROLLOUT_ABORTING);
        CHECK_INT_EQ(result.order_count, 1);
        outcome_put(0, OUTCOME_FAILED, "crashed");
        plan(NOW);
        CHECK_INT_EQ(result.state.phase, end);
        CHECK_INT_EQ(result.order_count, 0);
    }
}

/* Done when all that match are settled, whichever way. */
static void case_done(void)
{
    planner_desk_begin(4);
    control.accepted = 4;
    spec.max_unavailable = 4;
    APP_SET(0, committed, spec.release);
    APP_SET(1, is_overridden, true);
    order_put(2, "web-1", NOW + 1000);
    outcome_put(2, OUTCOME_FAILED, "crashed");
    order_put(3, "web-1", NOW + 1000);
    plan(NOW);
    CHECK_INT_EQ(result.state.phase, ROLLOUT_RUNNING);
    roster.is_short = true; /* somebody else may be missing: this is no end */
    (void)text_copy(roster.short_of, sizeof roster.short_of, "gw-77");
    plan(NOW + 1000 + 900000);
    CHECK_INT_EQ(result.state.phase, ROLLOUT_RUNNING);
    CHECK_CONTAINS(result.state.waiting, "memory: 4 nodes are known");
    CHECK_CONTAINS(result.state.waiting, "gw-77");
    roster.is_short = false;
    plan(NOW + 1000 + 900000);
    CHECK_INT_EQ(result.state.phase, ROLLOUT_FINISHED); /* never "succeeded" */
    CHECK_INT_EQ(result.state.count[NODE_DONE], 1);
    CHECK_INT_EQ(result.state.count[NODE_OVERRIDDEN], 1);
    CHECK_INT_EQ(result.state.count[NODE_FAILED], 1);
    CHECK_INT_EQ(result.state.count[NODE_LOST], 1);
    CHECK_STR_EQ(result.state.id, "web-1");
}

/* It wakes at the next limit that lies ahead, its own or anybody's, never at one that has passed.
 */
static void case_wakes(void)
{
    planner_desk_begin(2);
    spec.lost_after_ms = 100;
    order_put(0, "web-1", NOW + 1000);
    order_put(1, "db-7", NOW + 500);
    plan(NOW);
    CHECK_INT_EQ(result.wake_at, NOW + 1100);
    plan(NOW + 1099);
    CHECK_INT_EQ(result.wake_at, NOW + 1100);
    plan(NOW + 1100);
    CHECK_INT_EQ(result.wake_at, NOW + 500 + 900000);
    plan(NOW + 500 + 900000);
    CHECK_INT_EQ(result.wake_at, NOW + 1000 + 900000);
    outcome_put(0, OUTCOME_FAILED, "crashed");
    plan(NOW);
    CHECK_INT_EQ(result.wake_at, NOW + 500 + 900000);
}

/* A node that says, after its success, that the app does not serve: no further order while it is
 * not known what becomes of it, and after a minute it is a failure. */
static void case_regressed(void)
{
    planner_desk_begin(2);
    order_put(0, "web-1", NOW + 1000);
    APP_SET(0, committed, spec.release);
    outcome_put(0, OUTCOME_SUCCEEDED, "");
    plan(NOW);
    CHECK_INT_EQ(condition(0, NOW), NODE_DONE);
    CHECK_INT_EQ(result.order_count, 1);
    APP_SET(0, is_serving, false);
    APP_SET(0, unserving_since, NOW);
    plan(NOW + 59999);
    CHECK_INT_EQ(condition(0, NOW + 59999), NODE_CHANGING);
    CHECK_INT_EQ(result.order_count, 0);
    CHECK_INT_EQ(result.wake_at, NOW + 60000);
    plan(NOW + 60000);
    CHECK_INT_EQ(condition(0, NOW + 60000), NODE_REGRESSED);
    CHECK_INT_EQ(result.state.phase, ROLLOUT_PAUSED);
    CHECK_INT_EQ(result.state.count[NODE_REGRESSED], 1);
    CHECK_STR_EQ(result.state.failed_node, "gw-00");
    CHECK_STR_EQ(result.state.failed_outcome, "regressed");
    CHECK_STR_EQ(result.state.failed_reason, "not-serving");
    CHECK_INT_EQ(result.order_count, 0);
    control.accepted = 1; /* somebody goes on: the other gets its order, and this is no success */
    plan(NOW + 60000);
    CHECK_INT_EQ(result.order_count, 1);
    roster_at(&roster, 0)->is_present = false; /* its last word may be long past */
    CHECK_INT_EQ(condition(0, NOW + 60000), NODE_DONE);
    roster_at(&roster, 0)->is_present = true;
    APP_SET(0, is_serving, true); /* it serves again */
    APP_SET(0, unserving_since, 0);
    CHECK_INT_EQ(condition(0, NOW + 60000), NODE_DONE);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"regressed", case_regressed},
        {"lost", case_lost},
        {"bound", case_bound},
        {"freed", case_freed},
        {"not ours", case_not_ours},
        {"changing", case_changing},
        {"words: running", case_words_running},
        {"offline: wait", case_offline_wait},
        {"room", case_room},
        {"before", case_before},
        {"selector", case_selector},
        {"failures", case_failures},
        {"offline: fail", case_offline_failure},
        {"pause", case_pause},
        {"end", case_end},
        {"done", case_done},
        {"wakes", case_wakes},
    };
    int status = check_run(cases, COUNT_OF(cases), argc, argv);
    roster_close(&roster);
    return status;
}
