/* rollout_shape: a spec that says everything, there and back; one that says nothing is read by the
 * version before; what is out of bounds is refused with its place. */
#include "agent/wire/rollout.h"
#include "tests/check.h"

#define HEX    "abababababababababababababababababababababababababababababababab"
#define LITTLE "\"id\":\"web-1\",\"app\":\"web\",\"release\":\"" HEX "\",\"created\":5"

static char data[ROLLOUT_BYTES_MAX];
static struct text text;

static struct rollout_spec full_spec(void)
{
    struct rollout_spec spec = {.id = "web-1",
                                .app = "web",
                                .created = 1764000000123,
                                .max_unavailable = 1,
                                .start_by_ms = 60000,
                                .lost_after_ms = 60000,
                                .offline = "skip"};
    struct rollout_shape *shape = &spec.shape;
    memset(spec.release.bytes, 0xab, DIGEST_BYTES);
    for (size_t i = 0; i < ROLLOUT_WAVES_MAX; i++) {
        struct rollout_wave_spec *wave = &shape->waves[i];
        memset(wave->selector, 'a', sizeof wave->selector - 1);
        *wave = (struct rollout_wave_spec){
            .size = {.percent = (uint32_t)i + 1}, .soak_ms = 600000, .threshold = 95};
        memset(wave->selector, 'a', sizeof wave->selector - 1);
    }
    shape->waves[0].size = (struct rollout_size){.count = 1};
    shape->wave_count = ROLLOUT_WAVES_MAX;
    shape->parallelism = (struct rollout_size){.count = 2};
    shape->delay_ms = 5000;
    shape->ramp = (struct rollout_ramp){
        .base = 5, .factor_thousandths = 1500, .every = 10, .most = 100, .is_by_ordered = true};
    shape->max_unavailable_percent = 10;
    (void)text_copy(shape->group_by[0], ROLLOUT_LABEL_BYTES, "site");
    (void)text_copy(shape->group_by[1], ROLLOUT_LABEL_BYTES, "rack");
    shape->group_count = 2;
    shape->group_max = 3;
    (void)text_copy(shape->group_missing, ROLLOUT_WORD_BYTES, "together");
    (void)text_copy(shape->peers, ROLLOUT_LABEL_BYTES, "pair");
    shape->per_minute = 30;
    rollout_failure_default(&shape->failure);
    shape->failure.is_given = true;
    shape->failure.ratio = 5;
    shape->failure.minimum = 3;
    shape->failure.is_canary = true;
    (void)text_copy(shape->failure.action, ROLLOUT_WORD_BYTES, "rollback");
    shape->failure.weight[ROLLOUT_CLASS_REFUSED] = 50;
    shape->failure.retries[ROLLOUT_CLASS_TIMED_OUT] = 2;
    shape->offline_until_ms = 86400000;
    shape->start_at = 1764000001000;
    shape->end_at = 1764000009000;
    shape->is_continuous = true;
    (void)text_copy(shape->undo, NAME_BYTES, "web-0");
    return spec;
}

static void case_everything(void)
{
    static struct rollout_spec spec, back;
    struct err err = {0};
    spec = full_spec();
    text_init(&text, data, sizeof data);
    rollout_spec_render(&spec, &text);
    CHECK(!text.cut);
    CHECK_INT_EQ(rollout_spec_parse(span_of(data, text.len), &back, &err), 0);
    CHECK(memcmp(&spec.shape, &back.shape, sizeof spec.shape) == 0);
}

