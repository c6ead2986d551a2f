/* trust: a document with keys and thresholds, and the lists of revoked releases. */
#include "agent/wire/trust.h"

#include "agent/wire/base64.h"
#include "platform/base/units.h"
#include "tests/check.h"

/* A key whose id and point are made of one repeated digit. */
static void key_write(char *text, size_t cap, char digit, const char *roles)
{
    uint8_t point[VERIFY_KEY_BYTES];
    uint8_t memory[256];
    char id[DIGEST_HEX_BYTES] = {0};
    struct arena arena;
    arena_init(&arena, memory, sizeof memory);
    memset(point, digit, sizeof point);
    point[0] = 4;
    memset(id, digit, sizeof id - 1);
    (void)snprintf(text, cap, "{\"id\":\"%s\",\"point\":\"%s\",\"roles\":[%s]}", id,
                   base64_encode(span_of(point, sizeof point), &arena), roles);
}

static int parse(const char *keys, const char *threshold, struct trust *trust, struct err *err)
{
    char text[2048];
    (void)snprintf(
        text, sizeof text,
        "{\"schema\":1,\"fleet\":\"demo\",\"version\":3,\"keys\":[%s],\"threshold\":{%s}}", keys,
        threshold);
    return trust_parse(span_text(text), trust, err);
}

#define ALL_ROLES "\"release\",\"order\",\"trust\",\"revoke\""
#define ALL_ONE   "\"release\":1,\"order\":1,\"trust\":1,\"revoke\":1"

static void case_good(void)
{
    char a[512], b[512], both[1100];
    struct trust trust;
    struct err err = {0};
    key_write(a, sizeof a, '1', ALL_ROLES);
    key_write(b, sizeof b, '2', "\"release\"");
    (void)snprintf(both, sizeof both, "%s,%s", a, b);
    CHECK_INT_EQ(parse(both, "\"release\":2,\"order\":1,\"trust\":1,\"revoke\":1", &trust, &err),
                 0);
    CHECK_INT_EQ(trust.version, 3);
    CHECK_STR_EQ(trust.fleet, "demo");
    CHECK_INT_EQ(trust.key_count, 2);
    CHECK_INT_EQ(trust.threshold[TRUST_ROLE_RELEASE], 2);
    CHECK_INT_EQ(trust.keys[1].roles, 1u << TRUST_ROLE_RELEASE);
    CHECK_INT_EQ(trust.keys[0].point[64], '1');
}

static void check_refused(const char *keys, const char *threshold, int code, const char *message)
{
    struct trust trust = {.version = 77};
    struct err err = {0};
    int rc = parse(keys, threshold, &trust, &err);
    CHECK_STR_EQ(err_word(rc), err_word(code));
    CHECK_CONTAINS(err.text, message);
    CHECK_INT_EQ(trust.version, 77);
}

static void case_refused(void)
{
    char a[512], twice[1100], none[512];
    key_write(a, sizeof a, '1', ALL_ROLES);
    key_write(none, sizeof none, '3', "\"root\"");
    (void)snprintf(twice, sizeof twice, "%s,%s", a, a);
    check_refused(twice, ALL_ONE, ERR_VALUE, "keys[1]: the same key stands twice");
    check_refused(none, ALL_ONE, ERR_VALUE, "keys[0].roles[0]: no such role");
    check_refused("", ALL_ONE, ERR_VALUE, "keys: must be a list of 1 to");
    check_refused(a, "\"release\":2,\"order\":1,\"trust\":1,\"revoke\":1", ERR_VALUE,
                  "threshold.release: cannot be met");
    check_refused(a, "\"release\":0,\"order\":1,\"trust\":1,\"revoke\":1", ERR_VALUE,
                  "threshold.release: must be between");
    check_refused(a, "\"release\":1", ERR_MISSING, "nothing about the role order");
    check_refused(a, ALL_ONE ",\"root\":1", ERR_UNKNOWN_KEY, "threshold.root");
    check_refused("{\"id\":\"x\",\"point\":\"AAAA\",\"roles\":[\"order\"]}", ALL_ONE, ERR_VALUE,
                  "keys[0].id");
}

static void case_revoked(void)
{
    struct revoked revoked;
    struct err err = {0};
    struct digest digest;
    char hex[65];
    char text[300];
    memset(hex, 'a', 64);
    hex[64] = '\0';
    CHECK(digest_parse(hex, &digest));
    (void)snprintf(text, sizeof text, "{\"schema\":1,\"version\":2,\"releases\":[\"%s\"]}", hex);
    CHECK_INT_EQ(revoked_parse(span_text(text), &revoked, &err), 0);
    CHECK_INT_EQ(revoked.version, 2);
    CHECK(revoked_has(&revoked, &digest));
    digest.bytes[31] ^= 1;
    CHECK(!revoked_has(&revoked, &digest));
    CHECK_INT_EQ(revoked_parse(span_text("{\"schema\":1,\"version\":2,\"releases\":[\"a\"]}"),
                               &revoked, &err),
                 ERR_VALUE);
    CHECK_CONTAINS(err.text, "releases[0]");
}

static void case_words(void)
{
    CHECK_STR_EQ(trust_role_word(TRUST_ROLE_REVOKE), "revoke");
    CHECK_STR_EQ(trust_role_type(TRUST_ROLE_ORDER), "application/vnd.berth.order.v1+json");
}

/* Where epochs begin anew, and the version: what is read, and both sides of each bound. */
static void case_numbers(void)
{
    static const struct {
        const char *members;
        uint64_t version, base;
        const char *message; /* NULL: taken */
    } rows[] = {
        {"\"schema\":1,\"version\":1", 1, 0, NULL},
        {"\"schema\":2,\"version\":9007199254740991", 9007199254740991, 0, NULL},
        {"\"schema\":2,\"version\":2,\"epochBase\":65536", 2, 65536, NULL},
        {"\"schema\":2,\"version\":2,\"epochBase\":4294901760", 2, 4294901760, NULL},
        {"\"schema\":2,\"version\":0", 0, 0, "version: must be between 1 and 9007199254740991"},
        {"\"schema\":2,\"version\":2,\"epochBase\":0", 0, 0,
         "epochBase: must be between 1 and 4294967295"},
        {"\"schema\":2,\"version\":2,\"epochBase\":1", 0, 0,
         "epochBase: must be a multiple of 65536"},
        {"\"schema\":2,\"version\":2,\"epochBase\":65537", 0, 0,
         "epochBase: must be a multiple of 65536"},
        {"\"schema\":2,\"version\":2,\"epochBase\":4294967296", 0, 0,
         "epochBase: must be between 1 and 4294967295"},
    };
    char key[512], text[1024];
    key_write(key, sizeof key, '1', ALL_ROLES);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct trust trust = {.version = 77};
        struct err err = {0};
        (void)snprintf(text, sizeof text,
                       "{%s,\"fleet\":\"f\",\"keys\":[%s],\"threshold\":{" ALL_ONE "}}",
                       rows[i].members, key);
        CHECK_INT_EQ(trust_parse(span_text(text), &trust, &err),
                     rows[i].message != NULL ? ERR_VALUE : 0);
        CHECK_STR_EQ(err.text, rows[i].message != NULL ? rows[i].message : "");
        CHECK_INT_EQ(trust.version, rows[i].message != NULL ? 77 : rows[i].version);
        CHECK_INT_EQ(trust.epoch_base, rows[i].base);
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"good", case_good},
                                              {"refused", case_refused},
                                              {"revoked", case_revoked},
                                              {"words", case_words},
                                              {"numbers", case_numbers}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
