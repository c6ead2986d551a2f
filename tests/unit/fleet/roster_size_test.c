/* roster_size: how many bytes a node takes, by counting every allocation. */
#include <stdio.h>
#include <stdlib.h>

#include "agent/fleet/roster_private.h"
#include "tests/check.h"

#define NODES          20000
#define LABELS         8
#define APPS           4
#define BYTES_MAX      256
#define MALLOC_OVER    8  /* what malloc keeps for itself, ... */
#define MALLOC_ALIGNED 16 /* ... and to what it rounds */

static struct report report;

static struct digest digest_of(unsigned byte)
{
    struct digest digest = {0};
    memset(digest.bytes, (int)byte, sizeof digest.bytes);
    return digest;
}

static void order_make(size_t node, size_t app, struct order *order)
{
    *order = (struct order){.epoch = 1764000000,
                            .gen = 40 + node % 7,
                            .release = digest_of(2),
                            .before = digest_of(1),
                            .start_by = INT64_C(1764000900000) + (wall_ms)(node * 61),
                            .issued = INT64_C(1764000000000) + (wall_ms)(node * 61),
                            .rollout = "web-20251124-160000"};
    memcpy(order->node, report.node, sizeof order->node);
    memcpy(order->app, report.apps[app].app, sizeof order->app);
    (void)snprintf(order->id, sizeof order->id, "%016zx",
                   (node * 4 + app + 1) * (size_t)0x9e3779b97f4a7c15);
}

/* It has been through four orders for each app, and the last of them is what it runs. */
static void report_make(size_t node)
{
    memset(&report, 0, sizeof report);
    (void)snprintf(report.node, sizeof report.node, "gw-%06zu", node);
    report.label_count = LABELS - 2;
    for (size_t i = 0; i < report.label_count; i++) {
        (void)snprintf(report.label_names[i], 64, "label-%zu", i);
        (void)snprintf(report.label_values[i], 64, "value-%zu", i == 0 ? node % 1000 : node % 9);
    }
    report.app_count = APPS;
    for (size_t i = 0; i < APPS; i++) {
        struct report_app *app = &report.apps[i];
        struct order order;
        (void)snprintf(app->app, sizeof app->app, "app-%zu", i);
        order_make(node, i, &order);
        (void)text_copy(app->phase, sizeof app->phase, "rest");
        app->committed = (struct report_generation){.gen = 1, .release = digest_of(2)};
        app->order_epoch = order.epoch;
        app->order_gen = order.gen;
        memcpy(app->order_id, order.id, sizeof order.id);
        app->is_serving = true;
        app->outcome_count = REPORT_OUTCOMES_MAX;
        for (size_t k = 0; k < REPORT_OUTCOMES_MAX; k++) {
            app->outcomes[k].kind = OUTCOME_SUCCEEDED;
            (void)snprintf(app->outcomes[k].id, ORDER_ID_BYTES, "%016zx", node * 16 + i * 4 + k);
        }
        memcpy(app->outcomes[0].id, order.id, sizeof order.id);
    }
}

static size_t rounded(size_t size)
{
    return (size + MALLOC_OVER + MALLOC_ALIGNED - 1) / MALLOC_ALIGNED * MALLOC_ALIGNED;
}

/* What the roster has allocated, but for names and words. */
static size_t bytes_of(const struct roster *roster)
{
    const struct roster_table *table = roster->table;
    size_t chunks = (roster->node_count + ROSTER_CHUNK - 1) / ROSTER_CHUNK;
    size_t bytes =
        chunks * rounded(ROSTER_CHUNK * sizeof(struct roster_node)) +
        table->chunk_cap * sizeof(struct roster_node *) + table->slot_count * sizeof *table->slots +
        (table->sorted.cap + table->changes.cap + table->unshown.cap) * sizeof *table->sorted.list;
    for (size_t i = 0; i < roster->node_count; i++) {
        bytes += rounded(roster_at(roster, i)->record_len);
    }
    return bytes;
}

/* A node with 8 labels and 4 apps, each with its order, its report and all its answers. */
static void case_bytes(void)
{
    static const char *const names[] = {"site", "ring"};
    static const char *const values[] = {"north", "early"};
    struct presence presence = {.session = "0123456789abcdef", .is_online = true};
    struct roster roster;
    roster_init(&roster);
    for (size_t i = 0; i < NODES; i++) {
        size_t node = i * 7919 % NODES; /* they come in no order */
        report_make(node);
        roster_presence(&roster, report.node, &presence);
        roster_labels(&roster, report.node, names, values, COUNT_OF(names));
        for (size_t app = 0; app < APPS; app++) {
            struct order order;
            order_make(node, app, &order);
            CHECK(roster_order(&roster, &order, true));
        }
        roster_report(&roster, &report, 1);
    }
    CHECK_INT_EQ(roster.node_count, NODES);
    CHECK_INT_EQ(roster.app_count, NODES * APPS);
    for (size_t i = 1; i < NODES; i++) {
        CHECK(strcmp(roster_at(&roster, i - 1)->name, roster_at(&roster, i)->name) < 0);
        CHECK_INT_EQ(roster_at(&roster, i)->rank, i);
    }
    size_t bytes = bytes_of(&roster) / NODES;
    printf("%zu bytes a node, and %u words for all\n", bytes, words_count(&roster.table->words));
    CHECK(bytes <= BYTES_MAX);
    CHECK(words_count(&roster.table->words) < 2000);
    roster_close(&roster);
}

/* What a node made up once is forgotten with its next report, and so are the words for it. */
static void case_given_back(void)
{
    struct roster roster;
    roster_init(&roster);
    report_make(1);
    roster_report(&roster, &report, 1);
    uint32_t words = words_count(&roster.table->words);
    for (size_t i = 0; i < 5000; i++) {
        report_make(1);
        (void)snprintf(report.apps[0].app, NAME_BYTES, "made-up-%zu", i);
        (void)snprintf(report.label_values[0], 64, "made-up-%zu", i);
        (void)snprintf(report.apps[1].outcomes[0].reason, REPORT_WORD_BYTES, "made-up-%zu", i);
        memset(report.apps[2].committed.release.bytes, (int)i, 16);
        roster_report(&roster, &report, 1);
    }
    CHECK_INT_EQ(roster.app_count, APPS);
    report_make(1);
    roster_report(&roster, &report, 1);
    CHECK_INT_EQ(words_count(&roster.table->words), words);
    roster_close(&roster);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"bytes", case_bytes},
                                              {"given back", case_given_back}};
    return check_run(cases, sizeof cases / sizeof cases[0], argc, argv);
}