/* Each key that changes what is done is one that its reader must know. */
static void case_must(void)
{
    static struct rollout_spec spec;
    spec = full_spec();
    text_init(&text, data, sizeof data);
    rollout_shape_must(&spec.shape, &text);
    CHECK_STR_EQ(
        data, "\"waves\",\"parallelism\",\"ramp\",\"maxUnavailablePercent\",\"groups\","
              "\"peers\",\"perMinute\",\"failure\",\"startAt\",\"endAt\",\"continuous\",\"undo\"");
    spec.shape = (struct rollout_shape){.offline_until_ms = 5};
    (void)text_copy(spec.offline, sizeof spec.offline, "later");
    text_init(&text, data, sizeof data);
    rollout_spec_render(&spec, &text);
    CHECK_STR_EQ(data,
                 "{\"schema\":1,\"must\":[],\"id\":\"web-1\",\"app\":\"web\",\"release\":\"" HEX
                 "\",\"sequence\":0,\"created\":1764000000123,\"maxUnavailable\":1,"
                 "\"startByMs\":60000,\"lostAfterMs\":60000,\"force\":false,"
                 "\"offline\":\"later\",\"offlineUntilMs\":5}");
}

static void case_refusals(void)
{
    static const struct {
        const char *keys, *text;
    } rows[] = {
        {"\"waves\":[]", "waves: must be a list of 1 to 16 waves"},
        {"\"waves\":[{\"percent\":101}]", "waves[0]: percent and threshold must be at most 100"},
        {"\"waves\":[{\"soakMs\":2678400001}]", "waves[0]: soakMs must be at most 31 days"},
        {"\"waves\":[{},{\"soakMs\":-1}]",
         "waves[1].soakMs: must be between 0 and 9007199254740991"},
        {"\"parallelism\":{}", "parallelism: must have a count or a percent"},
        {"\"ramp\":{\"base\":0,\"factorThousandths\":1500,\"every\":1,\"most\":1}",
         "ramp: base and every must be at least 1, most at least base, the factor 1"},
        {"\"groups\":{\"by\":[\"a\"],\"max\":1,\"missing\":\"x\"}",
         "groups: max must be at least 1, missing one of alone, together, refuse"},
        {"\"groups\":{\"by\":[],\"max\":1,\"missing\":\"alone\"}",
         "groups: by must be a list of 1 to 4 labels"},
        {"\"failure\":{\"action\":\"stop\"}",
         "failure: action must be pause, continue or rollback"},
        {"\"failure\":{\"retries\":{\"lost\":16}}",
         "failure.retries.lost: must be between 0 and 15"},
        {"\"maxUnavailablePercent\":101", "document: maxUnavailablePercent must be at most 100"},
        {"\"undo\":\"No\"", "document: undo must be a rollout's name"},
    };
    static struct rollout_spec spec;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char document[512];
        struct err err = {0};
        (void)snprintf(document, sizeof document, "{\"schema\":1," LITTLE ",%s}", rows[i].keys);
        CHECK_INT_EQ(rollout_spec_parse(span_text(document), &spec, &err), ERR_VALUE);
        CHECK_STR_EQ(err.text, rows[i].text);
    }
}

static int shape_parse(const char *keys, struct rollout_spec *spec, struct err *err)
{
    static char document[2000];
    int len = snprintf(document, sizeof document, "{\"schema\":1," LITTLE "%s%s}",
                       keys[0] != '\0' ? "," : "", keys);
    CHECK(len > 0 && (size_t)len < sizeof document);
    return rollout_spec_parse(span_text(document), spec, err);
}

#define W5(text) text "," text "," text "," text "," text
#define WAVES15  W5("{}") "," W5("{}") "," W5("{}")
#define L63      "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"
#define N32      "aaaaaaaaaabbbbbbbbbbccccccccccdd"
#define RAMP(base, factor, every, most)                                                            \
    "\"ramp\":{\"base\":" base ",\"factorThousandths\":" factor ",\"every\":" every                \
    ",\"most\":" most "}"
#define GROUPS(by, max, missing)                                                                   \
    "\"groups\":{\"by\":[" by "],\"max\":" max ",\"missing\":\"" missing "\"}"
#define RAMP_TEXT   "ramp: base and every must be at least 1, most at least base, the factor 1"
#define GROUP_TEXT  "groups: max must be at least 1, missing one of alone, together, refuse"
#define BY_TEXT     "groups: by must be a list of 1 to 4 labels"
#define ACTION_TEXT "failure: action must be pause, continue or rollback"

