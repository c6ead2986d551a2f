/* node_view: what a row of retained documents says of a node. */
#include "ports/app/berth/node_view.h"

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

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"nothing", case_nothing},
                                              {"presence", case_presence},
                                              {"labels", case_labels},
                                              {"bad", case_bad}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
