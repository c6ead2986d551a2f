/* tls_files: whom this node trusts and what it shows, read from three PEM files. */
#ifndef PORTS_MBEDTLS_TLS_FILES_H
#define PORTS_MBEDTLS_TLS_FILES_H

#include "ports/mbedtls/tls.h"

struct mbedtls_x509_crt;
struct mbedtls_pk_context;

/* Reads the settings' files into three structs that the caller has initialised and frees, whatever
 * comes: the CA, our certificate with those between it and the CA, our key. Blocks as small local
 * files do. A file that is not whole, and a key that is not the certificate's, are refused here
 * rather than by the other side. ERR_CERTIFICATE, ERR_MEMORY. */
NODISCARD int tls_files_load(const struct mbedtls_tls_settings *settings,
                             struct mbedtls_x509_crt *ca, struct mbedtls_x509_crt *cert,
                             struct mbedtls_pk_context *key, struct err *err);

#endif
