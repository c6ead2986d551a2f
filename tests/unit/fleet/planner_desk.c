/* planner_desk.c: a fleet whose nodes run release 1, and the planner that looks at all of it. */
#include "tests/unit/fleet/planner_desk.h"

#include <stdio.h>
#include <string.h>

#include "tests/check.h"
#include "tests/unit/fleet/desk.h"

struct roster roster;
struct rollout_spec spec;
struct rollout_control control;
struct selector selector;
struct planner_result result;
bool is_superseded;

void planner_desk_begin(size_t nodes)
{
    roster_close(&roster);
    roster_init(&roster);
    spec = desk_spec("web-1", "web", NOW);
    control = (struct rollout_control){.want = "run"};
    is_superseded = false;
    CHECK_INT_EQ(selector_parse("", &selector, NULL), 0);
    for (size_t i = 0; i < nodes; i++) {
        char name[NODE_NAME_BYTES];
        struct presence presence = {.session = "aaaaaaaaaaaaaaaa", .is_online = true};
        (void)snprintf(name, sizeof name, "gw-%02zu", i);
        struct report report = desk_report(name, 1);
        roster_report(&roster, &report, NOW);
        roster_presence(&roster, name, &presence);
    }
}

void app_write(size_t node, const struct roster_app *app)
{
    CHECK(roster_app_put(&roster, roster_at(&roster, node), app));
}

void order_put(size_t node, const char *rollout, wall_ms start_by)
{
    struct order order = {.app = "web",
                          .epoch = 3,
                          .gen = 5,
                          .release = spec.release,
                          .before = desk_digest(1),
                          .start_by = start_by,
                          .issued = NOW};
    (void)snprintf(order.id, sizeof order.id, "%016zx", node + 1);
    (void)text_copy(order.node, sizeof order.node, roster_at(&roster, node)->name);
    (void)text_copy(order.rollout, sizeof order.rollout, rollout);
    CHECK(roster_order(&roster, &order, true));
}

void outcome_put(size_t node, enum outcome_kind kind, const char *reason)
{
    struct roster_app app = *app_of(node);
    app.outcome_count = 1;
    app.outcomes[0] = (struct report_outcome){.kind = kind};
    memcpy(app.outcomes[0].id, app.order.id, sizeof app.order.id);
    (void)text_copy(app.outcomes[0].reason, REPORT_WORD_BYTES, reason);
    app_write(node, &app);
}

/* What is summed node by node comes to the same plan. */
static void tally_compare(const struct planner_rollout *rollout, wall_ms now)
{
    static struct planner_result kept;
    char why[256] = "";
    struct planner_tally *tally = planner_tally_new();
    planner_tally_take(tally, rollout, &roster, now);
    planner_tally_step(tally, rollout, &roster, now, &kept);
    if (!planner_result_is_same(&result, &kept, why, sizeof why)) {
        CHECK_STR_EQ(why, "the same");
    }
    planner_tally_free(tally);
}

void plan_after(const struct rollout_state *memory, wall_ms now)
{
    const struct planner_rollout rollout = {.spec = &spec,
                                            .control = &control,
                                            .selector = &selector,
                                            .memory = memory,
                                            .is_superseded = is_superseded};
    planner_step(&rollout, &roster, planner_changing(&roster, now), now, &result);
    tally_compare(&rollout, now);
}

void plan(wall_ms now)
{
    plan_after(NULL, now);
}

enum node_condition condition(size_t node, wall_ms now)
{
    const struct planner_rollout rollout = {
        .spec = &spec, .control = &control, .selector = &selector};
    return planner_condition(&rollout, roster_at(&roster, node), now);
}
