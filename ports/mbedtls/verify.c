/* verify: SHA-256, and ECDSA P-256 over the one canonical DER of a signature. */
#include "ports/mbedtls/verify.h"

#include <mbedtls/asn1.h>
#include <mbedtls/asn1write.h>
#include <mbedtls/ecdsa.h>
#include <mbedtls/sha256.h>
#include <psa/crypto.h>
#include <stdlib.h>

/* SEQUENCE of two INTEGERs of at most 33 bytes (RFC 3279 section 2.2.3). */
#define DER_BYTES_MAX 72

/* Everything one check needs; freed as a whole. */
struct check {
    mbedtls_ecp_group group;
    mbedtls_ecp_point point;
    mbedtls_mpi r, s;
};

static void check_init(struct check *check)
{
    mbedtls_ecp_group_init(&check->group);
    mbedtls_ecp_point_init(&check->point);
    mbedtls_mpi_init(&check->r);
    mbedtls_mpi_init(&check->s);
}

static void check_free(struct check *check)
{
    mbedtls_mpi_free(&check->s);
    mbedtls_mpi_free(&check->r);
    mbedtls_ecp_point_free(&check->point);
    mbedtls_ecp_group_free(&check->group);
}

static int out_of_memory(struct err *err)
{
    return err_set(err, ERR_MEMORY, "no memory to check a signature");
}

static int not_canonical(struct err *err)
{
    return err_set(err, ERR_ENCODING, "the signature is not canonical DER");
}

/* The library's parser accepts more than one encoding: write r and s again and compare. */
static int der_is_canonical(const struct check *check, struct span signature, struct err *err)
{
    uint8_t again[DER_BYTES_MAX + 8] = {0};
    unsigned char *at = again + sizeof again;
    int s_len = mbedtls_asn1_write_mpi(&at, again, &check->s);
    int r_len = s_len < 0 ? s_len : mbedtls_asn1_write_mpi(&at, again, &check->r);
    if (r_len < 0) {
        return r_len == MBEDTLS_ERR_MPI_ALLOC_FAILED ? out_of_memory(err) : not_canonical(err);
    }
    size_t body = (size_t)s_len + (size_t)r_len;
    if (mbedtls_asn1_write_len(&at, again, body) < 0 ||
        mbedtls_asn1_write_tag(&at, again, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE) < 0) {
        return not_canonical(err);
    }
    struct span written = span_of(at, (size_t)(again + sizeof again - at));
    return span_is_equal(written, signature) ? 0 : not_canonical(err);
}

static int der_parse(struct check *check, struct span signature, struct err *err)
{
    uint8_t copy[DER_BYTES_MAX];
    unsigned char *at = copy;
    size_t len = 0;
    if (signature.len == 0 || signature.len > sizeof copy) {
        return not_canonical(err);
    }
    memcpy(copy, signature.data, signature.len);
    const unsigned char *end = copy + signature.len;
    if (mbedtls_asn1_get_tag(&at, end, &len, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE) !=
            0 ||
        at + len != end) {
        return not_canonical(err);
    }
    int rc = mbedtls_asn1_get_mpi(&at, end, &check->r);
    rc = rc != 0 ? rc : mbedtls_asn1_get_mpi(&at, end, &check->s);
    if (rc == MBEDTLS_ERR_MPI_ALLOC_FAILED) {
        return out_of_memory(err);
    }
    return rc != 0 || at != end ? not_canonical(err) : der_is_canonical(check, signature, err);
}

static int point_load(struct check *check, const uint8_t key[VERIFY_KEY_BYTES], struct err *err)
{
    int rc = mbedtls_ecp_group_load(&check->group, MBEDTLS_ECP_DP_SECP256R1);
    if (rc == 0) {
        rc = mbedtls_ecp_point_read_binary(&check->group, &check->point, key, VERIFY_KEY_BYTES);
    }
    if (rc == 0) {
        rc = mbedtls_ecp_check_pubkey(&check->group, &check->point);
    }
    if (rc == MBEDTLS_ERR_ECP_ALLOC_FAILED || rc == MBEDTLS_ERR_MPI_ALLOC_FAILED) {
        return out_of_memory(err);
    }
    return rc == 0 ? 0 : err_set(err, ERR_VALUE, "the key is no point of P-256");
}

static int check_run(struct check *check, const uint8_t key[VERIFY_KEY_BYTES], struct span message,
                     struct span signature, struct err *err)
{
    uint8_t hash[DIGEST_BYTES];
    int rc = point_load(check, key, err);
    if (rc == 0) {
        rc = der_parse(check, signature, err);
    }
    if (rc != 0) {
        return rc;
    }
    if (mbedtls_sha256(message.data, message.len, hash, 0) != 0) {
        return err_set(err, ERR_INTERNAL, "SHA-256 failed");
    }
    rc =
        mbedtls_ecdsa_verify(&check->group, hash, sizeof hash, &check->point, &check->r, &check->s);
    if (rc == MBEDTLS_ERR_ECP_ALLOC_FAILED || rc == MBEDTLS_ERR_MPI_ALLOC_FAILED) {
        return out_of_memory(err);
    }
    return rc == 0 ? 0 : err_set(err, ERR_SIGNATURE, "the signature does not fit the document");
}

static int verify_signature(void *self, const uint8_t key[VERIFY_KEY_BYTES], struct span message,
                            struct span signature, struct err *err)
{
    struct check check;
    (void)self;
    check_init(&check);
    int rc = check_run(&check, key, message, signature, err);
    check_free(&check);
    return rc;
}

static void verify_sha256(void *self, struct span data, struct digest *digest)
{
    (void)self;
    if (mbedtls_sha256(data.data, data.len, digest->bytes, 0) != 0) {
        abort(); /* the software implementation cannot fail */
    }
}

int mbedtls_verify_init(struct verify *verify, struct err *err)
{
    static const struct verify_ops ops = {.sha256 = verify_sha256, .signature = verify_signature};
    psa_status_t status = psa_crypto_init();
    if (status != PSA_SUCCESS) {
        return err_set(err, ERR_INTERNAL, "mbedTLS does not start: PSA status %d", (int)status);
    }
    *verify = (struct verify){.ops = &ops};
    return 0;
}
