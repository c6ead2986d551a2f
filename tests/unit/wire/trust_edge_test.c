/* trust_edge: one key is one voice, however often it is written down; and the bounds of trust,
 * revocation and signatures, one at each side. */
#include "agent/wire/base64.h"
#include "agent/wire/envelope.h"
#include "agent/wire/trust.h"
#include "platform/base/arena.h"
#include "platform/base/text.h"
#include "platform/base/units.h"
#include "tests/check.h"
#include "tests/sim/seal.h"

#define ALL   "\"release\",\"order\",\"trust\",\"revoke\""
#define ONES  "\"release\":1,\"order\":1,\"trust\":1,\"revoke\":1"
#define EMPTY "{\"schema\":1,\"fleet\":\"f\",\"version\":1,\"keys\":[],\"threshold\":{" ONES "}}"

static char data[TRUST_BYTES_MAX + 1];
static struct text text;

/* A key whose id is made of one byte, and its point of another. */
static void key_add(int id, int point, size_t point_len, const char *roles)
{
    uint8_t bytes[VERIFY_KEY_BYTES + 1], memory[256];
    struct arena arena;
    struct digest digest;
    char hex[DIGEST_HEX_BYTES];
    memset(bytes, point, sizeof bytes);
    bytes[0] = 4;
    memset(digest.bytes, id, sizeof digest.bytes);
    digest_render(&digest, hex);
    arena_init(&arena, memory, sizeof memory);
    const char *encoded = base64_encode(span_of(bytes, point_len), &arena);
    text_printf(&text, "%s{\"id\":\"%s\",\"point\":\"%s\",\"roles\":[%s]}",
                data[text.len - 1] == '[' ? "" : ",", hex, encoded, roles);
}

static void begin(const char *version)
{
    text_init(&text, data, sizeof data);
    text_printf(&text, "{\"schema\":1,\"fleet\":\"f\",\"version\":%s,\"keys\":[", version);
}

static int end(const char *threshold, struct trust *trust, struct err *err)
{
    text_printf(&text, "],\"threshold\":{%s}}", threshold);
    CHECK(!text.cut);
    return trust_parse(span_of(data, text.len), trust, err);
}

static void check_end(const char *threshold, int code, const char *message)
{
    static struct trust trust;
    struct err err = {0};
    CHECK_STR_EQ(err_word(end(threshold, &trust, &err)), err_word(code));
    CHECK_CONTAINS(err.text, message);
}

/* Two entries of one private key would meet a threshold of two: neither id nor point stands twice.
 */
static void case_one_key_one_voice(void)
{
    static struct trust trust;
    begin("1");
    key_add(1, 1, VERIFY_KEY_BYTES, ALL);
    key_add(2, 1, VERIFY_KEY_BYTES, ALL);
    check_end("\"release\":2,\"order\":1,\"trust\":1,\"revoke\":1", ERR_VALUE,
              "the same key stands twice");
    begin("1");
    key_add(1, 1, VERIFY_KEY_BYTES, ALL);
    key_add(1, 2, VERIFY_KEY_BYTES, ALL);
    check_end(ONES, ERR_VALUE, "the same key stands twice");
    begin("1");
    key_add(1, 1, VERIFY_KEY_BYTES, ALL);
    key_add(2, 2, VERIFY_KEY_BYTES, ALL);
    key_add(3, 1, VERIFY_KEY_BYTES, ALL); /* not only its neighbour's */
    check_end(ONES, ERR_VALUE, "keys[2]");
    begin("1");
    key_add(1, 1, VERIFY_KEY_BYTES, ALL);
    key_add(2, 2, VERIFY_KEY_BYTES, ALL);
    CHECK_INT_EQ(end("\"release\":2,\"order\":2,\"trust\":2,\"revoke\":2", &trust, NULL), 0);
    CHECK_INT_EQ(trust.keys[0].roles, 15);
    for (size_t i = 0; i < TRUST_ROLE_COUNT; i++) {
        CHECK_INT_EQ(trust.threshold[i], 2);
    }
}

