/* The pinned mbedTLS signs, verifies, writes and reads certificates, and begins a handshake. */
#include "tests/check.h"

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/ecdsa.h>
#include <mbedtls/entropy.h>
#include <mbedtls/pk.h>
#include <mbedtls/sha256.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#include <psa/crypto.h>
#include <stdbool.h>
#include <stdint.h>

struct random {
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context drbg;
};

static void random_init(struct random *random)
{
    mbedtls_entropy_init(&random->entropy);
    mbedtls_ctr_drbg_init(&random->drbg);
    CHECK_INT_EQ(mbedtls_ctr_drbg_seed(&random->drbg, mbedtls_entropy_func, &random->entropy, NULL,
                                       0),
                 0);
}

static void random_close(struct random *random)
{
    mbedtls_ctr_drbg_free(&random->drbg);
    mbedtls_entropy_free(&random->entropy);
}

static void key_make(mbedtls_pk_context *key, mbedtls_ecp_group_id curve, struct random *random)
{
    mbedtls_pk_init(key);
    CHECK_INT_EQ(mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)), 0);
    CHECK_INT_EQ(
        mbedtls_ecp_gen_key(curve, mbedtls_pk_ec(*key), mbedtls_ctr_drbg_random, &random->drbg), 0);
}

static void signature_verifies_and_a_changed_one_does_not(void)
{
    const mbedtls_ecp_group_id curves[] = {MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_ECP_DP_SECP384R1};
    struct random random;
    random_init(&random);
    for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
        mbedtls_pk_context key;
        unsigned char hash[32];
        unsigned char signature[MBEDTLS_PK_SIGNATURE_MAX_SIZE];
        size_t len = 0;
        key_make(&key, curves[i], &random);
        CHECK_INT_EQ(mbedtls_sha256((const unsigned char *)"payload", 7, hash, 0), 0);
        CHECK_INT_EQ(mbedtls_pk_sign(&key, MBEDTLS_MD_SHA256, hash, sizeof(hash), signature,
                                     sizeof(signature), &len, mbedtls_ctr_drbg_random,
                                     &random.drbg),
                     0);
        CHECK_INT_EQ(
            mbedtls_pk_verify(&key, MBEDTLS_MD_SHA256, hash, sizeof(hash), signature, len), 0);
        hash[0] ^= 1;
        CHECK(mbedtls_pk_verify(&key, MBEDTLS_MD_SHA256, hash, sizeof(hash), signature, len) != 0);
        mbedtls_pk_free(&key);
    }
    random_close(&random);
}

