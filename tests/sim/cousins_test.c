/* cousins: hands and machines that do what no other test does, in each phase of a swap. Whatever
 * they do, the checker sees no breach, the node comes to rest, and somebody serves. */
#include <stdio.h>
#include <stdlib.h>

#include "agent/node/conductor_private.h"
#include "ports/sim/engine_private.h"
#include "ports/sim/hands.h"
#include "tests/check.h"
#include "tests/sim/gateway.h"

#define TRACE_BYTES (1u << 20)
/* A hand may take away all that serves: so long nobody is blamed for that. */
#define EXCUSED_MS 40000

struct story {
    struct releases releases;
    struct gateway gateway;
    char trace[TRACE_BYTES];
};

static const enum release_name used[] = {RELEASE_V1, RELEASE_V2, RELEASE_SLOW};
static struct report report;

static bool settle(struct story *story)
{
    for (int second = 0; second < 900; second++) {
        gateway_run(&story->gateway, 1000);
        if (story->gateway.agent != NULL && conductor_is_settled(story->gateway.agent)) {
            return true;
        }
    }
    return false;
}

static const char *serving(struct story *story)
{
    struct sim_machine *machine = &story->gateway.machine;
    ipv4 backend = sim_route_choose(&machine->route, ROUTE_TCP, SIM_LOOPBACK, RELEASES_PORT);
    struct sim_container *container =
        backend == 0 ? NULL : sim_engine_at(&machine->engine, backend);
    for (size_t i = 0; container != NULL && i < RELEASE_COUNT; i++) {
        if (digest_is_equal(&container->seen.release, &story->releases.made[i].digest)) {
            return release_word((enum release_name)i);
        }
    }
    return "nothing";
}

static const struct report_app *told(struct story *story)
{
    conductor_report(story->gateway.agent, &report);
    return &report.apps[0];
}

static bool is_in(struct story *story, const char *phase)
{
    return story->gateway.agent != NULL && strcmp(told(story)->phase, phase) == 0;
}

static struct story *story_open(uint64_t seed)
{
    struct story *story = calloc(1, sizeof *story);
    if (story == NULL) {
        abort();
    }
    releases_make(&story->releases);
    gateway_open(&story->gateway, seed, &story->releases, used, COUNT_OF(used), "cousins",
                 story->trace, sizeof story->trace);
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_V1), 0);
    CHECK(settle(story));
    return story;
}

static void story_close(struct story *story)
{
    CHECK_STR_EQ(story->gateway.machine.checker.first, "");
    if (getenv("TRACE") != NULL) {
        printf("%s", story->trace);
    }
    gateway_close(&story->gateway);
    free(story);
}

/* -- deeds ------------------------------------------------------------------------------------ */

/* The wall clock goes back by a day, and somebody vouches for it. */
static void clock_back(struct story *story)
{
    story->gateway.machine.world.wall_off_ms -= 86400000;
}

static void engine_restarts(struct story *story)
{
    sim_engine_restart(&story->gateway.machine.engine, 2000);
}

static void renames(struct story *story)
{
    struct sim_container *container = sim_hands_newest(&story->gateway.machine);
    container = container != NULL ? container : sim_hands_serving(&story->gateway.machine);
    if (container != NULL) {
        sim_hands_rename(&story->gateway.machine, container);
    }
}

/* docker network disconnect, and connect without --ip: another address of the same network. */
static void moves(struct story *story)
{
    struct sim_container *container = sim_hands_serving(&story->gateway.machine);
    if (container != NULL) {
        sim_hands_move(&story->gateway.machine, container);
    }
}

/* docker update --restart no. */
static void policy_lost(struct story *story)
{
    struct sim_container *container = sim_hands_serving(&story->gateway.machine);
    if (container != NULL) {
        container->seen.keeps_running = false;
    }
}

static void table_deleted(struct story *story)
{
    sim_route_flush(&story->gateway.machine.route);
}

static void rules_deleted(struct story *story)
{
    sim_hands_rules(&story->gateway.machine);
}

/* The state directory is read-only, for a minute. */
static void state_read_only(struct story *story)
{
    struct sim_faults *faults = &story->gateway.machine.world.faults;
    faults->of[SIM_OP_RECORD_WRITE] = SIM_FAULT_FOR(1, 60000, SIM_FATE_FAIL);
    faults->of[SIM_OP_BLOB_WRITE] = SIM_FAULT_FOR(1, 60000, SIM_FATE_FAIL);
    faults->of[SIM_OP_BLOB_REMOVE] = SIM_FAULT_FOR(1, 60000, SIM_FATE_FAIL);
}

/* The helper dies in the middle of a table, and of the boot file, each done and not answered. */
static void helper_killed(struct story *story)
{
    struct sim_faults *faults = &story->gateway.machine.world.faults;
    faults->of[SIM_OP_ROUTE_APPLY] = SIM_FAULT(1, 1, SIM_FATE_FAIL_LATE);
    faults->of[SIM_OP_ROUTE_COMMIT] = SIM_FAULT(1, 1, SIM_FATE_FAIL_LATE);
}