static void case_keys(void)
{
    static struct trust trust;
    for (int count = 16; count <= 17; count++) {
        begin("1");
        for (int i = 1; i <= count; i++) {
            key_add(i, i, VERIFY_KEY_BYTES, ALL);
        }
        if (count == 16) {
            CHECK_INT_EQ(end("\"release\":16,\"order\":1,\"trust\":1,\"revoke\":1", &trust, NULL),
                         0);
            CHECK_INT_EQ(trust.key_count, 16);
            CHECK_INT_EQ(trust.keys[15].point[64], 16);
            CHECK_INT_EQ(trust.threshold[TRUST_ROLE_RELEASE], 16);
        } else {
            check_end(ONES, ERR_VALUE, "must be a list of 1 to 16 keys");
        }
    }
    struct err err = {0};
    CHECK_INT_EQ(trust_parse(span_text(EMPTY), &trust, &err), ERR_VALUE);
    CHECK_CONTAINS(err.text, "must be a list of 1 to 16 keys");
}

static void case_key_parts(void)
{
    begin("1");
    key_add(1, 1, VERIFY_KEY_BYTES - 1, ALL);
    check_end(ONES, ERR_VALUE, "an uncompressed P-256 point");
    begin("1");
    key_add(1, 1, VERIFY_KEY_BYTES + 1, ALL);
    check_end(ONES, ERR_VALUE, "an uncompressed P-256 point");
    begin("1");
    key_add(1, 1, VERIFY_KEY_BYTES, "");
    check_end(ONES, ERR_VALUE, "at least one role");
    begin("1");
    key_add(1, 1, VERIFY_KEY_BYTES, "\"king\"");
    check_end(ONES, ERR_VALUE, "no such role");
    begin("1");
    key_add(1, 1, VERIFY_KEY_BYTES, "7");
    check_end(ONES, ERR_VALUE, "must be a string");
    begin("0");
    key_add(1, 1, VERIFY_KEY_BYTES, ALL);
    check_end(ONES, ERR_VALUE, "version");
}

