/* evidence: what nobody could ask is neither well nor ill. Bridges that are down, engines that are
 * frozen, containers that hands freeze and remove; one story a case. */
#include <stdio.h>
#include <stdlib.h>

#include "ports/sim/hands.h"
#include "tests/check.h"
#include "tests/sim/gateway.h"

#define TRACE_BYTES  (1u << 20)
#define STATUS_BYTES 65536
#define ASK_MS       20

/* One gateway with a release settled on it; made anew for each case. */
struct story {
    struct releases releases;
    struct gateway gateway;
    unsigned unanswered; /* of the requests that `serve` made */
    char trace[TRACE_BYTES];
    char status[STATUS_BYTES];
};

static const enum release_name used[] = {RELEASE_V1, RELEASE_V2, RELEASE_EXEC1, RELEASE_EXEC2};

static bool settle(struct story *story, int seconds)
{
    for (int second = 0; second < seconds; second++) {
        gateway_run(&story->gateway, 1000);
        if (story->gateway.agent != NULL && conductor_is_settled(story->gateway.agent)) {
            return true;
        }
    }
    return false;
}

static struct story *story_open(enum release_name first)
{
    struct story *story = calloc(1, sizeof *story);
    if (story == NULL) {
        abort();
    }
    releases_make(&story->releases);
    gateway_open(&story->gateway, 17, &story->releases, used, COUNT_OF(used), "evidence",
                 story->trace, sizeof story->trace);
    CHECK_INT_EQ(gateway_activate(&story->gateway, first), 0);
    CHECK(settle(story, 300));
    return story;
}

static const char *status(struct story *story)
{
    struct text text;
    text_init(&text, story->status, sizeof story->status);
    conductor_status(story->gateway.agent, &text);
    return story->status;
}

static struct sim_container *backend(struct story *story)
{
    struct sim_machine *machine = &story->gateway.machine;
    ipv4 address = sim_route_choose(&machine->route, ROUTE_TCP, SIM_LOOPBACK, RELEASES_PORT);
    return address == 0 ? NULL : sim_engine_at(&machine->engine, address);
}

static const char *serving(struct story *story)
{
    const struct sim_container *container = backend(story);
    for (size_t i = 0; container != NULL && i < RELEASE_COUNT; i++) {
        if (digest_is_equal(&container->seen.release, &story->releases.made[i].digest)) {
            return release_word((enum release_name)i);
        }
    }
    return "nothing";
}

/* Runs for so long, a request every ASK_MS. */
static void serve(struct story *story, int64_t for_ms)
{
    for (int64_t at = 0; at < for_ms; at += ASK_MS) {
        struct sim_container *container = backend(story);
        bool is_answered =
            container != NULL && sim_container_is_ready(&story->gateway.machine.engine, container);
        story->unanswered += is_answered ? 0 : 1;
        gateway_run(&story->gateway, ASK_MS);
    }
}

/* Until the release has the traffic and the kernel has said so. */
static void switch_to(struct story *story, enum release_name name)
{
    CHECK_INT_EQ(gateway_activate(&story->gateway, name), 0);
    for (int i = 0; i < 1000 && strcmp(serving(story), release_word(name)) != 0; i++) {
        gateway_run(&story->gateway, 20);
    }
    CHECK_STR_EQ(serving(story), release_word(name));
    gateway_run(&story->gateway, 500);
}

static void story_close(struct story *story, enum release_name wanted)
{
    CHECK_STR_EQ(serving(story), release_word(wanted));
    CHECK_STR_EQ(story->gateway.machine.checker.first, "");
    CHECK_INT_EQ(story->gateway.machine.checker.breaches, 0);
    if (check_failures_ > 0 && getenv("TRACE") != NULL) {
        printf("%s", story->trace);
    }
    gateway_close(&story->gateway);
    free(story);
}

/* Half a second after the switch the app's bridge goes down: time alone proves nothing. */
static void test_bridge_down_in_the_soak(void)
{
    struct story *story = story_open(RELEASE_V1);
    switch_to(story, RELEASE_V2);
    story->gateway.machine.prober.cut_off_until = MONO_NEVER;
    gateway_run(&story->gateway, 60000);
    CHECK_CONTAINS(status(story), "\"phase\":\"unproven\"");
    CHECK_CONTAINS(status(story), "\"health\":\"unknown\",\"healthReason\":\"cannot-be-asked\"");
    CHECK(strstr(status(story), "\"ready\":true") == NULL);
    story->gateway.machine.prober.cut_off_until = 0;
    CHECK(settle(story, 30));
    CHECK_CONTAINS(status(story), "\"verdict\":\"good\"");
    story_close(story, RELEASE_V2);
}

