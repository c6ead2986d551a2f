/* documents: what is written, to the byte, and read at both sides of each bound. */
#include "agent/wire/labels.h"
#include "agent/wire/order.h"
#include "agent/wire/presence.h"
#include "agent/wire/report.h"
#include "agent/wire/rollout.h"
#include "tests/check.h"

#define ONES "0101010101010101010101010101010101010101010101010101010101010101"
#define TWOS "0202020202020202020202020202020202020202020202020202020202020202"

static struct digest digest_of(uint8_t byte)
{
    struct digest digest;
    memset(digest.bytes, byte, sizeof digest.bytes);
    return digest;
}

static char data[REPORT_BYTES_MAX];
static struct text text;

static struct text *fresh(void)
{
    text_init(&text, data, sizeof data);
    return &text;
}

/* -- order ------------------------------------------------------------------------------------ */

static void case_order_written(void)
{
    struct order order = {.id = "00000000000000aa",
                          .fleet = "f",
                          .node = "n",
                          .app = "a",
                          .epoch = 3,
                          .gen = 4,
                          .issued = 9};
    order_render(&order, fresh());
    CHECK_STR_EQ(data, "{\"schema\":1,\"id\":\"00000000000000aa\",\"fleet\":\"f\",\"node\":\"n\","
                       "\"app\":\"a\",\"epoch\":3,\"gen\":4,\"issued\":9}");
    order.release = order.stage[1] = digest_of(1);
    order.before = order.stage[0] = digest_of(2);
    order.stage_count = 2;
    order.hold = order.force = true;
    order.start_by = 8;
    (void)text_copy(order.rollout, sizeof order.rollout, "r");
    order_render(&order, fresh());
    CHECK_STR_EQ(data, "{\"schema\":1,\"id\":\"00000000000000aa\",\"fleet\":\"f\",\"node\":\"n\","
                       "\"app\":\"a\",\"epoch\":3,\"gen\":4,\"release\":\"" ONES
                       "\",\"stage\":[\"" TWOS "\",\"" ONES "\"],\"before\":\"" TWOS
                       "\",\"hold\":true,\"force\":true,\"startBy\":8,\"rollout\":\"r\","
                       "\"issued\":9}");
    struct order back;
    CHECK_INT_EQ(order_parse(span_text(data), &back, NULL), 0);
    CHECK_INT_EQ(back.stage_count, 2);
    CHECK(digest_is_equal(&back.stage[0], &order.stage[0]));
    CHECK(digest_is_equal(&back.stage[1], &order.stage[1]));
    CHECK(digest_is_equal(&back.release, &order.release));
    CHECK(digest_is_equal(&back.before, &order.before));
    CHECK(back.hold && back.force);
    CHECK_INT_EQ(back.start_by, 8);
    CHECK_INT_EQ(back.issued, 9);
    CHECK_INT_EQ(back.epoch, 3);
    CHECK_INT_EQ(back.gen, 4);
    CHECK_STR_EQ(back.rollout, "r");
}

#define ORDER(members)                                                                             \
    "{\"schema\":1,\"id\":\"00000000000000aa\",\"fleet\":\"f\",\"node\":\"n\",\"app\":\"a\","      \
    "\"issued\":0" members "}"
#define NUMBERS ",\"epoch\":1,\"gen\":1"

