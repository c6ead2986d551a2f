/* traffic_test: one call at a time; what each answer makes known; whom traffic may reach. */
#include "agent/node/traffic.h"

#include "tests/check.h"

static struct traffic traffic;

static void begin(void)
{
    memset(&traffic, 0, sizeof traffic);
}

static void wish(struct route_table *table, ipv4 address)
{
    *table = (struct route_table){.service_count = 1};
    table->services[0].backend_count = 1;
    table->services[0].backends[0] = (struct route_backend){.address = address, .weight = 100};
}

static void case_found(void)
{
    static const struct {
        struct route_state state;
        enum route_found found;
        uint64_t version;
    } rows[] = {
        {{.is_present = false, .generation = 5}, ROUTE_FOUND_NONE, 0},
        {{.is_present = true, .generation = 5 | TABLE_RUNNING},
         ROUTE_FOUND_RUNNING,
         5 | TABLE_RUNNING},
        {{.is_present = true, .generation = 5}, ROUTE_FOUND_STALE, 5},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        begin();
        traffic_read_begin(&traffic);
        CHECK(traffic.is_busy && traffic.is_reading && traffic.reads == 1);
        CHECK_INT_EQ(traffic_read(&traffic, &rows[i].state), TRAFFIC_NEWS_FIRST);
        CHECK(!traffic.is_busy && !traffic.is_reading && traffic.is_read);
        CHECK_INT_EQ(traffic.found, rows[i].found);
        CHECK(traffic.table_version == rows[i].version);
    }
}

/* A kernel that cannot be asked is taken for the worst: whoever is alive may have traffic. */
static void case_unreadable(void)
{
    begin();
    for (int i = 1; i <= TRAFFIC_READ_TRIES; i++) {
        traffic_read_begin(&traffic);
        CHECK(traffic_read_failed(&traffic) == (i == 1));
        CHECK(traffic.is_read == (i == TRAFFIC_READ_TRIES));
        CHECK(!traffic.is_busy && !traffic.is_known);
    }
    CHECK_INT_EQ(traffic.found, ROUTE_FOUND_RUNNING);
}

static void case_applied(void)
{
    begin();
    traffic.is_read = true;
    wish(&traffic.applying, 7);
    CHECK(!traffic_is_applied(&traffic) && !traffic_is_settled(&traffic));
    traffic_apply_begin(&traffic);
    CHECK(traffic.applying.generation == (TABLE_RUNNING | 1));
    CHECK(!traffic_may_reach(&traffic, 7, false, false));
    CHECK(traffic_may_reach(&traffic, 7, false, true)); /* either table may hold */
    CHECK(traffic_may_reach(&traffic, 8, true, false)); /* as before ours */
    traffic_applied(&traffic, true);
    CHECK(traffic_is_applied(&traffic) && traffic_is_settled(&traffic));
    CHECK(traffic_may_reach(&traffic, 7, false, false));
    CHECK(!traffic_may_reach(&traffic, 8, true, false));
    wish(&traffic.applying, 8);
    CHECK(!traffic_is_applied(&traffic));
    traffic_apply_begin(&traffic);
    CHECK(traffic.table_version == (TABLE_RUNNING | 2));
    traffic_applied(&traffic, false);
    CHECK(!traffic.is_known && !traffic.is_busy);
}

/* Somebody else's hand, and none. */
static void case_looked_at(void)
{
    static const struct {
        struct route_state state;
        enum traffic_news news;
    } rows[] = {
        {{.is_present = true, .generation = TABLE_RUNNING | 1, .is_open = true}, TRAFFIC_NEWS_SAME},
        {{.is_present = false}, TRAFFIC_NEWS_CHANGED},
        {{.is_present = true, .generation = TABLE_RUNNING | 2, .is_open = true},
         TRAFFIC_NEWS_CHANGED},
        {{.is_present = true, .generation = TABLE_RUNNING | 1, .is_open = true, .is_altered = true},
         TRAFFIC_NEWS_CHANGED},
        {{.is_present = true, .generation = TABLE_RUNNING | 1, .is_open = false},
         TRAFFIC_NEWS_CHANGED},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        begin();
        traffic.is_read = true;
        wish(&traffic.applying, 7);
        traffic_apply_begin(&traffic);
        traffic_applied(&traffic, true);
        traffic_read_begin(&traffic);
        CHECK(traffic_is_settled(&traffic)); /* a read changes nothing */
        CHECK_INT_EQ(traffic_read(&traffic, &rows[i].state), rows[i].news);
        CHECK(traffic.is_known == (rows[i].news == TRAFFIC_NEWS_SAME));
        CHECK(traffic.seen == (rows[i].news == TRAFFIC_NEWS_SAME ? 1u : 0u));
    }
    traffic_read_begin(&traffic);
    CHECK_INT_EQ(traffic_read(&traffic, &rows[0].state), TRAFFIC_NEWS_NONE);
}

static void case_saved(void)
{
    begin();
    traffic.is_read = true;
    wish(&traffic.saving, 7);
    CHECK(!traffic_is_saved(&traffic));
    traffic_save_begin(&traffic, 99);
    CHECK(traffic.saving.generation == 99);
    traffic_saved(&traffic, false);
    CHECK(!traffic_is_saved(&traffic) && !traffic.is_busy);
    traffic_save_begin(&traffic, 99);
    traffic_saved(&traffic, true);
    CHECK(traffic_is_saved(&traffic));
}

static void case_deadlines(void)
{
    begin();
    CHECK_INT_EQ(traffic_deadline(&traffic, false, 100), MONO_NEVER);
    traffic_refused(&traffic, 100);
    CHECK_INT_EQ(traffic_deadline(&traffic, false, 100), 100 + TRAFFIC_RETRY_MS);
    CHECK_INT_EQ(traffic_deadline(&traffic, true, 100), MONO_NEVER);
    traffic.is_known = true;
    traffic.read_at = 5000;
    CHECK_INT_EQ(traffic_deadline(&traffic, false, 100 + TRAFFIC_RETRY_MS), 5000);
    traffic_read_begin(&traffic);
    CHECK_INT_EQ(traffic_deadline(&traffic, false, 9000), MONO_NEVER);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"found", case_found},     {"unreadable", case_unreadable},
        {"applied", case_applied}, {"looked at", case_looked_at},
        {"saved", case_saved},     {"deadlines", case_deadlines},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
