/* roster: what is heard is kept, and no single node's word decides for the fleet. */
#include "agent/fleet/roster.h"

#include "agent/fleet/roster_private.h"
#include "agent/wire/trust.h"
#include "tests/check.h"

static struct roster made(void)
{
    struct roster roster;
    roster_init(&roster);
    return roster;
}

static struct report told;

static void report_send(struct roster *roster, const char *node, uint64_t epoch)
{
    (void)text_copy(told.node, sizeof told.node, node);
    (void)text_copy(told.apps[0].app, sizeof told.apps[0].app, "web");
    told.apps[0].order_epoch = epoch;
    told.app_count = 1;
    roster_report(roster, &told, 1);
}

static void report_epoch(struct roster *roster, const char *node, uint64_t epoch)
{
    memset(&told, 0, sizeof told);
    report_send(roster, node, epoch);
}

/* Only what is signed says an epoch: in three rollouts a liar lifted it to where nodes refused. */
static void case_epoch(void)
{
    struct roster roster = made();
    CHECK_INT_EQ(roster_epoch(&roster), 0);
    report_epoch(&roster, "a", 7);
    report_epoch(&roster, "liar", 900000000);
    CHECK_INT_EQ(roster_epoch(&roster), 0);
    struct order order = {.node = "a", .app = "web", .epoch = 30, .gen = 1};
    roster_order(&roster, &order, true);
    CHECK_INT_EQ(roster_epoch(&roster), 30);
    roster_close(&roster);
}

/* An agent before 0.2 is given what it can take; its word binds nobody else. */
static void case_epoch_before(void)
{
    struct roster roster = made();
    struct order order = {.node = "old", .app = "api", .epoch = 30, .gen = 1};
    report_epoch(&roster, "old", 7);
    const struct roster_node *old = roster_find(&roster, "old");
    CHECK_INT_EQ(roster_epoch_for(old, 7), 7);
    CHECK_INT_EQ(roster_epoch_for(old, 7 + EPOCH_JUMP_BEFORE), 7 + EPOCH_JUMP_BEFORE);
    CHECK_INT_EQ(roster_epoch_for(old, 8 + EPOCH_JUMP_BEFORE), 8);
    roster_order(&roster, &order, true); /* it counts over all apps */
    CHECK_INT_EQ(roster_epoch_for(old, 1764000000), 31);
    report_epoch(&roster, "fresh", 0);
    CHECK_INT_EQ(roster_epoch_for(roster_find(&roster, "fresh"), 1764000000), 1764000000);
    told.schema_trust = TRUST_SCHEMA_MAX;
    report_send(&roster, "new", 7);
    CHECK_INT_EQ(roster_epoch_for(roster_find(&roster, "new"), 1764000000), 1764000000);
    roster_close(&roster);
}

static void case_farewell(void)
{
    struct roster roster = made();
    struct presence presence = {.session = "aaaaaaaaaaaaaaaa", .is_online = true};
    roster_presence(&roster, "n", &presence);
    CHECK(roster_find(&roster, "n")->is_present);
    (void)text_copy(presence.session, sizeof presence.session, "bbbbbbbbbbbbbbbb");
    roster_presence(&roster, "n", &presence); /* it came back before its old link was missed */
    (void)text_copy(presence.session, sizeof presence.session, "aaaaaaaaaaaaaaaa");
    presence.is_online = false;
    roster_presence(&roster, "n", &presence);
    CHECK(roster_find(&roster, "n")->is_present);
    (void)text_copy(presence.session, sizeof presence.session, "bbbbbbbbbbbbbbbb");
    roster_presence(&roster, "n", &presence);
    CHECK(!roster_find(&roster, "n")->is_present);
    roster_close(&roster);
}

static void case_orders(void)
{
    struct roster roster = made();
    struct order order = {.node = "n", .app = "web", .epoch = 2, .gen = 5};
    (void)text_copy(order.id, sizeof order.id, "0000000000000001");
    roster_order(&roster, &order, false);
#define app roster_app_find(roster_find(&roster, "n"), "web")
    CHECK(app->order.is_there && !app->order.is_echoed);
    roster_order(&roster, &order, true);
    CHECK(app->order.is_echoed);
    order.gen = 4;
    (void)text_copy(order.id, sizeof order.id, "0000000000000002");
    roster_order(&roster, &order, true);
    CHECK_STR_EQ(app->order.id, "0000000000000001"); /* an older one is ignored */
    report_epoch(&roster, "n", 2);
    CHECK(app->order.is_there); /* a report takes no order away */
    roster_forget_session(&roster);
    CHECK(app->order.is_there && !app->order.is_echoed);
#undef app
    roster_close(&roster);
}

