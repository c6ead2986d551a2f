/* rollout: the four documents of a rollout, from whoever may write them. */
#include "agent/wire/rollout.h"

#include <stdlib.h>
#include <string.h>

#include "agent/wire/topic.h"
#include "tests/fuzz/target.h"

static void check_topic(const uint8_t *data, size_t size)
{
    char text[BUS_TOPIC_BYTES];
    char again[BUS_TOPIC_BYTES];
    struct topic topic;
    if (size >= sizeof text) {
        return;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    if (topic_parse(text, &topic)) {
        topic_render(&topic, again);
        if (strcmp(text, again) != 0) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rollout_spec spec;
    struct rollout_control control;
    struct rollout_state state;
    struct claim claim;
    struct span text = span_of(data, size);
    check_topic(data, size);
    if (rollout_spec_parse(text, &spec, NULL) == 0 && spec.max_unavailable == 0) {
        abort();
    }
    if (rollout_control_parse(text, &control, NULL) == 0 && control.want[0] == '\0') {
        abort();
    }
    if (rollout_state_parse(text, &state, NULL) == 0 &&
        (state.phase >= ROLLOUT_PHASE_COUNT || state.current_count > ROLLOUT_CURRENT_MAX)) {
        abort();
    }
    if (claim_parse(text, &claim, NULL) == 0 && strlen(claim.nonce) >= CLAIM_NONCE_BYTES) {
        abort();
    }
    return 0;
}
