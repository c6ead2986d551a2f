/* keeping: what a node sees to without being asked: its table, the accept for its pool, its floor,
 * its generations, one change at a time, and what it no longer needs. */
#include <stdio.h>
#include <stdlib.h>

#include "agent/node/conductor_private.h"
#include "agent/wire/envelope.h"
#include "ports/sim/hands.h"
#include "tests/check.h"
#include "tests/sim/gateway.h"
#include "tests/sim/seal.h"

#define TRACE_BYTES (1u << 20)
/* The kernel is asked each 15 s what it holds; then the table is applied. */
#define PUT_BACK_MS 17000

struct story {
    struct releases releases;
    struct gateway gateway;
    char trace[TRACE_BYTES];
};

static const enum release_name used[] = {RELEASE_V1,    RELEASE_V2,   RELEASE_V3,    RELEASE_SLOW,
                                         RELEASE_PAIR1, RELEASE_DEAF, RELEASE_FADING};

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

static void deploy(struct story *story, enum release_name name)
{
    CHECK_INT_EQ(gateway_activate(&story->gateway, name), 0);
    CHECK(settle(story));
}

static struct story *story_open(void)
{
    struct story *story = calloc(1, sizeof *story);
    if (story == NULL) {
        abort();
    }
    releases_make(&story->releases);
    gateway_open(&story->gateway, 11, &story->releases, used, COUNT_OF(used), "keeping",
                 story->trace, sizeof story->trace);
    deploy(story, RELEASE_V1);
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

static const char *word_of(const struct story *story, const struct digest *release)
{
    for (size_t i = 0; i < RELEASE_COUNT; i++) {
        if (digest_is_equal(release, &story->releases.made[i].digest)) {
            return story->releases.made[i].word;
        }
    }
    return "nothing";
}

static const char *serving(struct story *story)
{
    struct sim_machine *machine = &story->gateway.machine;
    ipv4 backend = sim_route_choose(&machine->route, ROUTE_TCP, SIM_LOOPBACK, RELEASES_PORT);
    const struct sim_container *container =
        backend == 0 ? NULL : sim_engine_at(&machine->engine, backend);
    return container == NULL ? "nothing" : word_of(story, &container->seen.release);
}

/* -- memory ----------------------------------------------------------------------------------- */

static size_t bytes_written(const struct app *app)
{
    const unsigned char *at = (const unsigned char *)app;
    size_t count = 0;
    for (size_t i = 0; i < sizeof *app; i++) {
        count += at[i] != 0;
    }
    return count;
}

/* A page that was never written is the kernel's: sixteen places cost what the apps that are there
 * do, through swaps, a failure, a table that somebody took away, and a start. */
static void test_place_without_an_app_is_untouched(void)
{
    struct story *story = story_open();
    struct sim_machine *machine = &story->gateway.machine;
    deploy(story, RELEASE_V2);
    deploy(story, RELEASE_DEAF);
    sim_checker_excuse(&machine->checker, machine->world.now + PUT_BACK_MS);
    sim_route_flush(&machine->route);
    gateway_run(&story->gateway, PUT_BACK_MS);
    CHECK(settle(story));
    for (int i = 0; i < 2; i++) {
        size_t apps = 0;
        for (size_t j = 0; j < APPS_MAX; j++) {
            const struct app *app = &story->gateway.agent->apps[j];
            apps += app->is_used ? 1 : 0;
            CHECK_INT_EQ(app->is_used || bytes_written(app) == 0, true);
        }
        CHECK_INT_EQ(apps, 1);
        gateway_kill(&story->gateway);
        gateway_run(&story->gateway, 60000);
        CHECK(settle(story));
    }
    story_close(story);
}

/* -- the table -------------------------------------------------------------------------------- */

/* The table is gone, emptied, or another's: it is put back as it was, and not before it is looked
 * at. */
static void test_table_put_back(void)
{
    for (int way = 0; way < 4; way++) {
        struct story *story = story_open();
        struct sim_machine *machine = &story->gateway.machine;
        struct sim_route *route = &machine->route;
        gateway_run(&story->gateway, 60000);
        sim_checker_excuse(&machine->checker, machine->world.now + PUT_BACK_MS);
        if (way == 0) {
            sim_route_flush(route);
        } else if (way == 1) { /* an older table, of a restored snapshot */
            route->kernel.generation--;
            route->kernel.services[0].backend_count = 0;
        } else if (way == 2) { /* a rule deleted by hand, and nothing else */
            sim_hands_rules(machine);
        } else { /* somebody's else */
            route->kernel = (struct route_table){.generation = 4711};
        }
        CHECK_STR_EQ(serving(story), "nothing");
        gateway_run(&story->gateway, PUT_BACK_MS);
        CHECK_STR_EQ(serving(story), "v1");
        CHECK(settle(story));
        story_close(story);
    }
}

/* The accept in the engine's firewall is lost, as at each restart of a firewall: it is put back. */
static void test_accept_put_back(void)
{
    struct story *story = story_open();
    struct sim_machine *machine = &story->gateway.machine;
    gateway_run(&story->gateway, 60000);
    CHECK(machine->route.is_open);
    sim_checker_excuse(&machine->checker, machine->world.now + PUT_BACK_MS);
    machine->route.is_open = false;
    gateway_run(&story->gateway, PUT_BACK_MS);
    CHECK(machine->route.is_open);
    story_close(story);
}

/* Nothing was changed: the table is looked at and left alone. */
static void test_table_left_alone(void)
{
    struct story *story = story_open();
    struct sim_world *world = &story->gateway.machine.world;
    gateway_run(&story->gateway, 60000);
    uint32_t applies = world->faults.count_of[SIM_OP_ROUTE_APPLY];
    uint32_t commits = world->faults.count_of[SIM_OP_ROUTE_COMMIT];
    uint32_t reads = world->faults.count_of[SIM_OP_ROUTE_READ];
    uint32_t writes = story->gateway.machine.store.writes;
    gateway_run(&story->gateway, 600000);
    CHECK_INT_EQ(world->faults.count_of[SIM_OP_ROUTE_APPLY], applies);
    CHECK_INT_EQ(world->faults.count_of[SIM_OP_ROUTE_COMMIT], commits);
    CHECK_INT_EQ(story->gateway.machine.store.writes, writes); /* nothing on the flash at rest */
    CHECK(world->faults.count_of[SIM_OP_ROUTE_READ] - reads >= 30 &&
          world->faults.count_of[SIM_OP_ROUTE_READ] - reads <= 50);
    story_close(story);
}

/* -- the floor and the way back --------------------------------------------------------------- */

static void test_no_way_back_below_the_floor(void)
{
    struct story *story = story_open();
    deploy(story, RELEASE_V2);
    deploy(story, RELEASE_V3); /* raises it to its own sequence */
    CHECK_INT_EQ(gateway_rollback_once(&story->gateway), ERR_BELOW_FLOOR);
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_V2), ERR_BELOW_FLOOR);
    gateway_run(&story->gateway, 60000);
    CHECK_STR_EQ(serving(story), "v3");
    story_close(story);
}

