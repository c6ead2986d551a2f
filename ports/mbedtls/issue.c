/* issue: one form filled in for each kind of certificate, and one way to sign it. */
#include "ports/mbedtls/issue.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <mbedtls/asn1write.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/ecp.h>
#include <mbedtls/entropy.h>
#include <mbedtls/oid.h>
#include <mbedtls/pem.h>
#include <mbedtls/pk.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/sha256.h>
#include <mbedtls/x509_crt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "platform/base/text.h"

#define SERIAL_BYTES   16
#define KEY_ID_BYTES   20 /* the first 160 bits of SHA-256: RFC 7093 section 2, method 1 */
#define SUBJECT_BYTES  128
#define HOST_LEN_MAX   127
#define BACKDATE_S     3600
#define DAY_S          86400
#define POINT_BYTES    65
#define IDENTIFIER_MAX 32

struct mbedtls_issue {
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
};

/* What the three kinds differ in. */
struct form {
    char subject[SUBJECT_BYTES];
    char issuer[SUBJECT_BYTES];
    bool is_ca;
    unsigned key_usage;
    const char *purpose; /* OID of the extended key usage; NULL: none */
    size_t purpose_len;
    const char *const *names;
    size_t name_count;
    time_t from, to;
    mbedtls_pk_context *key;    /* the subject's */
    mbedtls_pk_context *signer; /* the issuer's */
};

static int library_fail(int rc, const char *what, struct err *err)
{
    return err_set(err, ERR_INTERNAL, "%s: mbedTLS error -0x%04x", what, (unsigned)-rc);
}

bool issue_is_host(const char *text)
{
    struct in_addr address;
    size_t label = 0;
    size_t len = strnlen(text, HOST_LEN_MAX + 1);
    if (len == 0 || len > HOST_LEN_MAX) {
        return false;
    }
    if (strspn(text, "0123456789.") == len) {
        return inet_pton(AF_INET, text, &address) == 1;
    }
    for (size_t i = 0; i <= len; i++) {
        bool is_end = i == len || text[i] == '.';
        if (is_end && (label == 0 || label > 63 || text[i - 1] == '-')) {
            return false;
        }
        if (!is_end && !isalnum((unsigned char)text[i]) && (text[i] != '-' || label == 0)) {
            return false;
        }
        label = is_end ? 0 : label + 1;
    }
    return true;
}

static int key_id(const mbedtls_pk_context *key, uint8_t id[KEY_ID_BYTES])
{
    uint8_t point[POINT_BYTES];
    uint8_t hash[32];
    size_t len = 0;
    int rc = mbedtls_ecp_write_public_key(mbedtls_pk_ec(*key), MBEDTLS_ECP_PF_UNCOMPRESSED, &len,
                                          point, sizeof point);
    if (rc == 0) {
        rc = mbedtls_sha256(point, len, hash, 0);
    }
    if (rc == 0) {
        memcpy(id, hash, KEY_ID_BYTES);
    }
    return rc;
}

/* mbedTLS writes these two by SHA-1 only, which is not built in. */
static int identifiers_put(mbedtls_x509write_cert *cert, const struct form *form)
{
    uint8_t subject[2 + KEY_ID_BYTES] = {MBEDTLS_ASN1_OCTET_STRING, KEY_ID_BYTES};
    uint8_t authority[4 + KEY_ID_BYTES] = {MBEDTLS_ASN1_SEQUENCE | MBEDTLS_ASN1_CONSTRUCTED,
                                           2 + KEY_ID_BYTES, MBEDTLS_ASN1_CONTEXT_SPECIFIC,
                                           KEY_ID_BYTES};
    int rc = key_id(form->key, subject + 2);
    if (rc == 0) {
        rc = key_id(form->signer, authority + 4);
    }
    if (rc == 0) {
        rc = mbedtls_x509write_crt_set_extension(
            cert, MBEDTLS_OID_SUBJECT_KEY_IDENTIFIER,
            MBEDTLS_OID_SIZE(MBEDTLS_OID_SUBJECT_KEY_IDENTIFIER), 0, subject, sizeof subject);
    }
    return rc != 0 ? rc
                   : mbedtls_x509write_crt_set_extension(
                         cert, MBEDTLS_OID_AUTHORITY_KEY_IDENTIFIER,
                         MBEDTLS_OID_SIZE(MBEDTLS_OID_AUTHORITY_KEY_IDENTIFIER), 0, authority,
                         sizeof authority);
}

