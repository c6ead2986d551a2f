/* failure: what each answer counts as, and from when on too much has failed. */
#include "agent/fleet/failure.h"

#include "tests/check.h"

#define GOOD  SIZE_MAX
#define AGAIN (SIZE_MAX - 1)

static void case_table(void)
{
    static const struct {
        enum outcome_kind kind;
        const char *reason;
        size_t class;
    } rows[] = {
        {OUTCOME_SUCCEEDED, "soaked", GOOD},
        {OUTCOME_SUCCEEDED, "already", GOOD},
        {OUTCOME_FAILED, "never-ready", ROLLOUT_CLASS_FAILED},
        {OUTCOME_FAILED, "deadline", ROLLOUT_CLASS_FAILED},
        {OUTCOME_FAILED, "unready", ROLLOUT_CLASS_ROLLED_BACK},
        {OUTCOME_FAILED, "unalive", ROLLOUT_CLASS_ROLLED_BACK},
        {OUTCOME_FAILED, "boot-loop", ROLLOUT_CLASS_ROLLED_BACK},
        {OUTCOME_INCONCLUSIVE, "engine-failed", ROLLOUT_CLASS_INCONCLUSIVE},
        {OUTCOME_REFUSED, "below-floor", ROLLOUT_CLASS_REFUSED},
        {OUTCOME_EXPIRED, "none", ROLLOUT_CLASS_TIMED_OUT},
        {OUTCOME_EXPIRED, "", ROLLOUT_CLASS_TIMED_OUT},
        {OUTCOME_EXPIRED, "held", ROLLOUT_CLASS_HELD},
        {OUTCOME_EXPIRED, "registry-away", AGAIN},
        {OUTCOME_EXPIRED, "engine-away", AGAIN},
        {OUTCOME_EXPIRED, "registry", AGAIN},
        {OUTCOME_EXPIRED, "engine", AGAIN},
        {OUTCOME_EXPIRED, "busy", AGAIN},
        {OUTCOME_EXPIRED, "window", AGAIN},
        {OUTCOME_REPLACED, "replaced", ROLLOUT_CLASS_INCONCLUSIVE},
        {OUTCOME_OVERRIDDEN, "", ROLLOUT_CLASS_OVERRIDDEN},
        {OUTCOME_NONE, "", ROLLOUT_CLASS_INCONCLUSIVE},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct report_outcome outcome = {.kind = rows[i].kind};
        (void)text_copy(outcome.reason, sizeof outcome.reason, rows[i].reason);
        struct failure_kind kind = failure_of(&outcome);
        CHECK(kind.is_failure == (rows[i].class != GOOD && rows[i].class != AGAIN));
        CHECK(kind.is_not_begun == (rows[i].class == AGAIN));
        if (kind.is_failure) {
            CHECK_INT_EQ(kind.class, rows[i].class);
        }
    }
}

static struct rollout_spec spec_of(uint32_t ratio, uint32_t minimum)
{
    struct rollout_spec spec = {.id = "web-1"};
    rollout_failure_default(&spec.shape.failure);
    spec.shape.failure.is_given = true;
    spec.shape.failure.ratio = ratio;
    spec.shape.failure.minimum = minimum;
    return spec;
}

/* good, bad, ratio, minimum -> spent */
static void case_ratio(void)
{
    static const struct {
        uint32_t good, bad, ratio, minimum;
        bool is_spent;
    } rows[] = {
        {0, 0, 0, 0, false}, {0, 1, 0, 0, true},    {0, 1, 5, 3, false}, {1, 1, 5, 3, false},
        {2, 1, 5, 3, true},  {19, 1, 5, 3, false},  {18, 1, 5, 3, true}, {95, 5, 5, 3, false},
        {95, 6, 5, 3, true}, {1, 9, 100, 1, false}, {3, 0, 0, 1, false},
    };
    const struct rollout_control control = {.want = "run"};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct rollout_spec spec = spec_of(rows[i].ratio, rows[i].minimum);
        struct failure_sample sample = {0};
        for (uint32_t j = 0; j < rows[i].good; j++) {
            failure_note_good(&sample, &control, 7);
        }
        for (uint32_t j = 0; j < rows[i].bad; j++) {
            failure_note_bad(&sample, &spec, &control, ROLLOUT_CLASS_FAILED, 7, false);
        }
        CHECK(failure_is_spent(&sample, &spec, &control, false) == rows[i].is_spent);
        spec.shape.failure.is_given = false; /* then the first one stops it */
        CHECK(failure_is_spent(&sample, &spec, &control, false) == (rows[i].bad > 0));
        (void)text_copy(spec.shape.failure.action, ROLLOUT_WORD_BYTES, "continue");
        spec.shape.failure.is_given = true;
        CHECK(!failure_is_spent(&sample, &spec, &control, true));
    }
}