static void certificate_is_written_and_read_back(void)
{
    struct random random;
    mbedtls_pk_context key;
    mbedtls_x509write_cert writer;
    mbedtls_x509_crt parsed;
    unsigned char pem[2048];
    unsigned char serial[] = {1};
    uint32_t flags = 0;
    random_init(&random);
    key_make(&key, MBEDTLS_ECP_DP_SECP256R1, &random);
    mbedtls_x509write_crt_init(&writer);
    mbedtls_x509write_crt_set_md_alg(&writer, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(&writer, &key);
    mbedtls_x509write_crt_set_issuer_key(&writer, &key);
    CHECK_INT_EQ(mbedtls_x509write_crt_set_subject_name(&writer, "CN=node-1"), 0);
    CHECK_INT_EQ(mbedtls_x509write_crt_set_issuer_name(&writer, "CN=node-1"), 0);
    CHECK_INT_EQ(mbedtls_x509write_crt_set_serial_raw(&writer, serial, sizeof(serial)), 0);
    CHECK_INT_EQ(
        mbedtls_x509write_crt_set_validity(&writer, "20200101000000", "20991231235959"), 0);
    CHECK_INT_EQ(mbedtls_x509write_crt_set_basic_constraints(&writer, 1, -1), 0);
    CHECK_INT_EQ(mbedtls_x509write_crt_pem(&writer, pem, sizeof(pem), mbedtls_ctr_drbg_random,
                                           &random.drbg),
                 0);
    mbedtls_x509_crt_init(&parsed);
    CHECK_INT_EQ(mbedtls_x509_crt_parse(&parsed, pem, strlen((const char *)pem) + 1), 0);
    CHECK_INT_EQ(mbedtls_x509_crt_verify(&parsed, &parsed, NULL, "node-1", &flags, NULL, NULL), 0);
    CHECK(mbedtls_x509_crt_verify(&parsed, &parsed, NULL, "node-2", &flags, NULL, NULL) != 0);
    mbedtls_x509_crt_free(&parsed);
    mbedtls_x509write_crt_free(&writer);
    mbedtls_pk_free(&key);
    random_close(&random);
}

/* Records of both directions: what the client says first must be a TLS handshake record. */
struct wire {
    unsigned char bytes[4096];
    size_t len;
};

static int wire_send(void *self, const unsigned char *bytes, size_t len)
{
    struct wire *wire = self;
    size_t space = sizeof(wire->bytes) - wire->len;
    size_t taken = len < space ? len : space;
    memcpy(wire->bytes + wire->len, bytes, taken);
    wire->len += taken;
    return taken == 0 ? MBEDTLS_ERR_SSL_WANT_WRITE : (int)taken;
}

static int wire_recv(void *self, unsigned char *bytes, size_t len)
{
    (void)self;
    (void)bytes;
    (void)len;
    return MBEDTLS_ERR_SSL_WANT_READ;
}

/* True when the client's first message offers the protocol version (RFC 8446, 4.2.1: 43). */
static bool wire_offers(const struct wire *wire, unsigned char minor)
{
    static const unsigned char extension[] = {0, 43};
    for (size_t i = 0; i + 7 < wire->len; i++) {
        if (memcmp(wire->bytes + i, extension, sizeof(extension)) == 0) {
            for (size_t k = 0; k < wire->bytes[i + 4] && i + 6 + k < wire->len; k += 2) {
                if (wire->bytes[i + 5 + k] == 3 && wire->bytes[i + 6 + k] == minor) {
                    return true;
                }
            }
        }
    }
    return false;
}

static void client_offers_tls_1_2_and_1_3(void)
{
    struct random random;
    struct wire wire = {.len = 0};
    mbedtls_ssl_config config;
    mbedtls_ssl_context ssl;
    random_init(&random);
    CHECK_INT_EQ(psa_crypto_init(), PSA_SUCCESS);
    mbedtls_ssl_config_init(&config);
    mbedtls_ssl_init(&ssl);
    CHECK_INT_EQ(mbedtls_ssl_config_defaults(&config, MBEDTLS_SSL_IS_CLIENT,
                                             MBEDTLS_SSL_TRANSPORT_STREAM,
                                             MBEDTLS_SSL_PRESET_DEFAULT),
                 0);
    mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &random.drbg);
    CHECK_INT_EQ(mbedtls_ssl_setup(&ssl, &config), 0);
    CHECK_INT_EQ(mbedtls_ssl_set_hostname(&ssl, "broker.example"), 0);
    mbedtls_ssl_set_bio(&ssl, &wire, wire_send, wire_recv, NULL);
    CHECK_INT_EQ(mbedtls_ssl_handshake(&ssl), MBEDTLS_ERR_SSL_WANT_READ);
    CHECK(wire.len > 5 && wire.bytes[0] == 22);
    CHECK(wire_offers(&wire, 4));
    CHECK(wire_offers(&wire, 3));
    CHECK(!wire_offers(&wire, 2));
    mbedtls_ssl_free(&ssl);
    mbedtls_ssl_config_free(&config);
    mbedtls_psa_crypto_free();
    random_close(&random);
}

static const struct check_case cases[] = {
    {"signature_verifies_and_a_changed_one_does_not",
     signature_verifies_and_a_changed_one_does_not},
    {"certificate_is_written_and_read_back", certificate_is_written_and_read_back},
    {"client_offers_tls_1_2_and_1_3", client_offers_tls_1_2_and_1_3},
};

int main(int argc, char **argv)
{
    return check_run(cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
}
