/* planner_places: who may change beside whom: peers, groups, a rate; what a wave remembers under a
 * clock that was put back; a rollout without an end. */
#include "agent/fleet/budgets.h"
#include "tests/check.h"
#include "tests/unit/fleet/desk.h"
#include "tests/unit/fleet/planner_desk.h"

/* The orders of the plan, by the number of their nodes. */
static void check_ordered(const char *want)
{
    char got[64] = "";
    for (size_t i = 0; i < result.order_count; i++) {
        (void)snprintf(got + strlen(got), sizeof got - strlen(got), "%u ", result.orders[i].node);
    }
    CHECK_STR_EQ(got, want);
}

/* Who can be relied upon while its peer changes: present, heard, and every app it reports serves.
 */
static void case_serving(void)
{
    planner_desk_begin(1);
    struct roster_node *node = roster_at(&roster, 0);
    order_put(0, "web-1", NOW + 1000);
    CHECK(budgets_is_serving(node));
    APP_SET(0, is_serving, false);
    CHECK(!budgets_is_serving(node));
    APP_SET(0, is_reported, false); /* ordered, and not reported yet: nothing speaks against it */
    CHECK(budgets_is_serving(node));
    APP_SET(0, is_reported, true);
    APP_SET(0, is_serving, true);
    CHECK(budgets_is_serving(node));
    node->is_reported = false;
    CHECK(!budgets_is_serving(node));
    node->is_reported = true;
    node->is_present = false;
    CHECK(!budgets_is_serving(node));
    node->is_present = true;
    struct roster_app other = *app_of(0);
    (void)text_copy(other.app, sizeof other.app, "db");
    other.order = (struct roster_order){0};
    app_write(0, &other);
    CHECK(budgets_is_serving(node));
    other.is_serving = false; /* the last one of several */
    app_write(0, &other);
    CHECK(!budgets_is_serving(node));
    APP_SET(0, is_serving, false);
    other.is_serving = true; /* and the first */
    app_write(0, &other);
    CHECK(!budgets_is_serving(node));
}

static void labelled(size_t node, const char *name, const char *value)
{
    roster_labels(&roster, roster_at(&roster, node)->name, &name, &value, 1);
}

/* Of two peers one changes while the other serves and does not change; who has none waits for none.
 */
static void case_peers(void)
{
    planner_desk_begin(5);
    spec.max_unavailable = 5;
    (void)text_copy(spec.shape.peers, sizeof spec.shape.peers, "pair");
    labelled(0, "pair", "a");
    labelled(1, "pair", "a");
    labelled(3, "pair", "b");
    labelled(4, "pair", "b");
    plan(NOW);
    check_ordered("0 2 3 "); /* the others wait for these */
    APP_SET(1, is_serving, false);
    plan(NOW);
    check_ordered("1 2 3 ");
    APP_SET(1, is_serving, true);
    roster_at(&roster, 4)->is_present = false;
    plan(NOW);
    check_ordered("0 2 ");
    roster_at(&roster, 4)->is_present = true;
    order_put(4, "db-7", NOW + 1000);
    plan(NOW);
    check_ordered("0 2 ");
    outcome_put(4, OUTCOME_SUCCEEDED, "");
    plan(NOW);
    check_ordered("0 2 3 ");
}

/* A group's budget is used up by those of the group, by what is under way and by what is ordered.
 */
static void case_groups(void)
{
    for (int is_together = 0; is_together <= 1; is_together++) {
        planner_desk_begin(6);
        spec.max_unavailable = 6;
        spec.shape.group_count = spec.shape.group_max = 1;
        (void)text_copy(spec.shape.group_by[0], sizeof spec.shape.group_by[0], "site");
        (void)text_copy(spec.shape.group_missing, sizeof spec.shape.group_missing,
                        is_together == 1 ? "together" : "alone");
        for (size_t i = 0; i < 4; i++) {
            labelled(i, "site", i < 2 ? "north" : "south");
        }
        plan(NOW);
        check_ordered(is_together == 1 ? "0 2 4 " : "0 2 4 5 ");
        order_put(1, "web-1", NOW + 1000);
        plan(NOW);
        check_ordered(is_together == 1 ? "2 4 " : "2 4 5 ");
        outcome_put(1, OUTCOME_SUCCEEDED, "");
        APP_SET(1, committed, spec.release);
        plan(NOW);
        check_ordered(is_together == 1 ? "0 2 4 " : "0 2 4 5 ");
    }
}

