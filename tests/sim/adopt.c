/* adopt: a running Compose project is taken over by the first release, given back when that fails
 * or somebody asks for it, and never writes beside it, wherever the power goes. */
#include <stdio.h>
#include <stdlib.h>

#include "ports/sim/hands.h"
#include "tests/check.h"
#include "tests/sim/gateway.h"

#define TRACE_BYTES  (1u << 20)
#define STATUS_BYTES 65536
#define TICK_MS      20
#define CUTS_MAX     300

static const enum release_name used[] = {RELEASE_ADOPT1, RELEASE_ADOPTBAD, RELEASE_V2, RELEASE_V3};

struct story {
    struct releases releases;
    struct gateway gateway;
    char trace[TRACE_BYTES];
    char status[STATUS_BYTES];
    struct sim_container *old, *neighbour; /* of the project: its web, and another service */
    unsigned two_writers;
    bool is_going_back; /* what is committed is so no longer: it may lose its traffic */
};

static struct sim_engine *engine_of(struct story *story)
{
    return &story->gateway.machine.engine;
}

static bool has_process(const struct sim_container *container)
{
    return container->is_used &&
           (container->seen.state == ENGINE_RUNNING || container->seen.state == ENGINE_PAUSED);
}

static bool runs(const struct sim_container *container)
{
    return container->is_compose && has_process(container);
}

/* One of ours that runs; NULL: none. */
static const struct sim_container *ours(struct story *story)
{
    for (size_t i = 0; i < SIM_CONTAINERS_MAX; i++) {
        const struct sim_container *container = &engine_of(story)->containers[i];
        if (has_process(container) && !container->is_compose) {
            return container;
        }
    }
    return NULL;
}

/* While the old one runs, the engine's own proxy holds its port. */
static void look(struct story *story)
{
    story->two_writers += runs(story->old) && ours(story) != NULL ? 1 : 0;
    story->gateway.machine.route.held_count = 0;
    if (runs(story->old)) {
        sim_route_hold(&story->gateway.machine.route, ROUTE_TCP, 0, RELEASES_PORT);
    }
    /* What was committed may be taken back here: this file judges what serves. */
    sim_checker_excuse(&story->gateway.machine.checker,
                       story->gateway.machine.world.now + 10 * TICK_MS);
    if (story->is_going_back) {
        story->gateway.machine.checker.committed = -1;
    }
}

static int go_back(struct story *story)
{
    story->is_going_back = true;
    look(story);
    return gateway_rollback(&story->gateway);
}

static void pass(struct story *story, int64_t ms)
{
    for (int64_t at = 0; at < ms; at += TICK_MS) {
        gateway_run(&story->gateway, TICK_MS);
        look(story);
    }
}

static bool settle(struct story *story)
{
    for (int second = 0; second < 300; second++) {
        pass(story, 1000);
        if (story->gateway.agent != NULL && conductor_is_settled(story->gateway.agent)) {
            return true;
        }
    }
    return false;
}

static struct story *story_open(uint64_t seed, enum engine_restart_kind kind)
{
    struct story *story = calloc(1, sizeof *story);
    struct sim_app app = sim_app_well();
    struct engine_restart restart = {kind, kind == ENGINE_RESTART_ON_FAILURE ? 7 : 0};
    if (story == NULL) {
        abort();
    }
    releases_make(&story->releases);
    gateway_open(&story->gateway, seed, &story->releases, used, COUNT_OF(used), "gw", story->trace,
                 sizeof story->trace);
    size_t image =
        sim_engine_add_image(engine_of(story), "old/web@sha256:0", &(struct digest){{7}}, &app);
    story->old =
        sim_engine_add_compose(engine_of(story), "old", "web", 1, image, restart, RELEASES_PORT);
    story->neighbour =
        sim_engine_add_compose(engine_of(story), "old", "db", 1, image, restart, RELEASES_PORT + 1);
    look(story);
    return story;
}