static void bridge_down(struct story *story)
{
    sim_hands_link_down(&story->gateway.machine, 20000);
}

static void image_untagged(struct story *story)
{
    gateway_image(&story->gateway, RELEASE_V2)->is_present = false;
}

static const struct deed {
    const char *word;
    void (*act)(struct story *story);
} deeds[] = {
    {"the clock goes back", clock_back},
    {"the engine restarts", engine_restarts},
    {"a container is renamed", renames},
    {"a container is connected at another address", moves},
    {"a restart policy is changed", policy_lost},
    {"the table is deleted", table_deleted},
    {"rules are deleted", rules_deleted},
    {"the state directory is read-only", state_read_only},
    {"the helper dies", helper_killed},
    {"the bridge is down", bridge_down},
    {"the image goes", image_untagged},
};

/* -- moments ---------------------------------------------------------------------------------- */

enum moment { AT_REST, PREPARING, CREATED, SWITCHED, NEAR_VERDICT, JUST_GOOD, MOMENTS };

static uint32_t done(const struct story *story, enum sim_op op)
{
    return story->gateway.machine.world.faults.count_of[op];
}

static void run_until(struct story *story, bool (*is_so)(struct story *story))
{
    for (int i = 0; i < 6000 && !is_so(story); i++) {
        gateway_run(&story->gateway, 10);
    }
    CHECK(is_so(story));
}

static bool is_preparing(struct story *story)
{
    return is_in(story, "prepare");
}

static bool is_created(struct story *story)
{
    return is_in(story, "prepare") && done(story, SIM_OP_ENGINE_CREATE) >= 2;
}

static bool is_switched(struct story *story)
{
    return strcmp(serving(story), "v2") == 0;
}

static bool is_good(struct story *story)
{
    return is_in(story, "rest") && is_switched(story);
}

static void come_to(struct story *story, enum moment moment)
{
    if (moment == AT_REST) {
        gateway_run(&story->gateway, 30000);
        return;
    }
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_V2), 0);
    run_until(story, moment == PREPARING   ? is_preparing
                     : moment == CREATED   ? is_created
                     : moment == JUST_GOOD ? is_good
                                           : is_switched);
    if (moment == NEAR_VERDICT) {
        gateway_run(&story->gateway, 2500);
    }
}

/* Afterwards the node comes to rest on what its record says, nobody is called bad, and what serves
 * comes back after a boot without the agent. */
static void play(const struct deed *deed, enum moment moment)
{
    struct story *story = story_open(100 + moment);
    struct sim_machine *machine = &story->gateway.machine;
    int failures = check_failures_;
    come_to(story, moment);
    sim_checker_excuse(&machine->checker, machine->world.now + EXCUSED_MS);
    deed->act(story);
    gateway_run(&story->gateway, EXCUSED_MS);
    CHECK(settle(story));
    gateway_run(&story->gateway, 120000);
    CHECK(settle(story));
    const char *serves = serving(story);
    CHECK(strcmp(told(story)->verdict, "bad") != 0);
    CHECK_STR_EQ(told(story)->health, "ready");
    bool is_v2 =
        digest_is_equal(&told(story)->committed.release, &story->releases.made[RELEASE_V2].digest);
    CHECK_STR_EQ(serves, is_v2 ? "v2" : "v1");
    story->gateway.is_unattended = true;
    gateway_cut(&story->gateway);
    gateway_run(&story->gateway, 60000);
    CHECK_STR_EQ(serving(story), is_v2 ? "v2" : "v1");
    CHECK_STR_EQ(machine->checker.first, "");
    if (check_failures_ != failures) {
        printf("    %s, moment %d\n", deed->word, (int)moment);
    }
    story_close(story);
}

static void play_all(enum moment moment)
{
    for (size_t i = 0; i < COUNT_OF(deeds); i++) {
        /* In a soak the kernel is read each 2 s: what goes after the last read before the verdict
         * is put back after it. */
        if (moment != NEAR_VERDICT || deeds[i].act != rules_deleted) {
            play(&deeds[i], moment);
        }
    }
}

static void at_rest(void)
{
    play_all(AT_REST);
}

static void preparing(void)
{
    play_all(PREPARING);
}

static void created(void)
{
    play_all(CREATED);
}

static void switched(void)
{
    play_all(SWITCHED);
}

static void near_verdict(void)
{
    play_all(NEAR_VERDICT);
}

static void just_good(void)
{
    play_all(JUST_GOOD);
}

static const struct check_case cases[] = {
    {"at rest", at_rest},   {"preparing", preparing},           {"created", created},
    {"switched", switched}, {"near the verdict", near_verdict}, {"just good", just_good},
};

int main(int argc, char **argv)
{
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
