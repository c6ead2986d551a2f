/* stream: a connection of ordered bytes to one fixed peer, secured or not as its port says.
 * Used by ports, never by agent/. */
#ifndef PLATFORM_STREAM_H
#define PLATFORM_STREAM_H

#include "platform/base/err.h"
#include "platform/base/span.h"

/* Called from the loop, never from inside an op. */
struct stream_user {
    /* Resolved, connected, and (where the port does that) the peer is who it should be. */
    void (*opened)(void *ctx);
    /* Something may be read or written now. Told once: again after a read that left bytes or found
     * none, or after a write that left some, and not while nobody asks; so a user without room for
     * what it would read lets it be, and reads when it has room, without waiting for this call. */
    void (*ready)(void *ctx);
    /* Opening failed or the connection is over; nothing comes after it. ERR_NETWORK, ERR_TIMEOUT,
     * ERR_CERTIFICATE, ERR_TLS, ERR_MEMORY; the text says who refused what and what to do. What was
     * received before the end can still be read until then. */
    void (*closed)(void *ctx, const struct err *err);
    void *ctx;
};

struct stream_ops {
    /* Begins to connect; `opened` or `closed` follows, at the latest after the port's time limit.
     * Names, certificates and keys are looked at anew by each open. ERR_BUSY: it is open. */
    int (*open)(void *self, const struct stream_user *user, struct err *err);
    /* Takes what is there, at most `cap` bytes; *got is 0 when nothing is there now. ERR_NETWORK at
     * the peer's end or a failure: `closed` is then not called any more. ERR_CERTIFICATE, ERR_TLS:
     * the peer broke it off and said why (in TLS 1.3 it looks at our certificate only after
     * `opened`). It may be opened again at once. */
    int (*read)(void *self, void *data, size_t cap, size_t *got, struct err *err);
    /* Takes as much as goes now; *taken may be less than all, or 0: then call again, beginning
     * with the very bytes that were not taken, after the next `ready`. Fails (ERR_NETWORK) only
     * when it is not open: on a connection that broke it takes nothing, and read tells the end
     * after what was still received. */
    int (*write)(void *self, struct span bytes, size_t *taken, struct err *err);
    /* Ends it, whatever its state; no callback follows. Harmless when it is not open. */
    void (*close)(void *self);
};

struct stream {
    const struct stream_ops *ops;
    void *self;
};

#endif
