/* rollout: its documents and the claim, there and back; lenient but for `must`; refused by name. */
#include "agent/wire/rollout.h"

#include "platform/base/units.h"
#include "tests/check.h"
#include "tests/unit/wire/must.h"

static char data[ROLLOUT_BYTES_MAX];
static struct text text;

static struct rollout_spec spec_sample(void)
{
    struct rollout_spec spec = {.id = "web-20261126-113000-ab12",
                                .app = "web",
                                .sequence = 1764000000,
                                .version = "2.1 \"final\"",
                                .selector = "site in (north,south),!lab",
                                .created = 1764000000123,
                                .max_unavailable = 3,
                                .start_by_ms = 60000,
                                .lost_after_ms = 7200000,
                                .force = true,
                                .offline = "wait"};
    memset(spec.release.bytes, 0xab, DIGEST_BYTES);
    return spec;
}

static void case_spec(void)
{
    struct rollout_spec spec = spec_sample();
    struct rollout_spec back = {0};
    struct err err = {0};
    text_init(&text, data, sizeof data);
    rollout_spec_render(&spec, &text);
    CHECK(!text.cut);
    CHECK_INT_EQ(rollout_spec_parse(span_of(data, text.len), &back, &err), 0);
    CHECK_STR_EQ(back.id, spec.id);
    CHECK_STR_EQ(back.app, spec.app);
    CHECK(digest_is_equal(&back.release, &spec.release));
    CHECK_INT_EQ(back.sequence, spec.sequence);
    CHECK_STR_EQ(back.version, spec.version);
    CHECK_STR_EQ(back.selector, spec.selector);
    CHECK_INT_EQ(back.created, spec.created);
    CHECK_INT_EQ(back.max_unavailable, 3);
    CHECK_INT_EQ(back.start_by_ms, 60000);
    CHECK_INT_EQ(back.lost_after_ms, 7200000);
    CHECK(back.force);
    CHECK_STR_EQ(back.offline, "wait");
}

#define HEX    "abababababababababababababababababababababababababababababababab"
#define LITTLE "\"id\":\"web-1\",\"app\":\"web\",\"release\":\"" HEX "\",\"created\":5"

static void case_spec_defaults(void)
{
    struct rollout_spec spec;
    struct err err = {0};
    CHECK_INT_EQ(rollout_spec_parse(span_text("{\"schema\":1," LITTLE ",\"new\":{}}"), &spec, &err),
                 0);
    CHECK_INT_EQ(spec.max_unavailable, 1);
    CHECK_INT_EQ(spec.start_by_ms, MINUTES_MS(15));
    CHECK_INT_EQ(spec.lost_after_ms, MINUTES_MS(15));
    CHECK_STR_EQ(spec.offline, "later");
    CHECK_STR_EQ(spec.selector, "");
    CHECK(!spec.force);
}

/* What is refused leaves the struct as it was. */
static void case_spec_refusals(void)
{
    static const struct {
        const char *document;
        int code;
    } rows[] = {
        {"", ERR_SYNTAX},
        {"[]", ERR_MISSING},
        {"{" LITTLE "}", ERR_MISSING},
        {"{\"schema\":2," LITTLE "}", ERR_SCHEMA},
        {"{\"schema\":1,\"must\":[\"gates\"]," LITTLE "}", ERR_UNKNOWN_KEY},
        {"{\"schema\":1,\"id\":\"web-1\",\"app\":\"web\",\"created\":5}", ERR_MISSING},
        {"{\"schema\":1,\"id\":\"Web\",\"app\":\"web\",\"release\":\"" HEX "\",\"created\":5}",
         ERR_VALUE},
        {"{\"schema\":1,\"id\":\"a/b\",\"app\":\"web\",\"release\":\"" HEX "\",\"created\":5}",
         ERR_VALUE},
        {"{\"schema\":1,\"id\":\"web-1\",\"app\":\"web\",\"release\":\"beef\",\"created\":5}",
         ERR_VALUE},
        {"{\"schema\":1," LITTLE ",\"maxUnavailable\":0}", ERR_VALUE},
        {"{\"schema\":1," LITTLE ",\"maxUnavailable\":-1}", ERR_VALUE},
        {"{\"schema\":1," LITTLE ",\"offline\":\"never\"}", ERR_VALUE},
        {"{\"schema\":1," LITTLE ",\"created\":6}", ERR_DUPLICATE_KEY},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct rollout_spec spec = {.id = "untouched"};
        struct err err = {0};
        int rc = rollout_spec_parse(span_text(rows[i].document), &spec, &err);
        if (rc != rows[i].code) {
            printf("    %s\n    %s\n", rows[i].document, err.text);
        }
        CHECK_INT_EQ(rc, rows[i].code);
        CHECK_STR_EQ(spec.id, "untouched");
        CHECK(err.text[0] != '\0');
    }
}

