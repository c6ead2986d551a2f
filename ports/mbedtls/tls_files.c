/* tls_files: every byte of the three files must make sense, and they must fit together. */
#include "ports/mbedtls/tls_files.h"

#include <errno.h>
#include <mbedtls/pk.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/x509_crt.h>
#include <string.h>

#include "ports/mbedtls/tls_reason.h"
#include "ports/mbedtls/tls_words.h"

static int file_failed(const char *what, const char *path, int rc, struct err *err)
{
    char text[TLS_WORDS_BYTES];
    if (tls_reason_is_memory(rc)) {
        return err_set(err, ERR_MEMORY, "no memory to read %s %s", what, path);
    }
    if (rc == MBEDTLS_ERR_X509_FILE_IO_ERROR || rc == MBEDTLS_ERR_PK_FILE_IO_ERROR) {
        return err_set(err, ERR_CERTIFICATE, "read %s %s: %s", what, path, strerror(errno));
    }
    return err_set(err, ERR_CERTIFICATE, "read %s %s: %s", what, path, tls_words(rc, text));
}

static int certificates_load(mbedtls_x509_crt *certificates, const char *what, const char *path,
                             struct err *err)
{
    errno = 0;
    int rc = mbedtls_x509_crt_parse_file(certificates, path);
    if (rc > 0) {
        return err_set(err, ERR_CERTIFICATE, "read %s %s: %d certificates in it are damaged", what,
                       path, rc);
    }
    return rc == 0 ? 0 : file_failed(what, path, rc, err);
}

int tls_files_load(const struct mbedtls_tls_settings *settings, struct mbedtls_x509_crt *ca,
                   struct mbedtls_x509_crt *cert, struct mbedtls_pk_context *key, struct err *err)
{
    int rc = certificates_load(ca, "the CA", settings->ca_path, err);
    if (rc == 0) {
        rc = certificates_load(cert, "our certificate", settings->cert_path, err);
    }
    if (rc != 0) {
        return rc;
    }
    errno = 0;
    rc = mbedtls_pk_parse_keyfile(key, settings->key_path, NULL, mbedtls_psa_get_random,
                                  MBEDTLS_PSA_RANDOM_STATE);
    if (rc != 0) {
        return file_failed("our key", settings->key_path, rc, err);
    }
    rc = mbedtls_pk_check_pair(&cert->pk, key, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
    if (tls_reason_is_memory(rc)) {
        return file_failed("our key", settings->key_path, rc, err);
    }
    if (rc != 0) {
        return err_set(err, ERR_CERTIFICATE, "the key %s is not that of the certificate %s",
                       settings->key_path, settings->cert_path);
    }
    return 0;
}
