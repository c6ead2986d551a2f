/* fetch_test: pulls and their ends, the app's network, and the images that nobody needs any more.
 */
#include "tests/check.h"
#include "tests/unit/node/desk.h"

/* Release 1 serves, 2 is wanted and being fetched. */
static struct app *begin(void)
{
    struct app *app = desk_open();
    struct plan_service *service = &desk_plan(app, 1)->services[0];
    (void)text_copy(service->reference, sizeof service->reference, "r/one@sha256:01");
    service = &desk_plan(app, 2)->services[0];
    (void)text_copy(service->reference, sizeof service->reference, "r/two@sha256:02");
    service->config.bytes[0] = 0xcc;
    service->manifest.bytes[0] = 0xbb;
    app->memory.committed = desk_generation(1, 1);
    app->memory.wanted.bytes[0] = 2;
    app->session.is_staging = true;
    app->session.staging.bytes[0] = 2;
    app->session.pull_failures = 3;
    return app;
}

static const struct engine_image right = {.proofs = ENGINE_PROOF_CONFIG};

static void pull(struct app *app)
{
    perform(app, &(struct action){.kind = ACTION_PULL});
}

static void pull_that_is_well(void)
{
    struct app *app = begin();
    app->session.image_missing_gen = 1;
    pull(app);
    CHECK_STR_EQ(desk.said,
                 "pull r/two@sha256:02 as berth.local/gw/web:02000, manifest bb, config cc\n");
    desk.now = 4321;
    desk.calls[0].progress(desk.calls[0].ctx, 17);
    CHECK_INT_EQ(app->session.staging_progress_at, 4321);
    desk.conductor->is_dirty = false;
    desk_answer(0, 0, &(struct engine_answer){.image = &right});
    CHECK(!app->session.is_staging);
    CHECK_INT_EQ(app->session.staged.bytes[0], 2);
    CHECK_INT_EQ(app->session.pull_failures, 0);
    CHECK_INT_EQ(app->session.image_missing_gen, 1); /* of another release */
    CHECK(!app->session.has_world_fault);
    CHECK(desk.conductor->is_dirty);
    CHECK(!desk.conductor->calls.list[0].is_used);
    CHECK_STR_EQ(desk.log, "");
    desk_close();
}

static void pull_of_what_was_missing(void)
{
    struct app *app = begin();
    app->memory.candidate = desk_generation(2, 2);
    app->session.image_missing_gen = 2;
    pull(app);
    desk_answer(0, 0, &(struct engine_answer){.image = &right});
    CHECK_INT_EQ(app->session.image_missing_gen, 0);
    desk_close();
}