static int names_put(mbedtls_x509write_cert *cert, const struct form *form)
{
    mbedtls_x509_san_list list[ISSUE_NAMES_MAX] = {0};
    struct in_addr addresses[ISSUE_NAMES_MAX];
    for (size_t i = 0; i < form->name_count; i++) {
        mbedtls_x509_subject_alternative_name *node = &list[i].node;
        mbedtls_x509_buf *text = &node->san.unstructured_name;
        list[i].next = i + 1 < form->name_count ? &list[i + 1] : NULL;
        if (inet_pton(AF_INET, form->names[i], &addresses[i]) == 1) {
            node->type = MBEDTLS_X509_SAN_IP_ADDRESS;
            text->p = (unsigned char *)&addresses[i];
            text->len = sizeof addresses[i];
        } else {
            node->type = MBEDTLS_X509_SAN_DNS_NAME;
            text->p = (unsigned char *)(uintptr_t)form->names[i]; /* only read */
            text->len = strlen(form->names[i]);
        }
    }
    return form->name_count == 0 ? 0
                                 : mbedtls_x509write_crt_set_subject_alternative_name(cert, list);
}

static int purpose_put(mbedtls_x509write_cert *cert, const struct form *form)
{
    mbedtls_asn1_sequence purpose = {0};
    if (form->purpose == NULL) {
        return 0;
    }
    purpose.buf.tag = MBEDTLS_ASN1_OID;
    purpose.buf.p = (unsigned char *)(uintptr_t)form->purpose; /* only read */
    purpose.buf.len = form->purpose_len;
    return mbedtls_x509write_crt_set_ext_key_usage(cert, &purpose);
}

static int validity_put(mbedtls_x509write_cert *cert, const struct form *form)
{
    char from[16], to[16];
    struct tm parts;
    if (gmtime_r(&form->from, &parts) == NULL ||
        strftime(from, sizeof from, "%Y%m%d%H%M%S", &parts) != 14 ||
        gmtime_r(&form->to, &parts) == NULL ||
        strftime(to, sizeof to, "%Y%m%d%H%M%S", &parts) != 14) {
        return MBEDTLS_ERR_X509_BAD_INPUT_DATA;
    }
    return mbedtls_x509write_crt_set_validity(cert, from, to);
}

static int serial_put(struct mbedtls_issue *issue, mbedtls_x509write_cert *cert)
{
    uint8_t serial[SERIAL_BYTES];
    int rc = mbedtls_ctr_drbg_random(&issue->random, serial, sizeof serial);
    /* Positive, and of one length: its first bit stays clear, its second is set. */
    serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40);
    return rc != 0 ? rc : mbedtls_x509write_crt_set_serial_raw(cert, serial, sizeof serial);
}

static int form_fill(struct mbedtls_issue *issue, const struct form *form,
                     mbedtls_x509write_cert *cert)
{
    int rc = mbedtls_x509write_crt_set_subject_name(cert, form->subject);
    mbedtls_x509write_crt_set_version(cert, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(cert, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(cert, form->key);
    mbedtls_x509write_crt_set_issuer_key(cert, form->signer);
    if (rc == 0) {
        rc = mbedtls_x509write_crt_set_issuer_name(cert, form->issuer);
    }
    if (rc == 0) {
        rc = serial_put(issue, cert);
    }
    if (rc == 0) {
        rc = validity_put(cert, form);
    }
    if (rc == 0) {
        rc = mbedtls_x509write_crt_set_basic_constraints(cert, form->is_ca,
                                                         form->is_ca ? ISSUE_CA_PATHLEN : -1);
    }
    if (rc == 0) {
        rc = mbedtls_x509write_crt_set_key_usage(cert, form->key_usage);
    }
    if (rc == 0) {
        rc = purpose_put(cert, form);
    }
    if (rc == 0) {
        rc = names_put(cert, form);
    }
    return rc != 0 ? rc : identifiers_put(cert, form);
}

static int form_sign(struct mbedtls_issue *issue, const struct form *form, struct issued *issued,
                     struct err *err)
{
    mbedtls_x509write_cert cert;
    mbedtls_x509write_crt_init(&cert);
    int rc = form_fill(issue, form, &cert);
    if (rc == 0) {
        rc = mbedtls_x509write_crt_pem(&cert, (unsigned char *)issued->cert, sizeof issued->cert,
                                       mbedtls_ctr_drbg_random, &issue->random);
    }
    mbedtls_x509write_crt_free(&cert);
    return rc == 0 ? 0 : library_fail(rc, "write a certificate", err);
}

static int key_make(struct mbedtls_issue *issue, mbedtls_pk_context *key, struct issued *issued,
                    struct err *err)
{
    int rc = mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
    if (rc == 0) {
        rc = mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key),
                                 mbedtls_ctr_drbg_random, &issue->random);
    }
    if (rc == 0) {
        rc = mbedtls_pk_write_key_pem(key, (unsigned char *)issued->key, sizeof issued->key);
    }
    return rc == 0 ? 0 : library_fail(rc, "make a key", err);
}