static void test_no_way_back_to_revoked(void)
{
    struct story *story = story_open();
    struct revoked revoked = story->releases.revoked;
    deploy(story, RELEASE_V2);
    revoked.version = 2;
    revoked.digests[revoked.count++] = story->releases.made[RELEASE_V1].digest;
    conductor_trust(story->gateway.agent, NULL, &revoked);
    CHECK_INT_EQ(gateway_rollback_once(&story->gateway), ERR_REVOKED);
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_V1), ERR_REVOKED);
    gateway_run(&story->gateway, 60000);
    CHECK_STR_EQ(serving(story), "v2");
    story_close(story);
}

/* Others prune: the stopped containers of the release before, and its image. */
static void prune_before(struct story *story, bool is_pruned)
{
    struct sim_engine *engine = &story->gateway.machine.engine;
    const struct digest *before = &story->releases.made[RELEASE_V1].digest;
    size_t image = SIM_IMAGES_MAX;
    for (size_t i = 0; i < SIM_CONTAINERS_MAX; i++) {
        struct sim_container *container = &engine->containers[i];
        if (container->is_used && digest_is_equal(&container->seen.release, before)) {
            container->is_used = false;
        }
    }
    for (size_t i = 0; i < engine->image_count; i++) {
        bool is_it =
            strcmp(engine->images[i].reference, story->releases.made[RELEASE_V1].reference) == 0;
        image = is_it ? i : image;
    }
    CHECK(image < engine->image_count);
    engine->images[image].is_present = !is_pruned;
    engine->has_registry = false;
}

