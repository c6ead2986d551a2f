/* clock_contract: time only grows, and a boot has one name. */
#include "tests/contract/clock_contract.h"

#include "platform/base/units.h"
#include "tests/check.h"

static struct clock_fixture *fixture;

static mono_ms mono(void)
{
    return fixture->clock.ops->mono(fixture->clock.self);
}

static struct boot_id boot(void)
{
    return fixture->clock.ops->boot(fixture->clock.self);
}

static void case_mono_never_decreases(void)
{
    mono_ms last = mono();
    for (int i = 0; i < 20000; i++) {
        mono_ms now = mono();
        CHECK(now >= last);
        last = now;
    }
}

static void case_mono_counts_what_passes(void)
{
    mono_ms before = mono();
    fixture->pass(fixture->self, 25);
    CHECK(mono() - before >= 25);
}

static void case_mono_goes_on_after_a_restart(void)
{
    mono_ms before = mono();
    fixture->restart(fixture->self);
    CHECK(mono() >= before);
}

static void case_boot_is_the_same_in_one_boot(void)
{
    static const struct boot_id none;
    struct boot_id first = boot();
    CHECK(memcmp(&first, &none, sizeof first) != 0);
    for (int i = 0; i < 3; i++) {
        fixture->pass(fixture->self, 5);
        struct boot_id same = boot();
        CHECK(memcmp(&first, &same, sizeof first) == 0);
        fixture->restart(fixture->self);
    }
}

static void case_boot_is_another_after_a_reboot(void)
{
    struct boot_id first = boot();
    fixture->reboot(fixture->self);
    struct boot_id second = boot();
    CHECK(memcmp(&first, &second, sizeof first) != 0);
}

static void case_wall_is_after_this_was_written(void)
{
    bool is_trusted = false;
    wall_ms wall = fixture->clock.ops->wall(fixture->clock.self, &is_trusted);
    CHECK(!is_trusted || wall > 1700000000000LL);
}

/* What is surely past is not in the future of a clock that is right. */
static void case_past_is_past(void)
{
    bool is_trusted = false;
    wall_ms before = clock_past(&fixture->clock);
    fixture->pass(fixture->self, 5);
    wall_ms after = clock_past(&fixture->clock);
    wall_ms wall = fixture->clock.ops->wall(fixture->clock.self, &is_trusted);
    CHECK(after >= before);
    CHECK(wall >= after);
}

int clock_contract_run(struct clock_fixture *given, int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"mono never decreases", case_mono_never_decreases},
        {"mono counts what passes", case_mono_counts_what_passes},
        {"mono goes on after a restart", case_mono_goes_on_after_a_restart},
        {"boot is the same in one boot", case_boot_is_the_same_in_one_boot},
        {"wall is after this was written", case_wall_is_after_this_was_written},
        {"past is past", case_past_is_past},
        {"boot is another after a reboot", case_boot_is_another_after_a_reboot},
    };
    fixture = given; /* without a hook the last case is left out, not passed */
    return check_run(cases, COUNT_OF(cases) - (given->reboot == NULL ? 1 : 0), argc, argv);
}