/* And when it stays down nobody is blamed. */
static void test_bridge_down_for_good(void)
{
    struct story *story = story_open(RELEASE_V1);
    switch_to(story, RELEASE_V2);
    story->gateway.machine.prober.cut_off_until = MONO_NEVER;
    gateway_run(&story->gateway, 290000);
    CHECK_CONTAINS(status(story), "\"phase\":\"unproven\"");
    gateway_run(&story->gateway, 25000);
    CHECK_CONTAINS(status(story), "\"phase\":\"rest\"");
    CHECK_CONTAINS(status(story), "\"verdict\":\"inconclusive\"");
    CHECK_CONTAINS(status(story), "\"reason\":\"no-evidence\"");
    CHECK_CONTAINS(status(story), "\"settled\":false");
    CHECK_STR_EQ(serving(story), "v1");
    story->gateway.machine.prober.cut_off_until = 0;
    CHECK(settle(story, 120)); /* the next try */
    story_close(story, RELEASE_V2);
}

/* At rest nothing is taken from traffic, and nothing is called ready. */
static void test_bridge_down_at_rest(void)
{
    struct story *story = story_open(RELEASE_V1);
    story->gateway.machine.prober.cut_off_until = MONO_NEVER;
    serve(story, 60000);
    CHECK_CONTAINS(status(story), "\"settled\":false");
    CHECK_CONTAINS(status(story), "\"health\":\"unknown\",\"healthReason\":\"cannot-be-asked\"");
    gateway_kill(&story->gateway); /* the next agent presumes, and says that it does not know */
    serve(story, 30000);
    CHECK_CONTAINS(status(story), "\"settled\":false");
    CHECK_CONTAINS(status(story), "\"health\":\"unknown\"");
    CHECK_INT_EQ(story->unanswered, 0);
    story->gateway.machine.prober.cut_off_until = 0;
    CHECK(settle(story, 30));
    CHECK_CONTAINS(status(story), "\"health\":\"ready\",\"healthReason\":\"answered\"");
    story_close(story, RELEASE_V1);
}

/* A frozen engine answers no exec: that is no answer of the app. */
static void test_frozen_engine_at_rest(void)
{
    struct story *story = story_open(RELEASE_EXEC1);
    sim_engine_freeze(&story->gateway.machine.engine, 90000);
    serve(story, 90000);
    CHECK_INT_EQ(story->unanswered, 0);
    CHECK_CONTAINS(status(story), "\"health\":\"unknown\"");
    CHECK_CONTAINS(status(story), "\"settled\":false");
    CHECK(settle(story, 60));
    story_close(story, RELEASE_EXEC1);
}

static void test_frozen_engine_in_the_soak(void)
{
    struct story *story = story_open(RELEASE_EXEC1);
    switch_to(story, RELEASE_EXEC2);
    sim_engine_freeze(&story->gateway.machine.engine, 90000);
    serve(story, 90000);
    CHECK_INT_EQ(story->unanswered, 0);
    CHECK(strstr(story->trace, "verdict on generation 2: good") == NULL);
    CHECK(strstr(story->trace, "verdict on generation 2: bad") == NULL);
    CHECK(settle(story, 200));
    story_close(story, RELEASE_EXEC2);
}

/* An engine that hangs for longer than the deadline is not the release's fault. */
static void test_frozen_engine_before_the_switch(void)
{
    struct story *story = story_open(RELEASE_V1);
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_V2), 0);
    for (int i = 0; i < 500 && strstr(story->trace, "engine-start web/web.2") == NULL; i++) {
        gateway_run(&story->gateway, 5);
    }
    sim_engine_freeze(&story->gateway.machine.engine, 45000);
    serve(story, 45000);
    CHECK_INT_EQ(story->unanswered, 0);
    CHECK_CONTAINS(status(story), "\"verdict\":\"inconclusive\"");
    CHECK_CONTAINS(status(story), "\"reason\":\"engine-failed\"");
    CHECK(settle(story, 200));
    story_close(story, RELEASE_V2);
}

/* docker pause of the candidate, the ready old one beside it: it serves after one look. */
static void test_paused_in_the_soak(void)
{
    struct story *story = story_open(RELEASE_V1);
    struct sim_machine *machine = &story->gateway.machine;
    switch_to(story, RELEASE_V2);
    sim_checker_excuse(&machine->checker, machine->world.now + 700);
    struct sim_container *candidate = backend(story);
    sim_hands_pause(machine, candidate);
    serve(story, 20000);
    CHECK(story->unanswered * ASK_MS <= 700);
    CHECK_CONTAINS(status(story), "\"verdict\":\"inconclusive\"");
    CHECK_CONTAINS(status(story), "\"reason\":\"paused-by-hand\"");
    CHECK_STR_EQ(serving(story), "v1");
    CHECK(settle(story, 120));
    story_close(story, RELEASE_V2);
}

/* At rest it is left alone, and said. */
static void test_paused_at_rest(void)
{
    struct story *story = story_open(RELEASE_V1);
    struct sim_machine *machine = &story->gateway.machine;
    struct sim_container *container = backend(story);
    sim_checker_excuse(&machine->checker, machine->world.now + 70000);
    sim_hands_pause(machine, container);
    gateway_run(&story->gateway, 60000);
    CHECK_INT_EQ(container->seen.state, ENGINE_PAUSED);
    CHECK_CONTAINS(status(story), "\"health\":\"not-ready\",\"healthReason\":\"paused\"");
    CHECK_CONTAINS(status(story), "\"settled\":false");
    sim_hands_unpause(machine, container);
    CHECK(settle(story, 30));
    story_close(story, RELEASE_V1);
}

