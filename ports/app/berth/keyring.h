/* keyring: PEM files, key ids, and signing an envelope with several keys. */
#ifndef PORTS_APP_BERTH_KEYRING_H
#define PORTS_APP_BERTH_KEYRING_H

#include "agent/wire/envelope.h"
#include "platform/sign.h"
#include "platform/verify.h"
#include "ports/mbedtls/sign.h"

#define KEYRING_FILES_MAX ENVELOPE_SIGNATURES_MAX

/* The tool's cryptography; closed by keyring_close. */
struct keyring {
    struct verify verify;
    struct sign sign;
    struct mbedtls_sign *port;
};

NODISCARD int keyring_open(struct keyring *keyring, struct err *err);
void keyring_close(struct keyring *keyring);

/* The point of a PEM file (private or public) and its id: the SHA-256 of the point. */
NODISCARD int keyring_load(const struct keyring *keyring, const char *path, struct trust_key *key,
                           struct err *err);

/* Signs the payload with the private keys of these files, puts the new signatures beside `given`
 * (one of the same key is replaced) and renders the envelope into the arena. */
NODISCARD int keyring_sign(const struct keyring *keyring, const char *type, struct span payload,
                           const struct envelope_signature *given, size_t given_count,
                           const char *const *pem_paths, size_t pem_count, struct arena *arena,
                           struct span *envelope, struct err *err);

/* Reads a trust document's envelope: it must be signed by its own trust keys. */
NODISCARD int keyring_trust_load(const struct keyring *keyring, const char *path,
                                 struct trust *trust, struct err *err);

#endif
