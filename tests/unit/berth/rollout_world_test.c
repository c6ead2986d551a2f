/* rollout_world: as many rollouts as lie at the broker are known to who only looks. */
#include "ports/app/berth/rollout_world.h"
#include "tests/check.h"

enum { MANY = 700 };

static struct rollout_world world;

/* More than any fixed table would hold, specs and states in either order, each found again. */
static void case_many(void)
{
    static const struct trust trust;
    char topic[BUS_TOPIC_BYTES], document[SMALL_BYTES_MAX];
    const struct kept *found = NULL;
    struct text text;
    CHECK_INT_EQ(rollout_world_open(&world, "plant", &trust, (struct verify){0}, NULL), 0);
    for (int i = 0; i < MANY; i++) {
        struct rollout_spec spec = {
            .app = "web", .created = 1000 + i, .max_unavailable = 1, .offline = "later"};
        spec.release.bytes[0] = 1;
        (void)snprintf(spec.id, sizeof spec.id, "r%03d", i);
        (void)snprintf(topic, sizeof topic, "berth/1/plant/rollout/%s/spec", spec.id);
        text_init(&text, document, sizeof document);
        rollout_spec_render(&spec, &text);
        rollout_world_take(&world, topic, span_of(text.data, text.len), true);
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

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"many", case_many}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
