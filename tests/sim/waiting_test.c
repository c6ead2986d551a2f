/* waiting: an order that the site keeps from beginning, and what ends its wait: the coordinator
 * takes it back, gives another one or holds it, or its startBy passes. Each end is in the report,
 * and nothing is begun when the site is well again. */
#include <stdio.h>
#include <stdlib.h>

#include "agent/node/conductor_private.h"
#include "tests/check.h"
#include "tests/sim/gateway.h"
#include "tests/sim/sealed.h"

#define TRACE_BYTES (1u << 20)

enum trouble { REGISTRY, ENGINE, TROUBLES };

struct story {
    struct releases releases;
    struct gateway gateway;
    char trace[TRACE_BYTES];
};

static const enum release_name used[] = {RELEASE_V1, RELEASE_V2};
static struct report report;

static bool settle(struct story *story)
{
    for (int second = 0; second < 300; second++) {
        gateway_run(&story->gateway, 1000);
        if (story->gateway.agent != NULL && conductor_is_settled(story->gateway.agent)) {
            return true;
        }
    }
    return false;
}

/* No container of it was ever made: they stay, stopped. */
static bool is_begun(struct story *story)
{
    const struct sim_engine *engine = &story->gateway.machine.engine;
    for (size_t i = 0; i < SIM_CONTAINERS_MAX; i++) {
        if (engine->containers[i].is_used &&
            digest_is_equal(&engine->containers[i].seen.release,
                            &story->releases.made[RELEASE_V2].digest)) {
            return true;
        }
    }
    return false;
}

static void order_give(struct story *story, struct order order)
{
    static struct sealed made;
    struct err err = {0};
    const struct release_made *v2 = &story->releases.made[RELEASE_V2];
    (void)text_copy(order.fleet, sizeof order.fleet, "sim");
    (void)text_copy(order.node, sizeof order.node, "waiting");
    (void)text_copy(order.app, sizeof order.app, "web");
    (void)snprintf(order.id, sizeof order.id, "%016llx", (unsigned long long)order.gen);
    order.epoch = 3;
    order.issued = 1;
    sealed_order(&order, 1, &made);
    CHECK_INT_EQ(conductor_order(story->gateway.agent, "web", sealed_span(&made), &err), 0);
    CHECK(conductor_release(story->gateway.agent, &v2->digest,
                            span_of(v2->envelope, v2->envelope_len)));
}

static const struct report_app *told(struct story *story)
{
    conductor_report(story->gateway.agent, &report);
    CHECK_INT_EQ(report.app_count, 1);
    return &report.apps[0];
}

static void site(struct story *story, enum trouble trouble, bool is_away)
{
    struct sim_engine *engine = &story->gateway.machine.engine;
    if (trouble == REGISTRY) {
        engine->has_registry = !is_away;
    } else {
        sim_engine_hide(engine, is_away);
    }
}

/* v1 serves; order 1, of v2, is taken and waits. */
static struct story *story_open(enum trouble trouble, wall_ms start_by_in)
{
    struct story *story = calloc(1, sizeof *story);
    bool is_trusted = false;
    if (story == NULL) {
        abort();
    }
    releases_make(&story->releases);
    gateway_open(&story->gateway, 17, &story->releases, used, COUNT_OF(used), "waiting",
                 story->trace, sizeof story->trace);
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_V1), 0);
    CHECK(settle(story));
    const struct clock clock = story->gateway.agent->ports.clock;
    wall_ms now = clock.ops->wall(clock.self, &is_trusted);
    site(story, REGISTRY, true);
    order_give(story, (struct order){.gen = 1,
                                     .release = story->releases.made[RELEASE_V2].digest,
                                     .start_by = start_by_in != 0 ? now + start_by_in : 0});
    gateway_run(&story->gateway, 30000);
    CHECK_STR_EQ(told(story)->order_wait, "registry");
    if (trouble == ENGINE) {
        site(story, ENGINE, true);
        gateway_run(&story->gateway, 120000);
        CHECK_STR_EQ(told(story)->order_wait, "engine");
        site(story, REGISTRY, false);
    }
    CHECK_STR_EQ(told(story)->order_id, "0000000000000001");
    CHECK(told(story)->is_order_open);
    CHECK_STR_EQ(told(story)->phase, "rest");
    return story;
}

