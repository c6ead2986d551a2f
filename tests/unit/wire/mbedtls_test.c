/* mbedtls: SHA-256's own examples, keys as PEM, and every other DER of a good signature refused. */
#include "ports/mbedtls/sign.h"
#include "ports/mbedtls/verify.h"

#include "platform/base/units.h"
#include "tests/check.h"

struct fixture {
    struct verify verify;
    struct mbedtls_sign *port;
    struct sign sign;
    char pem[SIGN_PEM_BYTES_MAX];
    uint8_t key[VERIFY_KEY_BYTES];
};

static void fixture_open(struct fixture *fixture)
{
    CHECK_INT_EQ(mbedtls_verify_init(&fixture->verify, NULL), 0);
    CHECK_INT_EQ(mbedtls_sign_new(&fixture->port, &fixture->sign, NULL), 0);
    CHECK_INT_EQ(fixture->sign.ops->key_new(fixture->sign.self, fixture->pem, NULL), 0);
    CHECK_INT_EQ(
        fixture->sign.ops->key_public(fixture->sign.self, fixture->pem, fixture->key, NULL), 0);
}

static int check_signature(struct fixture *fixture, const char *message, struct span der)
{
    return fixture->verify.ops->signature(fixture->verify.self, fixture->key, span_text(message),
                                          der, NULL);
}

static void case_sha256(void)
{
    struct verify verify;
    struct digest digest;
    char hex[DIGEST_HEX_BYTES];
    CHECK_INT_EQ(mbedtls_verify_init(&verify, NULL), 0);
    verify.ops->sha256(verify.self, span_text("abc"), &digest);
    digest_render(&digest, hex);
    CHECK_STR_EQ(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    verify.ops->sha256(verify.self, span_of(NULL, 0), &digest);
    digest_render(&digest, hex);
    CHECK_STR_EQ(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void case_round_trip(void)
{
    struct fixture fixture;
    uint8_t der[SIGN_DER_BYTES_MAX];
    uint8_t other[VERIFY_KEY_BYTES] = {4};
    size_t len = 0;
    fixture_open(&fixture);
    CHECK(strstr(fixture.pem, "BEGIN EC PRIVATE KEY") != NULL);
    CHECK_INT_EQ(fixture.key[0], 4);
    CHECK_INT_EQ(fixture.sign.ops->signature(fixture.sign.self, fixture.pem, span_text("m"), der,
                                             &len, NULL),
                 0);
    CHECK_INT_EQ(check_signature(&fixture, "m", span_of(der, len)), 0);
    CHECK_INT_EQ(check_signature(&fixture, "n", span_of(der, len)), ERR_SIGNATURE);
    CHECK_INT_EQ(fixture.verify.ops->signature(fixture.verify.self, other, span_text("m"),
                                               span_of(der, len), NULL),
                 ERR_VALUE);
    CHECK_INT_EQ(fixture.sign.ops->key_public(fixture.sign.self, "no key", other, NULL), ERR_VALUE);
    CHECK_INT_EQ(
        fixture.sign.ops->signature(fixture.sign.self, "", span_text("m"), der, &len, NULL),
        ERR_VALUE);
    mbedtls_sign_free(fixture.port);
}

/* Puts a zero byte before the integer at `at` of a signature, with all lengths right: BER allows it
 * where DER does not. */
static size_t widen(const uint8_t *der, size_t len, size_t at, uint8_t *out)
{
    memcpy(out, der, at + 2);
    out[at + 2] = 0;
    memcpy(out + at + 3, der + at + 2, len - at - 2);
    out[at + 1]++;
    out[1]++;
    return len + 1;
}

/* Signs numbered messages until r and s are as short as usual, so that a longer encoding of them
 * still has a length that a signature can have. */
static size_t short_signature(struct fixture *fixture, char message[16],
                              uint8_t der[SIGN_DER_BYTES_MAX])
{
    size_t len = SIGN_DER_BYTES_MAX;
    for (int i = 0; i < 200 && len > 70; i++) {
        (void)snprintf(message, 16, "message %d", i);
        CHECK_INT_EQ(fixture->sign.ops->signature(fixture->sign.self, fixture->pem,
                                                  span_text(message), der, &len, NULL),
                     0);
    }
    CHECK(len <= 70);
    return len;
}

static void case_canonical(void)
{
    struct fixture fixture;
    char message[16];
    uint8_t der[SIGN_DER_BYTES_MAX];
    uint8_t bent[SIGN_DER_BYTES_MAX + 8];
    fixture_open(&fixture);
    size_t len = short_signature(&fixture, message, der);
    CHECK_INT_EQ(check_signature(&fixture, message, span_of(der, len)), 0);
    size_t bent_len = widen(der, len, 2, bent);
    CHECK_INT_EQ(check_signature(&fixture, message, span_of(bent, bent_len)), ERR_ENCODING);
    bent_len = widen(der, len, 4u + der[3], bent);
    CHECK_INT_EQ(check_signature(&fixture, message, span_of(bent, bent_len)), ERR_ENCODING);
    bent[0] = der[0];
    bent[1] = 0x81; /* the long form of a short length */
    memcpy(bent + 2, der + 1, len - 1);
    CHECK_INT_EQ(check_signature(&fixture, message, span_of(bent, len + 1)), ERR_ENCODING);
    memcpy(bent, der, len);
    bent[len] = 0;
    CHECK_INT_EQ(check_signature(&fixture, message, span_of(bent, len + 1)), ERR_ENCODING);
    mbedtls_sign_free(fixture.port);
}

static void case_bent(void)
{
    struct fixture fixture;
    char message[16];
    uint8_t der[SIGN_DER_BYTES_MAX];
    uint8_t bent[SIGN_DER_BYTES_MAX];
    fixture_open(&fixture);
    size_t len = short_signature(&fixture, message, der);
    for (size_t cut = 0; cut < len; cut++) {
        CHECK_INT_EQ(check_signature(&fixture, message, span_of(der, cut)), ERR_ENCODING);
    }
    for (size_t bit = 0; bit < len * 8; bit++) {
        memcpy(bent, der, len);
        bent[bit / 8] ^= (uint8_t)(1u << bit % 8);
        int rc = check_signature(&fixture, message, span_of(bent, len));
        CHECK(rc == ERR_ENCODING || rc == ERR_SIGNATURE);
    }
    mbedtls_sign_free(fixture.port);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"sha256", case_sha256},
                                              {"round trip", case_round_trip},
                                              {"canonical", case_canonical},
                                              {"bent", case_bent}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
