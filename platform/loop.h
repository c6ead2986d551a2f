/* loop: the one thread's waiting: file descriptors and timers. Used by ports, never by agent/. */
#ifndef PLATFORM_LOOP_H
#define PLATFORM_LOOP_H

#include "platform/base/err.h"
#include "platform/base/units.h"

#define LOOP_READ  1u
#define LOOP_WRITE 2u

/* Called when the descriptor is ready; `events` holds LOOP_READ and/or LOOP_WRITE (an error or a
 * hang-up shows as both, so that the next read or write meets it). */
typedef void (*loop_ready)(void *ctx, int fd, unsigned events);
typedef void (*loop_expired)(void *ctx);

/* A timer lives in memory of its user, zeroed before first use, and must be disarmed before that
 * memory goes. Fields are private to the loop. */
struct loop_timer {
    mono_ms due;
    loop_expired expired;
    void *ctx;
    struct loop_timer *next;
    int armed;
};

struct loop_ops {
    /* Watches fd for `events` (level-triggered), or changes what is watched, or stops watching it
     * when events is 0. The loop does not own fd; stop watching before closing it. Stopping from
     * inside any callback is allowed: a pending readiness of that fd is then dropped.
     * ERR_LIMIT above the loop's table size, ERR_IO. */
    int (*watch)(void *self, int fd, unsigned events, loop_ready ready, void *ctx, struct err *err);
    /* Calls expired(ctx) once at `due` (boot-time clock) or soon after, never from inside this
     * call; arming an armed timer moves it. Equal deadlines fire in the order they were armed. */
    void (*arm)(void *self, struct loop_timer *timer, mono_ms due, loop_expired expired, void *ctx);
    void (*disarm)(void *self, struct loop_timer *timer);
    mono_ms (*now)(void *self);
};

struct loop {
    const struct loop_ops *ops;
    void *self;
};

#endif