static void case_order_read(void)
{
    static const struct {
        const char *text;
        int code;
    } rows[] = {
        {ORDER(NUMBERS), 0},
        {ORDER(",\"epoch\":0,\"gen\":1"), ERR_VALUE},
        {ORDER(",\"epoch\":1,\"gen\":0"), ERR_VALUE},
        {ORDER(",\"epoch\":1"), ERR_MISSING},
        {ORDER(",\"gen\":1"), ERR_MISSING},
        {ORDER(NUMBERS ",\"startBy\":1"), 0},
        {ORDER(NUMBERS ",\"startBy\":0"), ERR_VALUE},
        {ORDER(NUMBERS ",\"hold\":1"), ERR_VALUE},
        {ORDER(NUMBERS ",\"force\":1"), ERR_VALUE},
        {ORDER(NUMBERS ",\"rollout\":\"R\""), ERR_VALUE},
        {ORDER(NUMBERS ",\"release\":\"0\""), ERR_VALUE},
        {ORDER(NUMBERS ",\"before\":1"), ERR_VALUE},
        {ORDER(NUMBERS ",\"stage\":[\"" ONES "\",\"" TWOS "\"]"), 0},
        {ORDER(NUMBERS ",\"stage\":[\"" ONES "\",\"" TWOS "\",\"" ONES "\"]"), ERR_VALUE},
        {ORDER(NUMBERS ",\"stage\":\"" ONES "\""), ERR_VALUE},
        {ORDER(NUMBERS ",\"later\":1"), ERR_UNKNOWN_KEY},
        {"{\"schema\":1,\"id\":\"00000000000000a\",\"fleet\":\"f\",\"node\":\"n\",\"app\":\"a\","
         "\"issued\":0" NUMBERS "}",
         ERR_VALUE},
        {"{\"schema\":1,\"id\":\"00000000000000aA\",\"fleet\":\"f\",\"node\":\"n\",\"app\":\"a\","
         "\"issued\":0" NUMBERS "}",
         ERR_VALUE},
        {"{\"schema\":1,\"id\":\"00000000000000aaa\",\"fleet\":\"f\",\"node\":\"n\",\"app\":\"a\","
         "\"issued\":0" NUMBERS "}",
         ERR_VALUE},
        {"{\"schema\":1,\"id\":\"00000000000000ag\",\"fleet\":\"f\",\"node\":\"n\",\"app\":\"a\","
         "\"issued\":0" NUMBERS "}",
         ERR_VALUE},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct order order = {.gen = 77};
        struct err err = {0};
        int rc = order_parse(span_text(rows[i].text), &order, &err);
        CHECK_STR_EQ(err_word(rc), err_word(rows[i].code));
        CHECK_INT_EQ(order.gen, rows[i].code == 0 ? 1 : 77);
        if (rc != rows[i].code) {
            printf("    %s: %s\n", rows[i].text, err.text);
        }
    }
}

/* -- rollout ---------------------------------------------------------------------------------- */

static void case_rollout_written(void)
{
    struct rollout_spec spec = {.id = "r",
                                .app = "a",
                                .release = digest_of(1),
                                .sequence = 5,
                                .version = "1.0",
                                .selector = "x=y",
                                .created = 6,
                                .max_unavailable = 7,
                                .start_by_ms = 8,
                                .lost_after_ms = 9,
                                .force = true,
                                .offline = "wait"};
    rollout_spec_render(&spec, fresh());
    CHECK_STR_EQ(data, "{\"schema\":1,\"must\":[],\"id\":\"r\",\"app\":\"a\",\"release\":\"" ONES
                       "\",\"sequence\":5,\"version\":\"1.0\",\"selector\":\"x=y\",\"created\":6,"
                       "\"maxUnavailable\":7,\"startByMs\":8,\"lostAfterMs\":9,\"force\":true,"
                       "\"offline\":\"wait\"}");
    spec.force = false;
    spec.version[0] = spec.selector[0] = '\0';
    rollout_spec_render(&spec, fresh());
    CHECK_STR_EQ(data, "{\"schema\":1,\"must\":[],\"id\":\"r\",\"app\":\"a\",\"release\":\"" ONES
                       "\",\"sequence\":5,\"created\":6,\"maxUnavailable\":7,\"startByMs\":8,"
                       "\"lostAfterMs\":9,\"force\":false,\"offline\":\"wait\"}");
    struct rollout_control control = {.want = "pause", .accepted = 3};
    rollout_control_render(&control, fresh());
    CHECK_STR_EQ(data, "{\"schema\":1,\"must\":[\"want\"],\"want\":\"pause\",\"accepted\":3}");
    struct claim claim = {.epoch = 4, .nonce = "00000000000000aa"};
    claim_render(&claim, fresh());
    CHECK_STR_EQ(data,
                 "{\"schema\":1,\"epoch\":4,\"nonce\":\"00000000000000aa\",\"released\":false}");
    claim.is_released = true;
    claim.since = 5;
    claim_render(&claim, fresh());
    CHECK_STR_EQ(data, "{\"schema\":1,\"epoch\":4,\"nonce\":\"00000000000000aa\","
                       "\"released\":true,\"since\":5}");
}