/* The site is well again: what serves then, and that nobody saw a breach. */
static void story_close(struct story *story, enum trouble trouble, enum release_name serves)
{
    site(story, trouble, false);
    CHECK(settle(story));
    gateway_run(&story->gateway, 120000);
    CHECK(digest_is_equal(&told(story)->committed.release, &story->releases.made[serves].digest));
    CHECK_STR_EQ(told(story)->phase, "rest");
    CHECK_STR_EQ(told(story)->order_wait, "");
    CHECK(is_begun(story) == (serves == RELEASE_V2));
    CHECK_STR_EQ(story->gateway.machine.checker.first, "");
    if (getenv("TRACE") != NULL) {
        printf("%s", story->trace);
    }
    gateway_close(&story->gateway);
    free(story);
}

static void check_outcome(struct story *story, size_t at, const char *id, enum outcome_kind kind,
                          const char *reason)
{
    const struct report_outcome *outcome = &told(story)->outcomes[at];
    CHECK_STR_EQ(outcome->id, id);
    CHECK_INT_EQ(outcome->kind, kind);
    CHECK_STR_EQ(outcome->reason, reason);
}

/* By an order for nothing, or for what serves. */
static void test_taken_back(void)
{
    for (int row = 0; row < 2 * TROUBLES; row++) {
        enum trouble trouble = (enum trouble)(row / 2);
        struct story *story = story_open(trouble, 0);
        struct order back = {.gen = 2};
        if (row % 2 == 1) {
            back.release = story->releases.made[RELEASE_V1].digest;
        }
        order_give(story, back);
        gateway_run(&story->gateway, 5000);
        check_outcome(story, 0, "0000000000000002", OUTCOME_SUCCEEDED, "already");
        check_outcome(story, 1, "0000000000000001", OUTCOME_REPLACED, "replaced");
        CHECK(!told(story)->is_order_open);
        CHECK_STR_EQ(told(story)->order_wait, "");
        story_close(story, trouble, RELEASE_V1);
    }
}

/* By a later order that the fleet holds: what it replaces is not begun meanwhile. */
static void test_held(void)
{
    for (int row = 0; row < TROUBLES; row++) {
        struct story *story = story_open((enum trouble)row, 0);
        const struct digest v2 = story->releases.made[RELEASE_V2].digest;
        order_give(story, (struct order){.gen = 2, .release = v2, .hold = true});
        site(story, (enum trouble)row, false);
        gateway_run(&story->gateway, 180000);
        CHECK_STR_EQ(told(story)->order_wait, "held");
        CHECK_STR_EQ(told(story)->order_id, "0000000000000002");
        CHECK_STR_EQ(told(story)->phase, "rest");
        CHECK(!is_begun(story));
        order_give(story, (struct order){.gen = 3, .release = v2});
        CHECK(settle(story));
        gateway_run(&story->gateway, 60000);
        check_outcome(story, 0, "0000000000000003", OUTCOME_SUCCEEDED, "soaked");
        story_close(story, (enum trouble)row, RELEASE_V2);
    }
}

/* By its startBy, on a clock that is vouched for, and by 15 min of uptime on one that is not; the
 * power goes in between. */
static void test_start_by(void)
{
    for (int row = 0; row < 2 * TROUBLES; row++) {
        enum trouble trouble = (enum trouble)(row / 2);
        struct story *story = story_open(trouble, 600000);
        story->gateway.machine.world.is_wall_wild = row % 2 == 1;
        gateway_run(&story->gateway, 300000);
        CHECK(told(story)->is_order_open);
        gateway_run(&story->gateway, row % 2 == 1 ? 700000 : 320000);
        check_outcome(story, 0, "0000000000000001", OUTCOME_EXPIRED,
                      trouble == REGISTRY ? "registry-away" : "engine-away");
        CHECK(!told(story)->is_order_open);
        CHECK_STR_EQ(told(story)->order_wait, "");
        story_close(story, trouble, RELEASE_V1);
    }
}

static const struct check_case cases[] = {
    {"taken back", test_taken_back},
    {"held", test_held},
    {"startBy", test_start_by},
};

int main(int argc, char **argv)
{
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
