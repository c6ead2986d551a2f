/* hazards: what hands, full disks and long sleeps do to a gateway, one story a case. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/check.h"
#include "tests/sim/gateway.h"

#define SETTLE_SECONDS_MAX 300
#define TRACE_BYTES        (1u << 20)
/* At rest the engine is looked at each ten seconds; then remove, create, start, ready, switch. */
#define MADE_ANEW_MS 13000

/* One gateway with v1 settled on it; made anew for each case. */
struct story {
    struct releases releases;
    struct gateway gateway;
    char trace[TRACE_BYTES];
};

static const enum release_name used[] = {RELEASE_V1, RELEASE_V2, RELEASE_FADING, RELEASE_CRASHING,
                                         RELEASE_V3};

static bool settle(struct story *story)
{
    for (int second = 0; second < SETTLE_SECONDS_MAX; second++) {
        gateway_run(&story->gateway, 1000);
        if (story->gateway.agent != NULL && conductor_is_settled(story->gateway.agent)) {
            return true;
        }
    }
    return false;
}

static struct story *story_open(void)
{
    struct story *story = calloc(1, sizeof *story);
    if (story == NULL) {
        abort();
    }
    releases_make(&story->releases);
    gateway_open(&story->gateway, 7, &story->releases, used, COUNT_OF(used), "hazard", story->trace,
                 sizeof story->trace);
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_V1), 0);
    CHECK(settle(story));
    return story;
}

/* The release that takes the traffic now; RELEASE_COUNT when none does. */
static enum release_name serving(struct story *story)
{
    struct sim_machine *machine = &story->gateway.machine;
    ipv4 backend = sim_route_choose(&machine->route, ROUTE_TCP, SIM_LOOPBACK, RELEASES_PORT);
    struct sim_container *container =
        backend == 0 ? NULL : sim_engine_at(&machine->engine, backend);
    for (size_t i = 0; container != NULL && i < RELEASE_COUNT; i++) {
        if (digest_is_equal(&container->seen.release, &story->releases.made[i].digest)) {
            return (enum release_name)i;
        }
    }
    return RELEASE_COUNT;
}

static void story_close(struct story *story, enum release_name wanted)
{
    CHECK_STR_EQ(serving(story) == RELEASE_COUNT ? "nothing" : release_word(serving(story)),
                 release_word(wanted));
    CHECK_STR_EQ(story->gateway.machine.checker.first, "");
    CHECK_INT_EQ(story->gateway.machine.checker.breaches, 0);
    if (check_failures_ > 0 && getenv("TRACE") != NULL) {
        printf("%s", story->trace);
    }
    gateway_close(&story->gateway);
    free(story);
}

/* Somebody takes away, now, what serves: requests may fail until it was made anew. */
static void taken_away(struct story *story)
{
    struct sim_machine *machine = &story->gateway.machine;
    sim_checker_excuse(&machine->checker, machine->world.now + MADE_ANEW_MS);
}

static struct sim_container *served_by(struct story *story)
{
    struct sim_engine *engine = &story->gateway.machine.engine;
    for (size_t i = 0; i < SIM_CONTAINERS_MAX; i++) {
        if (engine->containers[i].is_used && engine->containers[i].seen.state == ENGINE_RUNNING) {
            return &engine->containers[i];
        }
    }
    return NULL;
}

static void agent_dies(struct story *story)
{
    sim_world_kill(&story->gateway.machine.world);
    gateway_run(&story->gateway, 1);
}

/* One bit of the payload of v1 turns over on the medium; what was compiled before lives on. */
static void payload_spoil(struct story *story)
{
    struct sim_disk *disk = &story->gateway.machine.disk;
    char name[SIM_DISK_NAME_BYTES];
    digest_render(&story->releases.made[RELEASE_V1].digest, name);
    for (size_t i = 0; i < disk->entry_count; i++) {
        if (strncmp(disk->entries[i].name, name, DIGEST_HEX_BYTES - 1) == 0) {
            struct sim_file *file = &disk->files[disk->entries[i].seen];
            file->seen[file->seen_len - 1] ^= 1;
            file->kept[file->kept_len - 1] ^= 1;
            return;
        }
    }
    CHECK(!"the payload is there");
}