/* What signs itself with `key`. */
static struct form ca_form(mbedtls_pk_context *key, wall_ms now)
{
    time_t from = (time_t)(now / 1000) - BACKDATE_S;
    return (struct form){.is_ca = true,
                         .key_usage = MBEDTLS_X509_KU_KEY_CERT_SIGN | MBEDTLS_X509_KU_CRL_SIGN,
                         .from = from,
                         .to = from + (time_t)ISSUE_CA_DAYS * DAY_S,
                         .key = key,
                         .signer = key};
}

int mbedtls_issue_ca(struct mbedtls_issue *issue, const char *name, wall_ms now,
                     struct issued *issued, struct err *err)
{
    mbedtls_pk_context key;
    struct form form = ca_form(&key, now);
    if (!text_is_name(name, 63)) {
        return err_set(err, ERR_VALUE, "a CA's name has a-z, 0-9 and '-', not '%.64s'", name);
    }
    (void)snprintf(form.subject, sizeof form.subject, "O=berth,CN=%s", name);
    (void)snprintf(form.issuer, sizeof form.issuer, "O=berth,CN=%s", name);
    mbedtls_pk_init(&key);
    int rc = key_make(issue, &key, issued, err);
    if (rc == 0) {
        rc = form_sign(issue, &form, issued, err);
    }
    mbedtls_pk_free(&key);
    return rc;
}

static time_t time_of(const mbedtls_x509_time *time)
{
    struct tm parts = {.tm_year = time->year - 1900,
                       .tm_mon = time->mon - 1,
                       .tm_mday = time->day,
                       .tm_hour = time->hour,
                       .tm_min = time->min,
                       .tm_sec = time->sec};
    return timegm(&parts);
}

/* Reads the CA into the form: who signs, and how long it may be for. */
static int ca_open(struct mbedtls_issue *issue, const struct issued *ca, mbedtls_pk_context *signer,
                   struct form *form, struct err *err)
{
    mbedtls_x509_crt cert;
    mbedtls_x509_crt_init(&cert);
    int rc = 0;
    if (mbedtls_x509_crt_parse(&cert, (const unsigned char *)ca->cert, strlen(ca->cert) + 1) != 0 ||
        !mbedtls_x509_crt_get_ca_istrue(&cert) ||
        mbedtls_x509_dn_gets(form->issuer, sizeof form->issuer, &cert.subject) < 0) {
        rc = err_set(err, ERR_VALUE, "the CA's certificate is no PEM certificate of a CA");
    } else if (mbedtls_pk_parse_key(signer, (const unsigned char *)ca->key, strlen(ca->key) + 1,
                                    NULL, 0, mbedtls_ctr_drbg_random, &issue->random) != 0 ||
               !mbedtls_pk_can_do(signer, MBEDTLS_PK_ECDSA) ||
               mbedtls_pk_get_bitlen(signer) != 256) {
        rc = err_set(err, ERR_VALUE, "the CA's key is no PEM P-256 key without a passphrase");
    } else if (mbedtls_pk_check_pair(&cert.pk, signer, mbedtls_ctr_drbg_random, &issue->random) !=
               0) {
        rc = err_set(err, ERR_VALUE, "the CA's key is not the key of its certificate");
    } else if (form->from >= time_of(&cert.valid_to)) {
        rc = err_set(err, ERR_CERTIFICATE, "the CA's certificate has expired");
    } else if (form->to > time_of(&cert.valid_to)) {
        form->to = time_of(&cert.valid_to);
    }
    mbedtls_x509_crt_free(&cert);
    return rc;
}