static bool status_says(const struct story *story, const char *words)
{
    static char data[65536];
    struct text text;
    text_init(&text, data, sizeof data);
    conductor_status(story->gateway.agent, &text);
    return strstr(data, words) != NULL;
}

static void test_no_way_back_without_its_image(void)
{
    struct story *story = story_open();
    deploy(story, RELEASE_V2);
    prune_before(story, true);
    gateway_run(&story->gateway, 15000); /* a list has shown it */
    CHECK_INT_EQ(gateway_rollback_once(&story->gateway), 0);
    gateway_run(&story->gateway, 1000);
    CHECK(strstr(story->trace, "is told: the image of the release before (") != NULL);
    CHECK(strstr(story->trace, "is gone from the engine: load it by hand (docker load)") != NULL);
    CHECK(status_says(story, "\"previousImage\":\"gone\""));
    CHECK(strstr(story->trace, "no way back: the image of the release before") != NULL);
    gateway_run(&story->gateway, 60000);
    CHECK_STR_EQ(serving(story), "v2");
    prune_before(story, false); /* loaded by hand */
    gateway_run(&story->gateway, 660000);
    CHECK(status_says(story, "\"previousImage\":\"here\""));
    CHECK_INT_EQ(gateway_rollback_once(&story->gateway), 0);
    CHECK(settle(story));
    CHECK_STR_EQ(serving(story), "v1");
    story_close(story);
}

/* Without anybody's question it is seen within ten minutes, and said. */
static void test_a_lost_way_back_is_said(void)
{
    struct story *story = story_open();
    deploy(story, RELEASE_V2);
    CHECK(status_says(story, "\"previousImage\":\"unknown\""));
    prune_before(story, true);
    gateway_run(&story->gateway, 660000);
    CHECK(status_says(story, "\"previousImage\":\"gone\""));
    story_close(story);
}

/* The floor is of what was proven: after a release that failed the way back is still open. */
static void test_floor_waits_for_the_verdict(void)
{
    struct story *story = story_open();
    static struct report report;
    deploy(story, RELEASE_V2);
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_V3), 0);
    for (int i = 0; i < 600 && strcmp(serving(story), "v3") != 0; i++) {
        gateway_run(&story->gateway, 50);
    }
    CHECK_STR_EQ(serving(story), "v3");
    conductor_report(story->gateway.agent, &report);
    CHECK_STR_EQ(report.apps[0].phase, "unproven");
    CHECK_INT_EQ(report.apps[0].floor, 10);
    CHECK_INT_EQ(gateway_rollback_once(&story->gateway), 0);
    CHECK(settle(story));
    CHECK_STR_EQ(serving(story), "v2");
    conductor_report(story->gateway.agent, &report);
    CHECK_INT_EQ(report.apps[0].floor, 10);
    CHECK_INT_EQ(gateway_rollback_once(&story->gateway), 0);
    CHECK(settle(story));
    CHECK_STR_EQ(serving(story), "v1");
    story_close(story);
}

