/* engine_watch_test: how often the engine is asked, and what its silence costs. */
#include "agent/node/engine_watch.h"

#include "tests/check.h"

static struct engine_watch watch;

/* At the start it is asked at once what it is; what it has only where the kernel was read. */
static void case_first(void)
{
    struct engine_about about = {.memory_bytes = 4};
    watch = (struct engine_watch){0};
    CHECK(engine_watch_is_about_due(&watch, 0));
    CHECK(!engine_watch_is_list_due(&watch, true, 0));
    engine_watch_told(&watch, &about, 1000);
    CHECK(watch.has_about && watch.about.memory_bytes == 4);
    CHECK(!engine_watch_is_about_due(&watch, 1000 + ABOUT_MS - 1));
    CHECK(engine_watch_is_about_due(&watch, 1000 + ABOUT_MS));
    CHECK(!engine_watch_is_list_due(&watch, false, 1000));
    CHECK(engine_watch_is_list_due(&watch, true, 1000));
    CHECK_INT_EQ(engine_watch_deadline(&watch, false), 1000 + ABOUT_MS);
    CHECK_INT_EQ(engine_watch_deadline(&watch, true), 0);
}

static void case_lists(void)
{
    watch = (struct engine_watch){.has_about = true, .about_at = MONO_NEVER};
    engine_watch_list_asked(&watch, false, 1000);
    CHECK(watch.list_number == 1 && watch.list_asked_at == 1000);
    CHECK(!engine_watch_is_list_due(&watch, true, 99999)); /* one at a time */
    CHECK_INT_EQ(engine_watch_deadline(&watch, true), MONO_NEVER);
    watch.is_listing = false;
    CHECK(!engine_watch_listed(&watch, 1)); /* it had never been away */
    CHECK_INT_EQ(engine_watch_deadline(&watch, true), 1000 + LIST_REST_MS);
    engine_watch_hurry(&watch, 1200);
    engine_watch_hurry(&watch, 5000); /* later than what is due already */
    CHECK_INT_EQ(watch.list_at, 1200);
    engine_watch_list_asked(&watch, true, 1200);
    CHECK_INT_EQ(watch.list_at, 1200 + LIST_ACTIVE_MS);
}

static void case_away(void)
{
    static const int64_t waits[] = {1000, 2000, 4000, 8000, 10000, 10000, 10000, 10000, 10000};
    watch = (struct engine_watch){.has_about = true, .is_up = true};
    for (size_t i = 0; i < COUNT_OF(waits); i++) {
        CHECK(engine_watch_failed(&watch, 500) == (i == 0));
        CHECK_INT_EQ(watch.list_at, 500 + waits[i]);
        CHECK_INT_EQ(watch.about_at, watch.list_at);
        CHECK(!watch.is_up);
    }
    engine_watch_list_asked(&watch, false, 20000);
    watch.is_listing = false;
    CHECK(engine_watch_listed(&watch, 1)); /* it is back */
    CHECK(watch.is_up && watch.failures == 0);
    engine_watch_list_asked(&watch, false, 21000);
    watch.is_listing = false;
    CHECK(!engine_watch_listed(&watch, 2));
    watch = (struct engine_watch){0};
    CHECK(engine_watch_failed(&watch, 0)); /* it never answered: that is news once, too */
    CHECK(!engine_watch_failed(&watch, 0));
}

static void case_put_off(void)
{
    watch = (struct engine_watch){.has_about = true};
    engine_watch_put_off_list(&watch, 100);
    engine_watch_put_off_about(&watch, 200);
    CHECK_INT_EQ(watch.list_at, 100 + LIST_RETRY_MS);
    CHECK_INT_EQ(watch.about_at, 200 + LIST_RETRY_MS);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"first", case_first},
        {"lists", case_lists},
        {"away", case_away},
        {"put off", case_put_off},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