/* Each bound from both sides: NULL where it is taken. */
static const struct {
    const char *keys, *text;
} bounds[] = {
    {"", NULL},
    {"\"waves\":{}", "waves: must be a list of 1 to 16 waves"},
    {"\"waves\":[{}]", NULL},
    {"\"waves\":[" WAVES15 ",{}]", NULL},
    {"\"waves\":[" WAVES15 ",{},{}]", "waves: must be a list of 1 to 16 waves"},
    {"\"waves\":[{\"percent\":100,\"threshold\":100}]", NULL},
    {"\"waves\":[{\"threshold\":101}]", "waves[0]: percent and threshold must be at most 100"},
    {"\"waves\":[{\"soakMs\":2678400000}]", NULL},
    {"\"parallelism\":{\"count\":1}", NULL},
    {"\"parallelism\":{\"percent\":1}", NULL},
    {"\"parallelism\":{\"percent\":100}", NULL},
    {"\"parallelism\":{\"percent\":101}", "parallelism: percent must be at most 100"},
    {"\"parallelism\":{\"count\":0,\"percent\":0}", "parallelism: must have a count or a percent"},
    {RAMP("1", "1000", "1", "1"), NULL},
    {RAMP("5", "1001", "7", "6"), NULL},
    {RAMP("5", "1000", "1", "4"), RAMP_TEXT},
    {RAMP("1", "1000", "0", "1"), RAMP_TEXT},
    {RAMP("1", "999", "1", "1"), RAMP_TEXT},
    {RAMP("0", "1000", "1", "0"), RAMP_TEXT},
    {"\"ramp\":{\"factorThousandths\":1000,\"every\":1,\"most\":1}",
     "ramp.base: missing; it is required"},
    {"\"ramp\":{\"base\":1,\"every\":1,\"most\":1}",
     "ramp.factorThousandths: missing; it is required"},
    {"\"ramp\":{\"base\":1,\"factorThousandths\":1000,\"most\":1}",
     "ramp.every: missing; it is required"},
    {"\"ramp\":{\"base\":1,\"factorThousandths\":1000,\"every\":1}",
     "ramp.most: missing; it is required"},
    {GROUPS("\"a\"", "1", "alone"), NULL},
    {GROUPS("\"a\",\"b\",\"c\",\"" L63 "\"", "1", "together"), NULL},
    {GROUPS("\"a\"", "1", "refuse"), NULL},
    {GROUPS("\"a\"", "0", "alone"), GROUP_TEXT},
    {GROUPS("\"a\"", "1", ""), GROUP_TEXT},
    {GROUPS("\"a\",\"b\",\"c\",\"d\",\"e\"", "1", "alone"), BY_TEXT},
    {GROUPS("\"a\",\"" L63 "g\"", "1", "alone"), "groups.by[1]: longer than 63 characters"},
    {"\"groups\":{\"max\":1,\"missing\":\"alone\"}", BY_TEXT},
    {"\"groups\":{\"by\":[\"a\"],\"missing\":\"alone\"}", GROUP_TEXT},
    {"\"groups\":{\"by\":[\"a\"],\"max\":-1,\"missing\":\"alone\"}",
     "groups.max: must be between 0 and 4294967295"},
    {"\"failure\":{}", NULL},
    {"\"failure\":{\"action\":\"pause\"}", NULL},
    {"\"failure\":{\"action\":\"continue\"}", NULL},
    {"\"failure\":{\"action\":\"rollback\"}", NULL},
    {"\"failure\":{\"action\":\"\"}", ACTION_TEXT},
    {"\"failure\":{\"weights\":{\"regressed\":1000},\"retries\":{\"failed\":15}}", NULL},
    {"\"failure\":{\"weights\":{\"regressed\":1001}}",
     "failure.weights.regressed: must be between 0 and 1000"},
    {"\"failure\":{\"weights\":{\"failed\":-1}}",
     "failure.weights.failed: must be between 0 and 1000"},
    {"\"maxUnavailablePercent\":100", NULL},
    {"\"undo\":\"" N32 "\"", NULL},
    {"\"undo\":\"" N32 "d\"", "undo: longer than 32 characters"},
    {"\"peers\":\"" L63 "\"", NULL},
    {"\"peers\":\"" L63 "g\"", "peers: longer than 63 characters"},
};

