/* tls_reason: what a failure of the library means to a person: who refused what, and what to do. */
#ifndef PORTS_MBEDTLS_TLS_REASON_H
#define PORTS_MBEDTLS_TLS_REASON_H

#include <stdbool.h>

#include "platform/base/err.h"
#include "ports/mbedtls/tls.h"
#include "ports/mbedtls/tls_judge.h"

/* What is known of a connection that failed. */
struct tls_failure {
    int rc;          /* the library's number */
    int io_errno;    /* of the socket, where rc is about the socket */
    int alert;       /* that the peer sent, or -1 */
    uint32_t flags;  /* what is wrong with the peer's certificate */
    bool is_shaking; /* in the handshake */
    const struct mbedtls_tls_settings *settings;
    const struct tls_judge *judge;
};

/* Sets and returns ERR_CERTIFICATE, ERR_TLS, ERR_NETWORK or ERR_MEMORY. */
int tls_reason(const struct tls_failure *failure, struct err *err);

/* The library's way of saying that an allocation failed. */
bool tls_reason_is_memory(int rc);

#endif
