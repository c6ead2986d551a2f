/* tls_files: whom this node trusts and what it shows, read from three PEM files. */
#ifndef PORTS_MBEDTLS_TLS_FILES_H
#define PORTS_MBEDTLS_TLS_FILES_H

#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>

#include "platform/base/err.h"

struct tls_files {
    mbedtls_x509_crt ca;
    mbedtls_x509_crt cert; /* ours, with the certificates between it and the CA */
    mbedtls_pk_context key;
};

/* Makes it empty, so that tls_files_close is allowed. */
void tls_files_init(struct tls_files *files);

/* Reads all three (blocks as small local files do). A file that is not whole, and a key that is not
 * the certificate's, are refused here rather than by the other side. ERR_CERTIFICATE, ERR_MEMORY.
 */
NODISCARD int tls_files_load(struct tls_files *files, const char *ca_path, const char *cert_path,
                             const char *key_path, struct err *err);

void tls_files_close(struct tls_files *files);

#endif
