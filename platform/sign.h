/* sign: keys and signatures; what only the operator's tool needs. */
#ifndef PLATFORM_SIGN_H
#define PLATFORM_SIGN_H

#include "platform/base/err.h"
#include "platform/base/span.h"
#include "platform/verify.h"

#define SIGN_PEM_BYTES_MAX 512
#define SIGN_DER_BYTES_MAX 72

struct sign_ops {
    /* Makes a P-256 key; writes it as unencrypted PKCS#8 or SEC 1 PEM, terminated. */
    int (*key_new)(void *self, char pem[SIGN_PEM_BYTES_MAX], struct err *err);
    /* The public point of a PEM private or public key. */
    int (*key_public)(void *self, const char *pem, uint8_t key[VERIFY_KEY_BYTES], struct err *err);
    /* ECDSA P-256 / SHA-256 over message; canonical DER. */
    int (*signature)(void *self, const char *pem, struct span message,
                     uint8_t der[SIGN_DER_BYTES_MAX], size_t *len, struct err *err);
};

struct sign {
    const struct sign_ops *ops;
    void *self;
};

#endif
