/* entropy: unpredictable bytes. */
#ifndef PLATFORM_ENTROPY_H
#define PLATFORM_ENTROPY_H

#include "platform/base/err.h"

struct entropy_ops {
    /* Fills len bytes (at most 256). Does not block after boot. ERR_ENTROPY when there are none. */
    int (*fill)(void *self, void *data, size_t len, struct err *err);
};

struct entropy {
    const struct entropy_ops *ops;
    void *self;
};

#endif
