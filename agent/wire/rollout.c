/* rollout: spec, control, state and claim, read and written by tables of their members. */
#include "agent/wire/rollout.h"

#include <string.h>

#include "agent/wire/json.h"
#include "platform/base/law.h"

struct words {
    const char *word, *sentence;
    bool is_end;
};

static const struct words phases[] = {
#define PHASE_(name, word, sentence, is_end) [ROLLOUT_##name] = {word, sentence, is_end},
    ROLLOUT_PHASES(PHASE_)
#undef PHASE_
};

const char *rollout_phase_word(enum rollout_phase phase)
{
    LAW(BOUNDED, phase < ROLLOUT_PHASE_COUNT);
    return phases[phase].word;
}

const char *rollout_phase_sentence(enum rollout_phase phase)
{
    LAW(BOUNDED, phase < ROLLOUT_PHASE_COUNT);
    return phases[phase].sentence;
}

bool rollout_phase_is_end(enum rollout_phase phase)
{
    LAW(ENDS, phase < ROLLOUT_PHASE_COUNT);
    return phases[phase].is_end;
}

const char *node_condition_word(enum node_condition condition)
{
    LAW(BOUNDED, condition < NODE_CONDITION_COUNT);
    static const char *const words[] = {
#define WORD_(name, word, sentence) [NODE_##name] = word,
        NODE_CONDITIONS(WORD_)
#undef WORD_
    };
    return words[condition];
}

/* -- reading -------------------------------------------------------------------------------- */

static const struct json_rules rules = {.bytes_max = ROLLOUT_BYTES_MAX};

static const struct json_field spec_fields[] = {
    JSON_FIELD("fleet", TEXT, struct rollout_spec, fleet, false),
    JSON_FIELD("id", TEXT, struct rollout_spec, id, true),
    JSON_FIELD("app", TEXT, struct rollout_spec, app, true),
    JSON_FIELD("release", DIGEST, struct rollout_spec, release, true),
    JSON_FIELD("sequence", NUMBER, struct rollout_spec, sequence, false),
    JSON_FIELD("version", TEXT, struct rollout_spec, version, false),
    JSON_FIELD("selector", TEXT, struct rollout_spec, selector, false),
    JSON_FIELD("created", INSTANT, struct rollout_spec, created, true),
    JSON_FIELD("maxUnavailable", NUMBER32, struct rollout_spec, max_unavailable, false),
    JSON_FIELD("startByMs", NUMBER, struct rollout_spec, start_by_ms, false),
    JSON_FIELD("lostAfterMs", NUMBER, struct rollout_spec, lost_after_ms, false),
    JSON_FIELD("force", BOOLEAN, struct rollout_spec, force, false),
    JSON_FIELD("offline", TEXT, struct rollout_spec, offline, false)};

static const struct json_field control_fields[] = {
    JSON_FIELD("want", TEXT, struct rollout_control, want, true),
    JSON_FIELD("fleet", TEXT, struct rollout_control, fleet, false),
    JSON_FIELD("id", TEXT, struct rollout_control, id, false),
    JSON_FIELD("serial", NUMBER, struct rollout_control, serial, false),
    JSON_FIELD("allowedAt", INSTANT, struct rollout_control, allowed_at, false),
    JSON_FIELD("accepted", NUMBER32, struct rollout_control, accepted, false),
    JSON_FIELD("resumedAt", INSTANT, struct rollout_control, resumed_at, false)};

static const struct json_field state_fields[] = {
    JSON_FIELD("id", TEXT, struct rollout_state, id, true),
    JSON_FIELD("waiting", TEXT, struct rollout_state, waiting, false),
    JSON_FIELD("matched", NUMBER32, struct rollout_state, matched, false),
    JSON_FIELD("failedNode", TEXT, struct rollout_state, failed_node, false),
    JSON_FIELD("failedOutcome", TEXT, struct rollout_state, failed_outcome, false),
    JSON_FIELD("failedReason", TEXT, struct rollout_state, failed_reason, false),
    JSON_FIELD("fleet", TEXT, struct rollout_state, fleet, false),
    JSON_FIELD("epoch", NUMBER, struct rollout_state, epoch, false),
    JSON_FIELD("revision", NUMBER, struct rollout_state, revision, false),
    JSON_FIELD("controlSerial", NUMBER, struct rollout_state, control_serial, false),
    JSON_FIELD("controlSigner", TEXT, struct rollout_state, control_signer, false),
    JSON_FIELD("controlDigest", DIGEST, struct rollout_state, control_digest, false),
    JSON_FIELD("updated", INSTANT, struct rollout_state, updated, false),
    JSON_FIELD("waveFirst", NUMBER32, struct rollout_state, wave_first, false),
    JSON_FIELD("unbegun", BOOLEAN, struct rollout_state, is_unbegun, false),
    JSON_FIELD("rollingBack", BOOLEAN, struct rollout_state, is_rolling_back, false),
    JSON_FIELD("burstAt", INSTANT, struct rollout_state, burst_at, false)};