/* -- generations ------------------------------------------------------------------------------ */

static unsigned count_of(const struct story *story, const char *text)
{
    unsigned count = 0;
    for (const char *at = story->trace; (at = strstr(at, text)) != NULL; at++) {
        count++;
    }
    return count;
}

/* The machine boots again while a candidate is prepared: that is noticed, the candidate is dropped
 * without blame, and begun anew. */
static void test_boot_in_prepare(void)
{
    struct story *story = story_open();
    static struct report report;
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_SLOW), 0);
    for (int i = 0; i < 200; i++) {
        gateway_run(&story->gateway, 20);
        conductor_report(story->gateway.agent, &report);
        if (strcmp(report.apps[0].phase, "prepare") == 0) {
            break;
        }
    }
    CHECK_STR_EQ(report.apps[0].phase, "prepare");
    uint32_t first = report.apps[0].candidate.gen;
    gateway_run(&story->gateway, 1500);
    gateway_cut(&story->gateway);
    CHECK(settle(story));
    CHECK_INT_EQ(count_of(story, "interrupted"), 1);
    CHECK_STR_EQ(serving(story), "slow");
    conductor_report(story->gateway.agent, &report);
    CHECK(report.apps[0].committed.gen > first);
    CHECK_STR_EQ(report.apps[0].verdict, "good");
    story_close(story);
}

/* An agent that only starts again in PREPARE goes on with the same candidate. */
static void test_restart_in_prepare(void)
{
    struct story *story = story_open();
    static struct report report;
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_SLOW), 0);
    gateway_run(&story->gateway, 2000);
    conductor_report(story->gateway.agent, &report);
    uint32_t first = report.apps[0].candidate.gen;
    CHECK(first != 0);
    gateway_kill(&story->gateway);
    CHECK(settle(story));
    CHECK_INT_EQ(count_of(story, "interrupted"), 0);
    conductor_report(story->gateway.agent, &report);
    CHECK_INT_EQ(report.apps[0].committed.gen, first);
    CHECK_STR_EQ(serving(story), "slow");
    story_close(story);
}

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

/* The record is lost while old and new stand side by side: of two complete generations the one of
 * the lower sequence is taken, which is the one that was proven. */
static void test_memory_lost_beside_a_candidate(void)
{
    struct story *story = story_open();
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_SLOW), 0);
    for (int i = 0; i < 600 && strcmp(serving(story), "slow") != 0; i++) {
        gateway_run(&story->gateway, 50);
    }
    CHECK_STR_EQ(serving(story), "slow"); /* unproven; v1 runs on */
    record_spoil(story);
    gateway_kill(&story->gateway);
    gateway_run(&story->gateway, 60000);
    CHECK_STR_EQ(serving(story), "v1");
    gateway_cut(&story->gateway);
    gateway_run(&story->gateway, 60000);
    CHECK_STR_EQ(serving(story), "v1");
    story_close(story);
}

/* An engine that failed once in a swap, at whatever call: what ends badly then is not the
 * release's. (A pull comes before the swap, and excuses nothing in it.) */
static void test_engine_trouble(void)
{
    static const enum sim_op ops[] = {SIM_OP_ENGINE_NETWORK, SIM_OP_ENGINE_CREATE,
                                      SIM_OP_ENGINE_START};
    static const enum release_name crashing = RELEASE_CRASHING;
    static struct report report;
    for (size_t i = 0; i < COUNT_OF(ops); i++) {
        struct story *story = calloc(1, sizeof *story);
        if (story == NULL) {
            abort();
        }
        releases_make(&story->releases);
        gateway_open(&story->gateway, 11, &story->releases, &crashing, 1, "keeping", story->trace,
                     sizeof story->trace);
        gateway_run(&story->gateway, 5000);
        story->gateway.machine.world.faults.of[ops[i]] = SIM_FAULT(1, 1, SIM_FATE_FAIL);
        CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_CRASHING), 0);
        for (int j = 0; j < 200 && report.apps[0].verdict_gen == 0; j++) {
            gateway_run(&story->gateway, 200);
            conductor_report(story->gateway.agent, &report);
        }
        CHECK_STR_EQ(report.apps[0].verdict, "inconclusive");
        memset(&report, 0, sizeof report);
        story_close(story);
    }
}