int mbedtls_issue_ca_again(struct mbedtls_issue *issue, const struct issued *ca, wall_ms now,
                           struct issued *issued, struct err *err)
{
    mbedtls_pk_context key;
    struct form form = ca_form(&key, now);
    mbedtls_pk_init(&key);
    int rc = ca_open(issue, ca, &key, &form, err);
    form.to = form.from + (time_t)ISSUE_CA_DAYS * DAY_S; /* what it was is no bound for it */
    (void)snprintf(form.subject, sizeof form.subject, "%s", form.issuer);
    if (rc == 0) {
        rc = form_sign(issue, &form, issued, err);
    }
    memcpy(issued->key, ca->key, sizeof issued->key);
    mbedtls_pk_free(&key);
    return rc;
}

static int leaf_issue(struct mbedtls_issue *issue, const struct issued *ca, struct form *form,
                      struct issued *issued, struct err *err)
{
    mbedtls_pk_context key, signer;
    mbedtls_pk_init(&key);
    mbedtls_pk_init(&signer);
    form->key_usage = MBEDTLS_X509_KU_DIGITAL_SIGNATURE;
    form->key = &key;
    form->signer = &signer;
    int rc = ca_open(issue, ca, &signer, form, err);
    if (rc == 0) {
        rc = key_make(issue, &key, issued, err);
    }
    if (rc == 0) {
        rc = form_sign(issue, form, issued, err);
    }
    mbedtls_pk_free(&signer);
    mbedtls_pk_free(&key);
    return rc;
}

int mbedtls_issue_server(struct mbedtls_issue *issue, const struct issued *ca,
                         const char *const *names, size_t count, wall_ms now, struct issued *issued,
                         struct err *err)
{
    time_t from = (time_t)(now / 1000) - BACKDATE_S;
    struct form form = {.subject = "O=berth,CN=broker",
                        .purpose = MBEDTLS_OID_SERVER_AUTH,
                        .purpose_len = MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH),
                        .names = names,
                        .name_count = count,
                        .from = from,
                        .to = from + (time_t)ISSUE_LEAF_DAYS * DAY_S};
    if (count == 0 || count > ISSUE_NAMES_MAX) {
        return err_set(err, ERR_VALUE, "a server has 1 to %d names", ISSUE_NAMES_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        if (!issue_is_host(names[i])) {
            return err_set(err, ERR_VALUE, "'%.128s' is neither a DNS name nor an IPv4 address",
                           names[i]);
        }
    }
    return leaf_issue(issue, ca, &form, issued, err);
}

int mbedtls_issue_client(struct mbedtls_issue *issue, const struct issued *ca, const char *name,
                         int days, wall_ms now, struct issued *issued, struct err *err)
{
    time_t from = (time_t)(now / 1000) - BACKDATE_S;
    struct form form = {.purpose = MBEDTLS_OID_CLIENT_AUTH,
                        .purpose_len = MBEDTLS_OID_SIZE(MBEDTLS_OID_CLIENT_AUTH),
                        .names = &name,
                        .name_count = 1,
                        .from = from,
                        .to = from + (time_t)days * DAY_S};
    if (!text_is_name(name, 63)) {
        return err_set(err, ERR_VALUE,
                       "'%.64s' is no name for a certificate: 1 to 63 of a-z, 0-9 and '-'", name);
    }
    if (days < 1 || days > ISSUE_CA_DAYS) {
        return err_set(err, ERR_VALUE, "a certificate is valid for 1 to %d days", ISSUE_CA_DAYS);
    }
    (void)snprintf(form.subject, sizeof form.subject, "O=berth,CN=%s", name);
    return leaf_issue(issue, ca, &form, issued, err);
}

void issued_wipe(struct issued *issued)
{
    mbedtls_platform_zeroize(issued, sizeof *issued);
}

int mbedtls_issue_new(struct mbedtls_issue **issue, struct err *err)
{
    struct mbedtls_issue *made = malloc(sizeof *made);
    if (made == NULL) {
        return err_set(err, ERR_MEMORY, "no memory for a generator");
    }
    mbedtls_entropy_init(&made->entropy);
    mbedtls_ctr_drbg_init(&made->random);
    if (mbedtls_ctr_drbg_seed(&made->random, mbedtls_entropy_func, &made->entropy, NULL, 0) != 0) {
        mbedtls_issue_free(made);
        return err_set(err, ERR_ENTROPY, "the operating system gives no random bytes");
    }
    *issue = made;
    return 0;
}

void mbedtls_issue_free(struct mbedtls_issue *issue)
{
    if (issue != NULL) {
        mbedtls_ctr_drbg_free(&issue->random);
        mbedtls_entropy_free(&issue->entropy);
        mbedtls_platform_zeroize(issue, sizeof *issue);
        free(issue);
    }
}
