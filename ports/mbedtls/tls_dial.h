/* tls_dial: from a host name to a connected socket, address after address, by one deadline. */
#ifndef PORTS_MBEDTLS_TLS_DIAL_H
#define PORTS_MBEDTLS_TLS_DIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/loop.h"
#include "platform/worker.h"

#define TLS_DIAL_ADDRESSES_MAX 8

/* err is NULL and fd the caller's, or fd is -1. Called from the loop, once. */
typedef void (*tls_dialled)(void *ctx, const struct err *err, int fd);

/* Private; zeroed before first use, but for the four settings. */
struct tls_dial {
    struct loop loop;
    struct worker worker;
    const char *host;
    uint16_t port;
    tls_dialled dialled;
    void *ctx;
    bool is_resolving;
    uint32_t addresses[TLS_DIAL_ADDRESSES_MAX]; /* network order */
    size_t count, next;
    int fd; /* of the present attempt, -1 without one */
    int64_t timeout_ms;
    mono_ms deadline;
    struct loop_timer timer;
};

/* Begins; `dialled` follows at the latest after timeout_ms. ERR_NETWORK, ERR_MEMORY: the name
 * cannot be asked for. Each address gets an equal part of the time that is left. */
NODISCARD int tls_dial_start(struct tls_dial *dial, int64_t timeout_ms, tls_dialled dialled,
                             void *ctx, struct err *err);

/* Ends it; `dialled` does not come. Harmless when nothing was started or it is over. */
void tls_dial_stop(struct tls_dial *dial);

#endif
