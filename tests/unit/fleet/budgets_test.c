/* budgets: how many may change at a time and in a minute, at both sides of each bound; groups and
 * peers are in planner_test and in the sim. */
#include "agent/fleet/budgets.h"

#include "tests/check.h"

static struct rollout_spec spec;
static struct roster nobody;
static struct budgets budgets;

static struct budgets_node ask_nobody(const void *ctx, const struct roster_node *node)
{
    (void)ctx, (void)node;
    return (struct budgets_node){0};
}

static void begin(void)
{
    memset(&spec, 0, sizeof spec);
    memset(&nobody, 0, sizeof nobody);
    spec.max_unavailable = 3;
    budgets =
        (struct budgets){.spec = &spec, .roster = &nobody, .ask = ask_nobody, .now = 1764000000000};
}

/* A count, or a share of those that the rollout means, rounded down, and at least one. */
static void case_most(void)
{
    static const struct {
        uint32_t percent, matched, most;
    } rows[] = {{0, 0, 3},
                {0, 1000, 3},
                {1, 0, 1},
                {1, 99, 1},
                {1, 100, 1},
                {1, 199, 1},
                {1, 200, 2},
                {50, 3, 1},
                {50, 4, 2},
                {99, 100, 99},
                {100, 7, 7},
                {100, 4294967295, 4294967295},
                {10, 4294967295, 429496729}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        begin();
        spec.shape.max_unavailable_percent = rows[i].percent;
        CHECK_INT_EQ(budgets_most(&spec, rows[i].matched), rows[i].most);
    }
}

/* What changes already takes its places, of everybody. */
static void case_free(void)
{
    for (uint32_t changing = 0; changing <= 5; changing++) {
        begin();
        budgets_init(&budgets, 100, changing, 0, 0);
        CHECK_INT_EQ(budgets.free, changing < 3 ? 3 - changing : 0);
        CHECK(budgets.rate_left == UINT32_MAX && budgets.rate_at == 0);
        for (uint32_t left = budgets.free; left > 0; left--) {
            CHECK_INT_EQ(budgets_ask(&budgets, NULL), ROLLOUT_WAIT_COUNT);
            budgets_take(&budgets, NULL);
        }
        CHECK_INT_EQ(budgets_ask(&budgets, NULL), ROLLOUT_WAIT_BUDGET);
        CHECK(budgets.rate_left == UINT32_MAX); /* no rate is not used up */
    }
}

/* The rate of a minute: said, or a ramp's, or the lower of the two. */
static void case_rate(void)
{
    static const struct {
        struct rollout_ramp ramp;
        uint32_t per_minute, done, ordered, rate;
    } rows[] = {
        {{0}, 7, 100, 100, 7},
        {{.base = 5, .factor_thousandths = 2000, .every = 10, .most = 1000}, 0, 0, 0, 5},
        {{.base = 5, .factor_thousandths = 2000, .every = 10, .most = 1000}, 0, 9, 99, 5},
        {{.base = 5, .factor_thousandths = 2000, .every = 10, .most = 1000}, 0, 10, 0, 10},
        {{.base = 5, .factor_thousandths = 2000, .every = 10, .most = 1000}, 0, 29, 0, 20},
        {{.base = 5, .factor_thousandths = 2000, .every = 10, .most = 1000}, 0, 70, 0, 640},
        {{.base = 5, .factor_thousandths = 2000, .every = 10, .most = 1000}, 0, 80, 0, 1000},
        {{.base = 5, .factor_thousandths = 2000, .every = 10, .most = 1000},
         0,
         4000000000u,
         0,
         1000},
        {{.base = 5, .factor_thousandths = 2000, .every = 10, .most = 1000}, 8, 10, 0, 8},
        {{.base = 5, .factor_thousandths = 2000, .every = 10, .most = 1000}, 11, 10, 0, 10},
        {{.base = 5, .factor_thousandths = 1500, .every = 1, .most = 9}, 0, 1, 0, 7},
        {{.base = 5, .factor_thousandths = 1500, .every = 1, .most = 9}, 0, 2, 0, 9},
        {{.base = 5, .factor_thousandths = 1000, .every = 1, .most = 9}, 0, 4000000000u, 0, 5},
        {{.base = 1, .factor_thousandths = 1001, .every = 1, .most = 9}, 0, 1, 0, 1},
        {{.base = 1, .factor_thousandths = 1100, .every = 1, .most = 9}, 0, 10, 0, 2},
        {{.base = 5, .factor_thousandths = 2000, .every = 10, .most = 1000, .is_by_ordered = true},
         0,
         10,
         0,
         5},
        {{.base = 5, .factor_thousandths = 2000, .every = 10, .most = 1000, .is_by_ordered = true},
         0,
         0,
         10,
         10},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int failures = check_failures_;
        begin();
        spec.max_unavailable = UINT32_MAX;
        spec.shape.ramp = rows[i].ramp;
        spec.shape.per_minute = rows[i].per_minute;
        budgets_init(&budgets, 100, 0, rows[i].done, rows[i].ordered);
        CHECK_INT_EQ(budgets.rate_left, rows[i].rate);
        CHECK_INT_EQ(budgets.rate_at, 0);
        for (uint32_t left = rows[i].rate; left > 0 && left <= 10; left--) {
            CHECK_INT_EQ(budgets_ask(&budgets, NULL), ROLLOUT_WAIT_COUNT);
            budgets_take(&budgets, NULL);
            CHECK(left > 1 || budgets_ask(&budgets, NULL) == ROLLOUT_WAIT_RATE);
        }
        if (check_failures_ != failures) {
            printf("    at row %zu\n", i);
        }
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"most", case_most}, {"free", case_free}, {"rate", case_rate}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
