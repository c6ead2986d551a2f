/* report and presence: there and back, lenient but for `must`, and the fullest report fits. */
#include "agent/wire/report.h"

#include "agent/wire/presence.h"
#include "tests/check.h"
#include "tests/unit/wire/must.h"

static void app_fill(struct report_app *app, int number, char letter)
{
    memset(app, 0, sizeof *app);
    (void)snprintf(app->app, sizeof app->app, "app-%d", number);
    (void)snprintf(app->phase, sizeof app->phase, "unproven");
    app->committed = (struct report_generation){.gen = 4, .sequence = 1764000000};
    memset(app->committed.release.bytes, letter, DIGEST_BYTES);
    (void)snprintf(app->committed.version, sizeof app->committed.version, "2.%d", number);
    app->candidate = (struct report_generation){.gen = 5, .sequence = 1764000001};
    memset(app->candidate.release.bytes, letter + 1, DIGEST_BYTES);
    app->wanted = app->candidate.release;
    (void)snprintf(app->wanted_by, sizeof app->wanted_by, "order");
    (void)snprintf(app->verdict, sizeof app->verdict, "bad");
    (void)snprintf(app->reason, sizeof app->reason, "never-ready");
    app->verdict_gen = 3;
    app->floor = 17;
    app->order_epoch = 2;
    app->order_gen = 8;
    (void)snprintf(app->order_id, sizeof app->order_id, "00000000000000%02x", (unsigned)number);
    app->is_order_open = true;
    (void)snprintf(app->order_wait, sizeof app->order_wait, "busy");
    app->outcome_count = REPORT_OUTCOMES_MAX;
    for (size_t i = 0; i < REPORT_OUTCOMES_MAX; i++) {
        struct report_outcome *outcome = &app->outcomes[i];
        (void)snprintf(outcome->id, sizeof outcome->id, "%016zx", i);
        outcome->kind = (enum outcome_kind)(OUTCOME_SUCCEEDED + i);
        (void)snprintf(outcome->reason, sizeof outcome->reason, "host-power-not-allowed");
    }
    app->is_serving = true;
    app->restarts = 7;
}

static void report_fill(struct report *report, size_t apps)
{
    memset(report, 0, sizeof *report);
    (void)snprintf(report->fleet, sizeof report->fleet, "plant");
    (void)snprintf(report->node, sizeof report->node, "gw-1");
    (void)snprintf(report->version, sizeof report->version, "0.1.0");
    (void)snprintf(report->arch, sizeof report->arch, "arm");
    report->label_count = 1;
    (void)snprintf(report->label_names[0], sizeof report->label_names[0], "site.example/rack");
    (void)snprintf(report->label_values[0], sizeof report->label_values[0], "7");
    report->is_engine_up = true;
    report->trust_version = 1;
    report->schema_release = report->schema_order = 1;
    report->at = 1764000000000;
    report->app_count = apps;
    for (size_t i = 0; i < apps; i++) {
        app_fill(&report->apps[i], (int)i, 'a');
    }
}

static void case_there_and_back(void)
{
    static struct report report, back;
    static char text[REPORT_BYTES_MAX], again[REPORT_BYTES_MAX];
    struct text out;
    struct err err = {0};
    report_fill(&report, 3);
    text_init(&out, text, sizeof text);
    report_render(&report, &out);
    CHECK(!out.cut);
    CHECK_INT_EQ(report_parse(span_text(text), &back, &err), 0);
    CHECK_INT_EQ(memcmp(&report, &back, sizeof report), 0);
    text_init(&out, again, sizeof again);
    report_render(&back, &out);
    CHECK_STR_EQ(again, text);
}

/* APPS_MAX apps in mid-swap with every field used are within the limit of a report. */
static void case_fullest_fits(void)
{
    static struct report report;
    static char text[2 * REPORT_BYTES_MAX];
    struct text out;
    report_fill(&report, APPS_MAX);
    text_init(&out, text, sizeof text);
    report_render(&report, &out);
    CHECK(!out.cut);
    CHECK(out.len <= REPORT_BYTES_MAX);
}