static void case_control(void)
{
    static const char *const wants[] = {"run", "pause", "abort"};
    struct rollout_control back;
    struct err err = {0};
    for (size_t i = 0; i < COUNT_OF(wants); i++) {
        struct rollout_control control = {.accepted = (uint32_t)i};
        (void)text_copy(control.want, sizeof control.want, wants[i]);
        text_init(&text, data, sizeof data);
        rollout_control_render(&control, &text);
        CHECK_INT_EQ(rollout_control_parse(span_of(data, text.len), &back, &err), 0);
        CHECK_STR_EQ(back.want, wants[i]);
        CHECK_INT_EQ(back.accepted, i);
    }
    CHECK_INT_EQ(rollout_control_parse(span_text("{\"schema\":1}"), &back, &err), ERR_MISSING);
    CHECK_INT_EQ(rollout_control_parse(span_text("{\"schema\":1,\"want\":\"stop\"}"), &back, &err),
                 ERR_VALUE);
}

/* The fullest state there can be still fits, and says the same when it is read. */
static void case_state(void)
{
    static struct rollout_state state, back;
    struct err err = {0};
    for (enum rollout_phase phase = 0; phase < ROLLOUT_PHASE_COUNT; phase++) {
        memset(&state, 0, sizeof state);
        state.phase = phase;
        memset(state.id, 'a', sizeof state.id - 1);
        memset(state.waiting, '"', sizeof state.waiting - 1);
        for (enum node_condition i = 0; i < NODE_CONDITION_COUNT; i++) {
            state.count[i] = UINT32_MAX - (uint32_t)i;
        }
        state.matched = UINT32_MAX;
        state.current_count = ROLLOUT_CURRENT_MAX;
        for (size_t i = 0; i < ROLLOUT_CURRENT_MAX; i++) {
            memset(state.current[i], 'a' + (int)i, NODE_NAME_BYTES - 1);
        }
        memset(state.failed_node, 'f', sizeof state.failed_node - 1);
        memset(state.failed_outcome, 'o', sizeof state.failed_outcome - 1);
        memset(state.failed_reason, 'r', sizeof state.failed_reason - 1);
        state.epoch = JSON_INTEGER_MAX;
        state.updated = JSON_INTEGER_MAX;
        text_init(&text, data, sizeof data);
        rollout_state_render(&state, &text);
        CHECK(!text.cut);
        memset(&back, 0, sizeof back);
        CHECK_INT_EQ(rollout_state_parse(span_of(data, text.len), &back, &err), 0);
        CHECK(memcmp(&state, &back, sizeof state) == 0);
    }
    CHECK_INT_EQ(
        rollout_state_parse(span_text("{\"schema\":1,\"id\":\"a\",\"phase\":\"x\"}"), &back, &err),
        ERR_VALUE);
    CHECK_INT_EQ(rollout_state_parse(span_text("{\"schema\":1,\"id\":\"a\",\"phase\":\"running\","
                                               "\"counts\":{\"done\":-1}}"),
                                     &back, &err),
                 ERR_VALUE);
}

static void case_claim(void)
{
    const struct claim claim = {
        .epoch = 7, .nonce = "00112233445566ff", .is_released = true, .since = 1764000000123};
    struct claim back = {0};
    struct err err = {0};
    text_init(&text, data, sizeof data);
    claim_render(&claim, &text);
    CHECK_INT_EQ(claim_parse(span_of(data, text.len), &back, &err), 0);
    CHECK_INT_EQ(back.epoch, 7);
    CHECK_STR_EQ(back.nonce, claim.nonce);
    CHECK(back.is_released);
    CHECK_INT_EQ(back.since, claim.since);
    CHECK_INT_EQ(claim_parse(span_text("{\"schema\":1,\"nonce\":\"00\"}"), &back, &err),
                 ERR_MISSING);
    CHECK_INT_EQ(
        claim_parse(span_text("{\"schema\":1,\"epoch\":1.5,\"nonce\":\"00\"}"), &back, &err),
        ERR_VALUE);
}

static void case_words(void)
{
    unsigned ends = 0;
    for (enum rollout_phase phase = 0; phase < ROLLOUT_PHASE_COUNT; phase++) {
        CHECK(rollout_phase_word(phase)[0] != '\0' && rollout_phase_sentence(phase)[0] != '\0');
        ends += rollout_phase_is_end(phase);
    }
    CHECK_INT_EQ(ends, 6);
    for (enum node_condition i = 0; i < NODE_CONDITION_COUNT; i++) {
        CHECK(node_condition_word(i)[0] != '\0');
    }
}