static void case_state_written(void)
{
    struct rollout_state state = {.id = "r",
                                  .phase = ROLLOUT_PAUSED,
                                  .waiting = "w",
                                  .matched = 36,
                                  .failed_node = "n",
                                  .failed_outcome = "o",
                                  .failed_reason = "p",
                                  .epoch = 2,
                                  .updated = 3};
    for (uint32_t i = 0; i < NODE_CONDITION_COUNT; i++) {
        state.count[i] = i + 1;
    }
    (void)text_copy(state.current[0], NODE_NAME_BYTES, "x");
    (void)text_copy(state.current[1], NODE_NAME_BYTES, "y");
    state.current_count = 2;
    rollout_state_render(&state, fresh());
    CHECK_STR_EQ(data, "{\"schema\":1,\"must\":[],\"id\":\"r\",\"phase\":\"paused\","
                       "\"waiting\":\"w\",\"matched\":36,\"counts\":{\"pending\":1,\"offline\":2,"
                       "\"busy\":3,\"changing\":4,\"done\":5,\"failed\":6,\"lost\":7,"
                       "\"regressed\":8,\"overridden\":9,\"skipped\":10},\"current\":[\"x\",\"y\"],"
                       "\"failedNode\":\"n\","
                       "\"failedOutcome\":\"o\",\"failedReason\":\"p\",\"epoch\":2,\"updated\":3}");
}

static void case_state_read(void)
{
    static const struct {
        const char *text;
        int code;
    } rows[] = {
        {"{\"schema\":1,\"id\":\"r\",\"phase\":\"running\"}", 0},
        {"{\"schema\":1,\"id\":\"r\",\"phase\":\"superseded\"}", 0},
        {"{\"schema\":1,\"id\":\"r\",\"phase\":\"flying\"}", ERR_VALUE},
        {"{\"schema\":1,\"id\":\"r\"}", ERR_VALUE},
        {"{\"schema\":1,\"id\":\"r\",\"phase\":1}", ERR_VALUE},
        {"{\"schema\":1,\"id\":\"r\",\"phase\":\"running\",\"counts\":{\"done\":4294967295}}", 0},
        {"{\"schema\":1,\"id\":\"r\",\"phase\":\"running\",\"counts\":{\"done\":4294967296}}",
         ERR_VALUE},
        {"{\"schema\":1,\"id\":\"r\",\"phase\":\"running\",\"counts\":{\"done\":-1}}", ERR_VALUE},
        {"{\"schema\":1,\"id\":\"r\",\"phase\":\"running\",\"current\":[1]}", ERR_VALUE},
        /* more than there is room for is dropped, unread */
        {"{\"schema\":1,\"id\":\"r\",\"phase\":\"running\",\"current\":[\"1\",\"2\",\"3\",\"4\","
         "\"5\",\"6\",\"7\",\"8\",9]}",
         0},
        {"{\"schema\":1,\"must\":[\"counts\",\"current\",\"phase\",\"schema\",\"must\","
         "\"released\"],\"id\":\"r\",\"phase\":\"running\"}",
         0},
        {"{\"schema\":1,\"must\":[\"wings\"],\"id\":\"r\",\"phase\":\"running\"}", ERR_UNKNOWN_KEY},
    };
    struct rollout_state state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};
        memset(&state, 0, sizeof state);
        state.matched = 77;
        int rc = rollout_state_parse(span_text(rows[i].text), &state, &err);
        CHECK_STR_EQ(err_word(rc), err_word(rows[i].code));
        CHECK_INT_EQ(state.matched, rows[i].code == 0 ? 0 : 77);
        if (rc != rows[i].code) {
            printf("    %s: %s\n", rows[i].text, err.text);
        }
    }
    CHECK_INT_EQ(rollout_state_parse(span_text(rows[9].text), &state, NULL), 0);
    CHECK_INT_EQ(state.current_count, ROLLOUT_CURRENT_MAX);
    CHECK_STR_EQ(state.current[7], "8");
}

#define SPEC(members)                                                                              \
    "{\"schema\":1,\"id\":\"r\",\"app\":\"a\",\"release\":\"" ONES "\",\"created\":1" members "}"

