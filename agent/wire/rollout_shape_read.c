/* rollout_shape_read: a spec's waves and budgets out of its document. */
#include <string.h>

#include "agent/wire/duration.h"
#include "agent/wire/rollout_shape.h"

#define WEIGHT_MAX 1000

static const struct json_field plain_fields[] = {
    JSON_FIELD("delayMs", NUMBER, struct rollout_shape, delay_ms, false),
    JSON_FIELD("maxUnavailablePercent", NUMBER32, struct rollout_shape, max_unavailable_percent,
               false),
    JSON_FIELD("peers", TEXT, struct rollout_shape, peers, false),
    JSON_FIELD("perMinute", NUMBER32, struct rollout_shape, per_minute, false),
    JSON_FIELD("offlineUntilMs", NUMBER, struct rollout_shape, offline_until_ms, false),
    JSON_FIELD("startAt", INSTANT, struct rollout_shape, start_at, false),
    JSON_FIELD("endAt", INSTANT, struct rollout_shape, end_at, false),
    JSON_FIELD("continuous", BOOLEAN, struct rollout_shape, is_continuous, false),
    JSON_FIELD("undo", TEXT, struct rollout_shape, undo, false)};

static const struct json_field wave_fields[] = {
    JSON_FIELD("selector", TEXT, struct rollout_wave_spec, selector, false),
    JSON_FIELD("count", NUMBER32, struct rollout_wave_spec, size.count, false),
    JSON_FIELD("percent", NUMBER32, struct rollout_wave_spec, size.percent, false),
    JSON_FIELD("soakMs", NUMBER, struct rollout_wave_spec, soak_ms, false),
    JSON_FIELD("threshold", NUMBER32, struct rollout_wave_spec, threshold, false)};

static const struct json_field size_fields[] = {
    JSON_FIELD("count", NUMBER32, struct rollout_size, count, false),
    JSON_FIELD("percent", NUMBER32, struct rollout_size, percent, false)};

static const struct json_field ramp_fields[] = {
    JSON_FIELD("base", NUMBER32, struct rollout_ramp, base, true),
    JSON_FIELD("factorThousandths", NUMBER32, struct rollout_ramp, factor_thousandths, true),
    JSON_FIELD("every", NUMBER32, struct rollout_ramp, every, true),
    JSON_FIELD("most", NUMBER32, struct rollout_ramp, most, true),
    JSON_FIELD("byOrdered", BOOLEAN, struct rollout_ramp, is_by_ordered, false)};

static const struct json_field failure_fields[] = {
    JSON_FIELD("ratio", NUMBER32, struct rollout_failure, ratio, false),
    JSON_FIELD("minimum", NUMBER32, struct rollout_failure, minimum, false),
    JSON_FIELD("canary", BOOLEAN, struct rollout_failure, is_canary, false),
    JSON_FIELD("action", TEXT, struct rollout_failure, action, false)};

static const struct json_field group_fields[] = {
    JSON_FIELD("max", NUMBER32, struct rollout_shape, group_max, false),
    JSON_FIELD("missing", TEXT, struct rollout_shape, group_missing, false)};

static bool is_one_of(const char *word, const char *const *words, size_t count)
{
    bool is_it = false;
    for (size_t i = 0; i < count; i++) {
        is_it = is_it || strcmp(words[i], word) == 0;
    }
    return is_it;
}

