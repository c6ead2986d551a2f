/* store_flat_cuts: the power cut at every write of the flat store and torn at every byte, cut again
 * on the way back, and cut while formatting. */
#include <stdio.h>
#include <string.h>

#include "tests/check.h"
#include "tests/contract/flat_story.h"

static struct flat_world *world;

/* Ways in which a write that is cut reaches the medium. */
enum tear { TEAR_HEAD, TEAR_TAIL, TEAR_PAGE, TEAR_COUNT };

static void torn_put(const struct flat_event *event, enum tear tear, size_t bytes)
{
    if (tear == TEAR_PAGE) { /* the flash was erased, no more */
        uint64_t from = event->at / FLAT_DISK_PAGE * FLAT_DISK_PAGE;
        uint64_t to = (event->at + event->len + FLAT_DISK_PAGE - 1) / FLAT_DISK_PAGE;
        memset(world->disk.durable + from, 0xff, to * FLAT_DISK_PAGE - from);
        return;
    }
    size_t from = tear == TEAR_HEAD ? 0 : event->len - bytes;
    memcpy(world->disk.durable + event->at + from, event->bytes + from, bytes);
}

/* Opens what the cut left, looks, does the step again with another cut in it, looks, and lastly
 * goes through with it. */
static bool cut_survived(size_t step, int cut_again)
{
    bool has_happened = false;
    struct err err;
    flat_disk_cut(&world->disk);
    if (flat_world_open(world, &err) != 0) {
        printf("    %s\n", err.text);
        return false;
    }
    bool is_good = flat_world_is_due(world, step, &has_happened);
    world->disk.countdown = cut_again; /* the device dies in the middle, then the power goes */
    world->disk.is_repeating = true;
    world->disk.remains = FLAT_REMAINS_HALF;
    (void)flat_step_run(world, &world->story[step]);
    flat_store_close(&world->store);
    flat_disk_cut(&world->disk);
    is_good = is_good && flat_world_open(world, &err) == 0 &&
              flat_world_is_due(world, step, &has_happened);
    is_good = is_good && flat_step_run(world, &world->story[step]) == 0;
    flat_store_close(&world->store);
    flat_disk_cut(&world->disk);
    is_good = is_good && flat_world_open(world, &err) == 0 &&
              flat_world_is_due(world, step, &has_happened);
    flat_store_close(&world->store);
    return is_good && (has_happened || strcmp(world->story[step].name, "fresh") == 0);
}

/* From the head every byte of a cell's page, from the tail some, and of a blob's content some. */
static size_t tear_stride(const struct flat_event *event, enum tear tear)
{
    size_t stride = event->len > FLAT_USED_BYTES ? event->len / 5 : 1;
    return tear == TEAR_PAGE ? event->len + 1 : tear == TEAR_TAIL && stride == 1 ? 7 : stride;
}

static int event_torn(size_t step, const struct flat_event *event, const uint8_t *before)
{
    int cuts = 0;
    for (int tear = TEAR_HEAD; tear < TEAR_COUNT; tear++) {
        size_t stride = tear_stride(event, (enum tear)tear);
        for (size_t bytes = 0; bytes <= event->len; bytes += stride) {
            memcpy(world->disk.durable, before, FLAT_DISK_BYTES);
            torn_put(event, (enum tear)tear, bytes);
            bool is_good = cut_survived(step, 1 + cuts % 4);
            CHECK(is_good);
            if (!is_good) {
                printf("    step %zu, a write of %zu at %llu torn at %zu, way %d\n", step,
                       event->len, (unsigned long long)event->at, bytes, tear);
                return cuts;
            }
            cuts++;
        }
    }
    return cuts;
}

/* One step, once for each event of it. The images are kept: a cut tries its image up. */
static int step_cut(size_t step)
{
    static uint8_t before[FLAT_DISK_BYTES];
    static struct flat_event log[FLAT_DISK_LOG];
    int cuts = 0;
    memcpy(before, world->disk.durable, sizeof before);
    world->disk.events = 0;
    CHECK_INT_EQ(flat_world_open(world, NULL), 0);
    CHECK_INT_EQ(flat_step_run(world, &world->story[step]), 0);
    flat_store_close(&world->store);
    size_t events = world->disk.events;
    memcpy(log, world->disk.log, sizeof log);
    for (size_t i = 0; i < events; i++) {
        if (log[i].len > 0) {
            cuts += event_torn(step, &log[i], before);
            CHECK(i + 1 < events && log[i + 1].len == 0); /* each write has its own sync */
            memcpy(before + log[i].at, log[i].bytes, log[i].len);
        }
    }
    memcpy(world->disk.durable, before, sizeof before);
    flat_disk_cut(&world->disk);
    return cuts;
}

static void case_cut_at_every_write_and_byte(void)
{
    int cuts = 0;
    flat_world_empty(world);
    CHECK_INT_EQ(flat_world_open(world, NULL), 0);
    flat_store_close(&world->store);
    for (size_t step = 0; step < FLAT_STORY_STEPS && check_failures_ == 0; step++) {
        cuts += step_cut(step);
    }
    printf("    %d cuts\n", cuts);
    CHECK(cuts > 10000);
}

static void case_cut_while_formatting(void)
{
    static struct flat_event log[FLAT_DISK_LOG];
    flat_world_empty(world);
    CHECK_INT_EQ(flat_world_open(world, NULL), 0);
    flat_store_close(&world->store);
    size_t events = world->disk.events;
    memcpy(log, world->disk.log, sizeof log);
    CHECK_INT_EQ(events, 2 * FLAT_SUPERBLOCKS);
    for (size_t i = 0; i < events; i += 2) {
        for (size_t bytes = 0; bytes <= log[i].len; bytes++) {
            for (int tear = TEAR_HEAD; tear < TEAR_COUNT; tear++) {
                flat_world_empty(world);
                if (i > 0) {
                    torn_put(&log[0], TEAR_HEAD, log[0].len);
                }
                torn_put(&log[i], (enum tear)tear, bytes);
                flat_disk_cut(&world->disk);
                CHECK_INT_EQ(flat_world_open(world, NULL), 0);
                CHECK_INT_EQ(flat_step_run(world, &world->story[0]), 0);
                flat_store_close(&world->store);
                flat_disk_cut(&world->disk);
                CHECK_INT_EQ(flat_world_open(world, NULL), 0);
                CHECK_STR_EQ(flat_get(world, false, "app"), "one");
                flat_store_close(&world->store);
            }
        }
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"cut at every write and byte", case_cut_at_every_write_and_byte},
        {"cut while formatting", case_cut_while_formatting},
    };
    world = flat_world_new();
    int status = check_run(cases, sizeof cases / sizeof cases[0], argc, argv);
    flat_world_free(world);
    return status;
}
