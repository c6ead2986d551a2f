/* volumes: what an image declares as a volume and no mount covers is carried over and has one
 * writer, also where the power goes and where an earlier agent let the engine name it. */
#include <stdio.h>
#include <stdlib.h>

#include "ports/sim/hands.h"
#include "tests/check.h"
#include "tests/sim/gateway.h"

#define TRACE_BYTES  (1u << 20)
#define STATUS_BYTES 65536
#define UNNAMED      "feedc0defeedc0defeedc0defeedc0defeedc0defeedc0defeedc0defeedc0de"
#define TICK_MS      50

static const enum release_name used[] = {RELEASE_V1, RELEASE_V2, RELEASE_V3, RELEASE_FADING};

struct story {
    struct releases releases;
    struct gateway gateway;
    char trace[TRACE_BYTES];
    char status[STATUS_BYTES];
    unsigned two_writers; /* looks at which two containers ran that mount one volume */
};

static bool is_writing(const struct sim_container *container)
{
    return container->is_used && container->volumes[0][0] != '\0' &&
           (container->seen.state == ENGINE_RUNNING || container->seen.state == ENGINE_PAUSED);
}

static void look(struct story *story)
{
    const struct sim_container *containers = story->gateway.machine.engine.containers;
    for (size_t i = 0; i < SIM_CONTAINERS_MAX; i++) {
        for (size_t j = i + 1; j < SIM_CONTAINERS_MAX; j++) {
            if (is_writing(&containers[i]) && is_writing(&containers[j]) &&
                strcmp(containers[i].volumes[0], containers[j].volumes[0]) == 0) {
                story->two_writers++;
            }
        }
    }
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

static struct sim_container *served_by(struct story *story)
{
    struct sim_machine *machine = &story->gateway.machine;
    ipv4 backend = sim_route_choose(&machine->route, ROUTE_TCP, SIM_LOOPBACK, RELEASES_PORT);
    return backend == 0 ? NULL : sim_engine_at(&machine->engine, backend);
}

static struct story *story_open(uint64_t seed)
{
    struct story *story = calloc(1, sizeof *story);
    if (story == NULL) {
        abort();
    }
    releases_make(&story->releases);
    gateway_open(&story->gateway, seed, &story->releases, used, COUNT_OF(used), "volumes",
                 story->trace, sizeof story->trace);
    for (size_t i = 0; i < COUNT_OF(used); i++) {
        gateway_image(&story->gateway, used[i])->volume = "/data";
    }
    return story;
}

static void story_close(struct story *story)
{
    CHECK_INT_EQ(story->two_writers, 0);
    if (check_failures_ > 0 && getenv("TRACE") != NULL) {
        printf("%s", story->trace);
    }
    gateway_close(&story->gateway);
    free(story);
}

static void deploy(struct story *story, enum release_name name)
{
    CHECK_INT_EQ(gateway_activate(&story->gateway, name), 0);
    CHECK(settle(story));
}

static void check_serves(struct story *story, enum release_name name, const char *volume)
{
    const struct sim_container *container = served_by(story);
    CHECK(container != NULL);
    if (container != NULL) {
        CHECK(digest_is_equal(&container->seen.release, &story->releases.made[name].digest));
        CHECK_STR_EQ(container->volumes[0], volume);
        CHECK_STR_EQ(container->volumes[1], "");
    }
}

/* The app's service is `web` like the app; the number is what this world's digest makes of "/data".
 */
static const char *named(struct story *story)
{
    static char name[ENGINE_NAME_BYTES];
    (void)snprintf(name, sizeof name, "berth_%s_web_web_image-97699ae6f359",
                   story->gateway.config.node);
    return name;
}

static void test_it_is_carried_over(void)
{
    struct story *story = story_open(21);
    deploy(story, RELEASE_V1);
    check_serves(story, RELEASE_V1, named(story));
    deploy(story, RELEASE_V2);
    check_serves(story, RELEASE_V2, named(story));
    CHECK_INT_EQ(gateway_rollback(&story->gateway), 0);
    CHECK(settle(story));
    check_serves(story, RELEASE_V1, named(story));
    sim_engine_remove_by_hand(&story->gateway.machine.engine, served_by(story));
    pass(story, 13000);
    check_serves(story, RELEASE_V1, named(story));
    struct text text;
    text_init(&text, story->status, sizeof story->status);
    conductor_status(story->gateway.agent, &text);
    CHECK_CONTAINS(story->status, "\"order\":\"stop-first\"");
    story_close(story);
}

static uint32_t refused(const struct story *story)
{
    const struct sim_clients *clients = &story->gateway.machine.clients;
    return clients->asked - clients->answered - clients->waited;
}

/* Forward and back, by hand and after a failure in PREPARE: who is new waits until somebody serves.
 */
static void test_who_comes_in_the_gap_waits(void)
{
    struct story *story = story_open(24);
    deploy(story, RELEASE_V1);
    uint32_t before = refused(story);
    deploy(story, RELEASE_V2);
    CHECK_INT_EQ(refused(story), before);
    uint32_t waited = story->gateway.machine.clients.waited;
    CHECK(waited > 0);
    CHECK_INT_EQ(gateway_rollback(&story->gateway), 0);
    CHECK(settle(story));
    CHECK_INT_EQ(refused(story), before);
    CHECK(story->gateway.machine.clients.waited > waited);
    CHECK_INT_EQ(story->gateway.machine.route.wait_until[0], 0);
    story_close(story);
}

/* A container as an earlier agent made it: the engine has named its volume, no record knows. */
static struct story *story_of_before(uint64_t seed)
{
    struct story *story = story_open(seed);
    for (size_t i = 0; i < COUNT_OF(used); i++) {
        gateway_image(&story->gateway, used[i])->volume = NULL;
    }
    deploy(story, RELEASE_V1);
    struct sim_container *container = served_by(story);
    (void)text_copy(container->volumes[0], ENGINE_NAME_BYTES, UNNAMED);
    (void)text_copy(container->targets[0], SIM_TARGET_BYTES, "/data");
    container->seen.has_unnamed_volume = true;
    for (size_t i = 0; i < COUNT_OF(used); i++) {
        gateway_image(&story->gateway, used[i])->volume = "/data";
    }
    gateway_kill(&story->gateway);
    CHECK(settle(story));
    return story;
}

static void test_one_of_before_is_found(void)
{
    struct story *story = story_of_before(22);
    deploy(story, RELEASE_V2);
    check_serves(story, RELEASE_V2, UNNAMED);
    deploy(story, RELEASE_V3);
    check_serves(story, RELEASE_V3, UNNAMED);
    story_close(story);
}

static void test_one_of_before_survives_hands(void)
{
    struct story *story = story_of_before(23);
    sim_engine_remove_by_hand(&story->gateway.machine.engine, served_by(story));
    pass(story, 15000);
    check_serves(story, RELEASE_V1, UNNAMED);
    sim_hands_disconnect(&story->gateway.machine, served_by(story));
    pass(story, 15000);
    CHECK(settle(story));
    check_serves(story, RELEASE_V1, UNNAMED);
    story_close(story);
}

/* At each operation of the way from V1 to V2 the agent dies, or the power goes. */
static void test_cuts_make_no_second_writer(void)
{
    for (uint32_t at = 1; at < 40; at++) {
        struct story *story = story_of_before(100 + at);
        struct sim_faults *faults = &story->gateway.machine.world.faults;
        faults->any = SIM_FAULT(at, 1, at % 2 == 0 ? SIM_FATE_CUT_AFTER : SIM_FATE_KILL_BEFORE);
        (void)gateway_activate(&story->gateway, RELEASE_V2);
        CHECK(settle(story));
        const struct sim_container *container = served_by(story);
        CHECK(container != NULL);
        if (container != NULL) {
            CHECK_STR_EQ(container->volumes[0], UNNAMED);
        }
        story_close(story);
    }
}

static const struct check_case cases[] = {
    {"it is carried over", test_it_is_carried_over},
    {"who comes in the gap waits", test_who_comes_in_the_gap_waits},
    {"one of before is found", test_one_of_before_is_found},
    {"one of before survives hands", test_one_of_before_survives_hands},
    {"cuts make no second writer", test_cuts_make_no_second_writer},
};

int main(int argc, char **argv)
{
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
