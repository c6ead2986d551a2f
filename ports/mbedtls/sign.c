/* sign: P-256 keys as PEM, and deterministic ECDSA (RFC 6979) with them. */
#include "ports/mbedtls/sign.h"

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/ecp.h>
#include <mbedtls/entropy.h>
#include <mbedtls/pk.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/sha256.h>
#include <stdlib.h>

struct mbedtls_sign {
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
};

static int key_new(void *self, char pem[SIGN_PEM_BYTES_MAX], struct err *err)
{
    struct mbedtls_sign *port = self;
    mbedtls_pk_context key;
    mbedtls_pk_init(&key);
    int rc = mbedtls_pk_setup(&key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
    if (rc == 0) {
        rc = mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(key),
                                 mbedtls_ctr_drbg_random, &port->random);
    }
    if (rc == 0) {
        rc = mbedtls_pk_write_key_pem(&key, (unsigned char *)pem, SIGN_PEM_BYTES_MAX);
    }
    mbedtls_pk_free(&key);
    return rc == 0 ? 0
                   : err_set(err, ERR_INTERNAL, "make a key: mbedTLS error -0x%04x", (unsigned)-rc);
}

static int key_parse(struct mbedtls_sign *port, const char *pem, bool may_be_public,
                     mbedtls_pk_context *key, struct err *err)
{
    const unsigned char *bytes = (const unsigned char *)pem;
    size_t len = strlen(pem) + 1;
    int rc = mbedtls_pk_parse_key(key, bytes, len, NULL, 0, mbedtls_ctr_drbg_random, &port->random);
    if (rc != 0 && may_be_public) {
        rc = mbedtls_pk_parse_public_key(key, bytes, len);
    }
    if (rc != 0 || !mbedtls_pk_can_do(key, MBEDTLS_PK_ECDSA) || mbedtls_pk_get_bitlen(key) != 256 ||
        mbedtls_ecp_keypair_get_group_id(mbedtls_pk_ec(*key)) != MBEDTLS_ECP_DP_SECP256R1) {
        return err_set(err, ERR_VALUE, "not a PEM P-256 %s",
                       may_be_public ? "key" : "private key without a passphrase");
    }
    return 0;
}

static int key_public(void *self, const char *pem, uint8_t point[VERIFY_KEY_BYTES], struct err *err)
{
    mbedtls_pk_context key;
    size_t len = 0;
    mbedtls_pk_init(&key);
    int rc = key_parse(self, pem, true, &key, err);
    if (rc == 0 && (mbedtls_ecp_write_public_key(mbedtls_pk_ec(key), MBEDTLS_ECP_PF_UNCOMPRESSED,
                                                 &len, point, VERIFY_KEY_BYTES) != 0 ||
                    len != VERIFY_KEY_BYTES)) {
        rc = err_set(err, ERR_VALUE, "the key has no point");
    }
    mbedtls_pk_free(&key);
    return rc;
}

static int signature(void *self, const char *pem, struct span message,
                     uint8_t der[SIGN_DER_BYTES_MAX], size_t *len, struct err *err)
{
    struct mbedtls_sign *port = self;
    mbedtls_pk_context key;
    uint8_t hash[DIGEST_BYTES];
    uint8_t wide[MBEDTLS_PK_SIGNATURE_MAX_SIZE];
    size_t used = 0;
    mbedtls_pk_init(&key);
    int rc = key_parse(port, pem, false, &key, err);
    if (rc == 0 && (mbedtls_sha256(message.data, message.len, hash, 0) != 0 ||
                    mbedtls_pk_sign(&key, MBEDTLS_MD_SHA256, hash, sizeof hash, wide, sizeof wide,
                                    &used, mbedtls_ctr_drbg_random, &port->random) != 0 ||
                    used > SIGN_DER_BYTES_MAX)) {
        rc = err_set(err, ERR_INTERNAL, "mbedTLS does not sign");
    }
    mbedtls_pk_free(&key);
    if (rc == 0) {
        memcpy(der, wide, used);
        *len = used;
    }
    return rc;
}

int mbedtls_sign_new(struct mbedtls_sign **port, struct sign *sign, struct err *err)
{
    static const struct sign_ops ops = {
        .key_new = key_new, .key_public = key_public, .signature = signature};
    struct mbedtls_sign *made = malloc(sizeof *made);
    if (made == NULL) {
        return err_set(err, ERR_MEMORY, "no memory for a generator");
    }
    mbedtls_entropy_init(&made->entropy);
    mbedtls_ctr_drbg_init(&made->random);
    int rc = mbedtls_ctr_drbg_seed(&made->random, mbedtls_entropy_func, &made->entropy, NULL, 0);
    if (rc != 0) {
        mbedtls_sign_free(made);
        return err_set(err, ERR_ENTROPY, "the operating system gives no random bytes");
    }
    *port = made;
    *sign = (struct sign){.ops = &ops, .self = made};
    return 0;
}

void mbedtls_sign_free(struct mbedtls_sign *port)
{
    if (port != NULL) {
        mbedtls_ctr_drbg_free(&port->random);
        mbedtls_entropy_free(&port->entropy);
        mbedtls_platform_zeroize(port, sizeof *port);
        free(port);
    }
}
