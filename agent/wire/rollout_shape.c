/* rollout_shape: written key by key where it says something, and read back with every bound. */
#include "agent/wire/rollout_shape.h"

#include <string.h>

#include "platform/base/law.h"

static const char *const class_words[] = {
#define WORD_(name, word, weight) [ROLLOUT_CLASS_##name] = word,
    ROLLOUT_CLASSES(WORD_)
#undef WORD_
};

const char *rollout_class_word(enum rollout_class class)
{
    LAW(BOUNDED, class < ROLLOUT_CLASS_COUNT);
    return class_words[class];
}

void rollout_failure_default(struct rollout_failure *failure)
{
    static const uint32_t weights[] = {
#define WEIGHT_(name, word, weight) [ROLLOUT_CLASS_##name] = weight,
        ROLLOUT_CLASSES(WEIGHT_)
#undef WEIGHT_
    };
    *failure = (struct rollout_failure){.action = "pause"};
    memcpy(failure->weight, weights, sizeof weights);
}

bool rollout_shape_is_staged(const struct rollout_shape *shape)
{
    LAW(BOUNDED, shape->wave_count <= ROLLOUT_WAVES_MAX);
    return shape->wave_count > 0 || shape->parallelism.count > 0 || shape->parallelism.percent > 0;
}

/* -- writing -------------------------------------------------------------------------------- */

struct key {
    const char *name;
    bool (*is_used)(const struct rollout_shape *shape);
};

#define USED_(what, test)                                                                          \
    static bool is_##what(const struct rollout_shape *shape)                                       \
    {                                                                                              \
        return test;                                                                               \
    }
USED_(waves, shape->wave_count > 0)
USED_(parallelism, shape->parallelism.count > 0 || shape->parallelism.percent > 0)
USED_(ramp, shape->ramp.base > 0)
USED_(percent, shape->max_unavailable_percent > 0)
USED_(groups, shape->group_count > 0)
USED_(peers, shape->peers[0] != '\0')
USED_(rate, shape->per_minute > 0)
USED_(failure, shape->failure.is_given)
USED_(start, shape->start_at != 0)
USED_(end, shape->end_at != 0)
USED_(continuous, shape->is_continuous)
USED_(undo, shape->undo[0] != '\0')
#undef USED_

static const struct key keys[] = {
    {"waves", is_waves},
    {"parallelism", is_parallelism},
    {"ramp", is_ramp},
    {"maxUnavailablePercent", is_percent},
    {"groups", is_groups},
    {"peers", is_peers},
    {"perMinute", is_rate},
    {"failure", is_failure},
    {"startAt", is_start},
    {"endAt", is_end},
    {"continuous", is_continuous},
    {"undo", is_undo},
};

bool rollout_shape_knows(const char *key)
{
    bool is_known = strcmp(key, "delayMs") == 0 || strcmp(key, "offlineUntilMs") == 0;
    for (size_t i = 0; i < COUNT_OF(keys) && !is_known; i++) {
        is_known = strcmp(keys[i].name, key) == 0;
    }
    return is_known;
}

void rollout_shape_must(const struct rollout_shape *shape, struct text *text)
{
    const char *comma = "";
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        if (keys[i].is_used(shape)) {
            text_printf(text, "%s\"%s\"", comma, keys[i].name);
            comma = ",";
        }
    }
}

static void number_append(struct text *text, const char *comma, const char *key, uint64_t value)
{
    if (value != 0) {
        text_printf(text, "%s\"%s\":%llu", comma, key, (unsigned long long)value);
    }
}

static void waves_append(const struct rollout_shape *shape, struct text *text)
{
    text_append(text, ",\"waves\":[");
    for (size_t i = 0; i < shape->wave_count; i++) {
        const struct rollout_wave_spec *wave = &shape->waves[i];
        text_printf(text, "%s{\"soakMs\":%llu", i == 0 ? "" : ",",
                    (unsigned long long)wave->soak_ms);
        if (wave->selector[0] != '\0') {
            text_append(text, ",\"selector\":");
            text_append_json(text, wave->selector);
        }
        number_append(text, ",", "count", wave->size.count);
        number_append(text, ",", "percent", wave->size.percent);
        number_append(text, ",", "threshold", wave->threshold);
        text_append(text, "}");
    }
    text_append(text, "]");
}

static void classes_append(struct text *text, const char *key, const uint32_t *values)
{
    const char *comma = "";
    text_printf(text, ",\"%s\":{", key);
    for (enum rollout_class i = 0; i < ROLLOUT_CLASS_COUNT; i++) {
        text_printf(text, "%s\"%s\":%u", comma, class_words[i], values[i]);
        comma = ",";
    }
    text_append(text, "}");
}

static void failure_append(const struct rollout_failure *failure, struct text *text)
{
    text_printf(text, ",\"failure\":{\"ratio\":%u,\"minimum\":%u,\"canary\":%s,\"action\":\"%s\"",
                failure->ratio, failure->minimum, failure->is_canary ? "true" : "false",
                failure->action);
    classes_append(text, "weights", failure->weight);
    classes_append(text, "retries", failure->retries);
    text_append(text, "}");
}

static void groups_append(const struct rollout_shape *shape, struct text *text)
{
    text_append(text, ",\"groups\":{\"by\":[");
    for (size_t i = 0; i < shape->group_count; i++) {
        text_append(text, i == 0 ? "" : ",");
        text_append_json(text, shape->group_by[i]);
    }
    text_printf(text, "],\"max\":%u,\"missing\":\"%s\"}", shape->group_max, shape->group_missing);
}

static void ramp_append(const struct rollout_ramp *ramp, struct text *text)
{
    text_printf(text,
                ",\"ramp\":{\"base\":%u,\"factorThousandths\":%u,\"every\":%u,\"most\":%u,"
                "\"byOrdered\":%s}",
                ramp->base, ramp->factor_thousandths, ramp->every, ramp->most,
                ramp->is_by_ordered ? "true" : "false");
}

static void text_member(struct text *text, const char *key, const char *value)
{
    if (value[0] != '\0') {
        text_printf(text, ",\"%s\":", key);
        text_append_json(text, value);
    }
}

void rollout_shape_render(const struct rollout_shape *shape, struct text *text)
{
    LAW(BOUNDED, shape->wave_count <= ROLLOUT_WAVES_MAX);
    if (shape->wave_count > 0) {
        waves_append(shape, text);
    }
    if (is_parallelism(shape)) {
        text_printf(text, ",\"parallelism\":{\"count\":%u,\"percent\":%u}",
                    shape->parallelism.count, shape->parallelism.percent);
    }
    number_append(text, ",", "delayMs", shape->delay_ms);
    if (shape->ramp.base > 0) {
        ramp_append(&shape->ramp, text);
    }
    number_append(text, ",", "maxUnavailablePercent", shape->max_unavailable_percent);
    if (shape->group_count > 0) {
        groups_append(shape, text);
    }
    text_member(text, "peers", shape->peers);
    number_append(text, ",", "perMinute", shape->per_minute);
    if (shape->failure.is_given) {
        failure_append(&shape->failure, text);
    }
    number_append(text, ",", "offlineUntilMs", shape->offline_until_ms);
    number_append(text, ",", "startAt", (uint64_t)shape->start_at);
    number_append(text, ",", "endAt", (uint64_t)shape->end_at);
    text_append(text, shape->is_continuous ? ",\"continuous\":true" : "");
    text_member(text, "undo", shape->undo);
}