static void story_close(struct story *story)
{
    CHECK_INT_EQ(story->two_writers, 0);
    CHECK(runs(story->neighbour));
    CHECK_STR_EQ(story->gateway.machine.checker.first, "");
    if (check_failures_ > 0 && getenv("TRACE") != NULL) {
        printf("%s", story->trace);
        exit(1);
    }
    gateway_close(&story->gateway);
    free(story);
}

static bool is_serving(struct story *story, enum release_name name)
{
    const struct sim_container *container = ours(story);
    return container != NULL &&
           digest_is_equal(&container->seen.release, &story->releases.made[name].digest);
}

static void check_taken(struct story *story, enum release_name name)
{
    CHECK(is_serving(story, name));
    CHECK(story->old->is_used && !runs(story->old));
    CHECK_INT_EQ(story->old->seen.restart.kind, ENGINE_RESTART_NO);
}

static void check_given_back(struct story *story, enum engine_restart_kind kind)
{
    CHECK(ours(story) == NULL);
    CHECK(runs(story->old));
    CHECK_INT_EQ(story->old->seen.restart.kind, kind);
    CHECK_INT_EQ(story->old->seen.restart.retries, kind == ENGINE_RESTART_ON_FAILURE ? 7 : 0);
}

static void test_it_is_taken_over(void)
{
    struct story *story = story_open(1, ENGINE_RESTART_ALWAYS);
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_ADOPT1), 0);
    CHECK(settle(story));
    check_taken(story, RELEASE_ADOPT1);
    sim_engine_restart(engine_of(story), 2000);
    pass(story, 10000);
    check_taken(story, RELEASE_ADOPT1);
    struct text text;
    text_init(&text, story->status, sizeof story->status);
    conductor_status(story->gateway.agent, &text);
    CHECK_CONTAINS(story->status, "\"adopted\":{\"project\":\"old\",\"service\":\"web\"}");
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_V2), 0);
    CHECK(settle(story));
    check_taken(story, RELEASE_V2);
    CHECK_CONTAINS(story->trace, "docker compose -p old rm web");
    CHECK_INT_EQ(go_back(story), 0);
    CHECK(settle(story));
    check_taken(story, RELEASE_ADOPT1);
    story_close(story);
}

static void test_it_is_given_back(void)
{
    static const enum engine_restart_kind kinds[] = {ENGINE_RESTART_NO, ENGINE_RESTART_ALWAYS,
                                                     ENGINE_RESTART_UNLESS_STOPPED,
                                                     ENGINE_RESTART_ON_FAILURE};
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        struct story *story = story_open(2, kinds[i]);
        CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_ADOPTBAD), 0);
        CHECK(settle(story));
        check_given_back(story, kinds[i]);
        CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_ADOPT1), 0);
        CHECK(settle(story));
        check_taken(story, RELEASE_ADOPT1);
        CHECK_INT_EQ(go_back(story), 0);
        CHECK(settle(story));
        check_given_back(story, kinds[i]);
        CHECK_INT_EQ(go_back(story), 0);
        CHECK(settle(story));
        check_taken(story, RELEASE_ADOPT1);
        story_close(story);
    }
}

static void test_it_is_given_back_while_unproven(void)
{
    struct story *story = story_open(3, ENGINE_RESTART_ALWAYS);
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_ADOPT1), 0);
    pass(story, 3500);
    CHECK(is_serving(story, RELEASE_ADOPT1));
    CHECK_INT_EQ(go_back(story), 0);
    CHECK(settle(story));
    check_given_back(story, ENGINE_RESTART_ALWAYS);
    story_close(story);
}

static void test_others_hold_the_port(void)
{
    struct story *story = story_open(4, ENGINE_RESTART_ALWAYS);
    story->old->seen.published_count = 0;
    story->neighbour->seen.published[0].host_port = RELEASES_PORT;
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_ADOPT1), 0);
    pass(story, 20000);
    CHECK(ours(story) == NULL);
    CHECK(runs(story->old));
    story_close(story);
}