static void case_spec_read(void)
{
    static const struct {
        const char *text;
        int code;
    } rows[] = {{SPEC(""), 0},
                {SPEC(",\"maxUnavailable\":1"), 0},
                {SPEC(",\"maxUnavailable\":0"), ERR_VALUE},
                {SPEC(",\"maxUnavailable\":4294967295"), 0},
                {SPEC(",\"maxUnavailable\":4294967296"), ERR_VALUE},
                {SPEC(",\"offline\":\"later\""), 0},
                {SPEC(",\"offline\":\"wait\""), 0},
                {SPEC(",\"offline\":\"fail\""), 0},
                {SPEC(",\"offline\":\"never\""), ERR_VALUE},
                {"{\"schema\":1,\"id\":\"R\",\"app\":\"a\",\"release\":\"" ONES "\",\"created\":1}",
                 ERR_VALUE},
                {"{\"schema\":1,\"id\":\"r\",\"app\":\"A\",\"release\":\"" ONES "\",\"created\":1}",
                 ERR_VALUE}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct rollout_spec spec;
        struct err err = {0};
        CHECK_STR_EQ(err_word(rollout_spec_parse(span_text(rows[i].text), &spec, &err)),
                     err_word(rows[i].code));
    }
}

/* -- report ----------------------------------------------------------------------------------- */

/* Each flag and number alone, there and back: none stands for another. */
static void case_report_members(void)
{
    static struct report report, back;
    for (int member = 0; member < 12; member++) {
        memset(&report, 0, sizeof report);
        (void)text_copy(report.fleet, sizeof report.fleet, "f");
        (void)text_copy(report.node, sizeof report.node, "n");
        report.app_count = 1;
        (void)text_copy(report.apps[0].app, sizeof report.apps[0].app, "a");
        report.apps[0].order_gen = member >= 8 ? 1 : 0;
        report.is_memory_lost = member == 0;
        report.is_store_failing = member == 1;
        report.is_engine_up = member == 2;
        report.is_time_trusted = member == 3;
        report.trust_version = member == 4 ? 5 : 0;
        report.revoke_version = member == 5 ? 6 : 0;
        report.apps[0].is_serving = member == 6;
        report.apps[0].floor = member == 7 ? 8 : 0;
        report.apps[0].is_order_open = member == 8;
        report.apps[0].order_epoch = member == 9 ? 10 : 0;
        report.apps[0].verdict_gen = member == 10 ? 11 : 0;
        report.at = member == 11 ? 12 : 0;
        report_render(&report, fresh());
        CHECK_INT_EQ(report_parse(span_of(data, text.len), &back, NULL), 0);
        CHECK_INT_EQ(back.is_memory_lost, member == 0);
        CHECK_INT_EQ(back.is_store_failing, member == 1);
        CHECK_INT_EQ(back.is_engine_up, member == 2);
        CHECK_INT_EQ(back.is_time_trusted, member == 3);
        CHECK_INT_EQ(back.trust_version, member == 4 ? 5 : 0);
        CHECK_INT_EQ(back.revoke_version, member == 5 ? 6 : 0);
        CHECK_INT_EQ(back.apps[0].is_serving, member == 6);
        CHECK_INT_EQ(back.apps[0].floor, member == 7 ? 8 : 0);
        CHECK_INT_EQ(back.apps[0].is_order_open, member == 8);
        CHECK_INT_EQ(back.apps[0].order_epoch, member == 9 ? 10 : 0);
        CHECK_INT_EQ(back.apps[0].verdict_gen, member == 10 ? 11 : 0);
        CHECK_INT_EQ(back.at, member == 11 ? 12 : 0);
    }
}

