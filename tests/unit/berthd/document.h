/* document: makes the signed documents a node is given, for tests of the agent. */
#ifndef TESTS_UNIT_BERTHD_DOCUMENT_H
#define TESTS_UNIT_BERTHD_DOCUMENT_H

#include "agent/wire/envelope.h"
#include "platform/sign.h"
#include "ports/mbedtls/sign.h"

#define DOCUMENT_KEYS 4

/* Keys to sign with; key i has the identity keys[i] in a trust document. */
struct document_keys {
    struct verify verify;
    struct mbedtls_sign *port;
    struct sign sign;
    char pems[DOCUMENT_KEYS][SIGN_PEM_BYTES_MAX];
    struct trust_key keys[DOCUMENT_KEYS];
    uint8_t memory[4 * ENVELOPE_BYTES_MAX];
    struct arena arena;
};

/* Makes the keys; aborts the test program when that fails. */
void document_keys_open(struct document_keys *keys);
void document_keys_close(struct document_keys *keys);

/* A trust document of `version` for `fleet` in which key `listed` has every role, signed by the
 * keys whose bits are set in `signers`. Valid until the next document is made. */
struct span document_trust(struct document_keys *keys, unsigned version, const char *fleet,
                           size_t listed, unsigned signers);

/* A revoke document of `version` that names one digest, of 64 times `digit`. */
struct span document_revoked(struct document_keys *keys, unsigned version, char digit,
                             unsigned signers);
/* The same with any version, and a member `fleet` ("\"fleet\":\"f\"," or nothing) in it. */
struct span document_revoked_of(struct document_keys *keys, const char *fleet,
                                unsigned long long version, char digit, unsigned signers);

#endif