/* -- what is no longer needed ----------------------------------------------------------------- */

static size_t images_present(const struct story *story)
{
    size_t count = 0;
    for (size_t i = 0; i < story->gateway.machine.engine.image_count; i++) {
        count += story->gateway.machine.engine.images[i].is_present;
    }
    return count;
}

static size_t payloads_kept(const struct story *story)
{
    const struct sim_disk *disk = &story->gateway.machine.disk;
    size_t count = 0;
    for (size_t i = 0; i < disk->entry_count; i++) {
        count += disk->entries[i].seen != SIM_DISK_NONE &&
                 strspn(disk->entries[i].name, "0123456789abcdef") >= DIGEST_HEX_BYTES - 1;
    }
    return count;
}

static size_t containers_kept(const struct story *story)
{
    size_t count = 0;
    for (size_t i = 0; i < SIM_CONTAINERS_MAX; i++) {
        count += story->gateway.machine.engine.containers[i].is_used;
    }
    return count;
}

/* However many releases came and went: the committed one and its history of three stay. */
static void test_garbage_is_bounded(void)
{
    static const enum release_name ways[] = {RELEASE_V2, RELEASE_SLOW, RELEASE_DEAF, RELEASE_V1,
                                             RELEASE_V2, RELEASE_SLOW, RELEASE_DEAF, RELEASE_PAIR1,
                                             RELEASE_V1, RELEASE_V3};
    struct story *story = story_open();
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        deploy(story, ways[i]);
    }
    gateway_run(&story->gateway, 600000);
    CHECK_STR_EQ(serving(story), "v3");
    CHECK_INT_EQ(payloads_kept(story), 4);
    CHECK_INT_EQ(images_present(story), 4);
    CHECK(containers_kept(story) <= 2);
    story_close(story);
}

/* Every call has given back its place: after more swaps than there are places, each with pulls,
 * creates and removals, the next one is made like the first. */
static void test_nothing_runs_out(void)
{
    static const enum release_name ways[] = {RELEASE_V2,   RELEASE_PAIR1, RELEASE_V1,
                                             RELEASE_DEAF, RELEASE_SLOW,  RELEASE_FADING};
    struct story *story = story_open();
    for (size_t i = 0; i < 180; i++) {
        enum release_name name = ways[i % COUNT_OF(ways)];
        int rc = gateway_activate(&story->gateway, name);
        CHECK_INT_EQ(rc, name == RELEASE_FADING && i >= COUNT_OF(ways) ? ERR_QUARANTINED : 0);
        CHECK(settle(story));
    }
    CHECK_STR_EQ(serving(story), "slow");
    CHECK(images_present(story) <= 5);
    CHECK(containers_kept(story) <= 3);
    story_close(story);
}

/* -- one change at a time --------------------------------------------------------------------- */

