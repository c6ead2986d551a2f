/* tls: a stream to a broker: resolved, connected and mutually authenticated without ever blocking.
 */
#ifndef PORTS_MBEDTLS_TLS_H
#define PORTS_MBEDTLS_TLS_H

#include <stdint.h>

#include "platform/clock.h"
#include "platform/loop.h"
#include "platform/stream.h"
#include "platform/worker.h"

#define MBEDTLS_TLS_TIMEOUT_MS 20000

/* Strings stay valid as long as the stream. Files are PEM. */
struct mbedtls_tls_settings {
    struct loop loop;
    struct worker worker; /* resolves names */
    struct clock clock;   /* judges certificates: see tls_judge.h on clocks nobody trusts */
    const char *host;     /* name or IPv4 address */
    uint16_t port;
    const char *name; /* that the peer's certificate must carry; NULL: host */
    const char *ca_path, *cert_path, *key_path;
    int64_t timeout_ms; /* for resolve, connect and handshake together; 0: MBEDTLS_TLS_TIMEOUT_MS */
};

struct mbedtls_tls;

/* Prepares; nothing is opened or read yet. mbedtls_verify_init must have been called. ERR_MEMORY.
 */
NODISCARD int mbedtls_tls_new(const struct mbedtls_tls_settings *settings, struct mbedtls_tls **tls,
                              struct err *err);
/* Closes and frees; no callback follows. */
void mbedtls_tls_free(struct mbedtls_tls *tls);

/* The interface; valid until mbedtls_tls_free. */
struct stream mbedtls_tls_stream(struct mbedtls_tls *tls);

/* What the present connection speaks ("TLSv1.3"), or "" without one; for status and log. */
const char *mbedtls_tls_version(const struct mbedtls_tls *tls);
/* The newest notBefore among the certificates last accepted: surely past; 0 before the first. */
wall_ms mbedtls_tls_newest(const struct mbedtls_tls *tls);

#endif
