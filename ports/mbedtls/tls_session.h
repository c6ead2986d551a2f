/* tls_session: one handshake and what follows it, over one connected socket; never blocks. */
#ifndef PORTS_MBEDTLS_TLS_SESSION_H
#define PORTS_MBEDTLS_TLS_SESSION_H

#include <stdbool.h>

#include "platform/base/span.h"
#include "ports/mbedtls/tls.h"
#include "ports/mbedtls/tls_judge.h"

struct tls_session;

/* What the last call waits for: LOOP_READ or LOOP_WRITE on the socket, 0 for nothing. */

/* Reads the files and prepares; owns `fd` from here on, also when it fails. Settings and judge
 * outlive it. ERR_CERTIFICATE (files), ERR_MEMORY, ERR_TLS. */
NODISCARD int tls_session_new(const struct mbedtls_tls_settings *settings, struct tls_judge *judge,
                              int fd, struct tls_session **session, struct err *err);

/* Frees and closes the socket; says goodbye where the handshake is done, if that goes at once. */
void tls_session_free(struct tls_session *session);

/* One step of the handshake, so that the loop turns between them; *is_done after the last. */
NODISCARD int tls_session_shake(struct tls_session *session, unsigned *wanted, bool *is_done,
                                struct err *err);

/* As in platform/stream.h; *wanted is set where *got or *taken is less than asked for. */
NODISCARD int tls_session_read(struct tls_session *session, void *data, size_t cap, size_t *got,
                               unsigned *wanted, struct err *err);
NODISCARD int tls_session_write(struct tls_session *session, struct span bytes, size_t *taken,
                                unsigned *wanted, struct err *err);

/* More can be read without the socket: the library holds bytes. */
bool tls_session_is_pending(const struct tls_session *session);

int tls_session_fd(const struct tls_session *session);
const char *tls_session_version(const struct tls_session *session);

#endif
