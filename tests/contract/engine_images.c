/* engine_images: images that did not come by a pull are known by the digests that were signed. */
#include <stdio.h>

#include "tests/check.h"
#include "tests/contract/engine_call.h"
#include "tests/contract/engine_parts.h"

static const struct engine_fixture *fixture;

static int find(const struct engine_wanted *wanted, struct engine_result *result)
{
    struct err err;
    memset(result, 0, sizeof *result);
    int rc = fixture->engine.ops->image_find(fixture->engine.self, wanted, engine_result_done,
                                             result, &err);
    if (rc == 0) {
        engine_wait(fixture, result);
    }
    return rc != 0 ? rc : result->code;
}

static int pull(const struct engine_wanted *wanted, struct engine_result *result)
{
    struct err err;
    memset(result, 0, sizeof *result);
    int rc = fixture->engine.ops->pull(fixture->engine.self, wanted, NULL, engine_result_done,
                                       result, &err);
    if (rc == 0) {
        engine_wait(fixture, result);
    }
    return rc != 0 ? rc : result->code;
}

static bool is_loaded(char config[80])
{
    if (fixture->load == NULL || fixture->registry_image[REGISTRY_GOOD] == NULL) {
        printf("    skipped: nothing to load from in this place\n");
        return false;
    }
    bool is_there = fixture->load(fixture->self, config, 80);
    CHECK(is_there);
    return is_there;
}

/* The same content, in the archive of a classic store; no reference names it. */
static void what_a_load_brought_is_known_by_its_config(void)
{
    char config[80];
    struct engine_result result;
    struct engine_wanted wanted = {.reference = fixture->registry_image[REGISTRY_GOOD]};
    if (!is_loaded(config)) {
        return;
    }
    CHECK_INT_EQ(find(&wanted, &result), ERR_NOT_FOUND); /* nothing signed is known of it */
    CHECK(digest_parse(config, &wanted.config));
    CHECK_INT_EQ(find(&wanted, &result), 0);
    CHECK_INT_EQ(result.image.proofs, ENGINE_PROOF_CONFIG);
    wanted.config.bytes[0] ^= 1u;
    CHECK_INT_EQ(find(&wanted, &result), ERR_NOT_FOUND);
    fixture->unload(fixture->self);
    wanted.config.bytes[0] ^= 1u;
    CHECK_INT_EQ(find(&wanted, &result), ERR_NOT_FOUND);
}

/* It needs no registry, and the tag keeps it when the name of the load goes. */
static void what_a_load_brought_is_taken_and_kept(void)
{
    char config[80];
    char reference[ENGINE_REFERENCE_BYTES];
    struct parts parts;
    struct engine_result result;
    struct engine_wanted wanted = {.reference = reference, .tag = fixture->tag};
    if (!is_loaded(config)) {
        return;
    }
    (void)snprintf(reference, sizeof reference, "127.0.0.1:1/nobody/%s",
                   strrchr(fixture->registry_image[REGISTRY_GOOD], '/') + 1);
    CHECK(digest_parse(config, &wanted.config));
    CHECK_INT_EQ(pull(&wanted, &result), 0);
    CHECK_INT_EQ(result.image.proofs, ENGINE_PROOF_CONFIG);
    fixture->unload(fixture->self);
    CHECK_INT_EQ(find(&wanted, &result), 0);
    CHECK_INT_EQ(engine_do_network(fixture, &fixture->network), 0);
    parts_fill(&parts, IMAGE_SLEEPS, 0, "io.berth.spec=0123456789abcdef");
    parts.spec.image = fixture->tag;
    CHECK_INT_EQ(engine_do_start(fixture, parts_make(&parts)), 0);
    parts_clean();
    CHECK_INT_EQ(engine_do_image_remove(fixture, fixture->tag), 0);
    CHECK_INT_EQ(find(&wanted, &result), ERR_NOT_FOUND);
}

/* A pull leaves a reference; what it brought shows a signed digest of every kind that is asked. */
static void what_was_pulled_is_proven(void)
{
    struct engine_result result;
    struct engine_wanted wanted = {.reference = fixture->registry_image[REGISTRY_GOOD],
                                   .tag = fixture->tag};
    if (wanted.reference == NULL || fixture->load == NULL) {
        printf("    skipped: no registry in this place\n");
        return;
    }
    CHECK_INT_EQ(pull(&wanted, &result), 0);
    CHECK((result.image.proofs & ENGINE_PROOF_INDEX) != 0);
    CHECK_INT_EQ(engine_do_image_remove(fixture, fixture->tag), 0);
    CHECK_INT_EQ(find(&wanted, &result), ERR_NOT_FOUND);
}

int engine_images_run(const struct engine_fixture *given, int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"what_a_load_brought_is_known_by_its_config", what_a_load_brought_is_known_by_its_config},
        {"what_a_load_brought_is_taken_and_kept", what_a_load_brought_is_taken_and_kept},
        {"what_was_pulled_is_proven", what_was_pulled_is_proven},
    };
    fixture = given;
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