/* Spoils every slot of the app's record, as rot or a lost partition table would. */
static void record_spoil(struct story *story)
{
    struct sim_disk *disk = &story->gateway.machine.disk;
    for (size_t i = 0; i < disk->entry_count; i++) {
        if (strncmp(disk->entries[i].name, "app-0", 5) == 0) {
            struct sim_file *file = &disk->files[disk->entries[i].seen];
            memset(file->seen, 0x5a, file->seen_len);
            memset(file->kept, 0x5a, file->kept_len);
            return;
        }
    }
    CHECK(!"the record is there");
}

/* The record is gone: what the labels show is served through a restart and a boot, nothing new is
 * begun, and the status says why. */
static void test_memory_lost(void)
{
    struct story *story = story_open();
    static char status[65536];
    struct text text;
    record_spoil(story);
    agent_dies(story);
    gateway_run(&story->gateway, 20000);
    CHECK_STR_EQ(release_word(serving(story)), "v1");
    text_init(&text, status, sizeof status);
    conductor_status(story->gateway.agent, &text);
    CHECK_CONTAINS(status, "\"memoryLost\":true");
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_V2), ERR_MEMORY_LOST);
    gateway_cut(&story->gateway);
    gateway_run(&story->gateway, 60000);
    story_close(story, RELEASE_V1);
}

/* The record is gone and the engine does not list: nothing is taken from traffic, nor from the
 * next boot, before the engine was seen. */
static void test_blind_at_start(void)
{
    struct story *story = story_open();
    struct sim_faults *faults = &story->gateway.machine.world.faults;
    record_spoil(story);
    agent_dies(story);
    faults->of[SIM_OP_ENGINE_LIST] = SIM_FAULT_FOR(1, 60000, SIM_FATE_FAIL);
    gateway_run(&story->gateway, 30000);
    gateway_cut(&story->gateway);
    gateway_run(&story->gateway, 60000);
    story_close(story, RELEASE_V1);
}

/* One failed write, of a wish that is dropped, does not close the door for ever. */
static void test_one_failed_wish(void)
{
    struct story *story = story_open();
    struct sim_faults *faults = &story->gateway.machine.world.faults;
    faults->of[SIM_OP_RECORD_WRITE] = SIM_FAULT(1, 1, SIM_FATE_FAIL);
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_V2), 0);
    gateway_run(&story->gateway, 30000);
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_V2), 0);
    CHECK(settle(story));
    story_close(story, RELEASE_V2);
}

/* A verdict given while the disk could not be written is written once it can. */
static void test_verdict_outlives_full_disk(void)
{
    struct story *story = story_open();
    struct sim_machine *machine = &story->gateway.machine;
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_CRASHING), 0);
    for (int i = 0; i < 100 && serving(story) != RELEASE_CRASHING; i++) {
        gateway_run(&story->gateway, 100);
    }
    machine->world.faults.of[SIM_OP_RECORD_WRITE] = SIM_FAULT(1, 2, SIM_FATE_FAIL);
    gateway_run(&story->gateway, 15000);
    CHECK_STR_EQ(release_word(serving(story)), "v1");
    CHECK(settle(story));
    gateway_run(&story->gateway, 60000);
    gateway_cut(&story->gateway);
    for (int i = 0; i < 300; i++) {
        gateway_run(&story->gateway, 100);
        CHECK(serving(story) != RELEASE_CRASHING);
    }
    CHECK(settle(story));
    story_close(story, RELEASE_V1);
}

/* A payload that rotted away is given again by hand, and what was committed is looked after. */
static void test_rotten_payload(void)
{
    struct story *story = story_open();
    struct sim_machine *machine = &story->gateway.machine;
    payload_spoil(story);
    agent_dies(story);
    gateway_run(&story->gateway, 20000);
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_V1), 0);
    gateway_run(&story->gateway, 20000);
    taken_away(story);
    sim_engine_remove_by_hand(&machine->engine, served_by(story));
    gateway_run(&story->gateway, 30000);
    CHECK(settle(story));
    story_close(story, RELEASE_V1);
}

/* The tool that tells what the kernel forwards does not work: containers are looked after. */
static void test_kernel_tells_nothing(void)
{
    struct story *story = story_open();
    struct sim_machine *machine = &story->gateway.machine;
    agent_dies(story);
    machine->world.faults.of[SIM_OP_ROUTE_READ] = SIM_FAULT_FOR(1, SIM_NEVER, SIM_FATE_FAIL);
    gateway_run(&story->gateway, 5000);
    taken_away(story);
    sim_engine_remove_by_hand(&machine->engine, served_by(story));
    gateway_run(&story->gateway, 40000);
    CHECK(served_by(story) != NULL);
    story_close(story, RELEASE_V1);
}