static void test_removed_in_the_soak(void)
{
    struct story *story = story_open(RELEASE_V1);
    struct sim_machine *machine = &story->gateway.machine;
    switch_to(story, RELEASE_V2);
    sim_checker_excuse(&machine->checker, machine->world.now + 1000);
    sim_engine_remove_by_hand(&machine->engine, backend(story));
    gateway_run(&story->gateway, 1500);
    CHECK_CONTAINS(status(story), "\"verdict\":\"inconclusive\"");
    CHECK_CONTAINS(status(story), "\"reason\":\"removed-by-hand\"");
    CHECK(settle(story, 120));
    story_close(story, RELEASE_V2);
}

/* The record that ends the soak of the second generation is being written, or is. */
static bool is_decided(const struct story *story)
{
    const char *switched = strstr(story->trace, "traffic goes to generation 2");
    return switched != NULL && strstr(switched, "record-write") != NULL;
}

static void await_decision(struct story *story)
{
    for (int i = 0; i < 40000 && !is_decided(story); i++) {
        gateway_run(&story->gateway, 1);
    }
}

/* Somebody deletes our rules at any time of the soak: no verdict but with the rules back, since
 * what no client could reach has proven nothing. */
static void test_rules_gone_before_the_verdict(void)
{
    int before = 0;
    for (int64_t at = 0; at <= 3000; at += 100) {
        struct story *story = story_open(RELEASE_V1);
        struct sim_machine *machine = &story->gateway.machine;
        switch_to(story, RELEASE_V2);
        gateway_run(&story->gateway, at);
        if (!is_decided(story)) {
            before++;
            sim_checker_excuse(&machine->checker, machine->world.now + 20000);
            sim_hands_rules(machine);
            await_decision(story);
            CHECK_STR_EQ(serving(story), "v2");
        }
        CHECK(settle(story, 60));
        CHECK_CONTAINS(story->trace, "verdict on generation 2: good");
        story_close(story, RELEASE_V2);
    }
    CHECK(before >= 20); /* of the times tried fell into the soak */
}

/* docker update at any time of the soak: what ran is not what was released. */
static void test_updated_before_the_verdict(void)
{
    int before = 0;
    for (int64_t at = 0; at <= 3000; at += 150) {
        struct story *story = story_open(RELEASE_V1);
        struct sim_machine *machine = &story->gateway.machine;
        switch_to(story, RELEASE_V2);
        gateway_run(&story->gateway, at);
        if (!is_decided(story)) {
            before++;
            sim_hands_update(machine, backend(story), at % 300 == 0);
            await_decision(story);
            gateway_run(&story->gateway, 100);
            CHECK_CONTAINS(status(story), "\"verdict\":\"inconclusive\"");
            CHECK_CONTAINS(status(story), "\"reason\":\"altered-by-hand\"");
            CHECK_STR_EQ(serving(story), "v1");
        }
        CHECK(settle(story, 120));
        story_close(story, RELEASE_V2);
    }
    CHECK(before >= 12);
}

/* At rest it gets back what was changed, and no request fails. */
static void test_updated_at_rest(void)
{
    for (int is_policy = 0; is_policy < 2; is_policy++) {
        struct story *story = story_open(RELEASE_V1);
        struct sim_container *container = backend(story);
        uint64_t run = container->run;
        sim_hands_update(&story->gateway.machine, container, is_policy != 0);
        serve(story, 15000);
        CHECK_INT_EQ(story->unanswered, 0);
        CHECK(!container->seen.is_altered && container->seen.keeps_running);
        CHECK_INT_EQ(container->seen.restart.kind, ENGINE_RESTART_UNLESS_STOPPED);
        CHECK(container->run == run);
        CHECK(settle(story, 30));
        story_close(story, RELEASE_V1);
    }
}

static const struct check_case cases[] = {
    {"updated before the verdict", test_updated_before_the_verdict},
    {"updated at rest", test_updated_at_rest},
    {"rules gone before the verdict", test_rules_gone_before_the_verdict},
    {"the bridge is down in the soak", test_bridge_down_in_the_soak},
    {"the bridge is down for good", test_bridge_down_for_good},
    {"the bridge is down at rest", test_bridge_down_at_rest},
    {"a frozen engine at rest", test_frozen_engine_at_rest},
    {"a frozen engine in the soak", test_frozen_engine_in_the_soak},
    {"a frozen engine before the switch", test_frozen_engine_before_the_switch},
    {"paused in the soak", test_paused_in_the_soak},
    {"paused at rest", test_paused_at_rest},
    {"removed in the soak", test_removed_in_the_soak},
};

int main(int argc, char **argv)
{
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
