/* node_view: what a row of retained documents says of a node. */
#include "ports/app/berth/node_word.h"

#include "platform/base/units.h"
#include "tests/check.h"

static struct node_facts facts; /* 16 KiB */

static void row_read(const char *presence, const char *report, const char *labels)
{
    const char *const texts[NODE_PART_COUNT] = {presence, report, labels};
    char copies[NODE_PART_COUNT][2048];
    struct node_row row = {.name = "a"};
    for (size_t i = 0; i < NODE_PART_COUNT; i++) {
        if (texts[i] != NULL) {
            (void)snprintf(copies[i], sizeof copies[i], "%s", texts[i]);
            row.part[i] = copies[i];
            row.part_len[i] = strlen(copies[i]);
        }
    }
    node_row_read(&row, &facts);
}

static void case_nothing(void)
{
    row_read(NULL, NULL, NULL);
    CHECK(!facts.has_presence && !facts.has_report);
    CHECK_INT_EQ(facts.labels.count, 0);
    CHECK_STR_EQ(facts.complaint, "");
}

static void case_presence(void)
{
    row_read("{\"schema\":1,\"session\":\"0123456789abcdef\",\"online\":true,\"since\":7}", NULL,
             NULL);
    CHECK(facts.has_presence && facts.presence.is_online);
    CHECK_INT_EQ(facts.presence.since, 7);
    row_read("{\"schema\":1}", NULL, NULL);
    CHECK(!facts.has_presence);
    CHECK_CONTAINS(facts.complaint, "presence: ");
}

/* A report that the agent's own writer made. */
static void report_write(char *text, size_t cap, const char *name, const char *value)
{
    static struct report report;
    struct text out;
    report = (struct report){.fleet = "demo", .node = "a", .version = "0.1.0", .label_count = 2};
    memcpy(report.label_names[0], "site", 5);
    memcpy(report.label_values[0], "north", 6);
    (void)snprintf(report.label_names[1], sizeof report.label_names[1], "%s", name);
    (void)snprintf(report.label_values[1], sizeof report.label_values[1], "%s", value);
    text_init(&out, text, cap);
    report_render(&report, &out);
    CHECK(!out.cut);
}

/* What the fleet calls a node lies over what the node calls itself. */
static void case_labels(void)
{
    char report[2048];
    report_write(report, sizeof report, "tier", "x");
    row_read(NULL, report, "{\"schema\":1,\"labels\":{\"site\":\"south\",\"rack\":\"7\"}}");
    CHECK(facts.has_report);
    CHECK_INT_EQ(facts.labels.count, 3);
    CHECK_STR_EQ(labels_get(&facts.labels, "site"), "south");
    CHECK_STR_EQ(labels_get(&facts.labels, "tier"), "x");
    CHECK_STR_EQ(labels_get(&facts.labels, "rack"), "7");
    CHECK_STR_EQ(facts.complaint, "");
}

static void case_bad(void)
{
    char report[2048];
    report_write(report, sizeof report, "tier", "x");
    row_read(NULL, report, "{\"schema\":1,\"labels\":{\"a b\":\"c\"}}");
    CHECK_STR_EQ(labels_get(&facts.labels, "site"), "north");
    CHECK_CONTAINS(facts.complaint, "the fleet's labels: ");
    row_read(NULL, "{", "{\"schema\":1,\"labels\":{\"k\":\"v\"}}");
    CHECK(!facts.has_report);
    CHECK_STR_EQ(labels_get(&facts.labels, "k"), "v");
    CHECK_CONTAINS(facts.complaint, "report: ");
    report_write(report, sizeof report, "a b", "x");
    row_read(NULL, report, NULL);
    CHECK_STR_EQ(labels_get(&facts.labels, "site"), "north");
    CHECK_INT_EQ(facts.labels.count, 1);
    CHECK_CONTAINS(facts.complaint, "the node's own labels: ");
}

/* -- the word -----------------------------------------------------------------------------------
 */

struct word_row {
    bool is_online, is_engine_up, is_store_failing, is_memory_lost;
    const char *phase, *by, *health;
    unsigned committed;
    bool is_serving;
    const char *word;
};

