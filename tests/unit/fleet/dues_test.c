/* dues: instants come out in their order, whatever order they went in; and what two plans that are
 * not the same differ in. */
#include "agent/fleet/planner_private.h"
#include "agent/fleet/planner_tally_private.h"
#include "tests/check.h"

enum { MANY = 300 };

static struct dues dues;

static void begin(void)
{
    free(dues.list);
    dues = (struct dues){.list = NULL};
}

/* Each comes when its time has come and not before, the earliest first. */
static void case_in_order(void)
{
    for (unsigned step = 1; step < MANY; step += 7) { /* steps that meet every place once */
        begin();
        for (unsigned i = 0; i < MANY; i++) {
            CHECK(dues_add(&dues, 1 + (wall_ms)(i * step % MANY), i));
            CHECK_INT_EQ(dues.count, i + 1);
        }
        wall_ms last = 0;
        for (unsigned left = MANY; left > 0; left--) {
            wall_ms first = dues.list[0].at;
            CHECK(first >= last);
            CHECK(dues_take(&dues, first - 1) == SIZE_MAX);
            size_t rank = dues_take(&dues, first);
            CHECK(rank < MANY && 1 + (wall_ms)(rank * step % MANY) == first);
            CHECK_INT_EQ(dues.count, left - 1);
            last = first;
        }
        CHECK(dues_take(&dues, INT64_MAX) == SIZE_MAX);
    }
    begin();
}

/* What is no part's own instant any more is passed over, and thrown away by a refill. */
static void case_own(void)
{
    static struct part parts[4];
    memset(parts, 0, sizeof parts);
    parts[1].wake = 50;
    parts[2].wake = 40;
    begin();
    CHECK_INT_EQ(dues_first(&dues, parts), 0);
    CHECK(dues_add(&dues, 10, 1) && dues_add(&dues, 20, 2) && dues_add(&dues, 30, 0));
    CHECK(dues_add(&dues, 50, 1));
    CHECK_INT_EQ(dues_first(&dues, parts), 50);
    CHECK_INT_EQ(dues.count, 1);
    CHECK(dues_add(&dues, 5, 3));
    CHECK(dues_refill(&dues, parts, 4));
    CHECK_INT_EQ(dues.count, 2);
    CHECK_INT_EQ(dues_first(&dues, parts), 40);
    CHECK_INT_EQ(dues_take(&dues, 60), 2);
    CHECK_INT_EQ(dues_take(&dues, 60), 1);
    CHECK_INT_EQ(dues_first(&dues, parts), 0);
    CHECK(dues_refill(&dues, parts, 2));
    CHECK_INT_EQ(dues.count, 1);
    begin();
}

/* Each member of a plan alone makes it another, and is named. */
static void case_same(void)
{
    enum { SO, STATE, COUNT, NODE, RELEASE, BEFORE, BACK, START_BY, WAKE, BEYOND, ROWS };
    static struct planner_result one, other;
    for (int row = 0; row < ROWS; row++) {
        char why[160] = "";
        memset(&one, 0, sizeof one);
        one.order_count = 2;
        one.wake_at = 7;
        one.orders[1].node = 3;
        other = one;
        other.state.matched = row == STATE;
        other.order_count = row == COUNT ? 1 : 2;
        other.orders[1].node = row == NODE ? 4 : 3;
        other.orders[1].release.bytes[0] = row == RELEASE;
        other.orders[1].before.bytes[0] = row == BEFORE;
        other.orders[1].is_taken_back = row == BACK;
        other.orders[1].start_by = row == START_BY;
        other.orders[2].start_by = row == BEYOND;
        other.wake_at = row == WAKE ? 8 : 7;
        bool is_same = row == SO || row == BEYOND;
        CHECK(planner_result_is_same(&one, &other, why, sizeof why) == is_same);
        if (row == STATE) {
            CHECK_CONTAINS(why, "\"matched\":0");
            CHECK_CONTAINS(why, "not ...");
        } else {
            CHECK_STR_EQ(why, is_same        ? ""
                              : row == WAKE  ? "to wake at 7, not 8"
                              : row == COUNT ? "its 2 orders, not 1"
                                             : "its 2 orders, not 2");
        }
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"in order", case_in_order}, {"own", case_own}, {"same", case_same}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