/* What no repetition makes better ends it; all else is waited for. */
static void pull_that_fails(void)
{
    static const struct {
        int code;
        bool is_final;
    } rows[] = {
        {ERR_PULL, true},       {ERR_DIGEST, true},       {ERR_DENIED, true},
        {ERR_DISK_SPACE, true}, {ERR_REGISTRY, false},    {ERR_TIMEOUT, false},
        {ERR_ENGINE, false},    {ERR_ENGINE_GONE, false}, {ERR_BUSY, false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char line[128];
        struct app *app = begin();
        pull(app);
        desk.conductor->is_dirty = false;
        desk_answer(0, rows[i].code, NULL);
        (void)snprintf(line, sizeof line, "w web: pull of release 02000000: %s: told %s\n",
                       err_word(rows[i].code), err_word(rows[i].code));
        CHECK_STR_EQ(desk.log, line);
        CHECK_INT_EQ(app->session.pull_refusal, rows[i].is_final ? rows[i].code : 0);
        CHECK_INT_EQ(app->session.pull_failures, rows[i].is_final ? 3 : 4);
        CHECK(!app->session.is_staging);
        CHECK(digest_is_none(&app->session.staged));
        CHECK(!app->session.has_world_fault); /* nothing is being changed */
        CHECK(desk.conductor->is_dirty);
        desk_close();
    }
}

/* Of what serves, or of what is not wanted any more, no refusal is final. */
static void pull_of_another_that_fails(void)
{
    struct app *app = begin();
    app->memory.wanted.bytes[0] = 9;
    pull(app);
    desk_answer(0, ERR_PULL, NULL);
    CHECK_INT_EQ(app->session.pull_refusal, 0);
    CHECK_INT_EQ(app->session.pull_failures, 4);
    desk_close();
    app = begin();
    app->memory.committed = desk_generation(2, 2);
    pull(app);
    desk_answer(0, ERR_PULL, NULL);
    CHECK_INT_EQ(app->session.pull_refusal, 0);
    CHECK_INT_EQ(app->session.pull_failures, 4);
    desk_close();
    app = begin();
    app->memory.phase = SWAP_PREPARE;
    pull(app);
    desk_answer(0, ERR_PULL, NULL);
    CHECK(app->session.has_world_fault);
    desk_close();
}

/* One signed digest proves an image, an index alone only one of this machine; a release that was
 * signed without any takes what comes. */
static void pull_of_another_image(void)
{
    static const struct {
        unsigned proofs;
        const char *arch, *node_arch;
        bool is_unsigned, is_good;
    } rows[] = {
        {ENGINE_PROOF_CONFIG, "arm64", "amd64", false, true},
        {ENGINE_PROOF_MANIFEST, "arm64", "amd64", false, true},
        {ENGINE_PROOF_INDEX, "amd64", "amd64", false, true},
        {ENGINE_PROOF_INDEX, "arm64", "amd64", false, false},
        {ENGINE_PROOF_INDEX, "arm64", "amd64", true, false},
        {ENGINE_PROOF_INDEX, "", "amd64", false, true},
        {ENGINE_PROOF_INDEX, "arm64", "", false, true},
        {0, "amd64", "amd64", false, false},
        {0, "amd64", "amd64", true, true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct app *app = begin();
        struct engine_image image = {.proofs = rows[i].proofs, .id.bytes = {0xdd}};
        struct plan_service *service = &app->plans.slots[1].plan.services[0];
        (void)text_copy(image.arch, sizeof image.arch, rows[i].arch);
        (void)text_copy(desk.conductor->engine.about.arch, sizeof desk.conductor->engine.about.arch,
                        rows[i].node_arch);
        if (rows[i].is_unsigned) {
            service->config = service->manifest = (struct digest){0};
        }
        pull(app);
        desk_answer(0, 0, &(struct engine_answer){.image = &image});
        CHECK_INT_EQ(app->session.pull_refusal, rows[i].is_good ? 0 : ERR_DIGEST);
        CHECK_INT_EQ(app->session.staged.bytes[0], rows[i].is_good ? 2 : 0);
        CHECK_CONTAINS(desk.log,
                       rows[i].is_good ? ""
                       : rows[i].proofs != 0
                           ? "image r/two@sha256:02 is here for arm64, and this node is "
                             "amd64: remove it\n"
                           : "image r/two@sha256:02 is dd0000000000 here and shows none of "
                             "the signed digests: its index, manifest bb0000000000, config "
                             "cc0000000000\n");
        desk_close();
    }
    for (int only = 0; only < 2; only++) { /* one signed digest is enough to be asked for */
        struct app *app = begin();
        struct engine_image image = {.proofs = 0};
        struct plan_service *service = &app->plans.slots[1].plan.services[0];
        *(only == 0 ? &service->config : &service->manifest) = (struct digest){0};
        pull(app);
        desk_answer(0, 0, &(struct engine_answer){.image = &image});
        CHECK_INT_EQ(app->session.pull_refusal, ERR_DIGEST);
        desk_close();
    }
}

/* The answer to a wish that was given up meanwhile leaves an image that goes. */
static void pull_that_comes_too_late(void)
{
    for (int is_other = 0; is_other < 2; is_other++) {
        struct app *app = begin();
        pull(app);
        if (is_other) {
            app->session.staging.bytes[0] = 3;
        } else {
            app->session.is_staging = false;
        }
        desk_answer(0, 0, &(struct engine_answer){.image = &right});
        CHECK(digest_is_none(&app->session.staged));
        CHECK(app->session.is_staging == (is_other != 0));
        CHECK_INT_EQ(app->session.pull_failures, 3);
        CHECK_INT_EQ(app->garbage[0].bytes[0], 2);
        desk_close();
    }
}

static void pull_that_is_not_asked(void)
{
    struct app *app = begin();
    desk.refusal = ERR_BUSY;
    pull(app);
    CHECK_CONTAINS(desk.log, "w web: pull of release 02000000: busy: not taken\n");
    CHECK_INT_EQ(app->session.pull_failures, 4);
    desk_close();
    app = begin();
    app->plans.slots[1].is_used = false;
    pull(app);
    CHECK_STR_EQ(desk.said, "");
    CHECK_CONTAINS(desk.log, "the release to fetch cannot be read\n");
    desk_close();
    app = begin();
    app->plans.slots[1].plan.service_count = 0;
    pull(app);
    CHECK_STR_EQ(desk.said, "");
    CHECK_CONTAINS(desk.log, "the release to fetch cannot be read\n");
    desk_close();
}

static void network(void)
{
    static const struct {
        enum swap_phase phase;
        uint8_t failures, failures_then;
        int code;
    } rows[] = {
        {SWAP_REST, 0, 0, 0},
        {SWAP_PREPARE, 0, 0, 0},
        {SWAP_REST, 0, 0, ERR_EXISTS},
        {SWAP_PREPARE, 0, 1, ERR_EXISTS},
        {SWAP_UNPROVEN, 254, 255, ERR_ENGINE},
        {SWAP_UNPROVEN, 255, 255, ERR_ENGINE},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct app *app = begin();
        bool is_well = rows[i].code == 0;
        app->memory.phase = rows[i].phase;
        app->session.engine_failures = rows[i].failures;
        app->session.is_network_busy = true;
        app->session.is_network_ready = !is_well;
        perform(app, &(struct action){.kind = ACTION_NETWORK});
        CHECK_INT_EQ(desk.call_count, 1);
        desk.now = 3000;
        desk.conductor->is_dirty = false;
        desk_answer(0, rows[i].code, &(struct engine_answer){.id = "berth_net"});
        CHECK(!app->session.is_network_busy);
        CHECK(app->session.is_network_ready == is_well);
        CHECK_STR_EQ(app->network, is_well ? "berth_net" : "");
        CHECK(app->session.has_world_fault == !is_well);
        CHECK_INT_EQ(app->session.engine_failures, rows[i].failures_then);
        CHECK_INT_EQ(app->session.network_not_before, is_well ? 0 : 4000);
        CHECK_STR_EQ(desk.log, is_well ? ""
                               : rows[i].code == ERR_EXISTS
                                   ? "w web: network: told exists\n"
                                   : "w web: network: told engine-failed\n");
        CHECK(desk.conductor->is_dirty);
        CHECK(!desk.conductor->calls.list[0].is_used);
        desk_close();
    }
}

/* Images go at rest, when no container of a generation that is forgotten is left. */
static void old_images(void)
{
    struct app *app = begin();
    app->garbage[0].bytes[0] = 7;
    app->garbage[1].bytes[0] = 1; /* it serves */
    app->garbage[GARBAGE_MAX - 1].bytes[0] = 8;
    app->memory.phase = SWAP_PREPARE;
    garbage_step(app);
    CHECK_STR_EQ(desk.said, "");
    app->memory.phase = SWAP_REST;
    app->memory.history[0] = desk_generation(5, 5);
    struct replica *replica = session_need(&app->session, 4, 0, 1);
    replica->is_present = true;
    garbage_step(app);
    CHECK_STR_EQ(desk.said, "");
    for (uint32_t gen = 4; gen <= 5; gen++) { /* gone; and of a generation that is remembered */
        replica->is_present = gen == 5;
        replica->gen = gen;
        app->garbage[0].bytes[0] = 7;
        desk_clear();
        garbage_step(app);
        CHECK_CONTAINS(desk.said, "image-remove berth.local/gw/web:07000\n");
        CHECK(digest_is_none(&app->garbage[0]));
    }
    CHECK(digest_is_none(&app->garbage[1]));
    CHECK(digest_is_none(&app->garbage[GARBAGE_MAX - 1]));
    desk_close();
}

static void old_images_one_by_one(void)
{
    struct app *app = begin();
    app->garbage[0].bytes[0] = 7;
    app->garbage[1].bytes[0] = 1; /* it serves */
    app->garbage[GARBAGE_MAX - 1].bytes[0] = 8;
    app->doubted.bytes[0] = 1; /* may be wanted, and goes all the same */
    garbage_step(app);
    CHECK_STR_EQ(desk.said, "image-remove berth.local/gw/web:01000\n"
                            "image-remove berth.local/gw/web:07000\n"
                            "image-remove berth.local/gw/web:08000\n");
    CHECK(digest_is_none(&app->doubted));
    desk_answer(0, 0, NULL);
    desk_answer(1, ERR_ENGINE, NULL);
    CHECK_STR_EQ(desk.log, "w web: an old image stays: told engine-failed\n");
    CHECK(!desk.conductor->calls.list[0].is_used && !desk.conductor->calls.list[1].is_used);
    desk_clear();
    garbage_step(app);
    CHECK_STR_EQ(desk.said, "");
    desk_close();
}

/* Without a free call it is tried at the next turn; one that is not taken is said, and let be. */
static void old_images_without_a_call(void)
{
    struct app *app = begin();
    app->garbage[0].bytes[0] = 7;
    app->doubted.bytes[0] = 1;
    while (call_take(desk.conductor, app, ACTION_COUNT) != NULL) {
    }
    garbage_step(app);
    CHECK_STR_EQ(desk.said, "");
    CHECK_INT_EQ(app->garbage[0].bytes[0], 7);
    CHECK_INT_EQ(app->doubted.bytes[0], 1);
    call_drop(&desk.conductor->calls.list[5]);
    app->doubted.bytes[0] = 0;
    desk.refusal = ERR_BUSY;
    garbage_step(app);
    CHECK_STR_EQ(desk.log, "w web: an old image stays: not taken\n");
    CHECK(!desk.conductor->calls.list[5].is_used);
    CHECK(digest_is_none(&app->garbage[0]));
    desk_close();
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"a pull that is well", pull_that_is_well},
        {"a pull of what was missing", pull_of_what_was_missing},
        {"a pull that fails", pull_that_fails},
        {"a pull of another that fails", pull_of_another_that_fails},
        {"a pull of another image", pull_of_another_image},
        {"a pull that comes too late", pull_that_comes_too_late},
        {"a pull that is not asked", pull_that_is_not_asked},
        {"network", network},
        {"old images", old_images},
        {"old images one by one", old_images_one_by_one},
        {"old images without a call", old_images_without_a_call},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
