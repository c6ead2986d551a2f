/* sealing: rendered, signed, and kept in a ring. */
#include "tests/sim/sealing.h"

#include <assert.h>
#include <string.h>

#define RING        5
#define PLACE_BYTES (8 * ROLLOUT_BYTES_MAX)

static uint8_t ring[RING][PLACE_BYTES];
static size_t ring_at;

static struct arena place(void)
{
    struct arena arena;
    arena_init(&arena, ring[ring_at++ % RING], PLACE_BYTES);
    return arena;
}

static struct operator_key operator_of(const char *name, const char *pem)
{
    struct operator_key made = {.name = ""};
    struct sign sign = seal_sign_port();
    struct digest id;
    int rc = sign.ops->key_public(sign.self, pem, made.key.point, NULL);
    assert(rc == 0);
    (void)rc;
    (void)text_copy(made.name, sizeof made.name, name);
    seal_digest(span_of(made.key.point, VERIFY_KEY_BYTES), &id);
    digest_render(&id, made.key.id);
    return made;
}

struct operators sealing_operators(uint64_t version)
{
    struct operators operators = {.version = version, .fleet = "sim", .count = 2};
    operators.list[0] = operator_of("ann", SEALING_ANN);
    operators.list[1] = operator_of("ben", SEALING_BEN);
    return operators;
}

struct span sealing_of(const char *type, struct span payload, const char *pem)
{
    const struct sign sign = seal_sign_port();
    const struct verify verify = seal_verify_port();
    struct arena arena = place();
    struct span envelope = {0};
    int rc = signed_make(type, payload, &sign, &verify, pem, &arena, &envelope, NULL);
    assert(rc == 0);
    (void)rc;
    return envelope;
}

static void fleet_fill(char fleet[NAME_BYTES])
{
    if (fleet[0] == '\0') {
        (void)text_copy(fleet, NAME_BYTES, "sim");
    }
}

static char data[ROLLOUT_BYTES_MAX];

struct span sealing_spec(const struct rollout_spec *spec, const char *pem)
{
    struct rollout_spec said = *spec;
    struct text text;
    fleet_fill(said.fleet);
    text_init(&text, data, sizeof data);
    rollout_spec_render(&said, &text);
    return sealing_of(signed_type(SIGNED_SPEC), span_of(text.data, text.len), pem);
}

struct span sealing_control(const struct rollout_control *control, const char *pem)
{
    struct rollout_control said = *control;
    struct text text;
    fleet_fill(said.fleet);
    text_init(&text, data, sizeof data);
    rollout_control_render(&said, &text);
    return sealing_of(signed_type(SIGNED_CONTROL), span_of(text.data, text.len), pem);
}

struct span sealing_state(const struct rollout_state *state, const struct rollout_control *taken,
                          const char *pem)
{
    struct rollout_state said = *state;
    struct text text;
    fleet_fill(said.fleet);
    text_init(&text, data, sizeof data);
    rollout_told_render(&said, taken, &text);
    return sealing_of(signed_type(SIGNED_STATE), span_of(text.data, text.len), pem);
}

struct span sealing_claim(const struct claim *claim, const char *pem)
{
    struct claim said = *claim;
    struct text text;
    fleet_fill(said.fleet);
    text_init(&text, data, sizeof data);
    claim_render(&said, &text);
    return sealing_of(signed_type(SIGNED_CLAIM), span_of(text.data, text.len), pem);
}

struct span sealing_labels(const struct labels_given *given, const char *pem)
{
    struct labels_given said = *given;
    struct text text;
    fleet_fill(said.fleet);
    text_init(&text, data, sizeof data);
    labels_given_render(&said, &text);
    return sealing_of(signed_type(SIGNED_LABELS), span_of(text.data, text.len), pem);
}

struct span sealing_roll(const struct roll *roll, const char *pem)
{
    struct roll said = *roll;
    struct text text;
    fleet_fill(said.fleet);
    text_init(&text, data, sizeof data);
    roll_render(&said, &text);
    return sealing_of(signed_type(SIGNED_ROLL), span_of(text.data, text.len), pem);
}

struct span sealing_operators_document(const struct operators *operators, const char *pem)
{
    struct text text;
    text_init(&text, data, sizeof data);
    operators_render(operators, &text);
    return sealing_of(OPERATORS_TYPE, span_of(text.data, text.len), pem);
}

struct span sealing_freeze(const struct freeze *freeze, const char *pem)
{
    struct freeze said = *freeze;
    struct text text;
    fleet_fill(said.fleet);
    text_init(&text, data, sizeof data);
    freeze_render(&said, &text);
    return sealing_of(signed_type(SIGNED_FREEZE), span_of(text.data, text.len), pem);
}

struct span sealing_frozen(const struct frozen *frozen, const char *pem)
{
    struct frozen said = *frozen;
    struct text text;
    fleet_fill(said.fleet);
    fleet_fill(said.freeze.fleet);
    text_init(&text, data, sizeof data);
    frozen_render(&said, &text);
    return sealing_of(signed_type(SIGNED_FROZEN), span_of(text.data, text.len), pem);
}

struct span sealing_payload(struct span envelope)
{
    struct envelope_parts parts;
    struct arena arena = place();
    int rc = envelope_take_apart(envelope, &arena, &parts, NULL);
    char *text =
        rc == 0 ? arena_text(&arena, (const char *)parts.payload.data, parts.payload.len) : NULL;
    return text != NULL ? span_of(text, parts.payload.len) : span_of("", 0);
}