static void case_bounds(void)
{
    static struct rollout_spec spec;
    for (size_t i = 0; i < COUNT_OF(bounds); i++) {
        struct err err = {0};
        int failures = check_failures_;
        int rc = shape_parse(bounds[i].keys, &spec, &err);
        CHECK((rc == 0) == (bounds[i].text == NULL));
        if (bounds[i].text != NULL) {
            CHECK_STR_EQ(err.text, bounds[i].text);
        }
        if (check_failures_ != failures) {
            printf("    at %s\n", bounds[i].keys);
        }
    }
}

/* One key alone: what is in its `must`, whether the rollout goes in waves, and that it comes back.
 */
static void case_alone(void)
{
    static const struct {
        const char *keys, *must;
        bool is_staged;
    } rows[] = {
        {"", "", false},
        {"\"waves\":[{\"count\":7},{\"percent\":8,\"selector\":\"a=\\\"\"}]", "\"waves\"", true},
        {"\"waves\":[{}]", "\"waves\"", true},
        {"\"parallelism\":{\"count\":1}", "\"parallelism\"", true},
        {"\"parallelism\":{\"percent\":1}", "\"parallelism\"", true},
        {"\"delayMs\":1", "", false},
        {RAMP("1", "1000", "1", "1"), "\"ramp\"", false},
        {"\"maxUnavailablePercent\":1", "\"maxUnavailablePercent\"", false},
        {GROUPS("\"a\"", "1", "alone"), "\"groups\"", false},
        {"\"peers\":\"p\"", "\"peers\"", false},
        {"\"perMinute\":1", "\"perMinute\"", false},
        {"\"failure\":{}", "\"failure\"", false},
        {"\"offlineUntilMs\":1", "", false},
        {"\"startAt\":1", "\"startAt\"", false},
        {"\"endAt\":1", "\"endAt\"", false},
        {"\"undo\":\"u\"", "\"undo\"", false},
    };
    static struct rollout_spec spec, back;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};
        CHECK_INT_EQ(shape_parse(rows[i].keys, &spec, &err), 0);
        text_init(&text, data, sizeof data);
        rollout_shape_must(&spec.shape, &text);
        CHECK_STR_EQ(data, rows[i].must);
        CHECK(rollout_shape_is_staged(&spec.shape) == rows[i].is_staged);
        text_init(&text, data, sizeof data);
        rollout_spec_render(&spec, &text);
        CHECK_INT_EQ(rollout_spec_parse(span_of(data, text.len), &back, &err), 0);
        CHECK(memcmp(&spec.shape, &back.shape, sizeof spec.shape) == 0);
        char key[32];
        (void)snprintf(key, sizeof key, "%.*s", (int)strcspn(rows[i].keys + (i > 0), "\""),
                       rows[i].keys + (i > 0));
        CHECK(rollout_shape_knows(key) == (i > 0));
    }
}

