/* verify: platform/verify.h by mbedTLS 3.6. */
#ifndef PORTS_MBEDTLS_VERIFY_H
#define PORTS_MBEDTLS_VERIFY_H

#include "platform/verify.h"

/* Initialises mbedTLS's PSA core (once a process; may be repeated) and fills *verify, which holds
 * no memory and needs no close. ERR_INTERNAL when the library refuses. */
NODISCARD int mbedtls_verify_init(struct verify *verify, struct err *err);

#endif
