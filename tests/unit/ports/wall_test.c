/* wall_test: what is believed of the time, in the ways clocks go wrong. */
#include "ports/linux/wall.h"

#include "tests/check.h"

#define BUILD 1767225600000 /* 2026-01-01 */
#define DAY   (24 * MINUTES_MS(60))
#define NOW   (BUILD + 100 * DAY)  /* the true time */
#define AHEAD (BUILD + 9000 * DAY) /* a real-time clock years ahead */

static struct wall wall;

static wall_ms look(wall_ms says, mono_ms now, bool is_synchronised, bool *trusted)
{
    const struct wall_reading reading = {says, now, is_synchronised};
    return wall_look(&wall, &reading, trusted);
}

static wall_ms past(wall_ms says, mono_ms now, bool is_synchronised)
{
    const struct wall_reading reading = {says, now, is_synchronised};
    return wall_past(&wall, &reading);
}

/* What it says is shown, never believed; what is then saved is not it. */
static void unkept_clock_ahead(void)
{
    bool is_trusted = true;
    wall_init(&wall, BUILD, 1000);
    CHECK_INT_EQ(look(AHEAD, 2000, false, &is_trusted), AHEAD);
    CHECK(!is_trusted);
    CHECK_INT_EQ(past(AHEAD, 2000, false), BUILD + 1000);
    CHECK_INT_EQ(past(AHEAD, 1000 + DAY, false), BUILD + DAY);
}

static void ahead_then_synchronised(void)
{
    bool is_trusted = false;
    wall_init(&wall, BUILD, 0);
    (void)look(AHEAD, 1000, false, &is_trusted);
    CHECK_INT_EQ(look(NOW, 2000, true, &is_trusted), NOW);
    CHECK(is_trusted);
    CHECK_INT_EQ(past(NOW, 2000, true), NOW);
    CHECK_INT_EQ(past(AHEAD, 3000, false), NOW + 1000); /* it jumps ahead while running */
    CHECK_INT_EQ(look(NOW - DAY, 4000, false, &is_trusted), NOW + 2000); /* and back */
    CHECK(!is_trusted);
}

/* What was believed before, by a floor that was saved from the future, is healed. */
static void synchronised_clock_wins(void)
{
    bool is_trusted = false;
    wall_init(&wall, BUILD, 0);
    wall_prove(&wall, AHEAD, 0);
    CHECK_INT_EQ(look(NOW, 500, false, &is_trusted), AHEAD + 500);
    CHECK_INT_EQ(look(NOW, 1000, true, &is_trusted), NOW);
    CHECK(is_trusted);
    CHECK_INT_EQ(past(0, 2000, false), NOW + 1000);
}

static void synchronised_before_the_build(void)
{
    bool is_trusted = true;
    wall_init(&wall, BUILD, 0);
    CHECK_INT_EQ(look(BUILD - 1, 1000, true, &is_trusted), BUILD + 1000);
    CHECK(!is_trusted);
    CHECK_INT_EQ(look(BUILD, 2000, true, &is_trusted), BUILD);
    CHECK(is_trusted);
}

/* 1970, no network: time goes on from what was proven, through boots. */
static void no_clock_at_all(void)
{
    bool is_trusted = true;
    wall_init(&wall, BUILD, 0);
    CHECK_INT_EQ(look(5000, 5000, false, &is_trusted), BUILD + 5000);
    CHECK(!is_trusted);
    wall_prove(&wall, NOW, 6000); /* a certificate */
    CHECK_INT_EQ(look(7000, 7000, false, &is_trusted), NOW + 1000);
    wall_prove(&wall, NOW + 500, 8000); /* known already */
    CHECK_INT_EQ(past(8000, 8000, false), NOW + 2000);
    wall_ms saved = past(9000, 9000, false);
    wall_init(&wall, BUILD, 3000);
    wall_prove(&wall, saved, 3000);
    CHECK_INT_EQ(look(4000, 4000, false, &is_trusted), NOW + 4000);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"a clock ahead that nobody keeps right", unkept_clock_ahead},
        {"ahead, then synchronised", ahead_then_synchronised},
        {"a synchronised clock wins", synchronised_clock_wins},
        {"synchronised before the build", synchronised_before_the_build},
        {"no clock at all", no_clock_at_all},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