/* A class weighs what the spec says; one without weight is no answer at all. */
static void case_weights(void)
{
    const struct rollout_control control = {.want = "run"};
    struct rollout_spec spec = spec_of(10, 1);
    struct failure_sample sample = {0};
    spec.shape.failure.weight[ROLLOUT_CLASS_REFUSED] = 50;
    spec.shape.failure.weight[ROLLOUT_CLASS_LOST] = 0;
    for (int i = 0; i < 9; i++) {
        failure_note_good(&sample, &control, 7);
        failure_note_bad(&sample, &spec, &control, ROLLOUT_CLASS_LOST, 7, true);
    }
    CHECK_INT_EQ(sample.finals_before, 9);
    CHECK_INT_EQ(sample.canary, 0);
    failure_note_bad(&sample, &spec, &control, ROLLOUT_CLASS_REFUSED, 7, false);
    CHECK(!failure_is_spent(&sample, &spec, &control, false));
    failure_note_bad(&sample, &spec, &control, ROLLOUT_CLASS_REFUSED, 7, false);
    CHECK(!failure_is_spent(&sample, &spec, &control, false)); /* 1 of 11 */
    failure_note_bad(&sample, &spec, &control, ROLLOUT_CLASS_REFUSED, 7, false);
    CHECK(failure_is_spent(&sample, &spec, &control, false)); /* 1.5 of 12 */
}

/* Any failure in the first wave, as long as that is not over. */
static void case_canary(void)
{
    const struct rollout_control control = {.want = "run"};
    struct rollout_spec spec = spec_of(90, 10);
    struct failure_sample sample = {0};
    failure_note_bad(&sample, &spec, &control, ROLLOUT_CLASS_FAILED, 7, true);
    CHECK(!failure_is_spent(&sample, &spec, &control, true));
    spec.shape.failure.is_canary = true;
    CHECK(failure_is_spent(&sample, &spec, &control, true));
    CHECK(!failure_is_spent(&sample, &spec, &control, false));
}

/* What was there at the resume is accepted; what of it comes later counts, and opens no new sample
 * of its own. */
static void case_resumed(void)
{
    const struct rollout_control control = {.want = "run", .accepted = 2, .resumed_at = 100};
    struct rollout_spec spec = spec_of(50, 2);
    struct failure_sample sample = {0};
    failure_note_bad(&sample, &spec, &control, ROLLOUT_CLASS_FAILED, 100, false);
    failure_note_bad(&sample, &spec, &control, ROLLOUT_CLASS_FAILED, 90, false);
    CHECK_INT_EQ(failure_unaccepted(&sample, &control), 0);
    failure_note_bad(&sample, &spec, &control, ROLLOUT_CLASS_REGRESSED, 90, false);
    CHECK_INT_EQ(failure_unaccepted(&sample, &control), 100);
    CHECK(!failure_is_spent(&sample, &spec, &control, false)); /* one answer, two are needed */
    failure_note_good(&sample, &control, 101);
    CHECK(!failure_is_spent(&sample, &spec, &control, false)); /* 1 of 2 */
    failure_note_bad(&sample, &spec, &control, ROLLOUT_CLASS_FAILED, 101, false);
    CHECK(failure_is_spent(&sample, &spec, &control, false));
}

static void case_tries(void)
{
    CHECK_INT_EQ(failure_try("0123456789abcde0"), 0);
    CHECK_INT_EQ(failure_try("0123456789abcde9"), 9);
    CHECK_INT_EQ(failure_try("0123456789abcdef"), 15);
    CHECK_INT_EQ(failure_try(""), 0);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"table", case_table},     {"ratio", case_ratio},
                                              {"weights", case_weights}, {"canary", case_canary},
                                              {"resumed", case_resumed}, {"tries", case_tries}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