static void case_thresholds(void)
{
    static const struct {
        const char *threshold;
        int code;
        const char *message;
    } rows[] = {
        {"\"order\":1,\"trust\":1,\"revoke\":1", ERR_MISSING,
         "says nothing about the role release"},
        {"\"release\":1,\"trust\":1,\"revoke\":1", ERR_MISSING,
         "says nothing about the role order"},
        {"\"release\":1,\"order\":1,\"revoke\":1", ERR_MISSING,
         "says nothing about the role trust"},
        {"\"release\":1,\"order\":1,\"trust\":1", ERR_MISSING,
         "says nothing about the role revoke"},
        {ONES ",\"king\":1", ERR_UNKNOWN_KEY, "no such role"},
        {"\"release\":0,\"order\":1,\"trust\":1,\"revoke\":1", ERR_VALUE, "between 1 and 16"},
        {"\"release\":3,\"order\":1,\"trust\":1,\"revoke\":1", ERR_VALUE,
         "cannot be met: 3 signatures wanted, 2 keys have the role"},
        {"\"release\":1,\"order\":2,\"trust\":1,\"revoke\":1", ERR_VALUE,
         "cannot be met: 2 signatures wanted, 1 keys have the role"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        begin("1");
        key_add(1, 1, VERIFY_KEY_BYTES, ALL);
        key_add(2, 2, VERIFY_KEY_BYTES, "\"release\"");
        check_end(rows[i].threshold, rows[i].code, rows[i].message);
    }
}

static void case_revoked(void)
{
    static struct revoked revoked;
    char hex[DIGEST_HEX_BYTES];
    struct digest digest;
    struct err err = {0};
    for (int count = 64; count <= 65; count++) {
        text_init(&text, data, sizeof data);
        text_append(&text, "{\"schema\":1,\"version\":1,\"releases\":[");
        for (int i = 0; i < count; i++) {
            memset(digest.bytes, i + 1, sizeof digest.bytes);
            digest_render(&digest, hex);
            text_printf(&text, "%s\"%s\"", i == 0 ? "" : ",", hex);
        }
        text_append(&text, "]}");
        CHECK_INT_EQ(revoked_parse(span_of(data, text.len), &revoked, &err),
                     count == 64 ? 0 : ERR_VALUE);
    }
    CHECK_CONTAINS(err.text, "at most 64 digests");
    CHECK_INT_EQ(revoked.count, 64);
    for (int i = 0; i < 66; i++) {
        memset(digest.bytes, i, sizeof digest.bytes);
        CHECK_INT_EQ(revoked_has(&revoked, &digest), i >= 1 && i <= 64);
    }
    CHECK_INT_EQ(
        revoked_parse(span_text("{\"schema\":1,\"version\":0,\"releases\":[]}"), &revoked, &err),
        ERR_VALUE);
    CHECK_INT_EQ(
        revoked_parse(span_text("{\"schema\":1,\"version\":1,\"releases\":{}}"), &revoked, &err),
        ERR_VALUE);
    CHECK_INT_EQ(
        revoked_parse(span_text("{\"schema\":1,\"version\":1,\"releases\":[1]}"), &revoked, &err),
        ERR_VALUE);
    CHECK_INT_EQ(
        revoked_parse(span_text("{\"schema\":1,\"version\":1,\"releases\":[]}"), &revoked, NULL),
        0);
    CHECK_INT_EQ(revoked.count, 0);
}

/* -- envelopes -------------------------------------------------------------------------------- */

static struct trust voices; /* key i is {4, i}, i below 8 */
static uint8_t memory[65536];

static void voices_make(void)
{
    struct digest digest;
    memset(&voices, 0, sizeof voices);
    voices.key_count = 8;
    for (size_t i = 0; i < voices.key_count; i++) {
        struct trust_key *key = &voices.keys[i];
        key->point[0] = 4;
        key->point[1] = (uint8_t)i;
        key->roles = 1u << (i < 6 ? TRUST_ROLE_ORDER : TRUST_ROLE_REVOKE);
        seal_digest(span_of(key->point, sizeof key->point), &digest);
        digest_render(&digest, key->id);
    }
}

/* Opens "{}", signed by these keys, under this threshold. */
static int open_signed(const int *signers, size_t count, int threshold, struct err *err)
{
    static uint8_t seals[9][SIGN_DER_BYTES_MAX];
    struct envelope_signature signatures[9] = {{.key_id = ""}};
    struct verify verify = seal_verify_port();
    struct span encoding, envelope, payload;
    struct digest digest;
    struct arena arena;
    const char *type = trust_role_type(TRUST_ROLE_ORDER);
    arena_init(&arena, memory, sizeof memory);
    CHECK_INT_EQ(envelope_encoding(type, span_text("{}"), &arena, &encoding, NULL), 0);
    for (size_t i = 0; i < count; i++) {
        seal_sign(voices.keys[signers[i]].point, encoding, seals[i]);
        memcpy(signatures[i].key_id, voices.keys[signers[i]].id, DIGEST_HEX_BYTES);
        signatures[i].der = span_of(seals[i], SEAL_BYTES);
    }
    CHECK_INT_EQ(envelope_render(type, span_text("{}"), signatures, count, &arena, &envelope, NULL),
                 0);
    voices.threshold[TRUST_ROLE_ORDER] = (uint8_t)threshold;
    return envelope_open(envelope, TRUST_ROLE_ORDER, &voices, &verify, &arena, &payload, &digest,
                         err);
}

static void case_voices(void)
{
    static const struct {
        int signers[8];
        size_t count;
        int threshold, code;
        const char *message;
    } rows[] = {
        {{0}, 1, 1, 0, ""},
        {{5}, 1, 1, 0, ""},
        {{0, 5}, 2, 2, 0, ""},
        {{0, 1, 2, 3, 4, 5}, 6, 6, 0, ""},
        {{0, 1, 2, 3, 4, 5, 6, 7}, 8, 6, 0, ""},
        {{0, 1, 2, 3, 4, 5, 6, 7}, 8, 7, ERR_THRESHOLD, "signed by 6 of the 7 order keys"},
        {{3, 3}, 2, 2, ERR_THRESHOLD, "signed by 1 of the 2 order keys"},
        {{3, 6}, 2, 2, ERR_THRESHOLD, "signed by 1 of the 2 order keys"},
        {{6, 7}, 2, 1, ERR_SIGNATURE, "none of its signatures is by a order key"},
        {{0}, 0, 1, ERR_UNSIGNED, "the document is not signed"},
    };
    voices_make();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};
        int rc = open_signed(rows[i].signers, rows[i].count, rows[i].threshold, &err);
        CHECK_STR_EQ(err_word(rc), err_word(rows[i].code));
        CHECK_CONTAINS(err.text, rows[i].message);
    }
}

