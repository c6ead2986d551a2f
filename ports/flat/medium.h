/* flat_medium: bytes at offsets, which is all that this store asks of what it lies on. */
#ifndef PORTS_FLAT_MEDIUM_H
#define PORTS_FLAT_MEDIUM_H

#include <stdint.h>

#include "platform/base/err.h"
#include "platform/base/span.h"

/* Each op returns 0 or an errno, and may block as long as the device does. */
struct flat_medium_ops {
    /* Fills data[0..len) from offset `at`; shorter is an error (EIO). */
    int (*read)(void *self, uint64_t at, void *data, size_t len);
    /* Writes all of it; a cut may tear it at any byte, until sync says 0. */
    int (*write)(void *self, uint64_t at, struct span data);
    /* What was written so far survives a cut. After an error nobody knows what does. */
    int (*sync)(void *self);
    /* After a failed write or sync: forgets whatever was cached, so that reading tells what a cut
     * would leave. May be repeated until it succeeds. */
    int (*reopen)(void *self);
};

struct flat_medium {
    const struct flat_medium_ops *ops;
    void *self;
    const char *name; /* for people, in errors; valid as long as the medium */
    uint64_t bytes;   /* its size */
    /* What tearing one write may take with it: a flash page, or what the driver rewrites whole.
     * A power of two, FLAT_PAGE_BYTES_MIN to FLAT_PAGE_BYTES_MAX. */
    uint32_t page_bytes;
};

#define FLAT_PAGE_BYTES_MIN 1024
#define FLAT_PAGE_BYTES_MAX 65536

#endif
