/* operators: who is named, by whom it is signed, and every way in which it is refused. */
#include "agent/wire/operators.h"

#include "platform/base/units.h"
#include "tests/check.h"
#include "tests/sim/seal.h"

static uint8_t memory[4 * ENVELOPE_BYTES_MAX];

static struct trust_key key_of(uint8_t number)
{
    struct trust_key key = {.point = {4, number}};
    struct digest id;
    seal_digest(span_of(key.point, VERIFY_KEY_BYTES), &id);
    digest_render(&id, key.id);
    return key;
}

/* Key 1 has the trust role, key 2 the order role. */
static struct trust trust_of(const char *fleet)
{
    struct trust trust = {.version = 1, .key_count = 2};
    (void)text_copy(trust.fleet, sizeof trust.fleet, fleet);
    for (uint8_t i = 0; i < 2; i++) {
        trust.keys[i] = key_of((uint8_t)(i + 1));
    }
    trust.keys[0].roles = 1u << TRUST_ROLE_TRUST;
    trust.keys[1].roles = 1u << TRUST_ROLE_ORDER;
    for (size_t i = 0; i < TRUST_ROLE_COUNT; i++) {
        trust.threshold[i] = 1;
    }
    return trust;
}

static struct operators two(void)
{
    struct operators operators = {.version = 7, .fleet = "demo", .count = 2};
    (void)text_copy(operators.list[0].name, NAME_BYTES, "ann");
    (void)text_copy(operators.list[1].name, NAME_BYTES, "ben");
    operators.list[0].key = key_of(5);
    operators.list[1].key = key_of(6);
    return operators;
}

static struct span sealed(const struct operators *operators, const char *type, const char *pem,
                          struct arena *arena)
{
    static char document[TRUST_BYTES_MAX];
    struct sign sign = seal_sign_port();
    struct envelope_signature signature = {.key_id = ""};
    uint8_t point[VERIFY_KEY_BYTES];
    static uint8_t der[SIGN_DER_BYTES_MAX];
    struct span encoding, envelope = {0};
    struct digest id;
    struct text text;
    size_t len = 0;
    text_init(&text, document, sizeof document);
    operators_render(operators, &text);
    CHECK(!text.cut);
    CHECK_INT_EQ(envelope_encoding(type, span_of(text.data, text.len), arena, &encoding, NULL), 0);
    CHECK_INT_EQ(sign.ops->key_public(sign.self, pem, point, NULL), 0);
    CHECK_INT_EQ(sign.ops->signature(sign.self, pem, encoding, der, &len, NULL), 0);
    seal_digest(span_of(point, sizeof point), &id);
    digest_render(&id, signature.key_id);
    signature.der = span_of(der, len);
    CHECK_INT_EQ(
        envelope_render(type, span_of(text.data, text.len), &signature, 1, arena, &envelope, NULL),
        0);
    return envelope;
}

static void check_open(const struct operators *operators, const char *type, const char *pem,
                       const char *fleet, int code)
{
    struct trust trust = trust_of(fleet);
    struct verify verify = seal_verify_port();
    struct operators read = {0};
    struct arena arena;
    struct err err = {0};
    arena_init(&arena, memory, sizeof memory);
    struct span envelope = sealed(operators, type, pem, &arena);
    int rc = operators_open(envelope, &trust, &verify, arena, &read, &err);
    CHECK_INT_EQ(rc, code);
    CHECK_INT_EQ(read.version, rc == 0 ? operators->version : 0);
    if (rc == 0) {
        CHECK_INT_EQ(read.count, operators->count);
        const struct operator_key *ben = operators_find(&read, "ben");
        CHECK(ben != NULL && operators_find_key(&read, key_of(6).id) == ben);
        CHECK(memcmp(ben->key.point, operators->list[1].key.point, VERIFY_KEY_BYTES) == 0);
        CHECK(operators_find(&read, "eve") == NULL);
        CHECK(operators_find_key(&read, key_of(9).id) == NULL);
    }
}

