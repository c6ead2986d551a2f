/* rollout: its documents and the claim, there and back; lenient but for `must`; refused by name. */
#include "agent/wire/rollout.h"

#include "platform/base/units.h"
#include "tests/check.h"

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
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