static void test_nothing_runs(void)
{
    struct story *story = story_open(5, ENGINE_RESTART_ALWAYS);
    sim_engine_remove_by_hand(engine_of(story), story->old);
    look(story);
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_ADOPT1), 0);
    CHECK(settle(story));
    CHECK(is_serving(story, RELEASE_ADOPT1));
    CHECK_CONTAINS(story->trace, "there is nothing to take over");
    story_close(story);
}

/* Stopped by hand with a policy that starts it: it is barred, and started by nobody. */
static void test_a_stopped_one_is_barred(void)
{
    struct story *story = story_open(6, ENGINE_RESTART_ALWAYS);
    story->old->seen.state = ENGINE_EXITED;
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_ADOPT1), 0);
    CHECK(settle(story));
    check_taken(story, RELEASE_ADOPT1);
    CHECK_INT_EQ(go_back(story), 0);
    CHECK(settle(story));
    CHECK(ours(story) == NULL && !runs(story->old));
    CHECK_INT_EQ(story->old->seen.restart.kind, ENGINE_RESTART_ALWAYS);
    story_close(story);
}

struct way {
    enum release_name release;
    bool is_rollback; /* after it */
};

/* The power goes, the agent dies or the call fails at one operation of a way; in the end one of
 * both serves, and both never did. Returns false when the operation was not reached. */
static bool strike(const struct way *way, uint32_t at, enum sim_fate fate, bool is_twice)
{
    struct story *story = story_open(1000 + at, ENGINE_RESTART_ALWAYS);
    struct sim_faults *faults = &story->gateway.machine.world.faults;
    if (way->is_rollback) {
        CHECK_INT_EQ(gateway_activate(&story->gateway, way->release), 0);
        CHECK(settle(story));
    }
    uint32_t before = faults->strikes;
    faults->any = SIM_FAULT(at, 1, fate);
    if (way->is_rollback) {
        (void)go_back(story);
    } else {
        (void)gateway_activate(&story->gateway, way->release);
    }
    for (int i = 0; i < 1000 && faults->strikes == before && is_twice; i++) {
        pass(story, 20);
    }
    bool has_struck = faults->strikes > before;
    if (has_struck && is_twice) {
        faults->any = SIM_FAULT(1 + at * 7 % 23, 1, SIM_FATE_CUT_AFTER);
    }
    CHECK(settle(story));
    has_struck = faults->strikes > before;
    bool is_old = runs(story->old);
    CHECK(is_old != (ours(story) != NULL));
    if (is_old) {
        check_given_back(story, ENGINE_RESTART_ALWAYS);
        CHECK(has_struck || way->is_rollback || way->release == RELEASE_ADOPTBAD);
    } else {
        check_taken(story, RELEASE_ADOPT1);
    }
    if (check_failures_ > 0) {
        printf("    release %s, rollback %d, at %u, %s%s\n", release_word(way->release),
               way->is_rollback, at, sim_fate_word(fate), is_twice ? ", twice" : "");
    }
    story_close(story);
    return has_struck;
}

static void strike_all(const struct way *way, bool is_twice)
{
    static const enum sim_fate fates[] = {
        SIM_FATE_CUT_BEFORE, SIM_FATE_CUT_WITHIN, SIM_FATE_CUT_AFTER, SIM_FATE_KILL_BEFORE,
        SIM_FATE_KILL_AFTER, SIM_FATE_FAIL,       SIM_FATE_FAIL_LATE};
    unsigned struck = 0;
    for (uint32_t at = 1; at < CUTS_MAX && check_failures_ == 0; at++) {
        size_t step = is_twice ? COUNT_OF(fates) : 1;
        bool has_struck = false;
        for (size_t i = is_twice ? at % 3 : at % 2; i < COUNT_OF(fates); i += step + 1) {
            has_struck |= strike(way, at, fates[i], is_twice);
            struck += has_struck ? 1 : 0;
        }
        if (!has_struck) {
            break;
        }
    }
    printf("    %s%s: %u struck\n", release_word(way->release),
           way->is_rollback ? ", gone back" : "", struck);
    CHECK(struck > 10);
}