/* Orders of the last minute count, to the instant; then it is planned again. */
static void case_rate(void)
{
    planner_desk_begin(4);
    spec.max_unavailable = 4;
    spec.shape.per_minute = 2;
    plan(NOW);
    check_ordered("0 1 ");
    order_put(0, "web-1", NOW + 1000);
    plan(NOW);
    check_ordered("1 ");
    order_put(1, "web-1", NOW + 1000);
    APP_SET(1, order.issued, NOW + 7);
    plan(NOW + 59999);
    check_ordered("");
    CHECK_INT_EQ(result.wake_at, NOW + 60000);
    CHECK_INT_EQ(result.state.waits[ROLLOUT_WAIT_RATE].count, 1);
    CHECK_STR_EQ(result.state.waits[ROLLOUT_WAIT_RATE].node, "gw-02");
    plan(NOW + 60000);
    check_ordered("2 ");
    plan(NOW + 60006);
    check_ordered("2 ");
    plan(NOW + 60007);
    check_ordered("2 3 ");
}

/* A clock that was put back: what a wave remembers of later is no longer than a soak away. */
static void case_clock_back(void)
{
    static struct rollout_state memory;
    planner_desk_begin(2);
    spec.shape.wave_count = 2;
    spec.shape.waves[0] = (struct rollout_wave_spec){.size.count = 1, .soak_ms = 5000};
    spec.shape.waves[1] = (struct rollout_wave_spec){.size.percent = 100};
    plan(NOW);
    CHECK_INT_EQ(result.order_count, 1);
    size_t first = result.orders[0].node;
    memory = result.state;
    order_put(first, "web-1", NOW + 1000);
    outcome_put(first, OUTCOME_SUCCEEDED, "");
    APP_SET(first, committed, spec.release);
    plan_after(&memory, NOW + 10);
    CHECK_INT_EQ(result.state.waves[0].reached_at, NOW + 10);
    CHECK_INT_EQ(result.state.waves[0].soak_until, NOW + 5010);
    memory = result.state;
    plan_after(&memory, NOW + 20);
    CHECK_INT_EQ(result.state.waves[0].reached_at, NOW + 10);
    CHECK_INT_EQ(result.state.waves[0].soak_until, NOW + 5010);
    plan_after(&memory, NOW - 3600000);
    CHECK_INT_EQ(result.state.waves[0].reached_at, NOW - 3600000);
    CHECK_INT_EQ(result.state.waves[0].soak_until, NOW - 3600000 + 5000);
    CHECK_INT_EQ(result.order_count, 0);
    plan_after(&memory, NOW + 5009);
    CHECK_INT_EQ(result.order_count, 0);
    plan_after(&memory, NOW + 5010);
    CHECK_INT_EQ(result.order_count, 1);
}

/* One without an end waits for nodes that join it, once all that are there have their answer. */
static void case_continuous(void)
{
    for (int is_continuous = 0; is_continuous <= 1; is_continuous++) {
        planner_desk_begin(3);
        spec.shape.is_continuous = is_continuous == 1;
        APP_SET(0, committed, spec.release);
        APP_SET(1, is_overridden, true);
        plan(NOW);
        check_ordered("2 ");
        CHECK_INT_EQ(result.state.waits[ROLLOUT_WAIT_SETTLED].count, 0);
        APP_SET(2, committed, spec.release);
        plan(NOW);
        CHECK_INT_EQ(result.state.phase, is_continuous == 1 ? ROLLOUT_RUNNING : ROLLOUT_FINISHED);
        CHECK_INT_EQ(result.state.waits[ROLLOUT_WAIT_SETTLED].count, is_continuous);
        CHECK_STR_EQ(result.state.waiting,
                     is_continuous == 1 ? "nodes that join it: all that are there have their "
                                          "answer, and it has no end"
                                        : "");
        check_ordered("");
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"serving", case_serving}, {"peers", case_peers},           {"groups", case_groups},
        {"rate", case_rate},       {"clock back", case_clock_back}, {"continuous", case_continuous},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