static const struct json_field claim_fields[] = {
    JSON_FIELD("fleet", TEXT, struct claim, fleet, false),
    JSON_FIELD("epoch", NUMBER, struct claim, epoch, true),
    JSON_FIELD("beat", NUMBER, struct claim, beat, false),
    JSON_FIELD("nonce", TEXT, struct claim, nonce, true),
    JSON_FIELD("released", BOOLEAN, struct claim, is_released, false),
    JSON_FIELD("since", INSTANT, struct claim, since, false)};

/* Every key of these documents, for their `must`: a key of one is no harm to another. */
static bool is_known(const char *key)
{
    static const char *const others[] = {"schema", "must",  "phase",      "counts", "current",
                                         "skip",   "retry", "waveStates", "waits",  "control"};
    static const struct {
        const struct json_field *fields;
        size_t count;
    } tables[] = {{spec_fields, COUNT_OF(spec_fields)},
                  {control_fields, COUNT_OF(control_fields)},
                  {state_fields, COUNT_OF(state_fields)},
                  {claim_fields, COUNT_OF(claim_fields)}};
    if (rollout_shape_knows(key)) {
        return true;
    }
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        if (strcmp(others[i], key) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        for (size_t j = 0; j < tables[i].count; j++) {
            if (strcmp(tables[i].fields[j].name, key) == 0) {
                return true;
            }
        }
    }
    return false;
}

static int document_read(struct span text, const struct json_field *fields, size_t count,
                         int (*more)(const struct json_place *root, void *into, struct err *err),
                         void *into, struct err *err)
{
    struct json_document document;
    int rc = json_parse(text, &rules, &document, err);
    if (rc != 0) {
        return rc;
    }
    struct json_place root = json_root(&document);
    rc = json_read_head(&root, is_known, err);
    rc = rc == 0 ? json_read_fields(&root, fields, count, into, err) : rc;
    rc = rc == 0 && more != NULL ? more(&root, into, err) : rc;
    json_free(&document);
    return rc;
}

static int spec_more(const struct json_place *root, void *into, struct err *err)
{
    struct rollout_spec *spec = into;
    if (!text_is_name(spec->id, NAME_BYTES - 1) || !text_is_name(spec->app, NAME_BYTES - 1)) {
        return json_error(root, ERR_VALUE, err, "id and app must be names");
    }
    if (spec->max_unavailable == 0) {
        return json_error(root, ERR_VALUE, err, "maxUnavailable must be at least 1");
    }
    if (strcmp(spec->offline, "later") != 0 && strcmp(spec->offline, "wait") != 0 &&
        strcmp(spec->offline, "fail") != 0 && strcmp(spec->offline, "skip") != 0) {
        return json_error(root, ERR_VALUE, err, "offline must be later, wait, fail or skip");
    }
    return rollout_shape_read(root, &spec->shape, err);
}

int rollout_spec_parse(struct span text, struct rollout_spec *spec, struct err *err)
{
    struct rollout_spec read = {.max_unavailable = 1,
                                .start_by_ms = ROLLOUT_START_BY_MS_DEFAULT,
                                .lost_after_ms = ROLLOUT_LOST_AFTER_MS_DEFAULT,
                                .offline = "later"};
    int rc = document_read(text, spec_fields, COUNT_OF(spec_fields), spec_more, &read, err);
    if (rc == 0) {
        *spec = read;
    }
    return rc;
}

static int control_more(const struct json_place *root, void *into, struct err *err)
{
    const struct rollout_control *control = into;
    bool is_known_want = strcmp(control->want, "run") == 0 || strcmp(control->want, "pause") == 0 ||
                         strcmp(control->want, "abort") == 0;
    return is_known_want ? rollout_hands_read(root, into, err)
                         : json_error(root, ERR_VALUE, err, "want must be run, pause or abort");
}