#define READER(name, type, call)                                                                   \
    static int name(struct span given, struct err *err)                                            \
    {                                                                                              \
        static type read;                                                                          \
        return call(given, &read, err);                                                            \
    }
READER(spec_read, struct rollout_spec, rollout_spec_parse)
READER(control_read, struct rollout_control, rollout_control_parse)
READER(state_read, struct rollout_state, rollout_state_parse)
READER(claim_read, struct claim, claim_parse)

/* What a writer writes its reader may be asked to know, in each of the documents. */
static void case_must(void)
{
    static struct rollout_state state;
    struct rollout_control control = {.want = "run", .resumed_at = 5};
    struct claim claim = {.epoch = 1, .nonce = "00", .since = 5};
    struct rollout_spec spec = spec_sample();
    (void)text_copy(spec.version, sizeof spec.version, "2.1");
    spec.shape = (struct rollout_shape){.wave_count = 1,
                                        .parallelism = {.count = 1},
                                        .delay_ms = 1,
                                        .ramp = {.base = 1},
                                        .max_unavailable_percent = 1,
                                        .group_by = {"a"},
                                        .group_count = 1,
                                        .group_max = 1,
                                        .group_missing = "alone",
                                        .peers = "p",
                                        .per_minute = 1,
                                        .offline_until_ms = 1,
                                        .start_at = 1,
                                        .end_at = 1,
                                        .undo = "u"};
    rollout_failure_default(&spec.shape.failure);
    spec.shape.failure.is_given = true;
    text_init(&text, data, sizeof data);
    rollout_spec_render(&spec, &text);
    CHECK_INT_EQ(must_check(data, "", "{\"schema\":1," LITTLE "}", spec_read), 27);
    control.skipped_count = control.retried_count = 1;
    text_init(&text, data, sizeof data);
    rollout_control_render(&control, &text);
    CHECK_INT_EQ(must_check(data, "", "{\"schema\":1,\"want\":\"run\"}", control_read), 7);
    (void)text_copy(state.id, sizeof state.id, "r");
    (void)text_copy(state.waiting, sizeof state.waiting, "w");
    (void)text_copy(state.failed_node, sizeof state.failed_node, "n");
    (void)text_copy(state.failed_outcome, sizeof state.failed_outcome, "o");
    (void)text_copy(state.failed_reason, sizeof state.failed_reason, "r");
    state.wave_count = 1;
    state.waits[0].count = 1;
    state.is_rolling_back = true;
    state.burst_at = 1;
    text_init(&text, data, sizeof data);
    rollout_state_render(&state, &text);
    CHECK_INT_EQ(
        must_check(data, "", "{\"schema\":1,\"id\":\"a\",\"phase\":\"running\"}", state_read), 18);
    text_init(&text, data, sizeof data);
    claim_render(&claim, &text);
    CHECK_INT_EQ(must_check(data, "", "{\"schema\":1,\"epoch\":1,\"nonce\":\"0\"}", claim_read), 5);
}

/* Words of the wire, and what ends. */
static void case_all_words(void)
{
    static const struct {
        const char *word;
        bool is_end;
    } phases[] = {{"running", false},   {"paused", false},       {"aborting", false},
                  {"succeeded", true},  {"finished", true},      {"aborted", true},
                  {"superseded", true}, {"rolling-back", false}, {"rolled-back", true},
                  {"expired", true}};
    static const char *const conditions[] = {"pending",    "offline", "busy", "changing",
                                             "done",       "failed",  "lost", "regressed",
                                             "overridden", "skipped"};
    static const char *const waits[] = {"start",   "freeze",    "changing", "soak", "budget",
                                        "rate",    "group",     "peers",    "busy", "stuck",
                                        "offline", "threshold", "settled"};
    CHECK_INT_EQ(ROLLOUT_PHASE_COUNT, COUNT_OF(phases));
    CHECK_INT_EQ(NODE_CONDITION_COUNT, COUNT_OF(conditions));
    CHECK_INT_EQ(ROLLOUT_WAIT_COUNT, COUNT_OF(waits));
    for (size_t i = 0; i < COUNT_OF(phases); i++) {
        CHECK_STR_EQ(rollout_phase_word((enum rollout_phase)i), phases[i].word);
        CHECK(rollout_phase_is_end((enum rollout_phase)i) == phases[i].is_end);
        CHECK_STR_EQ(node_condition_word((enum node_condition)i), conditions[i]);
    }
    for (size_t i = 0; i < COUNT_OF(waits); i++) {
        CHECK_STR_EQ(rollout_wait_word((enum rollout_wait)i), waits[i]);
    }
}

static struct span listed(const char *before, const char *item, int count, const char *after)
{
    text_init(&text, data, sizeof data);
    text_append(&text, before);
    for (int i = 0; i < count; i++) {
        text_append(&text, i > 0 ? "," : "");
        text_append(&text, item);
    }
    text_append(&text, after);
    CHECK(!text.cut);
    return span_of(data, text.len);
}

