/* envelope: signed by enough of the right keys over exactly these bytes, or refused by name. */
#include "agent/wire/envelope.h"

#include "platform/base/text.h"
#include "platform/base/units.h"
#include "ports/mbedtls/sign.h"
#include "ports/mbedtls/verify.h"
#include "tests/check.h"

#define KEYS 3
#define TYPE "application/vnd.berth.release.v1+json"

/* Keys 0 and 1 may sign releases (both must), key 2 only revokes. */
struct world {
    struct verify verify;
    struct mbedtls_sign *port;
    struct sign sign;
    char pems[KEYS][SIGN_PEM_BYTES_MAX];
    struct trust trust;
    uint8_t memory[200000];
    struct arena arena;
};

static void world_open(struct world *world)
{
    struct err err = {0};
    memset(world, 0, sizeof *world);
    arena_init(&world->arena, world->memory, sizeof world->memory);
    CHECK_INT_EQ(mbedtls_verify_init(&world->verify, &err), 0);
    CHECK_INT_EQ(mbedtls_sign_new(&world->port, &world->sign, &err), 0);
    for (size_t i = 0; i < KEYS; i++) {
        struct trust_key *key = &world->trust.keys[i];
        struct digest id;
        CHECK_INT_EQ(world->sign.ops->key_new(world->sign.self, world->pems[i], &err), 0);
        CHECK_INT_EQ(
            world->sign.ops->key_public(world->sign.self, world->pems[i], key->point, &err), 0);
        world->verify.ops->sha256(world->verify.self, span_of(key->point, VERIFY_KEY_BYTES), &id);
        digest_render(&id, key->id);
        key->roles = i == 2 ? 1u << TRUST_ROLE_REVOKE : 1u << TRUST_ROLE_RELEASE;
    }
    world->trust.key_count = KEYS;
    world->trust.threshold[TRUST_ROLE_RELEASE] = 2;
    world->trust.threshold[TRUST_ROLE_REVOKE] = 1;
}

static struct envelope_signature sign_with(struct world *world, size_t key, const char *type,
                                           const char *payload)
{
    struct envelope_signature signature = {0};
    struct err err = {0};
    struct span encoding;
    uint8_t *der = arena_alloc(&world->arena, SIGN_DER_BYTES_MAX);
    size_t len = 0;
    CHECK_INT_EQ(envelope_encoding(type, span_text(payload), &world->arena, &encoding, &err), 0);
    CHECK_INT_EQ(
        world->sign.ops->signature(world->sign.self, world->pems[key], encoding, der, &len, &err),
        0);
    signature.der = span_of(der, len);
    memcpy(signature.key_id, world->trust.keys[key].id, DIGEST_HEX_BYTES);
    return signature;
}

static int open_text(struct world *world, struct span text, struct span *payload)
{
    struct digest digest = {0};
    struct digest want;
    struct err err = {0};
    int rc = envelope_open(text, TRUST_ROLE_RELEASE, &world->trust, &world->verify, &world->arena,
                           payload, &digest, &err);
    if (rc == 0) {
        world->verify.ops->sha256(world->verify.self, *payload, &want);
        CHECK(digest_is_equal(&digest, &want));
    } else {
        CHECK(digest_is_none(&digest));
        CHECK(err.code == rc && err.text[0] != '\0');
    }
    return rc;
}

static int open_signed(struct world *world, const char *type, const char *payload,
                       const struct envelope_signature *signatures, size_t count)
{
    struct span text;
    struct span opened = {0};
    CHECK_INT_EQ(
        envelope_render(type, span_text(payload), signatures, count, &world->arena, &text, NULL),
        0);
    int rc = open_text(world, text, &opened);
    CHECK(rc != 0 ? opened.data == NULL : span_is_equal(opened, span_text(payload)));
    return rc;
}

static void check_word(int got, int want)
{
    CHECK_STR_EQ(err_word(got), err_word(want));
}