static int control_place_read(const struct json_place *at, struct rollout_control *control,
                              struct err *err)
{
    int rc = json_read_fields(at, control_fields, COUNT_OF(control_fields), control, err);
    return rc == 0 ? control_more(at, control, err) : rc;
}

int rollout_control_parse(struct span text, struct rollout_control *control, struct err *err)
{
    struct rollout_control read = {0};
    int rc =
        document_read(text, control_fields, COUNT_OF(control_fields), control_more, &read, err);
    if (rc == 0) {
        *control = read;
    }
    return rc;
}

static int counts_read(const struct json_place *at, struct rollout_state *state, struct err *err)
{
    for (enum node_condition condition = 0; condition < NODE_CONDITION_COUNT; condition++) {
        struct json_place member;
        int64_t count = 0;
        if (json_member(at, node_condition_word(condition), &member)) {
            int rc = json_integer(&member, 0, UINT32_MAX, &count, err);
            if (rc != 0) {
                return rc;
            }
        }
        state->count[condition] = (uint32_t)count;
    }
    return 0;
}

static int state_more(const struct json_place *root, void *into, struct err *err)
{
    struct rollout_state *state = into;
    struct json_place member;
    const char *word = "";
    int rc = 0;
    if (json_member(root, "phase", &member)) {
        rc = json_string(&member, &word, err);
    }
    while (rc == 0 && state->phase < ROLLOUT_PHASE_COUNT &&
           strcmp(word, rollout_phase_word(state->phase)) != 0) {
        state->phase++;
    }
    if (rc == 0 && state->phase == ROLLOUT_PHASE_COUNT) {
        return json_error(root, ERR_VALUE, err, "the phase is none this version knows");
    }
    if (rc == 0 && json_member(root, "counts", &member)) {
        rc = counts_read(&member, state, err);
    }
    if (rc == 0 && json_member(root, "current", &member)) {
        struct json_place step = {0};
        while (rc == 0 && state->current_count < ROLLOUT_CURRENT_MAX && json_next(&member, &step)) {
            rc = json_copy(&step, state->current[state->current_count], NODE_NAME_BYTES, err);
            state->current_count += rc == 0;
        }
    }
    return rc == 0 ? rollout_memory_read(root, state, err) : rc;
}

int rollout_state_parse(struct span text, struct rollout_state *state, struct err *err)
{
    struct rollout_state read = {0};
    int rc = document_read(text, state_fields, COUNT_OF(state_fields), state_more, &read, err);
    if (rc == 0) {
        *state = read;
    }
    return rc;
}

struct told {
    struct rollout_state state; /* first: its fields are read into this struct */
    struct rollout_control control;
};

static int told_more(const struct json_place *root, void *into, struct err *err)
{
    struct told *told = into;
    struct json_place member;
    int rc = state_more(root, &told->state, err);
    return rc == 0 && json_member(root, "control", &member)
               ? control_place_read(&member, &told->control, err)
               : rc;
}

int rollout_told_parse(struct span text, struct rollout_state *state, struct rollout_control *taken,
                       struct err *err)
{
    struct told read = {.control = {.want = "run"}};
    int rc = document_read(text, state_fields, COUNT_OF(state_fields), told_more, &read, err);
    if (rc == 0) {
        *state = read.state;
        *taken = read.control;
    }
    return rc;
}

int claim_parse(struct span text, struct claim *claim, struct err *err)
{
    struct claim read = {0};
    int rc = document_read(text, claim_fields, COUNT_OF(claim_fields), NULL, &read, err);
    if (rc == 0) {
        *claim = read;
    }
    return rc;
}

/* -- writing -------------------------------------------------------------------------------- */

static void word_append(struct text *text, const char *key, const char *value)
{
    if (value[0] != '\0') {
        text_printf(text, ",\"%s\":", key);
        text_append_json(text, value);
    }
}

