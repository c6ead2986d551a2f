/* hold: the gap of releases that stop first, in the toy world: who comes in it waits. */
#include "tests/check.h"
#include "tests/unit/node/toy.h"

#define TURNS 3000

static struct toy toy;

static void check_rest(int release)
{
    CHECK(toy_settle(&toy, TURNS));
    CHECK_INT_EQ(toy_serving(&toy), release);
    CHECK_INT_EQ(toy.broken, 0);
}

/* Two releases that stop first; new connections wait so long at most. */
static void begin_holding(int64_t hold_ms)
{
    toy_init(&toy, 1);
    for (int release = 1; release <= 2; release++) {
        toy.plans[release].services[0].order = PLAN_STOP_FIRST;
        toy.plans[release].hold_ms = hold_ms;
        toy.plans[release].drain_ms = 15000;
        toy.plans[release].services[0].notice.kind = PLAN_NOTICE_NONE;
    }
    toy_deploy(&toy, 1);
}

/* In the gap of a swap and of the way back by hand nobody is refused; without a hold all are. No
 * drain makes the gap longer. */
static void case_gap_waits(void)
{
    begin_holding(30000);
    toy_deploy(&toy, 2);
    CHECK(toy.dark_ms > 0 && toy.dark_ms < 700 + 1500);
    CHECK_INT_EQ(toy.refused_ms, 0);
    CHECK_INT_EQ(toy.session.hold_until, 0);
    toy_want(&toy, 1, false);
    check_rest(1);
    CHECK_INT_EQ(toy.refused_ms, 0);
    begin_holding(0);
    toy_deploy(&toy, 2);
    CHECK_INT_EQ(toy.refused_ms, toy.dark_ms);
}

/* A candidate that fails in either phase: who comes on the way back waits for the old release. In
 * the soak those are refused who come before the failure was seen. */
static void case_gap_waits_on_the_way_back(void)
{
    begin_holding(600000);
    toy.images[2].ready_ms = -1;
    toy_want(&toy, 2, false);
    check_rest(1);
    CHECK(toy.dark_ms > 0);
    CHECK_INT_EQ(toy.refused_ms, 0);
    begin_holding(30000);
    toy.images[2].unready_ms = 3000;
    toy_want(&toy, 2, false);
    check_rest(1);
    CHECK(toy.refused_ms > 0 && toy.refused_ms < toy.dark_ms / 2);
    CHECK_INT_EQ(toy.session.hold_until, 0);
}

/* A gap that is longer than the hold ends as one without: refused, and no longer than that. */
static void case_gap_outlasts_its_hold(void)
{
    begin_holding(400);
    toy.images[2].ready_ms = 3000;
    toy_deploy(&toy, 2);
    CHECK(toy.refused_ms > 0 && toy.refused_ms <= toy.dark_ms - 200);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"gap waits", case_gap_waits},
        {"gap waits on the way back", case_gap_waits_on_the_way_back},
        {"gap outlasts its hold", case_gap_outlasts_its_hold},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