/* Two of each list: the second is set apart from the first, and nothing is left open. */
static void case_report_lists(void)
{
    static struct report report, back;
    memset(&report, 0, sizeof report);
    report.schema_release = 3;
    report.schema_order = 4;
    (void)text_copy(report.fleet, sizeof report.fleet, "f");
    (void)text_copy(report.node, sizeof report.node, "n");
    for (int i = 0; i < 2; i++) {
        (void)snprintf(report.label_names[i], sizeof report.label_names[i], "k%d", i);
        (void)snprintf(report.label_values[i], sizeof report.label_values[i], "v%d", i);
        (void)snprintf(report.apps[i].app, sizeof report.apps[i].app, "a%d", i);
        struct report_outcome *outcome = &report.apps[1].outcomes[i];
        (void)snprintf(outcome->id, sizeof outcome->id, "%016x", (unsigned)i);
        outcome->kind = i == 0 ? OUTCOME_FAILED : OUTCOME_SUCCEEDED;
    }
    (void)text_copy(report.apps[1].outcomes[0].reason, REPORT_WORD_BYTES, "crashed");
    (void)text_copy(report.apps[1].refused, REPORT_WORD_BYTES, "floor");
    report.label_count = report.app_count = report.apps[1].outcome_count = 2;
    report.apps[0].candidate = (struct report_generation){.gen = 7, .sequence = 8, .version = "9"};
    report.apps[0].candidate.release = digest_of(1);
    report_render(&report, fresh());
    CHECK_CONTAINS(data, ",\"reads\":{\"release\":3,\"order\":4}");
    CHECK_CONTAINS(data, ",\"labels\":{\"k0\":\"v0\",\"k1\":\"v1\"}");
    CHECK_CONTAINS(data, "\"candidate\":{\"gen\":7,\"release\":\"" ONES
                         "\",\"sequence\":8,\"version\":\"9\"}");
    CHECK_CONTAINS(data, "\"outcomes\":[{\"id\":\"0000000000000000\",\"outcome\":\"failed\","
                         "\"reason\":\"crashed\"},{\"id\":\"0000000000000001\","
                         "\"outcome\":\"succeeded\"}]");
    CHECK_INT_EQ(report_parse(span_of(data, text.len), &back, NULL), 0);
    CHECK_STR_EQ(back.label_names[1], "k1");
    CHECK_STR_EQ(back.label_values[1], "v1");
    CHECK_STR_EQ(back.apps[1].app, "a1");
    CHECK_STR_EQ(back.apps[1].refused, "floor");
    CHECK_INT_EQ(back.apps[1].outcome_count, 2);
    CHECK_INT_EQ(back.apps[1].outcomes[1].kind, OUTCOME_SUCCEEDED);
}

/* A report with so many labels, apps and outcomes of the first app. */
static int report_of(int labels, int apps, int outcomes, struct report *report, struct err *err)
{
    text_init(&text, data, sizeof data);
    text_append(&text, "{\"schema\":1,\"fleet\":\"f\",\"node\":\"n\",\"labels\":{");
    for (int i = 0; i < labels; i++) {
        text_printf(&text, "%s\"k%d\":\"v%d\"", i == 0 ? "" : ",", i, i);
    }
    text_append(&text, "},\"apps\":[");
    for (int i = 0; i < apps; i++) {
        text_printf(&text, "%s{\"app\":\"a%d\",\"outcomes\":[", i == 0 ? "" : ",", i);
        for (int j = 0; i == 0 && j < outcomes; j++) {
            text_printf(&text, "%s{\"id\":\"%016x\"}", j == 0 ? "" : ",", (unsigned)j);
        }
        text_append(&text, "]}");
    }
    text_append(&text, "]}");
    memset(report, 0, sizeof *report);
    return report_parse(span_of(text.data, text.len), report, err);
}

/* What a node may have is read whole; more is refused by name, but for outcomes, whose newest
 * count. */
static void case_report_bounds(void)
{
    static struct report report;
    struct err err = {0};
    CHECK_INT_EQ(report_of(32, APPS_MAX, 6, &report, &err), 0);
    CHECK_INT_EQ(report.label_count, 32);
    CHECK_STR_EQ(report.label_names[31], "k31");
    CHECK_INT_EQ(report.app_count, APPS_MAX);
    CHECK_STR_EQ(report.apps[15].app, "a15");
    CHECK_INT_EQ(report.apps[0].outcome_count, 4);
    CHECK_STR_EQ(report.apps[0].outcomes[3].id, "0000000000000003");
    CHECK_INT_EQ(report_of(33, 1, 1, &report, &err), ERR_LIMIT);
    CHECK_CONTAINS(err.text, "labels: at most 32 labels");
    CHECK_INT_EQ(report_of(1, APPS_MAX + 1, 1, &report, &err), ERR_LIMIT);
    CHECK_CONTAINS(err.text, "apps: at most 16 apps");
}

