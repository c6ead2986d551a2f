/* failure: one table from outcome and reason to class; a sample; and a sum against a ratio. */
#include "agent/fleet/failure.h"

#include <string.h>

#include "platform/base/law.h"

#define HUNDRED 100

/* The first row that fits counts; a reason of NULL fits every one. */
static const struct {
    enum outcome_kind kind;
    const char *reason;
    struct failure_kind counts;
} rows[] = {
    {OUTCOME_SUCCEEDED, NULL, {.is_failure = false}},
    /* These fail what is serving already. */
    {OUTCOME_FAILED, "unready", {true, false, ROLLOUT_CLASS_ROLLED_BACK}},
    {OUTCOME_FAILED, "unalive", {true, false, ROLLOUT_CLASS_ROLLED_BACK}},
    {OUTCOME_FAILED, "boot-loop", {true, false, ROLLOUT_CLASS_ROLLED_BACK}},
    {OUTCOME_FAILED, NULL, {true, false, ROLLOUT_CLASS_FAILED}},
    {OUTCOME_INCONCLUSIVE, NULL, {true, false, ROLLOUT_CLASS_INCONCLUSIVE}},
    {OUTCOME_REFUSED, NULL, {true, false, ROLLOUT_CLASS_REFUSED}},
    /* It could not begin, and the release had no part in it. */
    {OUTCOME_EXPIRED, "registry-away", {.is_not_begun = true}},
    {OUTCOME_EXPIRED, "engine-away", {.is_not_begun = true}},
    {OUTCOME_EXPIRED, "registry", {.is_not_begun = true}},
    {OUTCOME_EXPIRED, "engine", {.is_not_begun = true}},
    {OUTCOME_EXPIRED, "busy", {.is_not_begun = true}},
    {OUTCOME_EXPIRED, "window", {.is_not_begun = true}},
    {OUTCOME_EXPIRED, "held", {true, false, ROLLOUT_CLASS_HELD}},
    {OUTCOME_EXPIRED, NULL, {true, false, ROLLOUT_CLASS_TIMED_OUT}},
    {OUTCOME_OVERRIDDEN, NULL, {true, false, ROLLOUT_CLASS_OVERRIDDEN}},
    /* Of the newest order there is: somebody else's came and went. */
    {OUTCOME_REPLACED, NULL, {true, false, ROLLOUT_CLASS_INCONCLUSIVE}},
};

struct failure_kind failure_of(const struct report_outcome *outcome)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (rows[i].kind == outcome->kind &&
            (rows[i].reason == NULL || strcmp(rows[i].reason, outcome->reason) == 0)) {
            return rows[i].counts;
        }
    }
    return (struct failure_kind){true, false, ROLLOUT_CLASS_INCONCLUSIVE};
}

uint32_t failure_weight(const struct rollout_spec *spec, enum rollout_class class)
{
    LAW(HALT, class < ROLLOUT_CLASS_COUNT);
    struct rollout_failure usual;
    if (spec->shape.failure.is_given) {
        return spec->shape.failure.weight[class];
    }
    rollout_failure_default(&usual);
    return usual.weight[class];
}

uint32_t failure_retries(const struct rollout_spec *spec, enum rollout_class class)
{
    LAW(HALT, class < ROLLOUT_CLASS_COUNT);
    return spec->shape.failure.retries[class];
}

uint32_t failure_try(const char *order_id)
{
    size_t len = strlen(order_id);
    char last = len > 0 ? order_id[len - 1] : '0';
    return last >= 'a' && last <= 'f'   ? (uint32_t)(last - 'a') + 10
           : last >= '0' && last <= '9' ? (uint32_t)(last - '0')
                                        : 0;
}

/* Whoever resumes accepts what failed by then; where no instant says when that was (the version
 * before does not write it), by its number. */
static bool is_before(const struct rollout_control *control, wall_ms issued)
{
    return control->resumed_at == 0 || issued <= control->resumed_at;
}

void failure_note_good(struct failure_sample *sample, const struct rollout_control *control,
                       wall_ms issued)
{
    if (is_before(control, issued)) {
        sample->finals_before++;
    } else {
        sample->finals++;
    }
}

void failure_note_bad(struct failure_sample *sample, const struct rollout_spec *spec,
                      const struct rollout_control *control, enum rollout_class class,
                      wall_ms issued, bool is_canary)
{
    LAW(HALT, class < ROLLOUT_CLASS_COUNT);
    uint32_t weight = failure_weight(spec, class);
    if (weight == 0) {
        return;
    }
    if (is_before(control, issued)) {
        sample->weight_before += weight;
        sample->finals_before++;
    } else {
        sample->weight += weight;
        sample->finals++;
    }
    sample->canary += is_canary;
}

uint64_t failure_unaccepted(const struct failure_sample *sample,
                            const struct rollout_control *control)
{
    uint64_t accepted = (uint64_t)control->accepted * HUNDRED;
    uint64_t before = sample->weight_before > accepted ? sample->weight_before - accepted : 0;
    return sample->weight + before;
}

/* Of those before a resume only what nobody accepted counts, and makes the sample no larger. */
bool failure_is_spent(const struct failure_sample *sample, const struct rollout_spec *spec,
                      const struct rollout_control *control, bool is_canary_open)
{
    const struct rollout_failure *failure = &spec->shape.failure;
    uint64_t weight = failure_unaccepted(sample, control);
    uint32_t finals = sample->finals;
    if (!failure->is_given) {
        return weight > 0;
    }
    if (strcmp(failure->action, "continue") == 0) {
        return false;
    }
    if (failure->is_canary && is_canary_open && sample->canary > 0 && weight > 0) {
        return true;
    }
    if (control->resumed_at == 0) {
        finals = sample->finals_before;
        finals -= control->accepted < finals ? control->accepted : finals;
    } else {
        finals += (uint32_t)((weight - sample->weight + HUNDRED - 1) / HUNDRED);
    }
    return weight > 0 && finals >= failure->minimum && weight > (uint64_t)failure->ratio * finals;
}