static void case_threshold(void)
{
    static struct world world;
    world_open(&world);
    struct envelope_signature a = sign_with(&world, 0, TYPE, "{\"x\":1}");
    struct envelope_signature b = sign_with(&world, 1, TYPE, "{\"x\":1}");
    struct envelope_signature c = sign_with(&world, 2, TYPE, "{\"x\":1}");
    struct envelope_signature both[] = {a, b};
    struct envelope_signature twice[] = {a, a};
    struct envelope_signature other[] = {a, c};
    struct envelope_signature three[] = {c, b, a};
    check_word(open_signed(&world, TYPE, "{\"x\":1}", both, 2), 0);
    check_word(open_signed(&world, TYPE, "{\"x\":1}", three, 3), 0);
    check_word(open_signed(&world, TYPE, "{\"x\":1}", twice, 2), ERR_THRESHOLD);
    check_word(open_signed(&world, TYPE, "{\"x\":1}", other, 2), ERR_THRESHOLD);
    check_word(open_signed(&world, TYPE, "{\"x\":1}", &a, 1), ERR_THRESHOLD);
    check_word(open_signed(&world, TYPE, "{\"x\":1}", &c, 1), ERR_SIGNATURE);
    check_word(open_signed(&world, TYPE, "{\"x\":1}", NULL, 0), ERR_UNSIGNED);
    mbedtls_sign_free(world.port);
}

static void case_binding(void)
{
    static const char revoke[] = "application/vnd.berth.revoke.v1+json";
    static struct world world;
    world_open(&world);
    world.trust.threshold[TRUST_ROLE_RELEASE] = 1;
    struct envelope_signature a = sign_with(&world, 0, TYPE, "{\"x\":1}");
    struct envelope_signature wrong_type = sign_with(&world, 0, revoke, "{\"x\":1}");
    check_word(open_signed(&world, TYPE, "{\"x\":1}", &a, 1), 0);
    check_word(open_signed(&world, TYPE, "{\"x\":2}", &a, 1), ERR_SIGNATURE);
    check_word(open_signed(&world, TYPE, "{\"x\":1}", &wrong_type, 1), ERR_SIGNATURE);
    check_word(open_signed(&world, revoke, "{\"x\":1}", &wrong_type, 1), ERR_PAYLOAD_TYPE);
    memcpy(a.key_id, world.trust.keys[1].id, DIGEST_HEX_BYTES);
    check_word(open_signed(&world, TYPE, "{\"x\":1}", &a, 1), ERR_SIGNATURE);
    mbedtls_sign_free(world.port);
}

static void case_encoding(void)
{
    static struct world world;
    uint8_t bent[SIGN_DER_BYTES_MAX + 2];
    world_open(&world);
    world.trust.threshold[TRUST_ROLE_RELEASE] = 1;
    struct envelope_signature good = sign_with(&world, 0, TYPE, "{}");
    struct envelope_signature bad = good;
    memcpy(bent, good.der.data, good.der.len);
    bent[good.der.len] = 0;
    bad.der = span_of(bent, good.der.len + 1);
    check_word(open_signed(&world, TYPE, "{}", &bad, 1), ERR_ENCODING);
    bad.der = span_of(bent, good.der.len - 1);
    check_word(open_signed(&world, TYPE, "{}", &bad, 1), ERR_ENCODING);
    bad.der = span_of(NULL, 0);
    check_word(open_signed(&world, TYPE, "{}", &bad, 1), ERR_ENCODING);
    mbedtls_sign_free(world.port);
}

static void check_text(struct world *world, const char *text, int code)
{
    struct span payload;
    int rc = open_text(world, span_text(text), &payload);
    if (rc != code) {
        printf("    text: %.100s\n", text);
    }
    check_word(rc, code);
}

static void case_malformed(void)
{
    static struct world world;
    static char large[ENVELOPE_BYTES_MAX + 2];
    world_open(&world);
    memset(large, ' ', sizeof large - 1);
    check_text(&world, large, ERR_OVERSIZE);
    check_text(&world, "{", ERR_SYNTAX);
    check_text(&world, "[[[[[[[[[[[[[[[[[", ERR_DEPTH);
    check_text(&world, "{\"payload\":\"\",\"payload\":\"\"}", ERR_DUPLICATE_KEY);
    check_text(&world, "{\"payload\":\"\",\"signatures\":[]}", ERR_MISSING);
    check_text(&world, "{\"payload\":\"\",\"payloadType\":\"" TYPE "\",\"signatures\":[],\"x\":1}",
               ERR_UNKNOWN_KEY);
    check_text(&world, "{\"payload\":\"e30\",\"payloadType\":\"" TYPE "\",\"signatures\":[]}",
               ERR_SYNTAX);
    check_text(&world, "{\"payload\":\"e30=\",\"payloadType\":\"text\",\"signatures\":[]}",
               ERR_PAYLOAD_TYPE);
    check_text(&world, "{\"payload\":\"e30=\",\"payloadType\":\"" TYPE "\",\"signatures\":[{}]}",
               ERR_MISSING);
    check_text(&world,
               "{\"payload\":\"e30=\",\"payloadType\":\"" TYPE "\",\"signatures\":"
               "[0,0,0,0,0,0,0,0,0]}",
               ERR_OVERSIZE);
    mbedtls_sign_free(world.port);
}