/* Eight signatures are read, nine are not, neither written. */
static void case_signature_count(void)
{
    struct envelope_signature signatures[9] = {{.key_id = ""}};
    struct envelope_parts parts;
    struct span envelope;
    struct arena arena;
    struct err err = {0};
    for (size_t i = 0; i < COUNT_OF(signatures); i++) {
        memset(signatures[i].key_id, 'a', DIGEST_HEX_BYTES - 1);
        signatures[i].der = span_text("der");
    }
    arena_init(&arena, memory, sizeof memory);
    CHECK_INT_EQ(envelope_render("t", span_text("{}"), signatures, 9, &arena, &envelope, &err),
                 ERR_LIMIT);
    CHECK_INT_EQ(envelope_render("t", span_text("{}"), signatures, 8, &arena, &envelope, &err), 0);
    CHECK_INT_EQ(envelope_take_apart(envelope, &arena, &parts, &err), 0);
    CHECK_INT_EQ(parts.signature_count, 8);
    CHECK_STR_EQ(parts.signatures[7].key_id, signatures[7].key_id);
    CHECK(span_is_equal(parts.signatures[7].der, span_text("der")));
    CHECK_STR_EQ(parts.type, "t");
    CHECK(span_is_equal(parts.payload, span_text("{}")));
    text_init(&text, data, sizeof data);
    text_append(&text, "{\"payloadType\":\"t\",\"payload\":\"e30=\",\"signatures\":[");
    for (int i = 0; i < 9; i++) {
        text_printf(&text, "%s{\"keyid\":\"%s\",\"sig\":\"ZGVy\"}", i == 0 ? "" : ",",
                    signatures[0].key_id);
    }
    text_append(&text, "]}");
    CHECK_INT_EQ(envelope_take_apart(span_of(data, text.len), &arena, &parts, &err), ERR_OVERSIZE);
    CHECK_CONTAINS(err.text, "more than 8 signatures");
}

/* The text of an envelope, and the bytes that are signed, are the standard's. */
static void case_texts(void)
{
    struct envelope_signature signatures[2] = {{.der = span_text("one")},
                                               {.der = span_text("two")}};
    struct span envelope, encoding;
    struct arena arena;
    memset(signatures[0].key_id, 'a', DIGEST_HEX_BYTES - 1);
    memset(signatures[1].key_id, 'b', DIGEST_HEX_BYTES - 1);
    arena_init(&arena, memory, sizeof memory);
    CHECK_INT_EQ(envelope_encoding("http://example.com/HelloWorld", span_text("hello world"),
                                   &arena, &encoding, NULL),
                 0);
    CHECK(span_is_equal(encoding,
                        span_text("DSSEv1 29 http://example.com/HelloWorld 11 hello world")));
    CHECK_INT_EQ(
        envelope_render("type/x", span_text("hello"), signatures, 2, &arena, &envelope, NULL), 0);
    (void)snprintf(data, sizeof data,
                   "{\"payloadType\":\"type/x\",\"payload\":\"aGVsbG8=\",\"signatures\":["
                   "{\"keyid\":\"%s\",\"sig\":\"b25l\"},{\"keyid\":\"%s\",\"sig\":\"dHdv\"}]}\n",
                   signatures[0].key_id, signatures[1].key_id);
    CHECK(span_is_equal(envelope, span_text(data)));
}