/* What a failure part that says nothing means, class by class. */
static void case_classes(void)
{
    static const struct {
        const char *word;
        uint32_t weight;
    } classes[] = {{"failed", 100},    {"rolled-back", 100},  {"refused", 100},
                   {"timed-out", 100}, {"inconclusive", 100}, {"held", 0},
                   {"lost", 100},      {"overridden", 0},     {"regressed", 100}};
    static struct rollout_spec spec;
    struct err err = {0};
    CHECK_INT_EQ(ROLLOUT_CLASS_COUNT, COUNT_OF(classes));
    for (size_t i = 0; i < COUNT_OF(classes); i++) {
        char keys[200];
        CHECK_STR_EQ(rollout_class_word((enum rollout_class)i), classes[i].word);
        (void)snprintf(keys, sizeof keys,
                       "\"failure\":{\"weights\":{\"%s\":7},\"retries\":{\"%s\":3}}",
                       classes[i].word, classes[i].word);
        CHECK_INT_EQ(shape_parse(keys, &spec, &err), 0);
        CHECK(spec.shape.failure.is_given && !spec.shape.failure.is_canary);
        CHECK_STR_EQ(spec.shape.failure.action, "pause");
        for (size_t j = 0; j < COUNT_OF(classes); j++) {
            CHECK_INT_EQ(spec.shape.failure.weight[j], j == i ? 7 : classes[j].weight);
            CHECK_INT_EQ(spec.shape.failure.retries[j], j == i ? 3 : 0);
        }
    }
}

/* The memory of a rollout, and what an operator said of single nodes. */
static void case_memory(void)
{
    static struct rollout_state state, back;
    static struct rollout_control control, again;
    struct err err = {0};
    (void)text_copy(state.id, sizeof state.id, "web-1");
    state.wave_count = ROLLOUT_WAVES_MAX;
    state.wave_first = 7;
    state.is_rolling_back = true;
    state.burst_at = JSON_INTEGER_MAX;
    for (size_t i = 0; i < ROLLOUT_WAVES_MAX; i++) {
        state.waves[i] = (struct rollout_wave_state){.cut = UINT64_C(1) << 52,
                                                     .opened_at = JSON_INTEGER_MAX,
                                                     .reached_at = JSON_INTEGER_MAX - 1,
                                                     .soak_until = JSON_INTEGER_MAX - 2,
                                                     .members = UINT32_MAX,
                                                     .done = UINT32_MAX - 1,
                                                     .failed = UINT32_MAX - 2,
                                                     .changing = UINT32_MAX - 3};
    }
    for (size_t i = 0; i < ROLLOUT_WAIT_COUNT; i++) {
        state.waits[i].count = (uint32_t)i + 1;
        memset(state.waits[i].node, 'n', NODE_NAME_BYTES - 1);
    }
    text_init(&text, data, sizeof data);
    rollout_state_render(&state, &text);
    CHECK(!text.cut);
    CHECK_INT_EQ(rollout_state_parse(span_of(data, text.len), &back, &err), 0);
    CHECK(memcmp(&state, &back, sizeof state) == 0);
    control = (struct rollout_control){.want = "run", .accepted = 3, .resumed_at = 77};
    control.skipped_count = ROLLOUT_SKIPPED_MAX;
    control.retried_count = ROLLOUT_RETRIED_MAX;
    for (size_t i = 0; i < ROLLOUT_SKIPPED_MAX; i++) {
        memset(control.skipped[i], 'a' + (int)(i % 26), NODE_NAME_BYTES - 1);
    }
    for (size_t i = 1; i < ROLLOUT_RETRIED_MAX; i++) {
        memset(control.retried[i].node, 'a' + (int)i, NODE_NAME_BYTES - 1);
        control.retried[i].before = JSON_INTEGER_MAX;
    }
    text_init(&text, data, sizeof data);
    rollout_control_render(&control, &text);
    CHECK(!text.cut);
    CHECK_INT_EQ(rollout_control_parse(span_of(data, text.len), &again, &err), 0);
    CHECK(memcmp(&control, &again, sizeof control) == 0);
    CHECK(rollout_is_skipped(&again, control.skipped[3]));
    CHECK(!rollout_is_skipped(&again, "gw-1"));
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"everything", case_everything}, {"must", case_must},   {"refusals", case_refusals},
        {"bounds", case_bounds},         {"alone", case_alone}, {"classes", case_classes},
        {"memory", case_memory}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