static void case_sorted_and_bounded(void)
{
    struct roster roster = made();
    static const char *const names[] = {"m", "a", "z", "k", "b", "y", "c", "x"};
    for (size_t i = 0; i < 8; i++) {
        CHECK(roster_need(&roster, names[i]) != NULL);
    }
    CHECK(roster_need(&roster, "Not-A-Name") == NULL);
    for (size_t i = 1; i < roster.node_count; i++) {
        CHECK(strcmp(roster_at(&roster, i - 1)->name, roster_at(&roster, i)->name) < 0);
    }
    CHECK(roster_find(&roster, "k") != NULL && roster_find(&roster, "l") == NULL);
    roster_close(&roster);
}

static void case_labels(void)
{
    struct roster roster = made();
    static struct report report;
    struct selector north, south, me;
    const char *name = "site";
    const char *value = "south";
    memset(&report, 0, sizeof report);
    (void)text_copy(report.node, sizeof report.node, "n");
    (void)text_copy(report.label_names[0], sizeof report.label_names[0], "site");
    (void)text_copy(report.label_values[0], sizeof report.label_values[0], "north");
    report.label_count = 1;
    roster_report(&roster, &report, 1);
    CHECK_INT_EQ(selector_parse("site=north", &north, NULL), 0);
    CHECK_INT_EQ(selector_parse("site=south", &south, NULL), 0);
    CHECK_INT_EQ(selector_parse("node=n", &me, NULL), 0);
    CHECK(roster_matches(roster_find(&roster, "n"), &north));
    roster_labels(&roster, "n", &name, &value, 1); /* the fleet's word counts more */
    CHECK(roster_matches(roster_find(&roster, "n"), &south));
    CHECK(!roster_matches(roster_find(&roster, "n"), &north));
    CHECK(roster_matches(roster_find(&roster, "n"), &me));
    roster_close(&roster);
}

static int memory_left;

static void *scarce(void *memory, size_t size)
{
    return memory_left-- > 0 ? realloc(memory, size) : NULL;
}

/* Where a change found no memory to be noted, any node may have changed, that once; what changes
 * later is noted again, of that node, too. */
static void case_changes_in_need(void)
{
    struct roster roster;
    const uint32_t *numbers;
    size_t count;
    unsigned unnoted = 0;
    for (int steps = 0; steps < 8; steps++) {
        roster_init(&roster);
        struct roster_node *node = NULL;
        bool is_noted = true;
        for (int i = 0; i < 80 && is_noted; i++) {
            char name[16];
            (void)snprintf(name, sizeof name, "gw-%d", i);
            roster.resize = scarce;
            memory_left = steps;
            node = roster_need(&roster, name);
            is_noted = roster_changes(&roster, &numbers, &count);
            roster.resize = realloc;
            node = node != NULL ? node : roster_need(&roster, name);
        }
        unnoted += !is_noted;
        roster_changes_clear(&roster);
        roster_note_change(&roster, node);
        CHECK(roster_changes(&roster, &numbers, &count));
        CHECK(count == 1 && numbers[0] == node->number);
        roster_close(&roster);
    }
    CHECK(unnoted > 0);
}

/* Who follows the changes hears that a node went, by its number. */
static void case_changes_of_gone(void)
{
    struct roster roster;
    const uint32_t *numbers;
    size_t count;
    roster_init(&roster);
    CHECK(roster_need(&roster, "a") != NULL && roster_need(&roster, "b") != NULL);
    uint32_t number = roster_find(&roster, "a")->number;
    roster_changes_clear(&roster);
    roster_forget(&roster, roster_find(&roster, "a"));
    CHECK(roster_changes(&roster, &numbers, &count));
    CHECK(count == 1 && numbers[0] == number);
    CHECK(roster_by_number(&roster, number) == NULL);
    roster_close(&roster);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"epoch", case_epoch},
                                              {"epoch: before", case_epoch_before},
                                              {"farewell", case_farewell},
                                              {"orders", case_orders},
                                              {"sorted_and_bounded", case_sorted_and_bounded},
                                              {"labels", case_labels},
                                              {"changes: in need", case_changes_in_need},
                                              {"changes: of gone", case_changes_of_gone}};
    return check_run(cases, sizeof cases / sizeof cases[0], argc, argv);
}
