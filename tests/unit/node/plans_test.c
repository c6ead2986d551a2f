/* plans_test: which place a plan gets, and when what could not be read is due again. */
#include "agent/node/plans.h"

#include "tests/check.h"

static struct plans plans;

static struct digest name(uint8_t release)
{
    return (struct digest){.bytes = {release}};
}

static void put(struct plan_slot *slot, uint8_t release, bool is_broken, mono_ms retry_at)
{
    *slot = (struct plan_slot){.is_used = true, .is_broken = is_broken, .retry_at = retry_at};
    slot->plan.digest = name(release);
}

static void begin(void)
{
    plans = (struct plans){0};
    for (uint8_t i = 0; i < PLANS_MAX; i++) {
        put(&plans.slots[i], (uint8_t)(i + 1), i == 2, i == 2 ? 500 : 0);
    }
}

static void case_found(void)
{
    struct digest readable = name(1);
    struct digest broken = name(3);
    struct digest other = name(9);
    begin();
    CHECK(plans_find(&plans, &readable) == &plans.slots[0].plan);
    CHECK(plans_slot(&plans, &broken) == &plans.slots[2]);
    CHECK(plans_find(&plans, &broken) == NULL);
    CHECK(plans_slot(&plans, &other) == NULL && plans_find(&plans, &other) == NULL);
    plans.slots[0].is_used = false;
    CHECK(plans_slot(&plans, &readable) == NULL && plans_find(&plans, &readable) == NULL);
}

/* A free place first; then that of what nobody needs; never that of what is needed. */
static void case_places(void)
{
    struct digest digests[PLANS_MAX] = {name(1), name(2), name(3), name(4)};
    const struct digest *kept[PLANS_MAX] = {&digests[0], &digests[1], &digests[2], &digests[3]};
    begin();
    CHECK(plans_place(&plans, kept, PLANS_MAX) == NULL);
    for (size_t i = 0; i < PLANS_MAX; i++) {
        digests[i] = name(9);
        CHECK(plans_place(&plans, kept, PLANS_MAX) == &plans.slots[i]);
        digests[i] = name((uint8_t)(i + 1));
    }
    CHECK(plans_place(&plans, kept, 0) == &plans.slots[0]);
    plans.slots[3].is_used = false;
    CHECK(plans_place(&plans, kept, 0) == &plans.slots[3]);
}

static void case_retries(void)
{
    struct digest digests[] = {name(1), name(3)};
    const struct digest *asked[] = {&digests[0], &digests[1]};
    begin();
    CHECK_INT_EQ(plans_retry_at(&plans, asked, 2), 500);
    CHECK_INT_EQ(plans_retry_at(&plans, asked, 1), MONO_NEVER); /* nobody asks for that one */
    put(&plans.slots[0], 1, true, 400);
    CHECK_INT_EQ(plans_retry_at(&plans, asked, 2), 400);
    plans_retry(&plans);
    CHECK_INT_EQ(plans_retry_at(&plans, asked, 2), 0);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"found", case_found},
        {"places", case_places},
        {"retries", case_retries},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