/* As many of each as may be, and one more; an item of another kind, at its place. */
static void case_lists(void)
{
    static const struct {
        int (*read)(struct span given, struct err *err);
        const char *before, *item, *after, *message;
        int most;
    } rows[] = {{control_read, "{\"schema\":1,\"want\":\"run\",\"skip\":[", "\"a\"", "]}",
                 "skip: more than 32 nodes", 32},
                {control_read, "{\"schema\":1,\"want\":\"run\",\"retry\":[", "{\"before\":1}", "]}",
                 "retry: more than 16 nodes", 16},
                {state_read, "{\"schema\":1,\"id\":\"a\",\"phase\":\"paused\",\"waveStates\":[",
                 "{\"cut\":1,\"openedAt\":1}", "]}", "waveStates: more than 16 waves", 16}};
    static const struct {
        int (*read)(struct span given, struct err *err);
        const char *part, *message;
    } parts[] = {
        {control_read, "\"want\":\"run\",\"skip\":[\"a\",\"B\"]", "skip[1]: must be 1 to 63"},
        {control_read, "\"want\":\"run\",\"retry\":[{\"node\":\"a\"}]", "retry[0].before: missing"},
        {control_read, "\"want\":\"runs\"", "want must be run, pause or abort"},
        {state_read, "\"id\":\"a\",\"phase\":1", "phase: must be a string"},
        {state_read, "\"id\":\"a\"", "the phase is none this version knows"},
        {state_read, "\"id\":\"a\",\"phase\":\"paused\",\"waveStates\":[{\"cut\":1}]",
         "waveStates[0].openedAt: missing"},
        {state_read, "\"id\":\"a\",\"phase\":\"paused\",\"waveStates\":[{\"openedAt\":1}]",
         "waveStates[0].cut: missing"},
        {state_read, "\"id\":\"a\",\"phase\":\"paused\",\"waits\":{\"peers\":{}}",
         "waits.peers.count: missing"},
        {state_read, "\"id\":\"a\",\"phase\":\"paused\",\"current\":[\"a\",1]",
         "current[1]: must be a string"},
        {state_read, "\"id\":\"a\",\"phase\":\"paused\",\"counts\":{\"lost\":4294967296}",
         "counts.lost: must be between 0 and 4294967295"}};
    struct err err = {0};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CHECK_INT_EQ(
            rows[i].read(listed(rows[i].before, rows[i].item, rows[i].most, rows[i].after), &err),
            0);
        CHECK_INT_EQ(
            rows[i].read(listed(rows[i].before, rows[i].item, rows[i].most + 1, rows[i].after),
                         &err),
            ERR_LIMIT);
        CHECK_STR_EQ(err.text, rows[i].message);
    }
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        CHECK(parts[i].read(listed("{\"schema\":1,", parts[i].part, 1, "}"), &err) != 0);
        CHECK_CONTAINS(err.text, parts[i].message);
    }
}

/* What a state does not say is none of it; who is skipped is among as many as are said. */
static void case_nothing_more(void)
{
    static struct rollout_state state, back;
    struct rollout_control control = {.want = "run", .skipped = {"a", "b"}, .skipped_count = 1};
    CHECK_INT_EQ(rollout_state_parse(span_text("{\"schema\":1,\"id\":\"a\",\"phase\":\"paused\","
                                               "\"counts\":{\"done\":3,\"lost\":2}}"),
                                     &back, NULL),
                 0);
    for (enum node_condition i = 0; i < NODE_CONDITION_COUNT; i++) {
        CHECK_INT_EQ(back.count[i], i == NODE_DONE ? 3 : i == NODE_LOST ? 2 : 0);
    }
    CHECK(rollout_is_skipped(&control, "a") && !rollout_is_skipped(&control, "b"));
    for (enum rollout_wait i = 0; i < ROLLOUT_WAIT_COUNT; i++) {
        memset(&state, 0, sizeof state);
        (void)text_copy(state.id, sizeof state.id, "a");
        state.waits[i].count = 1;
        text_init(&text, data, sizeof data);
        rollout_state_render(&state, &text);
        CHECK_INT_EQ(rollout_state_parse(span_of(data, text.len), &back, NULL), 0);
        CHECK(memcmp(&state, &back, sizeof state) == 0);
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"spec", case_spec},
        {"spec: defaults", case_spec_defaults},
        {"spec: refusals", case_spec_refusals},
        {"control", case_control},
        {"state", case_state},
        {"claim", case_claim},
        {"words", case_words},
        {"must", case_must},
        {"all words", case_all_words},
        {"lists", case_lists},
        {"nothing more", case_nothing_more},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