static void case_signed(void)
{
    struct operators operators = two();
    check_open(&operators, OPERATORS_TYPE, "seal:1", "demo", 0);
    check_open(&operators, OPERATORS_TYPE, "seal:2", "demo", ERR_SIGNATURE); /* the order role */
    check_open(&operators, OPERATORS_TYPE, "seal:9", "demo", ERR_SIGNATURE);
    check_open(&operators, trust_role_type(TRUST_ROLE_TRUST), "seal:1", "demo", ERR_PAYLOAD_TYPE);
    check_open(&operators, OPERATORS_TYPE, "seal:1", "other", ERR_WRONG_FLEET);
}

static void check_parse(const char *payload, int code, const char *message)
{
    struct operators read = {0};
    struct err err = {0};
    CHECK_INT_EQ(operators_parse(span_text(payload), &read, &err), code);
    CHECK_CONTAINS(err.text, message);
    CHECK_INT_EQ(read.version, 0);
}

static void case_refusals(void)
{
    struct operators operators = two();
    check_parse("{\"schema\":1,\"fleet\":\"demo\",\"version\":0,\"operators\":[]}", ERR_VALUE,
                "version");
    check_parse("{\"schema\":2,\"fleet\":\"demo\",\"version\":1,\"operators\":[]}", ERR_SCHEMA,
                "schema");
    check_parse("{\"schema\":1,\"fleet\":\"demo\",\"version\":1}", ERR_MISSING, "operators");
    check_parse("{\"schema\":1,\"fleet\":\"demo\",\"version\":1,\"operators\":{}}", ERR_VALUE,
                "operators: must be a list");
    check_parse("{\"schema\":1,\"fleet\":\"demo\",\"version\":1,\"operators\":[],\"x\":1}",
                ERR_UNKNOWN_KEY, "x");
    (void)text_copy(operators.list[1].name, NAME_BYTES, "ann");
    check_open(&operators, OPERATORS_TYPE, "seal:1", "demo", ERR_VALUE);
    operators = two();
    operators.list[1].key = operators.list[0].key;
    check_open(&operators, OPERATORS_TYPE, "seal:1", "demo", ERR_VALUE);
    memset(operators.list[1].key.id, 'a', DIGEST_HEX_BYTES - 1); /* the same key by another id */
    check_open(&operators, OPERATORS_TYPE, "seal:1", "demo", ERR_VALUE);
}

/* As many as may be, with the longest names, fit; one more does not. */
static void case_edge(void)
{
    struct operators operators = {.version = JSON_INTEGER_MAX, .fleet = "demo"};
    static char document[2 * TRUST_BYTES_MAX];
    struct operators read = {0};
    struct text text;
    struct err err = {0};
    for (size_t i = 0; i < OPERATORS_MAX; i++) {
        struct operator_key *one = &operators.list[i];
        (void)snprintf(one->name, sizeof one->name, "%032zu", i);
        one->key = key_of((uint8_t)(i + 1));
    }
    operators.count = OPERATORS_MAX;
    text_init(&text, document, TRUST_BYTES_MAX);
    operators_render(&operators, &text);
    CHECK(!text.cut);
    CHECK_INT_EQ(operators_parse(span_of(text.data, text.len), &read, &err), 0);
    CHECK_INT_EQ(read.count, OPERATORS_MAX);
    text_init(&text, document, sizeof document);
    operators_render(&operators, &text);
    text.len -= 2;
    text_printf(&text, ",{\"name\":\"x\",\"id\":\"%s\",\"point\":\"\"}]}", key_of(99).id);
    CHECK_INT_EQ(operators_parse(span_of(text.data, text.len), &read, &err), ERR_VALUE);
    CHECK_CONTAINS(err.text, "at most 32 operators");
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"signed", case_signed}, {"refusals", case_refusals}, {"edge", case_edge}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
