/* sign: platform/sign.h by mbedTLS 3.6; a library of its own, because a node never signs. */
#ifndef PORTS_MBEDTLS_SIGN_H
#define PORTS_MBEDTLS_SIGN_H

#include "platform/sign.h"

struct mbedtls_sign;

/* Seeds a generator from the operating system. The caller frees *port with mbedtls_sign_free after
 * the last use of *sign. ERR_MEMORY, ERR_ENTROPY. */
NODISCARD int mbedtls_sign_new(struct mbedtls_sign **port, struct sign *sign, struct err *err);
void mbedtls_sign_free(struct mbedtls_sign *port);

#endif
