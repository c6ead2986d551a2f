/* rollout_memory: what a rollout remembers in its state, and what hands have said of its nodes. */
#include <string.h>

#include "platform/base/law.h"

#include "agent/wire/rollout.h"

const char *rollout_wait_word(enum rollout_wait wait)
{
    LAW(BOUNDED, wait < ROLLOUT_WAIT_COUNT);
    static const char *const words[] = {
#define WORD_(name, word, sentence) [ROLLOUT_WAIT_##name] = word,
        ROLLOUT_WAITS(WORD_)
#undef WORD_
    };
    return words[wait];
}

bool rollout_is_skipped(const struct rollout_control *control, const char *node)
{
    for (size_t i = 0; i < control->skipped_count; i++) {
        if (strcmp(control->skipped[i], node) == 0) {
            return true;
        }
    }
    return false;
}

static const struct json_field wave_fields[] = {
    JSON_FIELD("cut", NUMBER, struct rollout_wave_state, cut, true),
    JSON_FIELD("openedAt", INSTANT, struct rollout_wave_state, opened_at, true),
    JSON_FIELD("reachedAt", INSTANT, struct rollout_wave_state, reached_at, false),
    JSON_FIELD("soakUntil", INSTANT, struct rollout_wave_state, soak_until, false),
    JSON_FIELD("members", NUMBER32, struct rollout_wave_state, members, false),
    JSON_FIELD("done", NUMBER32, struct rollout_wave_state, done, false),
    JSON_FIELD("failed", NUMBER32, struct rollout_wave_state, failed, false),
    JSON_FIELD("changing", NUMBER32, struct rollout_wave_state, changing, false)};

static const struct json_field wait_fields[] = {
    JSON_FIELD("count", NUMBER32, struct rollout_waiting, count, true),
    JSON_FIELD("node", TEXT, struct rollout_waiting, node, false)};

static const struct json_field retry_fields[] = {
    JSON_FIELD("node", TEXT, struct rollout_retry, node, false),
    JSON_FIELD("before", INSTANT, struct rollout_retry, before, true)};

static void waves_append(const struct rollout_state *state, struct text *text)
{
    text_printf(text, ",\"waveFirst\":%u,\"waveStates\":[", state->wave_first);
    for (size_t i = 0; i < state->wave_count; i++) {
        const struct rollout_wave_state *wave = &state->waves[i];
        text_printf(text,
                    "%s{\"cut\":%llu,\"openedAt\":%lld,\"reachedAt\":%lld,\"soakUntil\":%lld,"
                    "\"members\":%u,\"done\":%u,\"failed\":%u,\"changing\":%u}",
                    i == 0 ? "" : ",", (unsigned long long)wave->cut, (long long)wave->opened_at,
                    (long long)wave->reached_at, (long long)wave->soak_until, wave->members,
                    wave->done, wave->failed, wave->changing);
    }
    text_append(text, "]");
}

void rollout_waits_render(const struct rollout_state *state, struct text *text)
{
    const char *comma = "";
    text_append(text, "\"waits\":{");
    for (enum rollout_wait i = 0; i < ROLLOUT_WAIT_COUNT; i++) {
        if (state->waits[i].count > 0) {
            text_printf(text, "%s\"%s\":{\"count\":%u,\"node\":", comma, rollout_wait_word(i),
                        state->waits[i].count);
            text_append_json(text, state->waits[i].node);
            text_append(text, "}");
            comma = ",";
        }
    }
    text_append(text, "}");
}

void rollout_memory_render(const struct rollout_state *state, struct text *text)
{
    LAW(BOUNDED, state->wave_count <= ROLLOUT_WAVES_MAX);
    bool has_waits = false;
    for (enum rollout_wait i = 0; i < ROLLOUT_WAIT_COUNT; i++) {
        has_waits = has_waits || state->waits[i].count > 0;
    }
    if (state->wave_count > 0) {
        waves_append(state, text);
    }
    if (has_waits) {
        text_append(text, ",");
        rollout_waits_render(state, text);
    }
    if (state->is_rolling_back) {
        text_append(text, ",\"rollingBack\":true");
    }
    if (state->burst_at != 0) {
        text_printf(text, ",\"burstAt\":%lld", (long long)state->burst_at);
    }
}

static int waves_read(const struct json_place *at, struct rollout_state *state, struct err *err)
{
    struct json_place step = {0};
    if (json_count(at) > ROLLOUT_WAVES_MAX) {
        return json_error(at, ERR_LIMIT, err, "more than %d waves", ROLLOUT_WAVES_MAX);
    }
    while (json_next(at, &step)) {
        int rc = json_read_fields(&step, wave_fields, COUNT_OF(wave_fields),
                                  &state->waves[state->wave_count++], err);
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

int rollout_memory_read(const struct json_place *root, struct rollout_state *state, struct err *err)
{
    struct json_place at;
    struct json_place wait;
    int rc = 0;
    if (json_member(root, "waveStates", &at)) {
        rc = waves_read(&at, state, err);
    }
    if (json_member(root, "waits", &at)) {
        for (enum rollout_wait i = 0; i < ROLLOUT_WAIT_COUNT && rc == 0; i++) {
            rc = json_member(&at, rollout_wait_word(i), &wait)
                     ? json_read_fields(&wait, wait_fields, COUNT_OF(wait_fields), &state->waits[i],
                                        err)
                     : 0;
        }
    }
    return rc;
}

void rollout_hands_render(const struct rollout_control *control, struct text *text)
{
    if (control->resumed_at != 0) {
        text_printf(text, ",\"resumedAt\":%lld", (long long)control->resumed_at);
    }
    for (size_t i = 0; i < control->skipped_count; i++) {
        text_append(text, i == 0 ? ",\"skip\":[" : ",");
        text_append_json(text, control->skipped[i]);
    }
    text_append(text, control->skipped_count > 0 ? "]" : "");
    for (size_t i = 0; i < control->retried_count; i++) {
        text_append(text, i == 0 ? ",\"retry\":[{\"node\":" : ",{\"node\":");
        text_append_json(text, control->retried[i].node);
        text_printf(text, ",\"before\":%lld}", (long long)control->retried[i].before);
    }
    text_append(text, control->retried_count > 0 ? "]" : "");
}

int rollout_hands_read(const struct json_place *root, struct rollout_control *control,
                       struct err *err)
{
    struct json_place list;
    struct json_place step = {0};
    if (json_member(root, "skip", &list)) {
        if (json_count(&list) > ROLLOUT_SKIPPED_MAX) {
            return json_error(&list, ERR_LIMIT, err, "more than %d nodes", ROLLOUT_SKIPPED_MAX);
        }
        while (json_next(&list, &step)) {
            int rc =
                json_name(&step, control->skipped[control->skipped_count++], NODE_NAME_BYTES, err);
            if (rc != 0) {
                return rc;
            }
        }
    }
    step = (struct json_place){0};
    if (json_member(root, "retry", &list)) {
        if (json_count(&list) > ROLLOUT_RETRIED_MAX) {
            return json_error(&list, ERR_LIMIT, err, "more than %d nodes", ROLLOUT_RETRIED_MAX);
        }
        while (json_next(&list, &step)) {
            int rc = json_read_fields(&step, retry_fields, COUNT_OF(retry_fields),
                                      &control->retried[control->retried_count++], err);
            if (rc != 0) {
                return rc;
            }
        }
    }
    return 0;
}
