/* prober: asks a container once whether it is well. */
#ifndef PLATFORM_PROBER_H
#define PLATFORM_PROBER_H

#include <stdint.h>

#include "platform/base/err.h"
#include "platform/engine.h"

#define PROBER_PATH_BYTES  128
#define PROBER_PENDING_MAX 64

enum prober_kind { PROBER_HTTP, PROBER_TCP, PROBER_POST };

/* HTTP: GET path, success is a status of 200 to 399 (Kubernetes' rule); TCP: a connection.
 * POST: an empty POST to path, success as for HTTP: the notice before a stop. */
struct prober_request {
    enum prober_kind kind;
    ipv4 address;
    uint16_t port;
    int64_t timeout_ms;           /* over connect and answer together */
    char path[PROBER_PATH_BYTES]; /* HTTP; begins with '/' */
};

/* err is NULL when the container is well. ERR_PROBE: it answered badly, refused, or not in time
 * (the text says which). What a process cannot cause, for the kernel answers on the link:
 * ERR_NETWORK, this machine could not even ask: no route, no sockets, an interface that is down;
 * ERR_WIRING, no interface has the address in its network, or nobody has it on the link;
 * ERR_NOT_FOUND, the kernel there is as silent as its process. Of one that has just ended the last
 * two are true as well. */
typedef void (*prober_done)(void *ctx, const struct err *err);

struct prober_ops {
    /* Asks once. A failing call (ERR_BUSY above PROBER_PENDING_MAX, ERR_NETWORK, ERR_WIRING) never
     * calls back; a successful one exactly once, later, at the latest timeout_ms plus 100 ms and
     * one loop turn on. A body is read at most to 4 KiB and ignored. */
    int (*ask)(void *self, const struct prober_request *request, prober_done done, void *ctx,
               struct err *err);
};

struct prober {
    const struct prober_ops *ops;
    void *self;
};

#endif