void rollout_spec_render(const struct rollout_spec *spec, struct text *text)
{
    char hex[DIGEST_HEX_BYTES];
    digest_render(&spec->release, hex);
    text_append(text, "{\"schema\":1,\"must\":[");
    rollout_shape_must(&spec->shape, text);
    text_append(text, "]");
    word_append(text, "fleet", spec->fleet);
    word_append(text, "id", spec->id);
    word_append(text, "app", spec->app);
    word_append(text, "release", hex);
    text_printf(text, ",\"sequence\":%llu", (unsigned long long)spec->sequence);
    word_append(text, "version", spec->version);
    word_append(text, "selector", spec->selector);
    text_printf(text, ",\"created\":%lld,\"maxUnavailable\":%u,\"startByMs\":%llu",
                (long long)spec->created, spec->max_unavailable,
                (unsigned long long)spec->start_by_ms);
    text_printf(text, ",\"lostAfterMs\":%llu,\"force\":%s", (unsigned long long)spec->lost_after_ms,
                spec->force ? "true" : "false");
    word_append(text, "offline", spec->offline);
    rollout_shape_render(&spec->shape, text);
    text_append(text, "}");
}

void rollout_control_render(const struct rollout_control *control, struct text *text)
{
    text_append(text, "{\"schema\":1,\"must\":[\"want\"]");
    word_append(text, "fleet", control->fleet);
    word_append(text, "id", control->id);
    if (control->serial != 0) {
        text_printf(text, ",\"serial\":%llu", (unsigned long long)control->serial);
    }
    if (control->allowed_at != 0) {
        text_printf(text, ",\"allowedAt\":%lld", (long long)control->allowed_at);
    }
    word_append(text, "want", control->want);
    text_printf(text, ",\"accepted\":%u", control->accepted);
    rollout_hands_render(control, text);
    text_append(text, "}");
}

static void taken_append(const struct rollout_state *state, const struct rollout_control *taken,
                         struct text *text)
{
    char hex[DIGEST_HEX_BYTES];
    if (state->control_serial == 0) {
        return;
    }
    digest_render(&state->control_digest, hex);
    text_printf(text, ",\"controlSerial\":%llu", (unsigned long long)state->control_serial);
    word_append(text, "controlSigner", state->control_signer);
    word_append(text, "controlDigest", hex);
    if (taken != NULL) {
        text_append(text, ",\"control\":");
        rollout_control_render(taken, text);
    }
}

void rollout_state_render(const struct rollout_state *state, struct text *text)
{
    LAW(BOUNDED, state->wave_count <= ROLLOUT_WAVES_MAX);
    rollout_told_render(state, NULL, text);
}

void rollout_told_render(const struct rollout_state *state, const struct rollout_control *taken,
                         struct text *text)
{
    text_append(text, "{\"schema\":1,\"must\":[]");
    word_append(text, "fleet", state->fleet);
    word_append(text, "id", state->id);
    word_append(text, "phase", rollout_phase_word(state->phase));
    word_append(text, "waiting", state->waiting);
    text_printf(text, ",\"matched\":%u,\"counts\":{", state->matched);
    for (enum node_condition condition = 0; condition < NODE_CONDITION_COUNT; condition++) {
        text_printf(text, "%s\"%s\":%u", condition == 0 ? "" : ",", node_condition_word(condition),
                    state->count[condition]);
    }
    text_append(text, "},\"current\":[");
    for (size_t i = 0; i < state->current_count; i++) {
        text_append(text, i == 0 ? "" : ",");
        text_append_json(text, state->current[i]);
    }
    text_append(text, "]");
    word_append(text, "failedNode", state->failed_node);
    word_append(text, "failedOutcome", state->failed_outcome);
    word_append(text, "failedReason", state->failed_reason);
    text_printf(text, ",\"epoch\":%llu,\"updated\":%lld", (unsigned long long)state->epoch,
                (long long)state->updated);
    if (state->revision != 0) {
        text_printf(text, ",\"revision\":%llu", (unsigned long long)state->revision);
    }
    if (state->is_unbegun) {
        text_append(text, ",\"unbegun\":true");
    }
    taken_append(state, taken, text);
    rollout_memory_render(state, text);
    text_append(text, "}");
}

void claim_render(const struct claim *claim, struct text *text)
{
    text_printf(text, "{\"schema\":1,\"epoch\":%llu,\"nonce\":\"%s\",\"released\":%s",
                (unsigned long long)claim->epoch, claim->nonce,
                claim->is_released ? "true" : "false");
    word_append(text, "fleet", claim->fleet);
    if (claim->beat != 0) {
        text_printf(text, ",\"beat\":%llu", (unsigned long long)claim->beat);
    }
    if (claim->since != 0) {
        text_printf(text, ",\"since\":%lld", (long long)claim->since);
    }
    text_append(text, "}");
}
