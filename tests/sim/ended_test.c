/* ended: apps that were removed leave the gateway, and what barred their releases stays. */
#include <stdio.h>
#include <stdlib.h>

#include "agent/node/conductor_private.h"
#include "tests/check.h"
#include "tests/sim/gateway.h"
#include "tests/sim/sealed.h"

#define TRACE_BYTES (1u << 20)
#define DAY_MS      MINUTES_MS(24 * 60)
#define FLOOR_10    ",\"floor\":10,\"swap\":{\"soak\":\"12s\",\"keepWarm\":\"0s\",\"drain\":\"1s\"}"

struct story {
    struct releases releases;
    struct gateway gateway;
    char trace[TRACE_BYTES];
};

static const enum release_name used[] = {RELEASE_V1, RELEASE_V2};

static struct story *story_open(void)
{
    struct story *story = calloc(1, sizeof *story);
    if (story == NULL) {
        abort();
    }
    releases_make(&story->releases);
    gateway_open(&story->gateway, 23, &story->releases, used, COUNT_OF(used), "door", story->trace,
                 sizeof story->trace);
    gateway_run(&story->gateway, 3000);
    return story;
}

static void story_close(struct story *story)
{
    CHECK_STR_EQ(story->gateway.machine.checker.first, "");
    if (check_failures_ > 0 && getenv("TRACE") != NULL) {
        printf("%s", story->trace);
    }
    gateway_close(&story->gateway);
    free(story);
}

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

static void noted(void *ctx, const struct err *err)
{
    *(int *)ctx = err == NULL ? 0 : err->code;
}

static int answer;

static int activate(struct story *story, const char *app, uint64_t sequence, bool is_empty,
                    struct err *err)
{
    static struct sealed made;
    struct sealed_content content = {
        .app = app, .sequence = sequence, .is_empty = is_empty};
    content.top = sequence >= 10 ? FLOOR_10 : NULL;
    sealed_release(&content, 1, &made);
    return conductor_activate(story->gateway.agent, sealed_span(&made), false, noted, &answer, err);
}

static bool is_here(struct story *story, const char *app)
{
    static struct report report;
    conductor_report(story->gateway.agent, &report);
    for (size_t i = 0; i < report.app_count; i++) {
        if (strcmp(report.apps[i].app, app) == 0) {
            return true;
        }
    }
    return false;
}

static size_t count_networks(struct story *story)
{
    size_t count = 0;
    for (size_t i = 0; i < SIM_NETWORKS_MAX; i++) {
        count += story->gateway.machine.engine.networks[i].name[0] != '\0' ? 1 : 0;
    }
    return count;
}

static size_t count_containers(struct story *story, const char *app)
{
    size_t count = 0;
    for (size_t i = 0; i < SIM_CONTAINERS_MAX; i++) {
        const struct sim_container *container = &story->gateway.machine.engine.containers[i];
        count += container->is_used && strcmp(container->seen.app, app) == 0 ? 1 : 0;
    }
    return count;
}

/* Tags of ours, which keep images. */
static size_t count_tags(struct story *story)
{
    size_t count = 0;
    for (size_t i = 0; i < SIM_IMAGES_MAX; i++) {
        for (size_t j = 0; j < SIM_TAGS_MAX; j++) {
            count += story->gateway.machine.engine.images[i].tags[j][0] != '\0' ? 1 : 0;
        }
    }
    return count;
}

static void deploy(struct story *story, const char *app, uint64_t sequence, bool is_empty)
{
    struct err err = {0};
    int rc = activate(story, app, sequence, is_empty, &err);
    CHECK_STR_EQ(err_word(rc), err_word(0));
    if (rc != 0) {
        printf("    %s %llu: %s\n", app, (unsigned long long)sequence, err.text);
    }
    CHECK(settle(story));
}

/* As if it had ended so long before. */
static void pass(struct story *story, const char *app, int64_t ms)
{
    struct app *found = app_of(story->gateway.agent, app);
    CHECK(found != NULL && found->ended_at != 0);
    found->ended_at -= found != NULL ? ms : 0;
    conductor_touch(story->gateway.agent);
}

