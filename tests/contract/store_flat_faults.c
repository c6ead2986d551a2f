/* store_flat_faults: a device under the flat store that fails a write or a sync, and lies about it
 * until it is opened again. */
#include <stdio.h>
#include <string.h>

#include "tests/check.h"
#include "tests/contract/flat_story.h"

static struct flat_world *world;

/* Event `n` of the step fails; what the port then says is what is on the medium, and it goes on. */
static bool step_failed(size_t step, int n, bool *has_failed)
{
    bool has_happened = false;
    char told[FLAT_STORY_DOCUMENTS][FLAT_STORY_TEXT_BYTES];
    CHECK_INT_EQ(flat_world_open(world, NULL), 0);
    world->disk.countdown = n;
    int rc = flat_step_run(world, &world->story[step]);
    *has_failed = world->disk.is_failing;
    bool is_good = rc == (*has_failed ? ERR_STORE : 0);
    is_good = is_good && flat_world_is_due(world, step, &has_happened);
    for (size_t d = 0; d < FLAT_STORY_DOCUMENTS; d++) {
        (void)snprintf(told[d], sizeof told[d], "%s",
                       flat_get(world, flat_document(d)->is_blob, flat_document(d)->name));
    }
    static uint8_t kept[FLAT_DISK_BYTES];
    memcpy(kept, world->disk.durable, sizeof kept);
    world->disk.countdown = 1; /* a second failure in a row takes nothing that was told */
    world->disk.is_failing = false;
    (void)flat_step_run(world, &world->story[step]);
    world->disk.is_failing = false;
    is_good = is_good && flat_world_is_due(world, step, &has_happened) &&
              flat_step_run(world, &world->story[step]) == 0;
    flat_store_close(&world->store);
    memcpy(world->disk.durable, kept, sizeof kept);
    flat_disk_cut(&world->disk);
    CHECK_INT_EQ(flat_world_open(world, NULL), 0);
    for (size_t d = 0; d < FLAT_STORY_DOCUMENTS; d++) {
        is_good =
            is_good && strcmp(flat_get(world, flat_document(d)->is_blob, flat_document(d)->name),
                              told[d]) == 0;
    }
    flat_store_close(&world->store);
    return is_good;
}

static void case_failed_write_or_sync(void)
{
    static uint8_t before[FLAT_DISK_BYTES];
    int failures = 0;
    flat_world_empty(world);
    CHECK_INT_EQ(flat_world_open(world, NULL), 0);
    flat_store_close(&world->store);
    for (size_t step = 0; step < FLAT_STORY_STEPS; step++) {
        memcpy(before, world->disk.durable, sizeof before);
        for (int remains = 0; remains < FLAT_REMAINS_COUNT; remains++) {
            bool has_failed = true;
            for (int n = 1; has_failed; n++) {
                memcpy(world->disk.durable, before, sizeof before);
                flat_disk_cut(&world->disk);
                world->disk.remains = (enum flat_remains)remains;
                bool is_good = step_failed(step, n, &has_failed);
                CHECK(is_good);
                if (!is_good) {
                    printf("    step %zu, event %d fails, remains %d\n", step, n, remains);
                }
                failures += has_failed;
            }
        }
        memcpy(world->disk.durable, before, sizeof before);
        flat_disk_cut(&world->disk);
        CHECK_INT_EQ(flat_world_open(world, NULL), 0);
        CHECK_INT_EQ(flat_step_run(world, &world->story[step]), 0);
        flat_store_close(&world->store);
    }
    printf("    %d failures\n", failures);
    CHECK(failures > 100);
}

static void case_device_dead_then_back(void)
{
    flat_world_empty(world);
    CHECK_INT_EQ(flat_world_open(world, NULL), 0);
    CHECK_INT_EQ(flat_step_run(world, &world->story[0]), 0);
    world->disk.countdown = 1;
    world->disk.is_repeating = true;
    CHECK_INT_EQ(flat_step_run(world, &world->story[2]), ERR_STORE);
    CHECK_STR_EQ(flat_get(world, false, "app"), "store-failed");
    CHECK_INT_EQ(flat_listed(world), SIZE_MAX);
    CHECK_INT_EQ(flat_step_run(world, &world->story[2]), ERR_STORE);
    world->disk.is_failing = false;
    CHECK_STR_EQ(flat_get(world, false, "app"), "one");
    CHECK_INT_EQ(flat_step_run(world, &world->story[2]), 0);
    CHECK_STR_EQ(flat_get(world, false, "app"), "two");
    flat_store_close(&world->store);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"failed write or sync", case_failed_write_or_sync},
        {"device dead, then back", case_device_dead_then_back},
    };
    world = flat_world_new();
    int status = check_run(cases, sizeof cases / sizeof cases[0], argc, argv);
    flat_world_free(world);
    return status;
}