/* The power goes at one operation and no agent ever starts again: what runs then is what the engine
 * starts by itself. Between the stop of the old one and the verdict on the new one that is neither,
 * and never both. Returns 'o'ld, 'n'ew, '-' for neither, 0: not reached. */
static char strike_alone(const struct way *way, uint32_t at, enum sim_fate fate)
{
    struct story *story = story_open(3000 + at, ENGINE_RESTART_ALWAYS);
    struct sim_faults *faults = &story->gateway.machine.world.faults;
    if (way->is_rollback) {
        CHECK_INT_EQ(gateway_activate(&story->gateway, way->release), 0);
        CHECK(settle(story));
    }
    uint32_t before = faults->strikes;
    story->gateway.is_unattended = true;
    story->is_going_back = true;
    faults->any = SIM_FAULT(at, 1, fate);
    (void)(way->is_rollback ? go_back(story) : gateway_activate(&story->gateway, way->release));
    for (int i = 0; i < 1000 && faults->strikes == before; i++) {
        pass(story, TICK_MS);
    }
    bool has_struck = faults->strikes > before;
    pass(story, has_struck ? 20000 : 0);
    bool is_barred = story->old->seen.restart.kind == ENGINE_RESTART_NO;
    const struct sim_container *new = ours(story);
    char found = runs(story->old) ? 'o' : new != NULL ? 'n' : '-';
    if (has_struck) {
        CHECK_INT_EQ(runs(story->old), !is_barred);
        CHECK(new == NULL || new->seen.keeps_running);
    }
    story_close(story);
    return has_struck ? found : '\0';
}

static void test_struck_and_left_alone(void)
{
    static const struct way ways[] = {{RELEASE_ADOPT1, false}, {RELEASE_ADOPT1, true}};
    static const enum sim_fate fates[] = {SIM_FATE_CUT_BEFORE, SIM_FATE_CUT_WITHIN,
                                          SIM_FATE_CUT_AFTER};
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        unsigned count[256] = {0};
        char found = 'x';
        for (uint32_t at = 1; at < CUTS_MAX && found != '\0' && check_failures_ == 0; at++) {
            found = strike_alone(&ways[i], at, fates[at % COUNT_OF(fates)]);
            count[(unsigned char)found]++;
        }
        printf("    left alone%s: %u old, %u new, %u neither\n",
               ways[i].is_rollback ? " on the way back" : "", count['o'], count['n'], count['-']);
        CHECK(count['o'] > 0 && count['-'] > 0);
    }
}

static void test_struck_going_forward(void)
{
    strike_all(&(struct way){.release = RELEASE_ADOPT1}, false);
    strike_all(&(struct way){.release = RELEASE_ADOPT1}, true);
}

static void test_struck_failing(void)
{
    strike_all(&(struct way){.release = RELEASE_ADOPTBAD}, false);
    strike_all(&(struct way){.release = RELEASE_ADOPTBAD}, true);
}

static void test_struck_going_back(void)
{
    strike_all(&(struct way){.release = RELEASE_ADOPT1, .is_rollback = true}, false);
    strike_all(&(struct way){.release = RELEASE_ADOPT1, .is_rollback = true}, true);
}

static const struct check_case cases[] = {
    {"it is taken over", test_it_is_taken_over},
    {"it is given back", test_it_is_given_back},
    {"it is given back while unproven", test_it_is_given_back_while_unproven},
    {"others hold the port", test_others_hold_the_port},
    {"nothing runs", test_nothing_runs},
    {"a stopped one is barred", test_a_stopped_one_is_barred},
    {"struck going forward", test_struck_going_forward},
    {"struck failing", test_struck_failing},
    {"struck going back", test_struck_going_back},
    {"struck and left alone", test_struck_and_left_alone},
};

int main(int argc, char **argv)
{
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
