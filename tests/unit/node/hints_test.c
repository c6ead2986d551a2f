/* hints_test: a hint brings a look soon, hints together bring one, and a flood of them no more than
 * is said. */
#include "agent/node/hints.h"

#include "tests/check.h"

static void a_hint_is_answered_soon(void)
{
    struct hints hints = {0};
    CHECK_INT_EQ(hints_take(&hints, 5000), 5000 + HINTS_SETTLE_MS);
}

static void hints_together_are_one_look(void)
{
    struct hints hints = {0};
    mono_ms look_at = hints_take(&hints, 5000);
    for (mono_ms now = 5000; now < look_at; now++) {
        CHECK_INT_EQ(hints_take(&hints, now), look_at);
    }
    CHECK_INT_EQ(hints_take(&hints, look_at), look_at + HINTS_SETTLE_MS); /* after the look: news */
}

/* A hint in each millisecond of an hour. */
static void a_flood_is_bounded(void)
{
    struct hints hints = {0};
    mono_ms look_at = 0;
    int looks = 0;
    for (mono_ms now = 1; now <= 3600000; now++) {
        mono_ms next = hints_take(&hints, now);
        looks += next != look_at ? 1 : 0;
        CHECK(next > now && next <= now + HINTS_PAUSE_MS); /* it never waits for more than that */
        look_at = next;
    }
    CHECK(looks <= HINTS_BURST + 3600000 / HINTS_PAUSE_MS + 1);
    CHECK(looks >= 3600000 / HINTS_PAUSE_MS); /* and none is forgotten */
}

static void rest_fills_the_bucket_again(void)
{
    struct hints hints = {0};
    mono_ms now = 1000;
    for (int i = 0; i < 3 * HINTS_BURST; i++) {
        now = hints_take(&hints, now);
    }
    now += HINTS_BURST * (mono_ms)HINTS_PAUSE_MS;
    for (int i = 0; i < HINTS_BURST; i++) {
        mono_ms look_at = hints_take(&hints, now);
        CHECK_INT_EQ(look_at, now + HINTS_SETTLE_MS);
        now = look_at;
    }
    CHECK(hints_take(&hints, now) > now + HINTS_SETTLE_MS);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"a hint is answered soon", a_hint_is_answered_soon},
        {"hints together are one look", hints_together_are_one_look},
        {"a flood is bounded", a_flood_is_bounded},
        {"rest fills the bucket again", rest_fills_the_bucket_again},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
