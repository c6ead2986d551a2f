/* hint_test: a hint brings the next look forward and changes nothing else: no verdict, no replica,
 * no action. */
#include "agent/node/hints.h"
#include "tests/check.h"
#include "tests/unit/node/desk.h"

/* At rest, with the next looks far away. */
static struct conductor *begin(void)
{
    (void)desk_open();
    struct conductor *conductor = desk.conductor;
    conductor->engine.is_up = true;
    conductor->traffic.is_known = true;
    conductor->engine.list_at = 100000;
    conductor->engine.about_at = MONO_NEVER;
    conductor->traffic.read_at = 100000;
    hints_start(conductor);
    CHECK_STR_EQ(desk.said, "watch gw\nwatch the kernel\n");
    desk_clear();
    return conductor;
}

static void a_hint_is_a_look_and_nothing_else(void)
{
    struct conductor *conductor = begin();
    static struct app before[APPS_MAX];
    memcpy(before, conductor->apps, sizeof before);
    desk.engine_hint(desk.hint_ctx);
    desk.route_hint(desk.hint_ctx);
    CHECK_INT_EQ(conductor->engine.list_at, desk.now + HINTS_SETTLE_MS);
    CHECK_INT_EQ(conductor->traffic.read_at, desk.now + HINTS_SETTLE_MS);
    CHECK_INT_EQ(memcmp(before, conductor->apps, sizeof before), 0);
    CHECK(!conductor->is_dirty);
    CHECK_STR_EQ(desk.said, "");
    CHECK_STR_EQ(desk.log, "");
    desk.now += HINTS_SETTLE_MS;
    observe_step(conductor);
    CHECK_STR_EQ(desk.said, "list gw\n");
    desk_close();
}

static void a_look_that_is_sooner_stays(void)
{
    struct conductor *conductor = begin();
    for (int i = 0; i < 3 * HINTS_BURST; i++) {
        conductor->engine.list_at = desk.now + HINTS_SOON_MS;
        conductor->traffic.read_at = desk.now + HINTS_SOON_MS;
        desk.engine_hint(desk.hint_ctx);
        desk.route_hint(desk.hint_ctx);
        CHECK_INT_EQ(conductor->engine.list_at, desk.now + HINTS_SOON_MS);
        CHECK_INT_EQ(conductor->traffic.read_at, desk.now + HINTS_SOON_MS);
        desk.now += HINTS_SOON_MS;
    }
    conductor->engine.list_at = desk.now + HINTS_SOON_MS + 1; /* and nothing of the burst is gone */
    desk.engine_hint(desk.hint_ctx);
    CHECK_INT_EQ(conductor->engine.list_at, desk.now + HINTS_SETTLE_MS);
    desk_close();
}

/* Whoever is away is asked at the pace of its failures. */
static void what_is_away_is_not_asked_more_often(void)
{
    struct conductor *conductor = begin();
    conductor->engine.is_up = false;
    conductor->traffic.is_known = false;
    desk.engine_hint(desk.hint_ctx);
    desk.route_hint(desk.hint_ctx);
    CHECK_INT_EQ(conductor->engine.list_at, 100000);
    CHECK_INT_EQ(conductor->traffic.read_at, 100000);
    desk_close();
}

static void an_engine_that_says_nothing_is_said_and_no_more(void)
{
    (void)desk_open();
    desk.refusal = ERR_MEMORY;
    hints_start(desk.conductor);
    CHECK_STR_EQ(desk.log, "w what is done by hand is seen late: no watch\n");
    desk_close();
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"a hint is a look and nothing else", a_hint_is_a_look_and_nothing_else},
        {"a look that is sooner stays", a_look_that_is_sooner_stays},
        {"what is away is not asked more often", what_is_away_is_not_asked_more_often},
        {"an engine that says nothing is said and no more",
         an_engine_that_says_nothing_is_said_and_no_more},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
