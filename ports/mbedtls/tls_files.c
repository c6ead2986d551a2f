/* tls_files: every byte of the three files must make sense, and they must fit together. */
#include "ports/mbedtls/tls_files.h"

#include <errno.h>
#include <mbedtls/error.h>
#include <mbedtls/psa_util.h>
#include <string.h>

#include "ports/mbedtls/tls_reason.h"

static int file_failed(const char *what, const char *path, int rc, struct err *err)
{
    char text[96];
    if (tls_reason_is_memory(rc)) {
        return err_set(err, ERR_MEMORY, "no memory to read %s %s", what, path);
    }
    if (rc == MBEDTLS_ERR_X509_FILE_IO_ERROR || rc == MBEDTLS_ERR_PK_FILE_IO_ERROR) {
        return err_set(err, ERR_CERTIFICATE, "read %s %s: %s", what, path, strerror(errno));
    }
    mbedtls_strerror(rc, text, sizeof text);
    return err_set(err, ERR_CERTIFICATE, "read %s %s: %s", what, path, text);
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

int tls_files_load(struct tls_files *files, const char *ca_path, const char *cert_path,
                   const char *key_path, struct err *err)
{
    int rc = certificates_load(&files->ca, "the CA", ca_path, err);
    if (rc == 0) {
        rc = certificates_load(&files->cert, "our certificate", cert_path, err);
    }
    if (rc != 0) {
        return rc;
    }
    errno = 0;
    rc = mbedtls_pk_parse_keyfile(&files->key, key_path, NULL, mbedtls_psa_get_random,
                                  MBEDTLS_PSA_RANDOM_STATE);
    if (rc != 0) {
        return file_failed("our key", key_path, rc, err);
    }
    rc = mbedtls_pk_check_pair(&files->cert.pk, &files->key, mbedtls_psa_get_random,
                               MBEDTLS_PSA_RANDOM_STATE);
    if (tls_reason_is_memory(rc)) {
        return file_failed("our key", key_path, rc, err);
    }
    if (rc != 0) {
        return err_set(err, ERR_CERTIFICATE, "the key %s is not that of the certificate %s",
                       key_path, cert_path);
    }
    return 0;
}

void tls_files_init(struct tls_files *files)
{
    mbedtls_x509_crt_init(&files->ca);
    mbedtls_x509_crt_init(&files->cert);
    mbedtls_pk_init(&files->key);
}

void tls_files_close(struct tls_files *files)
{
    mbedtls_pk_free(&files->key);
    mbedtls_x509_crt_free(&files->cert);
    mbedtls_x509_crt_free(&files->ca);
}