/* The way back from a removal works for a day. */
static void test_a_day(void)
{
    struct story *story = story_open();
    struct err err = {0};
    deploy(story, "door", 10, false);
    deploy(story, "door", 11, true);
    CHECK_INT_EQ(count_containers(story, "door"), 1);
    CHECK_INT_EQ(count_tags(story), 1);
    pass(story, "door", DAY_MS - MINUTES_MS(2));
    gateway_run(&story->gateway, MINUTES_MS(1));
    CHECK_INT_EQ(conductor_rollback(story->gateway.agent, "door", noted, &answer, &err), 0);
    CHECK(settle(story));
    deploy(story, "door", 12, true);
    pass(story, "door", DAY_MS - MINUTES_MS(2));
    gateway_run(&story->gateway, MINUTES_MS(3));
    CHECK_CONTAINS(story->trace, "door: it has left: its place is free");
    CHECK(!is_here(story, "door"));
    CHECK_INT_EQ(count_containers(story, "door"), 0);
    CHECK_INT_EQ(count_networks(story), 0);
    CHECK_INT_EQ(count_tags(story), 0);
    CHECK_INT_EQ(conductor_rollback(story->gateway.agent, "door", noted, &answer, &err),
                 ERR_NOT_FOUND);
    story_close(story);
}

static struct order order_of(const char *app, uint64_t gen, const struct digest *release)
{
    struct order order = {.fleet = "sim", .node = "door", .epoch = 3, .gen = gen, .issued = 1};
    (void)snprintf(order.id, sizeof order.id, "%016llx", (unsigned long long)gen);
    (void)text_copy(order.app, sizeof order.app, app);
    order.release = *release;
    return order;
}

static int order_give(struct story *story, const struct order *order)
{
    static struct sealed made;
    struct err err;
    sealed_order(order, 1, &made);
    return conductor_order(story->gateway.agent, order->app, sealed_span(&made), &err);
}

static void check_barred(struct story *story, const struct order *taken)
{
    struct err err = {0};
    struct order older = order_of("old", taken->gen - 1, &taken->release);
    CHECK(!is_here(story, "old"));
    CHECK_INT_EQ(order_give(story, taken), 0); /* the broker keeps it: it is none any more */
    CHECK_INT_EQ(order_give(story, &older), ERR_STALE);
    CHECK_INT_EQ(activate(story, "old", 9, false, &err), ERR_BELOW_FLOOR);
    gateway_run(&story->gateway, 3000);
    CHECK(!is_here(story, "old"));
}

/* An order that removed the app, the floor, the generations' numbers: all as if it were here. */
static void test_barred(void)
{
    struct story *story = story_open();
    static struct sealed made;
    static struct report report;
    struct sealed_content content = {
        .app = "old", .sequence = 11, .top = FLOOR_10, .is_empty = true};
    deploy(story, "old", 10, false);
    sealed_release(&content, 1, &made);
    struct order order = order_of("old", 7, &made.digest);
    CHECK_INT_EQ(order_give(story, &order), 0);
    CHECK(conductor_release(story->gateway.agent, &made.digest, sealed_span(&made)));
    CHECK(settle(story));
    conductor_report(story->gateway.agent, &report);
    CHECK_INT_EQ(report.apps[0].outcomes[0].kind, OUTCOME_SUCCEEDED);
    pass(story, "old", DAY_MS);
    gateway_run(&story->gateway, MINUTES_MS(1));
    check_barred(story, &order);
    gateway_kill(&story->gateway);
    gateway_run(&story->gateway, 5000);
    check_barred(story, &order);
    gateway_cut(&story->gateway);
    gateway_run(&story->gateway, 120000);
    check_barred(story, &order);
    content.sequence = 9; /* a later order, refused: it stands in a record, which is not over */
    content.is_empty = false;
    content.top = NULL;
    sealed_release(&content, 1, &made);
    order = order_of("old", 8, &made.digest);
    CHECK_INT_EQ(order_give(story, &order), 0);
    CHECK(conductor_release(story->gateway.agent, &made.digest, sealed_span(&made)));
    gateway_run(&story->gateway, 5000);
    gateway_kill(&story->gateway);
    gateway_run(&story->gateway, 5000);
    conductor_report(story->gateway.agent, &report);
    CHECK_INT_EQ(report.app_count, 1);
    CHECK_INT_EQ(report.apps[0].order_gen, 8);
    CHECK_INT_EQ(report.apps[0].outcomes[0].kind, OUTCOME_REFUSED);
    deploy(story, "old", 12, false);
    CHECK_INT_EQ(count_containers(story, "old"), 1);
    conductor_report(story->gateway.agent, &report);
    CHECK_INT_EQ(report.apps[0].order_gen, 8);
    CHECK(report.apps[0].committed.gen > 2);
    gateway_kill(&story->gateway);
    gateway_run(&story->gateway, 5000);
    CHECK(is_here(story, "old"));
    story_close(story);
}