static void case_small_arena(void)
{
    static struct world world;
    struct span text;
    struct span payload;
    struct digest digest;
    world_open(&world);
    struct envelope_signature a = sign_with(&world, 0, TYPE, "{\"some\":\"payload\"}");
    CHECK_INT_EQ(envelope_render(TYPE, span_text("{\"some\":\"payload\"}"), &a, 1, &world.arena,
                                 &text, NULL),
                 0);
    uint8_t little[64];
    struct arena arena;
    arena_init(&arena, little, sizeof little);
    check_word(envelope_open(text, TRUST_ROLE_RELEASE, &world.trust, &world.verify, &arena,
                             &payload, &digest, NULL),
               ERR_LIMIT);
    mbedtls_sign_free(world.port);
}

static void case_pae(void)
{
    uint8_t memory[256];
    struct arena arena;
    struct span encoding;
    arena_init(&arena, memory, sizeof memory);
    CHECK_INT_EQ(envelope_encoding("http://example.com/HelloWorld", span_text("hello world"),
                                   &arena, &encoding, NULL),
                 0);
    CHECK(span_is_equal(encoding,
                        span_text("DSSEv1 29 http://example.com/HelloWorld 11 hello world")));
}

/* As large as an envelope may be, and three letters of payload more; no room; too many hands. */
static void case_rendered_bounds(void)
{
    static uint8_t memory[300000];
    static char payload[ENVELOPE_BYTES_MAX];
    struct envelope_signature signatures[ENVELOPE_SIGNATURES_MAX + 1] = {0};
    struct span text;
    struct arena arena;
    struct err err = {0};
    char key[DIGEST_HEX_BYTES];
    memset(payload, 'p', sizeof payload);
    memset(key, 'k', sizeof key - 1);
    key[sizeof key - 1] = '\0';
    for (size_t i = 0; i < COUNT_OF(signatures); i++) {
        memcpy(signatures[i].key_id, key, sizeof key);
        signatures[i].der = span_of((const uint8_t *)payload, 100);
    }
    size_t around = strlen("{'payloadType':'t','payload':'','signatures':[]}\n");
    size_t most = (ENVELOPE_BYTES_MAX - around) / 4 * 3;
    for (size_t len = most; len <= most + 3; len += 3) {
        arena_init(&arena, memory, sizeof memory);
        int rc = envelope_render("t", span_of((const uint8_t *)payload, len), NULL, 0, &arena,
                                 &text, &err);
        CHECK_INT_EQ(rc, len == most ? 0 : ERR_LIMIT);
    }
    CHECK_CONTAINS(err.text, "the envelope is over 73728 bytes");
    for (size_t count = ENVELOPE_SIGNATURES_MAX; count <= ENVELOPE_SIGNATURES_MAX + 1; count++) {
        arena_init(&arena, memory, sizeof memory);
        CHECK_INT_EQ(envelope_render("t", span_text("{}"), signatures, count, &arena, &text, &err),
                     count == ENVELOPE_SIGNATURES_MAX ? 0 : ERR_LIMIT);
    }
    size_t need = 0;
    for (size_t cap = 0; cap < 4000; cap++) {
        arena_init(&arena, memory, cap);
        int rc = envelope_render("t", span_text("{}"), signatures, 2, &arena, &text, &err);
        if (rc == 0 && need == 0) {
            need = cap;
            CHECK_INT_EQ(arena.used, cap);
        }
        CHECK_INT_EQ(rc, need > 0 ? 0 : ERR_LIMIT);
    }
    CHECK(need > text.len);
    CHECK_STR_EQ(err.text, "no room for the envelope");
    CHECK(text.data[text.len - 1] == '\n' && text.data[text.len - 2] == '}');
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"threshold", case_threshold},
                                              {"binding", case_binding},
                                              {"encoding", case_encoding},
                                              {"malformed", case_malformed},
                                              {"small arena", case_small_arena},
                                              {"pae", case_pae},
                                              {"rendered bounds", case_rendered_bounds}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
