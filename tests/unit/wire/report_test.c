/* report and presence: there and back, lenient but for `must`, and the fullest report fits. */
#include "agent/wire/report.h"

#include "agent/wire/presence.h"
#include "tests/check.h"

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

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"there_and_back", case_there_and_back},
                                              {"fullest_fits", case_fullest_fits},
                                              {"lenient", case_lenient},
                                              {"words", case_words},
                                              {"presence", case_presence}};
    return check_run(cases, sizeof cases / sizeof cases[0], argc, argv);
}