/* Show: the fortieth name in a gateway's life is accepted. */
static void test_forty_names(void)
{
    struct story *story = story_open();
    char name[NAME_BYTES];
    for (int i = 1; i <= 40; i++) {
        (void)snprintf(name, sizeof name, "app%d", i);
        deploy(story, name, 10, false);
        deploy(story, name, 11, true);
        CHECK(count_networks(story) <= APPS_MAX);
    }
    deploy(story, "app1", 12, false);
    CHECK_INT_EQ(count_containers(story, "app1"), 1);
    CHECK_INT_EQ(count_containers(story, "app20"), 0);
    story_close(story);
}

/* Names whose only release was refused or failed take no place for ever; what serves keeps it. */
static void test_places_are_taken(void)
{
    struct story *story = story_open();
    struct err err = {0};
    char name[NAME_BYTES];
    for (int i = 1; i <= APPS_MAX; i++) {
        (void)snprintf(name, sizeof name, "app%d", i);
        deploy(story, name, 10, false);
    }
    CHECK_INT_EQ(activate(story, "more", 10, false, &err), ERR_LIMIT);
    CHECK_CONTAINS(err.text, "remove one by a release without services, or enlarge pool");
    CHECK_INT_EQ(activate(story, "app3", 11, true, &err), 0);
    for (int i = 0; i < 200 && is_here(story, "app3"); i++) {
        gateway_run(&story->gateway, 500);
        int rc = activate(story, "more", 10, false, &err);
        CHECK(rc == ERR_BUSY || rc == ERR_LIMIT || !is_here(story, "app3"));
        if (rc == 0) {
            break;
        }
    }
    CHECK(!is_here(story, "app3"));
    CHECK(settle(story));
    CHECK(is_here(story, "more") || activate(story, "more", 10, false, &err) == 0);
    CHECK(settle(story));
    CHECK_INT_EQ(count_containers(story, "more"), 1);
    CHECK_INT_EQ(count_containers(story, "app4"), 1);
    story_close(story);
}

/* Killed or cut at any moment of its end, it is gone in the end or waits with nothing. */
static void test_struck_at_its_end(void)
{
    for (int64_t at = 0; at < 400; at += 15) {
        struct story *story = story_open();
        deploy(story, "door", 10, false);
        deploy(story, "door", 11, true);
        pass(story, "door", DAY_MS);
        gateway_run(&story->gateway, at);
        if (at % 2 == 0) {
            gateway_kill(&story->gateway);
        } else {
            gateway_cut(&story->gateway);
        }
        gateway_run(&story->gateway, 120000);
        CHECK(!story->gateway.agent->has_lost_memory);
        CHECK(settle(story));
        struct app *app = app_of(story->gateway.agent, "door");
        if (app != NULL && app->memory.committed.gen != 0) {
            pass(story, "door", DAY_MS);
            gateway_run(&story->gateway, MINUTES_MS(1));
            app = app_of(story->gateway.agent, "door");
        }
        CHECK(app == NULL || app->memory.committed.gen == 0);
        CHECK_INT_EQ(count_containers(story, "door"), 0);
        struct err err = {0};
        CHECK_INT_EQ(activate(story, "door", 9, false, &err), ERR_BELOW_FLOOR);
        deploy(story, "door", 12, false);
        CHECK_INT_EQ(count_containers(story, "door"), 1);
        story_close(story);
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"a day", test_a_day},
        {"barred", test_barred},
        {"forty names", test_forty_names},
        {"places are taken", test_places_are_taken},
        {"struck at its end", test_struck_at_its_end},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
