/* registry_trust: the certificates that a registry over HTTPS is judged by, and ours where it asks
 * for one; from the places where container clients keep them. */
#ifndef PORTS_APP_BERTH_REGISTRY_TRUST_H
#define PORTS_APP_BERTH_REGISTRY_TRUST_H

#include <stdbool.h>

#include "platform/base/err.h"
#include "platform/base/span.h"

struct registry_trust {
    char *roots; /* PEM, one after the other; terminated; NULL: none found */
    size_t roots_len;
    char certificate[512], key[512]; /* of ours, PEM files; empty: none */
};

/* Gathers the system's bundle ($SSL_CERT_FILE, else where distributions put it), `ca_file` unless
 * NULL, and HOST/\*.crt of the certs.d directories of Docker and podman; HOST/\*.cert with its
 * *.key is our certificate. Only ca_file has to exist. The caller frees with registry_trust_free,
 * on failure too. ERR_IO, ERR_OVERSIZE, ERR_VALUE (ca_file holds no certificate), ERR_MEMORY. */
NODISCARD int registry_trust_load(const char *host, const char *ca_file,
                                  struct registry_trust *trust, struct err *err);
void registry_trust_free(struct registry_trust *trust);

/* The same for one directory: HOST's folder in a certs.d. */
NODISCARD int registry_trust_folder(const char *folder, struct registry_trust *trust,
                                    struct err *err);

#endif