static void case_lenient(void)
{
    static struct report report;
    struct err err = {0};
    CHECK_INT_EQ(report_parse(span_text("{\"schema\":1,\"must\":[\"apps\"],\"fleet\":\"p\","
                                        "\"node\":\"n\",\"later\":{\"x\":[1]},"
                                        "\"apps\":[{\"app\":\"w\",\"news\":true,\"outcomes\":[{"
                                        "\"id\":\"1\",\"outcome\":\"exploded\"}]}]}"),
                              &report, &err),
                 0);
    CHECK_INT_EQ(report.app_count, 1);
    CHECK_INT_EQ(report.apps[0].outcomes[0].kind, OUTCOME_NONE);
    CHECK_INT_EQ(report_parse(span_text("{\"schema\":1,\"must\":[\"later\"],\"fleet\":\"p\","
                                        "\"node\":\"n\",\"later\":1}"),
                              &report, &err),
                 ERR_UNKNOWN_KEY);
    CHECK_CONTAINS(err.text, "later");
    CHECK_INT_EQ(report_parse(span_text("{\"schema\":1,\"fleet\":\"p\"}"), &report, &err),
                 ERR_MISSING);
    CHECK_INT_EQ(report_parse(span_text("{\"schema\":9}"), &report, &err), ERR_SCHEMA);
    CHECK_INT_EQ(report_parse(span_text("{\"fleet\":\"p\"}"), &report, &err), ERR_MISSING);
    CHECK_INT_EQ(report_parse(span_text("{\"schema\":1,\"fleet\":\"p\",\"node\":\"n\","
                                        "\"apps\":[7]}"),
                              &report, &err),
                 ERR_VALUE);
    CHECK_CONTAINS(err.text, "apps[0]");
}

static void case_words(void)
{
    for (enum outcome_kind kind = 0; kind < OUTCOME_KIND_COUNT; kind++) {
        CHECK_INT_EQ(outcome_of(outcome_word(kind)), kind);
        CHECK(outcome_sentence(kind)[0] != '\0');
    }
    CHECK_INT_EQ(outcome_of("x"), OUTCOME_NONE);
}

static void case_presence(void)
{
    struct presence presence = {.session = "0123456789abcdef", .is_online = true, .since = 17};
    struct presence back;
    struct err err = {0};
    char text[256];
    struct text out;
    text_init(&out, text, sizeof text);
    presence_render(&presence, &out);
    CHECK_STR_EQ(text, "{\"schema\":1,\"session\":\"0123456789abcdef\",\"online\":true,"
                       "\"since\":17,\"timeTrusted\":false}");
    CHECK_INT_EQ(presence_parse(span_text(text), &back, &err), 0);
    CHECK_INT_EQ(memcmp(&presence, &back, sizeof back), 0);
    CHECK_INT_EQ(presence_parse(span_text("{\"schema\":1,\"session\":\"x\"}"), &back, &err),
                 ERR_MISSING);
    CHECK_INT_EQ(
        presence_parse(span_text("{\"schema\":1,\"session\":\"x\",\"online\":1}"), &back, &err),
        ERR_VALUE);
}

/* Every field with a value of its own, there and back; a flag alone, and none. */
static void case_every_field(void)
{
    static struct report report, back;
    static char text[REPORT_BYTES_MAX];
    struct text out;
    struct err err = {0};
    bool *const flags[] = {&report.is_memory_lost,     &report.is_store_failing,
                           &report.is_engine_up,       &report.is_time_trusted,
                           &report.apps[0].is_serving, &report.apps[0].is_order_open};
    for (size_t i = 0; i <= COUNT_OF(flags); i++) {
        report_fill(&report, 1);
        report.trust_version = 11;
        report.revoke_version = 12;
        report.schema_release = 13;
        report.schema_order = 14;
        report.schema_trust = i % 2 == 0 ? 0 : 15;
        app_fill(&report.apps[0], 1, 'k');
        (void)snprintf(report.identity, sizeof report.identity, i % 2 == 0 ? "" : "shared");
        (void)snprintf(report.apps[0].refused, REPORT_WORD_BYTES, "late");
        (void)snprintf(report.apps[0].health, REPORT_WORD_BYTES, "unknown");
        (void)snprintf(report.apps[0].health_reason, REPORT_WORD_BYTES, "refused");
        for (size_t k = 0; k < COUNT_OF(flags); k++) {
            *flags[k] = k == i;
        }
        text_init(&out, text, sizeof text);
        report_render(&report, &out);
        CHECK_INT_EQ(report_parse(span_text(text), &back, &err), 0);
        CHECK_INT_EQ(memcmp(&report, &back, sizeof report), 0);
    }
}

static int parse(struct span text, struct err *err)
{
    static struct report report;
    return report_parse(text, &report, err);
}

