/* switch: the kernel does not take the table of a switch. Events say what happened and why nothing
 * did, the old release goes on serving, and the switch is made once it can be. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/check.h"
#include "tests/sim/gateway.h"

#define TRACE_BYTES (1u << 20)

struct scene {
    struct releases releases;
    struct gateway gateway;
    char trace[TRACE_BYTES];
};

static bool settle(struct scene *scene)
{
    for (int second = 0; second < 300; second++) {
        gateway_run(&scene->gateway, 1000);
        if (conductor_is_settled(scene->gateway.agent)) {
            return true;
        }
    }
    return false;
}

static const char *serving(struct scene *scene)
{
    struct sim_machine *machine = &scene->gateway.machine;
    ipv4 backend = sim_route_choose(&machine->route, ROUTE_TCP, SIM_LOOPBACK, RELEASES_PORT);
    const struct sim_container *container =
        backend == 0 ? NULL : sim_engine_at(&machine->engine, backend);
    for (size_t i = 0; container != NULL && i < RELEASE_COUNT; i++) {
        if (digest_is_equal(&container->seen.release, &scene->releases.made[i].digest)) {
            return scene->releases.made[i].word;
        }
    }
    return "nothing";
}

static unsigned count_of(const struct scene *scene, const char *text)
{
    unsigned count = 0;
    for (const char *at = scene->trace; (at = strstr(at, text)) != NULL; at++) {
        count++;
    }
    return count;
}

/* v1 serves, v2 is ready, and no table is applied any more. */
static struct scene *scene_open(int64_t lasts_ms)
{
    static const enum release_name used[] = {RELEASE_V1, RELEASE_V2};
    struct scene *scene = calloc(1, sizeof *scene);
    if (scene == NULL) {
        abort();
    }
    releases_make(&scene->releases);
    gateway_open(&scene->gateway, 5, &scene->releases, used, COUNT_OF(used), "switch", scene->trace,
                 sizeof scene->trace);
    CHECK_INT_EQ(gateway_activate(&scene->gateway, RELEASE_V1), 0);
    CHECK(settle(scene));
    scene->gateway.machine.world.faults.of[SIM_OP_ROUTE_APPLY] =
        (struct sim_fault){.countdown = 1, .fate = SIM_FATE_FAIL, .lasts_ms = lasts_ms};
    CHECK_INT_EQ(gateway_activate(&scene->gateway, RELEASE_V2), 0);
    for (int i = 0; i < 300 && count_of(scene, "is being switched to it") < 2; i++) {
        gateway_run(&scene->gateway, 100);
    }
    CHECK_INT_EQ(count_of(scene, "is being switched to it"), 2);
    return scene;
}

static void scene_close(struct scene *scene)
{
    CHECK_STR_EQ(scene->gateway.machine.checker.first, "");
    if (getenv("TRACE") != NULL) {
        printf("%s", scene->trace);
    }
    gateway_close(&scene->gateway);
    free(scene);
}

static void test_said_when_it_is_so(void)
{
    struct scene *scene = scene_open(20000);
    for (int i = 0; i < 150; i++) {
        gateway_run(&scene->gateway, 100);
        CHECK_STR_EQ(serving(scene), "v1");
    }
    CHECK_INT_EQ(count_of(scene, "traffic goes to generation 1, unproven"), 1);
    CHECK_INT_EQ(count_of(scene, "traffic goes to generation 2"), 0);
    CHECK_INT_EQ(count_of(scene, "web: cannot switch traffic, tried again each second: "), 1);
    CHECK_INT_EQ(count_of(scene, "verdict on generation 2"), 0);
    CHECK(settle(scene));
    CHECK_INT_EQ(count_of(scene, "traffic goes to generation 2, unproven"), 1);
    CHECK_INT_EQ(count_of(scene, "verdict on generation 2: good"), 1);
    CHECK_STR_EQ(serving(scene), "v2");
    scene_close(scene);
}

static void test_old_goes_on(void)
{
    struct scene *scene = scene_open(600000);
    for (int i = 0; i < 1200; i++) {
        gateway_run(&scene->gateway, 100);
        CHECK_STR_EQ(serving(scene), "v1");
    }
    CHECK_INT_EQ(count_of(scene, "traffic goes to generation 2"), 0);
    scene_close(scene);
}

static bool status_has(struct scene *scene, const char *text)
{
    static char status[65536];
    struct text json;
    text_init(&json, status, sizeof status);
    conductor_status(scene->gateway.agent, &json);
    return strstr(status, text) != NULL;
}

/* Whoever waits for one release is not given the verdict of another: the status says whose it is.
 */
static void test_whose_verdict(void)
{
    static const enum release_name used[] = {RELEASE_V1, RELEASE_V2, RELEASE_CRASHING};
    struct scene *scene = calloc(1, sizeof *scene);
    char hex[3][DIGEST_HEX_BYTES];
    char wanted[128];
    if (scene == NULL) {
        abort();
    }
    releases_make(&scene->releases);
    gateway_open(&scene->gateway, 5, &scene->releases, used, COUNT_OF(used), "switch", scene->trace,
                 sizeof scene->trace);
    for (size_t i = 0; i < COUNT_OF(used); i++) {
        digest_render(&scene->releases.made[used[i]].digest, hex[i]);
    }
    CHECK(!status_has(scene, "\"verdicts\":1"));
    CHECK_INT_EQ(gateway_activate(&scene->gateway, RELEASE_V1), 0);
    CHECK(settle(scene));
    (void)snprintf(wanted, sizeof wanted, "\"verdicts\":1,\"verdictRelease\":\"%s\"", hex[0]);
    CHECK(status_has(scene, wanted));
    CHECK_INT_EQ(gateway_activate(&scene->gateway, RELEASE_CRASHING), 0);
    for (int i = 0; i < 300 && count_of(scene, "verdict on generation 2: bad") == 0; i++) {
        gateway_run(&scene->gateway, 100);
        if (count_of(scene, "traffic goes to generation 2") == 1 &&
            count_of(scene, "second activate") == 0) {
            CHECK_INT_EQ(gateway_activate(&scene->gateway, RELEASE_V2), 0);
            sim_world_trace(&scene->gateway.machine.world, "second activate");
        }
    }
    (void)snprintf(wanted, sizeof wanted, "\"verdicts\":2,\"verdictRelease\":\"%s\"", hex[2]);
    CHECK(status_has(scene, wanted));
    CHECK(settle(scene));
    (void)snprintf(wanted, sizeof wanted, "\"verdicts\":3,\"verdictRelease\":\"%s\"", hex[1]);
    CHECK(status_has(scene, wanted));
    CHECK_STR_EQ(serving(scene), "v2");
    scene_close(scene);
}

static const struct check_case cases[] = {
    {"a switch is said when it is so", test_said_when_it_is_so},
    {"the status says whose verdict it was", test_whose_verdict},
    {"the old release goes on while no switch can be made", test_old_goes_on},
};

int main(int argc, char **argv)
{
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
