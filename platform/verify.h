/* verify: digests and signatures; what a node needs of cryptography besides TLS. */
#ifndef PLATFORM_VERIFY_H
#define PLATFORM_VERIFY_H

#include "platform/base/err.h"
#include "platform/base/span.h"

/* An uncompressed P-256 point, 0x04 X Y (SEC 1 section 2.3.3). */
#define VERIFY_KEY_BYTES 65

struct verify_ops {
    /* SHA-256 (FIPS 180-4). Cannot fail. */
    void (*sha256)(void *self, struct span data, struct digest *digest);
    /* ECDSA P-256 with SHA-256 over `message` (FIPS 186-5); `signature` is DER (RFC 3279 section
     * 2.2.3) and must be the one canonical encoding: minimal lengths, minimal non-negative
     * integers, nothing after. ERR_ENCODING for another encoding, ERR_SIGNATURE for one that does
     * not fit, ERR_VALUE for bytes that are no point on the curve. */
    int (*signature)(void *self, const uint8_t key[VERIFY_KEY_BYTES], struct span message,
                     struct span signature, struct err *err);
};

struct verify {
    const struct verify_ops *ops;
    void *self;
};

#endif