/* The machine slept while a candidate soaked: sleep proves nothing. */
static void test_sleep_proves_nothing(void)
{
    struct story *story = story_open();
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_FADING), 0);
    for (int i = 0; i < 100 && serving(story) != RELEASE_FADING; i++) {
        gateway_run(&story->gateway, 100);
    }
    sim_machine_sleep(&story->gateway.machine, 3600000);
    CHECK(settle(story));
    story_close(story, RELEASE_V1);
}

/* A container that the engine failed to remove cannot be started any more: it is made anew. */
static void test_dead_container(void)
{
    struct story *story = story_open();
    struct sim_container *container = served_by(story);
    taken_away(story);
    container->seen.state = ENGINE_DEAD;
    container->run++;
    char id[ENGINE_ID_BYTES];
    memcpy(id, container->seen.id, sizeof id);
    gateway_run(&story->gateway, 30000);
    CHECK(settle(story));
    CHECK(served_by(story) != NULL && strcmp(served_by(story)->seen.id, id) != 0);
    story_close(story, RELEASE_V1);
}

/* Somebody stops the container and prunes the networks. */
static void test_network_pruned(void)
{
    struct story *story = story_open();
    struct sim_machine *machine = &story->gateway.machine;
    struct sim_container *container = served_by(story);
    taken_away(story);
    container->seen.state = ENGINE_EXITED;
    container->was_stopped = true;
    container->run++;
    for (size_t i = 0; i < SIM_NETWORKS_MAX; i++) {
        machine->engine.networks[i].is_used = false;
    }
    gateway_run(&story->gateway, 60000);
    CHECK(settle(story));
    story_close(story, RELEASE_V1);
}

/* The pull of a candidate that is no longer wanted ends while its successor's is under way. */
static void test_late_pull(void)
{
    struct story *story = story_open();
    struct sim_world *world = &story->gateway.machine.world;
    uint32_t before = world->faults.count_of[SIM_OP_ENGINE_PULL];
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_FADING), 0);
    for (int i = 0; i < 200 && world->faults.count_of[SIM_OP_ENGINE_PULL] == before; i++) {
        gateway_run(&story->gateway, 5);
    }
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_V2), 0);
    CHECK(settle(story));
    CHECK_INT_EQ(world->faults.count_of[SIM_OP_ENGINE_PULL] - before, 2);
    story_close(story, RELEASE_V2);
}

/* A record under another's name is not believed: two apps would share one place's addresses. */
static void test_record_of_another_place(void)
{
    struct story *story = story_open();
    struct sim_machine *machine = &story->gateway.machine;
    agent_dies(story);
    for (size_t i = 0; i < machine->disk.entry_count; i++) {
        if (strncmp(machine->disk.entries[i].name, "app-0", 5) == 0) {
            machine->disk.entries[i].name[4] = '1';
        }
    }
    gateway_run(&story->gateway, 20000);
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_V2), ERR_MEMORY_LOST);
    story_close(story, RELEASE_V1);
}

/* What the node reports of its app. */
static struct report_app reported(struct story *story)
{
    struct report *report = calloc(1, sizeof *report);
    struct report_app app;
    memset(&app, 0, sizeof app);
    if (report != NULL && story->gateway.agent != NULL) {
        conductor_report(story->gateway.agent, report);
        app = report->apps[0];
    }
    free(report);
    return app;
}

/* The power goes within a pull, and the image is there by name only: the crash of what runs of it
 * is not the release's, and the image is fetched anew. */
static void test_hollow_image(void)
{
    struct story *story = story_open();
    struct sim_machine *machine = &story->gateway.machine;
    struct sim_image *image = gateway_image(&story->gateway, RELEASE_V2);
    machine->world.faults.of[SIM_OP_ENGINE_PULL] = SIM_FAULT(1, 1, SIM_FATE_CUT_WITHIN);
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_V2), 0);
    for (int i = 0; i < 100 && story->gateway.cuts == 0; i++) {
        gateway_run(&story->gateway, 10);
    }
    CHECK_INT_EQ(story->gateway.cuts, 1);
    image->is_present = true;
    image->is_hollow = true;
    gateway_run(&story->gateway, 15000);
    CHECK_STR_EQ(reported(story).verdict, "inconclusive");
    CHECK_STR_EQ(reported(story).reason, "image-doubted");
    CHECK(settle(story));
    CHECK_STR_EQ(reported(story).verdict, "good");
    story_close(story, RELEASE_V2);
}