static void case_word(void)
{
    static const struct word_row rows[] = {
        {true, true, false, false, "rest", "order", "ready", 1, true, "serving"},
        {true, true, false, false, "rest", "override", "ready", 1, true, "overridden"},
        {true, true, false, false, "unproven", "order", "ready", 1, true, "changing"},
        {true, true, false, false, "prepare", "order", "", 0, false, "changing"},
        {true, true, false, false, "rest", "nobody", "", 0, false, "empty"},
        {true, true, false, false, "rest", "order", "not-ready", 1, false, "down"},
        {true, true, false, false, "unproven", "override", "not-ready", 1, false, "down"},
        {true, true, false, false, "rest", "order", "", 1, false, "down"},
        {true, true, false, false, "rest", "order", "unknown", 1, false, "unknown"},
        {true, false, false, false, "rest", "order", "ready", 1, true, "engine-gone"},
        {true, false, false, true, "rest", "order", "ready", 1, true, "memory-lost"},
        {true, false, true, true, "rest", "order", "ready", 1, true, "store-failing"},
        {false, false, true, true, "rest", "order", "ready", 1, true, "silent"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct word_row *row = &rows[i];
        facts = (struct node_facts){.has_presence = true,
                                    .has_report = true,
                                    .presence = {.is_online = row->is_online},
                                    .report = {.is_engine_up = row->is_engine_up,
                                               .is_store_failing = row->is_store_failing,
                                               .is_memory_lost = row->is_memory_lost,
                                               .app_count = 1}};
        struct report_app *app = &facts.report.apps[0];
        (void)text_copy(app->phase, sizeof app->phase, row->phase);
        (void)text_copy(app->wanted_by, sizeof app->wanted_by, row->by);
        (void)text_copy(app->health, sizeof app->health, row->health);
        app->committed.gen = row->committed;
        app->is_serving = row->is_serving;
        CHECK_STR_EQ(node_word_text(node_word_of(&facts, app)), row->word);
    }
    row_read(NULL, NULL, NULL);
    CHECK_STR_EQ(node_word_text(node_word_of(&facts, NULL)), "added");
    row_read(NULL, NULL, "{\"schema\":1,\"labels\":{}}");
    CHECK_STR_EQ(node_word_text(node_word_of(&facts, NULL)), "never-seen");
    row_read("{\"schema\":1,\"session\":\"0123456789abcdef\",\"online\":true,\"since\":7}", "{",
             NULL);
    CHECK_STR_EQ(node_word_text(node_word_of(&facts, NULL)), "unreadable");
}

/* At which level a node speaks is what it said last of itself; labels are the fleet's word. */
static void case_level(void)
{
    struct node_row row = {.name = "a"};
    struct mirror_news news = {.answer = MIRROR_TAKEN, .topic = {.kind = TOPIC_LABELS, .level = 2}};
    CHECK(node_row_put(&row, &news, span_text("{}")));
    CHECK_INT_EQ(row.level, 0);
    news.topic = (struct topic){.kind = TOPIC_REPORT, .level = 1};
    CHECK(node_row_put(&row, &news, span_text("{}")));
    CHECK_INT_EQ(row.level, 1);
    news.topic.level = 2;
    CHECK(node_row_put(&row, &news, span_text("{\"a\":1}")));
    CHECK_INT_EQ(row.level, 2);
    CHECK_STR_EQ(row.part[NODE_REPORT], "{\"a\":1}");
    news.topic.level = 1;
    CHECK(node_row_put(&row, &news, span_of(NULL, 0))); /* cleared says nothing */
    CHECK_INT_EQ(row.level, 2);
    CHECK(row.part[NODE_REPORT] == NULL);
    node_row_free(&row);
}

/* As many nodes as come, each found again, in any order. */
static void case_many(void)
{
    enum { MANY = 20000 };
    struct node_view view = {0};
    char name[NODE_NAME_BYTES];
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < MANY; i++) {
            (void)snprintf(name, sizeof name, "gw-%d", i * 7919 % MANY);
            struct node_row *row = node_view_row(&view, name);
            CHECK(row != NULL);
            CHECK_STR_EQ(row->name, name);
        }
        CHECK_INT_EQ(view.count, MANY);
    }
    node_view_free(&view);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"word", case_word},       {"level", case_level},       {"many", case_many},
        {"nothing", case_nothing}, {"presence", case_presence}, {"labels", case_labels},
        {"bad", case_bad}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
