/* mirror_signed: each document by each wrong writer, of another fleet or rollout, and from before.
 */
#include "agent/fleet/mirror.h"

#include "tests/check.h"
#include "tests/sim/sealing.h"
#include "tests/unit/fleet/mirror_desk.h"

#define HEX16 "aaaaaaaaaaaaaaaa"

static void refused(const char *below, struct span payload, int code)
{
    CHECK_INT_EQ(heard_span(below, payload), MIRROR_UNREADABLE);
    CHECK_STR_EQ(err_word(news.err.code), err_word(code));
    CHECK_INT_EQ(mirror.rollouts.count, 0);
    CHECK(!mirror.has_claim);
}

/* Each document by each wrong writer, and as it was before any was signed. */
static void case_forged(void)
{
    struct rollout_spec spec = spec_of("r");
    struct rollout_control control = {.id = "r", .want = "abort", .serial = 1};
    struct rollout_state state = {.id = "r", .phase = ROLLOUT_ABORTED, .epoch = 9};
    struct claim claim = {.epoch = 9, .nonce = HEX16};
    static const char *const strangers[] = {SEAL_PEM_STRANGER, "seal:9"};
    mirror_desk_open(true);
    for (size_t i = 0; i < COUNT_OF(strangers); i++) {
        refused("rollout/r/spec", sealing_spec(&spec, strangers[i]), ERR_SIGNATURE);
        refused("rollout/r/control", sealing_control(&control, strangers[i]), ERR_SIGNATURE);
        refused("rollout/r/state", sealing_state(&state, NULL, strangers[i]), ERR_SIGNATURE);
        refused("coordinator", sealing_claim(&claim, strangers[i]), ERR_SIGNATURE);
    }
    /* A coordinator's key asks for nothing, an operator's acts for nobody. */
    refused("rollout/r/spec", sealing_spec(&spec, SEAL_PEM_TRUSTED), ERR_SIGNATURE);
    refused("rollout/r/control", sealing_control(&control, SEAL_PEM_TRUSTED), ERR_SIGNATURE);
    refused("rollout/r/state", sealing_state(&state, NULL, SEALING_ANN), ERR_SIGNATURE);
    refused("coordinator", sealing_claim(&claim, SEALING_ANN), ERR_SIGNATURE);
    /* One document is not another, whoever signed it. */
    refused("rollout/r/spec", sealing_control(&control, SEALING_ANN), ERR_PAYLOAD_TYPE);
    refused("rollout/r/control", sealing_spec(&spec, SEALING_ANN), ERR_PAYLOAD_TYPE);
    refused("rollout/r/state", sealing_claim(&claim, SEAL_PEM_TRUSTED), ERR_PAYLOAD_TYPE);
    refused("coordinator", sealing_state(&state, NULL, SEAL_PEM_TRUSTED), ERR_PAYLOAD_TYPE);
    refused("rollout/r/spec", sealing_payload(sealing_spec(&spec, SEALING_ANN)), ERR_UNSIGNED);
    CHECK_CONTAINS(news.err.text, "berth fleet upgrade");
    refused("rollout/r/control", sealing_payload(sealing_control(&control, SEALING_ANN)),
            ERR_UNSIGNED);
    refused("rollout/r/state", sealing_payload(sealing_state(&state, NULL, SEAL_PEM_TRUSTED)),
            ERR_UNSIGNED);
    refused("coordinator", sealing_payload(sealing_claim(&claim, SEAL_PEM_TRUSTED)), ERR_UNSIGNED);
    mirror_close(&mirror);
}

/* The right writer, of another fleet or another rollout. */
static void case_elsewhere(void)
{
    struct rollout_spec spec = spec_of("r");
    struct rollout_control control = {.id = "r", .want = "abort", .serial = 1, .fleet = "other"};
    struct rollout_state state = {.id = "r", .phase = ROLLOUT_ABORTED, .fleet = "other"};
    struct claim claim = {.epoch = 9, .nonce = HEX16, .fleet = "other"};
    mirror_desk_open(true);
    (void)text_copy(spec.fleet, sizeof spec.fleet, "other");
    refused("rollout/r/spec", sealing_spec(&spec, SEALING_ANN), ERR_WRONG_FLEET);
    refused("rollout/r/control", sealing_control(&control, SEALING_ANN), ERR_WRONG_FLEET);
    refused("rollout/r/state", sealing_state(&state, NULL, SEAL_PEM_TRUSTED), ERR_WRONG_FLEET);
    refused("coordinator", sealing_claim(&claim, SEAL_PEM_TRUSTED), ERR_WRONG_FLEET);
    spec.fleet[0] = control.fleet[0] = state.fleet[0] = '\0';
    refused("rollout/q/spec", sealing_spec(&spec, SEALING_ANN), ERR_VALUE);
    refused("rollout/q/control", sealing_control(&control, SEALING_ANN), ERR_VALUE);
    refused("rollout/q/state", sealing_state(&state, NULL, SEAL_PEM_TRUSTED), ERR_VALUE);
    CHECK_INT_EQ(heard_span("rollout/r/spec", sealing_spec(&spec, SEALING_ANN)), MIRROR_TAKEN);
    CHECK_STR_EQ(news.rollout->spec_signer, "ann");
    mirror_close(&mirror);
}