/* An envelope of another app, signed by the key that signs releases. */
static struct span other_app(void)
{
    static char payload[4096];
    static uint8_t memory[32768], seal[SEAL_BYTES];
    static const uint8_t key[VERIFY_KEY_BYTES] = {4, 1};
    struct envelope_signature signature;
    struct span encoding, envelope = {0};
    struct digest id;
    struct arena arena;
    char hex[DIGEST_HEX_BYTES];
    struct digest index;
    seal_digest(span_text("v2"), &index); /* the image of v2, which the registry has */
    digest_render(&index, hex);
    struct digest config;
    seal_digest(span_text(hex), &config);
    char config_hex[DIGEST_HEX_BYTES];
    digest_render(&config, config_hex);
    int len = snprintf(
        payload, sizeof payload,
        "{\"schema\":1,\"x-berth\":{\"app\":\"db\",\"sequence\":1,\"swap\":{\"soak\":\"10s\"}},"
        "\"services\":{\"db\":{\"image\":\"registry.test/web@sha256:%s\",\"x-berth\":{\"image\":{"
        "\"index\":\"sha256:%s\",\"platforms\":[{\"arch\":\"amd64\",\"manifest\":\"sha256:%s\","
        "\"config\":\"sha256:%s\"}]}}}}}",
        hex, hex, hex, config_hex);
    arena_init(&arena, memory, sizeof memory);
    CHECK_INT_EQ(envelope_encoding(RELEASE_PAYLOAD_TYPE, span_of(payload, (size_t)len), &arena,
                                   &encoding, NULL),
                 0);
    seal_sign(key, encoding, seal);
    seal_digest(span_of(key, sizeof key), &id);
    digest_render(&id, signature.key_id);
    signature.der = span_of(seal, sizeof seal);
    CHECK_INT_EQ(envelope_render(RELEASE_PAYLOAD_TYPE, span_of(payload, (size_t)len), &signature, 1,
                                 &arena, &envelope, NULL),
                 0);
    return envelope;
}

static void nothing_done(void *ctx, const struct err *err)
{
    *(int *)ctx = err == NULL ? 0 : err->code;
}

/* Two apps are wanted at once: one of them changes, the other waits, and comes after it. */
static void test_one_app_at_a_time(void)
{
    struct story *story = story_open();
    static struct report report;
    struct err err = {0};
    int answer = 1;
    unsigned seen[2] = {0}, both = 0;
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_SLOW), 0);
    gateway_run(&story->gateway, 200); /* until that is recorded */
    CHECK_INT_EQ(
        conductor_activate(story->gateway.agent, other_app(), false, nothing_done, &answer, &err),
        0);
    for (int i = 0; i < 3000; i++) {
        gateway_run(&story->gateway, 20);
        conductor_report(story->gateway.agent, &report);
        unsigned changing = 0;
        for (size_t j = 0; j < report.app_count; j++) {
            bool is_changing = strcmp(report.apps[j].phase, "rest") != 0;
            seen[j] += is_changing;
            changing += is_changing;
        }
        both += changing > 1;
    }
    CHECK_INT_EQ(answer, 0);
    CHECK_INT_EQ(report.app_count, 2);
    CHECK(seen[0] > 0 && seen[1] > 0);
    CHECK_INT_EQ(both, 0);
    CHECK_STR_EQ(report.apps[0].verdict, "good");
    CHECK_STR_EQ(report.apps[1].verdict, "good");
    story_close(story);
}

static const struct check_case cases[] = {
    {"a place without an app is untouched", test_place_without_an_app_is_untouched},
    {"the table is put back", test_table_put_back},
    {"the accept is put back", test_accept_put_back},
    {"the table is left alone", test_table_left_alone},
    {"no way back below the floor", test_no_way_back_below_the_floor},
    {"no way back to what is revoked", test_no_way_back_to_revoked},
    {"the floor waits for the verdict", test_floor_waits_for_the_verdict},
    {"a boot in the middle of preparing", test_boot_in_prepare},
    {"no way back without its image", test_no_way_back_without_its_image},
    {"a lost way back is said", test_a_lost_way_back_is_said},
    {"a restart in the middle of preparing", test_restart_in_prepare},
    {"memory lost beside a candidate", test_memory_lost_beside_a_candidate},
    {"engine trouble", test_engine_trouble},
    {"garbage is bounded", test_garbage_is_bounded},
    {"nothing runs out", test_nothing_runs_out},
    {"one app at a time", test_one_app_at_a_time},
};

int main(int argc, char **argv)
{
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
