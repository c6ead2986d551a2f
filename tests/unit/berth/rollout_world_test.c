/* rollout_world: as many rollouts as lie at the broker are known to who only looks. */
#include "ports/app/berth/rollout_world.h"
#include "tests/check.h"
#include "tests/sim/sealing.h"

enum { MANY = 700 };

static struct rollout_world world;

/* More than any fixed table would hold, specs and states in either order, each found again. */
static void case_many(void)
{
    static const struct trust trust;
    static const struct keyring keyring;
    struct fleet_dir dir = {.path = "/nonexistent", .fleet = "sim"};
    const struct operators operators = sealing_operators(1);
    char topic[BUS_TOPIC_BYTES];
    const struct kept *found = NULL;
    CHECK_INT_EQ(rollout_world_open(&world, &dir, &trust, &keyring, NULL), 0);
    world.mirror.verify = seal_verify_port();
    world.mirror.operators = operators;
    for (int i = 0; i < MANY; i++) {
        struct rollout_spec spec = {
            .app = "web", .created = 1000 + i, .max_unavailable = 1, .offline = "later"};
        spec.release.bytes[0] = 1;
        (void)snprintf(spec.id, sizeof spec.id, "r%03d", i);
        (void)snprintf(topic, sizeof topic, "berth/1/sim/rollout/%s/spec", spec.id);
        rollout_world_take(&world, topic, sealing_spec(&spec, SEALING_ANN), true);
    }
    rollout_world_sort(&world);
    CHECK_INT_EQ(world.count, MANY);
    CHECK(!world.mirror.is_short);
    CHECK_INT_EQ(rollout_world_find(&world, NULL, &found, NULL), 0);
    CHECK(found != NULL);
    CHECK_STR_EQ(found->spec.id, "r699"); /* the newest */
    CHECK_INT_EQ(rollout_world_find(&world, "r000", &found, NULL), 0);
    CHECK_STR_EQ(found->spec.id, "r000");
    rollout_world_close(&world);
}

static int found_is(const char *word, const char *id)
{
    struct err err = {0};
    const struct kept *found = NULL;
    int rc = rollout_world_find(&world, word, &found, &err);
    CHECK_STR_EQ(rc == 0 ? found->spec.id : err.text, id);
    return rc;
}

/* An id may be short where no other is meant; "latest" is the newest. */
static void case_short_ids(void)
{
    static const char *const ids[] = {"web-1", "web-12-ab", "web-13-ac", "shop-14-ab"};
    static const struct trust trust;
    static const struct keyring keyring;
    struct fleet_dir dir = {.path = "/nonexistent", .fleet = "sim"};
    char topic[BUS_TOPIC_BYTES];
    CHECK_INT_EQ(rollout_world_open(&world, &dir, &trust, &keyring, NULL), 0);
    world.mirror.verify = seal_verify_port();
    world.mirror.operators = sealing_operators(1);
    CHECK_INT_EQ(found_is("latest", "no rollout is there; begin one: berth rollout start"),
                 ERR_NOT_FOUND);
    for (int i = 0; i < 4; i++) {
        struct rollout_spec spec = {
            .app = "web", .created = 1000 + i, .max_unavailable = 1, .offline = "later"};
        spec.release.bytes[0] = 1;
        (void)snprintf(spec.id, sizeof spec.id, "%s", ids[i]);
        (void)snprintf(topic, sizeof topic, "berth/1/sim/rollout/%s/spec", spec.id);
        rollout_world_take(&world, topic, sealing_spec(&spec, SEALING_ANN), true);
    }
    rollout_world_sort(&world);
    CHECK_INT_EQ(found_is("latest", "shop-14-ab"), 0);
    CHECK_INT_EQ(found_is("shop", "shop-14-ab"), 0);
    CHECK_INT_EQ(found_is("web-1", "web-1"), 0); /* itself, though others begin with it */
    CHECK_INT_EQ(found_is("ac", "web-13-ac"), 0);
    CHECK_INT_EQ(found_is("web-12", "web-12-ab"), 0);
    CHECK_INT_EQ(found_is("ab", "ab means several rollouts: shop-14-ab web-12-ab"), ERR_VALUE);
    CHECK_INT_EQ(found_is("x", "no rollout x; there are shop-14-ab web-13-ac web-12-ab web-1"),
                 ERR_NOT_FOUND);
    rollout_world_close(&world);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"many", case_many}, {"short ids", case_short_ids}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
