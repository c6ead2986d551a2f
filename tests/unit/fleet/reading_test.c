/* reading: how a coordinator knows that it has read all of the fleet, and reads it again. */
#include "tests/check.h"
#include "tests/sim/sealing.h"
#include "tests/unit/fleet/desk.h"

enum { FILTERS = 16, ONES = 12, FENCES = 12 }; /* of which so many are of berth/1, have room */

static struct desk desk;

/* A fence that does not come back tells that the broker has kept something: all is read again, and
 * nothing is begun. Only where nothing at all comes from berth/2 its fences are not waited for. */
static void case_fences(void)
{
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    (void)text_copy(desk.fences_lost, sizeof desk.fences_lost, "berth/1/");
    desk_connect(&desk);
    desk_run(&desk, 14900);
    CHECK_INT_EQ(desk.filter_count, FILTERS);
    CHECK(!coordinator_is_informed(desk.coordinator));
    desk.fences_lost[0] = '\0';
    desk_run(&desk, 200);
    CHECK_INT_EQ(desk.filter_count, 2 * FILTERS);
    CHECK_CONTAINS(desk.said, "the broker stopped before the end");
    CHECK_INT_EQ(desk_count(&desk, "/coordinator"), 0);
    desk_filters_answer(&desk, NULL);
    desk_run(&desk, 1000);
    CHECK_INT_EQ(desk_count(&desk, "/coordinator"), 1);
    desk_close(&desk);
    for (int is_heard = 0; is_heard < 2; is_heard++) {
        desk_open(&desk, SEAL_PEM_TRUSTED, 0);
        (void)text_copy(desk.fences_lost, sizeof desk.fences_lost, "berth/2/");
        desk_connect(&desk);
        if (is_heard == 1) {
            desk.user.received(desk.user.ctx, "berth/2/sim/node/00/x/report", span_text("{"), true);
        }
        desk_run(&desk, 16000);
        CHECK_INT_EQ(desk.filter_count, FILTERS * (is_heard + 1));
        CHECK_INT_EQ(desk_count(&desk, "/coordinator"), is_heard == 1 ? 0 : 1);
        CHECK_INT_EQ(strstr(desk.said, "nothing comes from berth/2") != NULL, is_heard == 0);
        desk_close(&desk);
    }
}

/* They go out in one breath with what is asked: one that is sent after the answer may find room in
 * a queue that has dropped some of what was before it. The patience with them begins with the last
 * answer. */
static void case_fences_in_one_breath(void)
{
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    (void)text_copy(desk.fences_lost, sizeof desk.fences_lost, "berth/1/");
    desk_step(&desk, 0);
    desk.user.opened(desk.user.ctx);
    CHECK_INT_EQ(desk.filter_count, FILTERS);
    CHECK_INT_EQ(desk.fence_count, FENCES);
    desk_step(&desk, 20000);
    CHECK_INT_EQ(desk.filter_count, FILTERS); /* nothing was answered yet */
    desk_filters_answer(&desk, NULL);
    desk_step(&desk, 14999);
    CHECK_INT_EQ(desk.filter_count, FILTERS);
    desk_step(&desk, 1);
    CHECK_INT_EQ(desk.filter_count, 2 * FILTERS);
    CHECK_INT_EQ(desk.fence_count, FENCES);
    desk_close(&desk);
}

/* A large fleet is read again in pieces: what lies at berth/1 and rollouts whole, and of berth/2
 * one shard after the other, so that each comes once in ten minutes. */
static void case_rereads_in_pieces(void)
{
    enum { MANY = 2049 };
    char node[16];
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_step(&desk, 0);
    desk.user.opened(desk.user.ctx);
    mono_ms opened = desk.now;
    desk_filters_answer(&desk, NULL);
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(node, sizeof node, "gw-%d", i);
        desk_hear_presence(&desk, node, true);
    }
    desk_step(&desk, opened + 600000 - 1 - desk.now);
    CHECK_INT_EQ(desk.filter_count, FILTERS);
    desk_step(&desk, 1);
    CHECK_INT_EQ(desk.filter_count, FILTERS + ONES + 4);
    for (size_t i = 0; i < ONES; i++) {
        CHECK(strncmp(desk.filters[FILTERS + i].filter, "berth/1/", 8) == 0);
    }
    CHECK_STR_EQ(desk.filters[FILTERS + ONES].filter, "berth/2/sim/node/00/+/labels");
    CHECK_STR_EQ(desk.filters[FILTERS + ONES + 3].filter, "berth/2/sim/node/00/+/report");
    CHECK_INT_EQ(desk.unsubscribed_count, 0);
    CHECK(coordinator_deadline(desk.coordinator) <= desk.now + 600000 / 256);
    desk_step(&desk, 600000 / 256 - 1);
    CHECK_INT_EQ(desk.filter_count, FILTERS + ONES + 4);
    desk_step(&desk, 1);
    CHECK_INT_EQ(desk.filter_count, FILTERS + ONES + 8);
    CHECK_STR_EQ(desk.filters[FILTERS + ONES + 4].filter, "berth/2/sim/node/01/+/labels");
    CHECK_INT_EQ(desk.unsubscribed_count, 4);
    CHECK_STR_EQ(desk.unsubscribed, "berth/2/sim/node/00/+/report");
    desk_close(&desk);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"fences", case_fences},
                                              {"fences: in one breath", case_fences_in_one_breath},
                                              {"rereads in pieces", case_rereads_in_pieces}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