static void case_must(void)
{
    static struct report report;
    static char text[REPORT_BYTES_MAX];
    struct text out;
    report_fill(&report, 1);
    report.is_memory_lost = true;
    report.revoke_version = 2;
    text_init(&out, text, sizeof text);
    report_render(&report, &out);
    CHECK_INT_EQ(must_check(text, "", "{\"schema\":1,\"fleet\":\"p\",\"node\":\"n\"}", parse), 16);
}

/* What is more than a node may have is refused by its place; of outcomes the newest are taken. */
static void case_counts(void)
{
    static struct report report;
    static char text[REPORT_BYTES_MAX];
    static const struct {
        const char *open, *item, *close, *message;
        unsigned most;
    } rows[] = {{"\"apps\":[", "{\"app\":\"a#\"}", "]", "apps: at most 16 apps", 16},
                {"\"labels\":{", "\"l#\":\"\"", "}", "labels: at most 32 labels", 32},
                {"\"apps\":[{\"app\":\"a\",\"outcomes\":[", "{\"id\":\"#\"}", "]}]", NULL, 4}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (unsigned count = rows[i].most; count <= rows[i].most + 1; count++) {
            struct text out;
            struct err err = {0};
            text_init(&out, text, sizeof text);
            text_printf(&out, "{\"schema\":1,\"fleet\":\"p\",\"node\":\"n\",%s", rows[i].open);
            for (unsigned k = 0; k < count; k++) {
                size_t len = strcspn(rows[i].item, "#");
                text_printf(&out, "%s%.*s%u%s", k > 0 ? "," : "", (int)len, rows[i].item, k,
                            rows[i].item + len + 1);
            }
            text_printf(&out, "%s}", rows[i].close);
            bool is_taken = count == rows[i].most || rows[i].message == NULL;
            CHECK_INT_EQ(report_parse(span_text(text), &report, &err), is_taken ? 0 : ERR_LIMIT);
            CHECK_STR_EQ(err.text, is_taken ? "" : rows[i].message);
        }
    }
    CHECK_INT_EQ(report.apps[0].outcome_count, REPORT_OUTCOMES_MAX);
    CHECK_STR_EQ(report.apps[0].outcomes[3].id, "3");
}

/* A part of another kind is refused at its place. */
static void case_parts(void)
{
    static struct report report;
    static const struct {
        const char *part, *message;
    } rows[] = {
        {"\"reads\":{\"release\":65535,\"order\":65535,\"trust\":65535}", ""},
        {"\"reads\":{\"release\":65536}", "reads.release: must be between 0 and 65535"},
        {"\"reads\":{\"order\":-1}", "reads.order: must be between 0 and 65535"},
        {"\"reads\":{\"trust\":\"1\"}", "reads.trust: must be an integer"},
        {"\"labels\":{\"a\":1}", "labels.a: must be a string"},
        {"\"labels\":[\"a\"]", "labels[0]: must be a member with a name of 1 to 63"},
        {"\"apps\":[{\"app\":\"a\"},{}]", "apps[1].app: missing; it is required"},
        {"\"apps\":[{\"app\":\"a\",\"committed\":{}}]",
         "apps[0].committed.gen: missing; it is required"},
        {"\"apps\":[{\"app\":\"a\",\"candidate\":{}}]",
         "apps[0].candidate.gen: missing; it is required"},
        {"\"apps\":[{\"app\":\"a\",\"order\":{}}]", "apps[0].order.gen: missing; it is required"},
        {"\"apps\":[{\"app\":\"a\",\"outcomes\":[{}]}]",
         "apps[0].outcomes[0].id: missing; it is required"},
        {"\"apps\":[{\"app\":\"a\",\"outcomes\":[{\"id\":\"1\",\"outcome\":2}]}]",
         "apps[0].outcomes[0].outcome: must be a string"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[300];
        struct err err = {0};
        (void)snprintf(text, sizeof text, "{\"schema\":1,\"fleet\":\"p\",\"node\":\"n\",%s}",
                       rows[i].part);
        CHECK((report_parse(span_text(text), &report, &err) == 0) == (rows[i].message[0] == '\0'));
        CHECK_STR_EQ(err.text, rows[i].message);
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"there_and_back", case_there_and_back},
                                              {"fullest_fits", case_fullest_fits},
                                              {"lenient", case_lenient},
                                              {"words", case_words},
                                              {"presence", case_presence},
                                              {"every field", case_every_field},
                                              {"must", case_must},
                                              {"counts", case_counts},
                                              {"parts", case_parts}};
    return check_run(cases, sizeof cases / sizeof cases[0], argc, argv);
}
