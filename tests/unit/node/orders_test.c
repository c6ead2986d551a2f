/* orders_test: which order waits, what may take its place, and what it still lacks. */
#include "agent/node/orders.h"

#include "tests/check.h"

static struct orders orders;

static struct order order_of(const char *app, const char *id, uint64_t epoch, uint64_t gen)
{
    struct order order = {.epoch = epoch, .gen = gen};
    (void)text_copy(order.app, sizeof order.app, app);
    (void)text_copy(order.id, sizeof order.id, id);
    order.release.bytes[0] = (uint8_t)gen;
    return order;
}

static void put(const char *app, const char *id, uint64_t epoch, uint64_t gen)
{
    struct order_slot *slot = orders_place(&orders, app);
    CHECK(slot != NULL);
    *slot = (struct order_slot){.is_used = true, .order = order_of(app, id, epoch, gen)};
}

static void case_places(void)
{
    orders = (struct orders){0};
    CHECK(orders_find(&orders, "web") == NULL);
    for (size_t i = 0; i < APPS_MAX; i++) {
        char app[NAME_BYTES];
        (void)snprintf(app, sizeof app, "app-%zu", i);
        put(app, "a", 1, 1);
        CHECK(orders_find(&orders, app) == &orders.list[i]);
    }
    CHECK(orders_place(&orders, "one-more") == NULL);
    CHECK(orders_place(&orders, "app-3") == &orders.list[3]); /* an older one gives way */
    orders.list[5].is_used = false;
    CHECK(orders_find(&orders, "app-5") == NULL);
    CHECK(orders_place(&orders, "one-more") == &orders.list[5]);
}

/* What comes late never takes the place of what is newer. */
static void case_later_ones(void)
{
    static const struct {
        const char *app, *id;
        uint64_t epoch, gen, base;
        int code;
    } rows[] = {
        {"db", "b", 1, 1, 0, 0},           {"web", "b", 3, 5, 0, 0},
        {"web", "b", 2, 8, 0, 0},          {"web", "a", 2, 7, 0, ERR_NOTHING},
        {"web", "b", 2, 7, 0, ERR_STALE},  {"web", "b", 2, 6, 0, ERR_STALE},
        {"web", "b", 1, 99, 0, ERR_STALE}, {"web", "b", 1, 1, 4, 0},
    };
    struct err err;
    orders = (struct orders){0};
    put("web", "a", 2, 7);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct order order = order_of(rows[i].app, rows[i].id, rows[i].epoch, rows[i].gen);
        CHECK_INT_EQ(orders_check(&orders, &order, rows[i].base, &err), rows[i].code);
    }
}

static void case_missing(void)
{
    struct digest digests[APPS_MAX];
    struct digest release = {.bytes = {7}};
    orders = (struct orders){0};
    put("a", "a", 1, 7);
    put("b", "b", 1, 7); /* the same release: it is asked for once */
    put("c", "c", 1, 8);
    put("d", "d", 1, 0); /* wants nothing */
    CHECK_INT_EQ(orders_missing(&orders, digests, APPS_MAX), 2);
    CHECK(digests[0].bytes[0] == 7 && digests[1].bytes[0] == 8);
    CHECK_INT_EQ(orders_missing(&orders, digests, 1), 1);
    CHECK(orders_is_needed(&orders, &release));
    orders.list[0].has_release = orders.list[1].is_storing = true;
    orders.list[2].refusal = ERR_VALUE;
    CHECK_INT_EQ(orders_missing(&orders, digests, APPS_MAX), 0);
    orders.list[0].is_used = orders.list[1].is_used = false;
    CHECK(!orders_is_needed(&orders, &release));
}

static void case_times(void)
{
    struct order_slot slot = {.is_used = true, .late_at = 900};
    CHECK(!orders_is_late(&slot, 5000, true, 5000)); /* it has no startBy */
    slot.order.start_by = 1000;
    CHECK(!orders_is_late(&slot, 1000, true, 5000) && orders_is_late(&slot, 1001, true, 0));
    CHECK(!orders_is_late(&slot, 5000, false, 899) && orders_is_late(&slot, 0, false, 900));
    orders = (struct orders){0};
    CHECK_INT_EQ(orders_look_at(&orders), MONO_NEVER);
    put("a", "a", 1, 1);
    put("b", "b", 1, 1);
    orders.list[0].look_at = 300;
    orders.list[1].look_at = 200;
    CHECK_INT_EQ(orders_look_at(&orders), 200);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"places", case_places},
        {"later ones", case_later_ones},
        {"missing", case_missing},
        {"times", case_times},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