/* A wish that is revoked before it could be begun has its verdict, and does not stand for ever. */
static void test_revoked_wish(void)
{
    struct story *story = story_open();
    struct sim_machine *machine = &story->gateway.machine;
    sim_engine_hide(&machine->engine, true);
    gateway_run(&story->gateway, 15000);
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_V2), 0);
    gateway_run(&story->gateway, 5000);
    gateway_revoke(&story->gateway, RELEASE_V2);
    gateway_run(&story->gateway, 1000);
    CHECK_STR_EQ(reported(story).verdict, "bad");
    CHECK_STR_EQ(reported(story).reason, "revoked");
    sim_engine_hide(&machine->engine, false);
    CHECK(settle(story));
    story_close(story, RELEASE_V1);
}

/* Taken while another candidate soaked, whose verdict raised the floor above it. */
static void test_wish_below_the_floor(void)
{
    struct story *story = story_open();
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_V3), 0);
    for (int i = 0; i < 100 && serving(story) != RELEASE_V3; i++) {
        gateway_run(&story->gateway, 100);
    }
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_V2), 0);
    gateway_run(&story->gateway, 10000);
    CHECK_STR_EQ(reported(story).verdict, "bad");
    CHECK_STR_EQ(reported(story).reason, "below-floor");
    CHECK(settle(story));
    story_close(story, RELEASE_V3);
}

/* A start whose answer is lost leaves a container that runs: what becomes of it is its own. */
static void test_lost_answer_of_a_start(void)
{
    struct story *story = story_open();
    struct sim_faults *faults = &story->gateway.machine.world.faults;
    faults->of[SIM_OP_ENGINE_START] = SIM_FAULT(1, 1, SIM_FATE_FAIL_LATE);
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_CRASHING), 0);
    gateway_run(&story->gateway, 15000);
    CHECK_STR_EQ(release_word(serving(story)), "v1");
    CHECK(strcmp(reported(story).verdict, "none") != 0 &&
          strcmp(reported(story).verdict, "good") != 0);
    CHECK(settle(story));
    story_close(story, RELEASE_V1);
}

/* The boot file cannot be written for long, and somebody removes our table: it is put back. */
static void test_table_beside_failing_boot_file(void)
{
    struct story *story = story_open();
    struct sim_machine *machine = &story->gateway.machine;
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_V2), 0);
    machine->world.faults.of[SIM_OP_ROUTE_COMMIT] = SIM_FAULT_FOR(1, 120000, SIM_FATE_FAIL);
    gateway_run(&story->gateway, 20000);
    CHECK_STR_EQ(release_word(serving(story)), "v2");
    sim_checker_excuse(&machine->checker, machine->world.now + 17000);
    sim_route_flush(&machine->route);
    gateway_run(&story->gateway, 20000);
    CHECK_STR_EQ(release_word(serving(story)), "v2");
    CHECK(settle(story));
    story_close(story, RELEASE_V2);
}

static const struct check_case cases[] = {
    {"one failed wish leaves the door open", test_one_failed_wish},
    {"memory lost", test_memory_lost},
    {"blind at start", test_blind_at_start},
    {"a verdict outlives a full disk", test_verdict_outlives_full_disk},
    {"a rotten payload is given again", test_rotten_payload},
    {"a kernel that tells nothing", test_kernel_tells_nothing},
    {"sleep proves nothing", test_sleep_proves_nothing},
    {"a dead container is made anew", test_dead_container},
    {"a pruned network is made again", test_network_pruned},
    {"a late pull is nobody's", test_late_pull},
    {"a record of another place", test_record_of_another_place},
    {"an image of a pull that was cut is fetched anew", test_hollow_image},
    {"a revoked wish has its verdict", test_revoked_wish},
    {"a wish below the floor has its verdict", test_wish_below_the_floor},
    {"the lost answer of a start", test_lost_answer_of_a_start},
    {"a table beside a boot file that fails", test_table_beside_failing_boot_file},
};

int main(int argc, char **argv)
{
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
