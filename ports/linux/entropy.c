/* linux_entropy: getrandom, which is whole or nothing up to 256 bytes. */
#include "ports/linux/entropy.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

static int entropy_fill(void *self, void *data, size_t len, struct err *err)
{
    (void)self;
    assert(len <= 256);
    ssize_t got;
    do {
        got = getrandom(data, len, 0);
    } while (got < 0 && errno == EINTR);
    if (got != (ssize_t)len) {
        return err_set(err, ERR_ENTROPY, "getrandom: %s", got < 0 ? strerror(errno) : "cut short");
    }
    return 0;
}

struct entropy linux_entropy_interface(void)
{
    static const struct entropy_ops ops = {.fill = entropy_fill};
    return (struct entropy){.ops = &ops, .self = NULL};
}