static int waves_read(const struct json_place *at, struct rollout_shape *shape, struct err *err)
{
    struct json_place step = {0};
    size_t count = json_is_array(at) ? json_count(at) : 0;
    if (count == 0 || count > ROLLOUT_WAVES_MAX) {
        return json_error(at, ERR_VALUE, err, "must be a list of 1 to %d waves", ROLLOUT_WAVES_MAX);
    }
    while (json_next(at, &step)) {
        struct rollout_wave_spec *wave = &shape->waves[shape->wave_count++];
        int rc = json_read_fields(&step, wave_fields, COUNT_OF(wave_fields), wave, err);
        if (rc == 0 && (wave->size.percent > 100 || wave->threshold > 100)) {
            rc = json_error(&step, ERR_VALUE, err, "percent and threshold must be at most 100");
        }
        if (rc == 0 && wave->soak_ms > DURATION_MS_MAX) {
            rc = json_error(&step, ERR_VALUE, err, "soakMs must be at most 31 days");
        }
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

static int parallelism_read(const struct json_place *at, struct rollout_shape *shape,
                            struct err *err)
{
    int rc = json_read_fields(at, size_fields, COUNT_OF(size_fields), &shape->parallelism, err);
    if (rc == 0 && shape->parallelism.count == 0 && shape->parallelism.percent == 0) {
        rc = json_error(at, ERR_VALUE, err, "must have a count or a percent");
    }
    if (rc == 0 && shape->parallelism.percent > 100) {
        rc = json_error(at, ERR_VALUE, err, "percent must be at most 100");
    }
    return rc;
}

static int ramp_read(const struct json_place *at, struct rollout_shape *shape, struct err *err)
{
    const struct rollout_ramp *ramp = &shape->ramp;
    int rc = json_read_fields(at, ramp_fields, COUNT_OF(ramp_fields), &shape->ramp, err);
    if (rc == 0 && (ramp->base == 0 || ramp->most < ramp->base || ramp->every == 0 ||
                    ramp->factor_thousandths < 1000)) {
        rc = json_error(at, ERR_VALUE, err,
                        "base and every must be at least 1, most at least base, the factor 1");
    }
    return rc;
}

static int groups_read(const struct json_place *at, struct rollout_shape *shape, struct err *err)
{
    static const char *const missing[] = {"alone", "together", "refuse"};
    struct json_place by;
    struct json_place step = {0};
    int rc = json_read_fields(at, group_fields, COUNT_OF(group_fields), shape, err);
    if (rc == 0 &&
        (shape->group_max == 0 || !is_one_of(shape->group_missing, missing, COUNT_OF(missing)))) {
        return json_error(at, ERR_VALUE, err,
                          "max must be at least 1, missing one of alone, together, refuse");
    }
    if (rc != 0 || !json_member(at, "by", &by) || json_count(&by) == 0 ||
        json_count(&by) > ROLLOUT_GROUPS_MAX) {
        return rc != 0 ? rc
                       : json_error(at, ERR_VALUE, err, "by must be a list of 1 to %d labels",
                                    ROLLOUT_GROUPS_MAX);
    }
    while (rc == 0 && json_next(&by, &step)) {
        rc = json_copy(&step, shape->group_by[shape->group_count], ROLLOUT_LABEL_BYTES, err);
        shape->group_count += rc == 0;
    }
    return rc;
}

static int classes_read(const struct json_place *at, const char *key, uint32_t most,
                        uint32_t *values, struct err *err)
{
    struct json_place object;
    struct json_place member;
    if (!json_member(at, key, &object)) {
        return 0;
    }
    for (enum rollout_class i = 0; i < ROLLOUT_CLASS_COUNT; i++) {
        int64_t value = values[i];
        if (json_member(&object, rollout_class_word(i), &member)) {
            int rc = json_integer(&member, 0, most, &value, err);
            if (rc != 0) {
                return rc;
            }
        }
        values[i] = (uint32_t)value;
    }
    return 0;
}

static int failure_read(const struct json_place *at, struct rollout_shape *shape, struct err *err)
{
    static const char *const actions[] = {"pause", "continue", "rollback"};
    struct rollout_failure *failure = &shape->failure;
    rollout_failure_default(failure);
    failure->is_given = true;
    int rc = json_read_fields(at, failure_fields, COUNT_OF(failure_fields), failure, err);
    if (rc == 0 && !is_one_of(failure->action, actions, COUNT_OF(actions))) {
        rc = json_error(at, ERR_VALUE, err, "action must be pause, continue or rollback");
    }
    rc = rc == 0 ? classes_read(at, "weights", WEIGHT_MAX, failure->weight, err) : rc;
    return rc == 0 ? classes_read(at, "retries", ROLLOUT_RETRIES_MAX, failure->retries, err) : rc;
}

int rollout_shape_read(const struct json_place *root, struct rollout_shape *shape, struct err *err)
{
    static const struct {
        const char *key;
        int (*read)(const struct json_place *at, struct rollout_shape *shape, struct err *err);
    } parts[] = {{"waves", waves_read},
                 {"parallelism", parallelism_read},
                 {"ramp", ramp_read},
                 {"groups", groups_read},
                 {"failure", failure_read}};
    int rc = json_read_fields(root, plain_fields, COUNT_OF(plain_fields), shape, err);
    for (size_t i = 0; i < COUNT_OF(parts) && rc == 0; i++) {
        struct json_place member;
        if (json_member(root, parts[i].key, &member)) {
            rc = parts[i].read(&member, shape, err);
        }
    }
    if (rc == 0 && shape->max_unavailable_percent > 100) {
        rc = json_error(root, ERR_VALUE, err, "maxUnavailablePercent must be at most 100");
    }
    if (rc == 0 && shape->undo[0] != '\0' && !text_is_name(shape->undo, NAME_BYTES - 1)) {
        rc = json_error(root, ERR_VALUE, err, "undo must be a rollout's name");
    }
    return rc;
}