static void case_report_refused(void)
{
    static const struct {
        const char *text;
        int code;
        const char *message;
    } rows[] = {
        {"{\"schema\":1,\"fleet\":\"f\",\"node\":\"n\",\"labels\":{\"k\":1}}", ERR_VALUE,
         "labels.k"},
        {"{\"schema\":1,\"fleet\":\"f\",\"node\":\"n\",\"apps\":[{}]}", ERR_MISSING, "apps[0]"},
        {"{\"schema\":1,\"fleet\":\"f\",\"node\":\"n\",\"apps\":[{\"app\":\"a\",\"committed\":{}}]"
         "}",
         ERR_MISSING, "committed"},
        {"{\"schema\":1,\"fleet\":\"f\",\"node\":\"n\",\"apps\":[{\"app\":\"a\",\"candidate\":{}}]"
         "}",
         ERR_MISSING, "candidate"},
        {"{\"schema\":1,\"fleet\":\"f\",\"node\":\"n\",\"apps\":[{\"app\":\"a\",\"order\":{}}]}",
         ERR_MISSING, "order"},
        {"{\"schema\":1,\"fleet\":\"f\",\"node\":\"n\",\"apps\":[{\"app\":\"a\",\"outcomes\":[{}]}]"
         "}",
         ERR_MISSING, "outcomes[0]"},
        {"{\"schema\":1,\"fleet\":\"f\",\"node\":\"n\",\"apps\":[{\"app\":\"a\",\"outcomes\":[{"
         "\"id\":\"0\",\"outcome\":1}]}]}",
         ERR_VALUE, "outcomes[0].outcome"},
    };
    static struct report report;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};
        CHECK_STR_EQ(err_word(report_parse(span_text(rows[i].text), &report, &err)),
                     err_word(rows[i].code));
        CHECK_CONTAINS(err.text, rows[i].message);
    }
}

/* Words that travel: a renamed one compiles, and the other side reads nothing in it. */
static void case_words(void)
{
    static const char *const phases[] = {"running",  "paused",  "aborting",  "succeeded",
                                         "finished", "aborted", "superseded"};
    static const char *const conditions[] = {"pending", "offline", "busy",      "changing",  "done",
                                             "failed",  "lost",    "regressed", "overridden"};
    static const char *const outcomes[] = {"",        "succeeded", "failed",   "inconclusive",
                                           "refused", "expired",   "replaced", "overridden"};
    for (size_t i = 0; i < COUNT_OF(phases); i++) {
        CHECK_STR_EQ(rollout_phase_word((enum rollout_phase)i), phases[i]);
        CHECK_INT_EQ(rollout_phase_is_end((enum rollout_phase)i), i >= 3);
    }
    for (size_t i = 0; i < COUNT_OF(conditions); i++) {
        CHECK_STR_EQ(node_condition_word((enum node_condition)i), conditions[i]);
    }
    for (size_t i = 1; i < COUNT_OF(outcomes); i++) {
        CHECK_STR_EQ(outcome_word((enum outcome_kind)i), outcomes[i]);
        CHECK_INT_EQ(outcome_of(outcomes[i]), (int)i);
    }
    CHECK_STR_EQ(outcome_word(OUTCOME_KIND_COUNT), "unknown");
    CHECK_STR_EQ(outcome_sentence(OUTCOME_KIND_COUNT), "");
    CHECK_CONTAINS(outcome_sentence(OUTCOME_OVERRIDDEN), "someone at the node");
    CHECK_CONTAINS(rollout_phase_sentence(ROLLOUT_PAUSED), "resumes or aborts");
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"order: written", case_order_written},
        {"order: read", case_order_read},
        {"rollout: written", case_rollout_written},
        {"state: written", case_state_written},
        {"state: read", case_state_read},
        {"spec: read", case_spec_read},
        {"words", case_words},
        {"report: members", case_report_members},
        {"report: lists", case_report_lists},
        {"report: bounds", case_report_bounds},
        {"report: refused", case_report_refused},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