/* A state from before is somebody's copy, until nothing lies there. */
static void case_old_state(void)
{
    struct rollout_state now = {.id = "r", .phase = ROLLOUT_PAUSED, .epoch = 5, .revision = 4};
    struct rollout_state old[] = {{.id = "r", .epoch = 5, .revision = 3},
                                  {.id = "r", .epoch = 4, .revision = 9}};
    mirror_desk_open(true);
    CHECK_INT_EQ(heard_span("rollout/r/state", sealing_state(&now, NULL, SEAL_PEM_TRUSTED)),
                 MIRROR_TAKEN);
    for (size_t i = 0; i < COUNT_OF(old); i++) {
        CHECK_INT_EQ(heard_span("rollout/r/state", sealing_state(&old[i], NULL, SEAL_PEM_TRUSTED)),
                     MIRROR_UNREADABLE);
        CHECK_INT_EQ(news.err.code, ERR_STALE);
        CHECK_INT_EQ(kept_find(&mirror.rollouts, "r")->told.phase, ROLLOUT_PAUSED);
    }
    CHECK_INT_EQ(heard_span("rollout/r/state", sealing_state(&now, NULL, SEAL_PEM_TRUSTED)),
                 MIRROR_TAKEN);
    CHECK_INT_EQ(cleared("rollout/r/state"), MIRROR_CLEARED);
    CHECK_INT_EQ(heard_span("rollout/r/state", sealing_state(&old[1], NULL, SEAL_PEM_TRUSTED)),
                 MIRROR_TAKEN);
    mirror_close(&mirror);
}

static struct span operators_sealed(uint64_t version, size_t count, const char *pem)
{
    static char data[TRUST_BYTES_MAX];
    struct operators operators = sealing_operators(version);
    struct text text;
    operators.count = count;
    text_init(&text, data, sizeof data);
    operators_render(&operators, &text);
    return sealing_of(OPERATORS_TYPE, span_of(text.data, text.len), pem);
}

/* Who may ask changes by a higher version alone, and only by the trust role's hand. */
static void case_operators(void)
{
    struct rollout_spec spec = spec_of("r");
    mirror_desk_open(true);
    trust.keys[0].roles |= 1u << TRUST_ROLE_TRUST;
    CHECK_INT_EQ(heard_span("operators", operators_sealed(2, 1, SEAL_PEM_TRUSTED)),
                 MIRROR_UNREADABLE);
    CHECK_INT_EQ(news.err.code, ERR_STALE);
    CHECK_INT_EQ(heard_span("operators", operators_sealed(4, 1, SEALING_ANN)), MIRROR_UNREADABLE);
    CHECK(mirror.operators.version == 3 && mirror.operators_echo == ECHO_MISSING);
    CHECK_INT_EQ(heard_span("operators", operators_sealed(4, 1, SEAL_PEM_TRUSTED)), MIRROR_TAKEN);
    CHECK(news.is_new);
    CHECK_INT_EQ(mirror.operators.version, 4);
    CHECK_INT_EQ(heard_span("operators", operators_sealed(4, 1, SEAL_PEM_TRUSTED)), MIRROR_TAKEN);
    CHECK(!news.is_new);
    CHECK_INT_EQ(heard_span("rollout/r/spec", sealing_spec(&spec, SEALING_BEN)), /* has gone */
                 MIRROR_UNREADABLE);
    CHECK_INT_EQ(heard_span("rollout/r/spec", sealing_spec(&spec, SEALING_ANN)), MIRROR_TAKEN);
    mirror_close(&mirror);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"forged", case_forged},
                                              {"elsewhere", case_elsewhere},
                                              {"old state", case_old_state},
                                              {"operators", case_operators}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