static void case_take_apart_refused(void)
{
    static const struct {
        const char *text;
        int code;
        const char *message;
    } rows[] = {
        {"{\"payloadType\":\"t\",\"payload\":\"e30=\"}", ERR_MISSING, "signatures"},
        {"{\"payloadType\":\"t\",\"signatures\":[]}", ERR_MISSING, "payload"},
        {"{\"payload\":\"e30=\",\"signatures\":[]}", ERR_MISSING, "payloadType"},
        {"{\"payloadType\":1,\"payload\":\"e30=\",\"signatures\":[]}", ERR_VALUE, "payloadType"},
        {"{\"payloadType\":\"t\",\"payload\":1,\"signatures\":[]}", ERR_VALUE, "payload"},
        {"{\"payloadType\":\"t\",\"payload\":\"e30=\",\"signatures\":{}}", ERR_VALUE,
         "must be a list"},
        {"{\"payloadType\":\"t\",\"payload\":\"e30=\",\"signatures\":[{\"keyid\":\"a\","
         "\"sig\":\"\"}]}",
         ERR_VALUE, "64 hex digits"},
        {"{\"payloadType\":\"t\",\"payload\":\"e30=\",\"signatures\":[{\"sig\":\"\"}]}",
         ERR_MISSING, "keyid"},
        {"{\"payloadType\":\"t\",\"payload\":\"e30=\",\"signatures\":[{\"keyid\":\"\"}]}",
         ERR_MISSING, "sig"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct envelope_parts parts;
        struct arena arena;
        struct err err = {0};
        arena_init(&arena, memory, sizeof memory);
        CHECK_STR_EQ(err_word(envelope_take_apart(span_text(rows[i].text), &arena, &parts, &err)),
                     err_word(rows[i].code));
        CHECK_CONTAINS(err.text, rows[i].message);
    }
}

/* No room is refused by name, wherever it ends; nothing is written past it. */
static void case_no_room(void)
{
    struct envelope_signature signature = {.der = span_text("der")};
    size_t refused = 0;
    memset(signature.key_id, 'a', DIGEST_HEX_BYTES - 1);
    for (size_t size = 1; size < 1000; size++) {
        struct envelope_parts parts;
        struct span envelope;
        struct arena arena;
        struct err err = {0};
        arena_init(&arena, memory, size);
        int rc =
            envelope_render("t", span_text("{\"x\":1}"), &signature, 1, &arena, &envelope, &err);
        CHECK(rc == 0 || rc == ERR_LIMIT);
        refused += rc != 0;
        if (rc == 0) {
            struct span text_of = envelope;
            arena_init(&arena, memory + sizeof memory / 2, size % 40);
            rc = envelope_take_apart(text_of, &arena, &parts, &err);
            CHECK(rc == 0 || rc == ERR_LIMIT);
        }
    }
    CHECK(refused > 100 && refused < 900);
    struct arena arena;
    struct span encoding;
    arena_init(&arena, memory, 10);
    CHECK_INT_EQ(envelope_encoding("t", span_text("x"), &arena, &encoding, NULL), ERR_LIMIT);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"one key, one voice", case_one_key_one_voice},
        {"keys", case_keys},
        {"parts of a key", case_key_parts},
        {"thresholds", case_thresholds},
        {"revoked", case_revoked},
        {"voices", case_voices},
        {"count of signatures", case_signature_count},
        {"texts", case_texts},
        {"take apart: refused", case_take_apart_refused},
        {"no room", case_no_room},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
