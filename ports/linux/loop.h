/* linux_loop: the one thread's waiting, on epoll and the boot-time clock. */
#ifndef PORTS_LINUX_LOOP_H
#define PORTS_LINUX_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/loop.h"

/* Descriptors watched at the same time; one more is ERR_LIMIT. */
#define LINUX_LOOP_WATCHES_MAX 256

struct linux_loop_watch {
    int fd; /* -1: free */
    unsigned events;
    uint32_t turn; /* changes with every new user of this place */
    loop_ready ready;
    void *ctx;
};

/* private: owned by the caller, used through the functions below. */
struct linux_loop {
    int epoll_fd;
    bool is_stopping;
    struct loop_timer *timers; /* by due, equal ones in the order they were armed */
    struct loop_timer *firing; /* those due in this turn and not yet called */
    struct linux_loop_watch watches[LINUX_LOOP_WATCHES_MAX];
};

/* Makes an empty loop. `loop` must not move until linux_loop_close. ERR_IO. */
NODISCARD int linux_loop_init(struct linux_loop *loop, struct err *err);

/* Frees the loop; watched descriptors stay open and armed timers never fire. */
void linux_loop_close(struct linux_loop *loop);

/* The interface; valid until linux_loop_close. */
struct loop linux_loop_interface(struct linux_loop *loop);

/* One turn: waits until something is ready, a timer is due, a signal came or max_wait_ms passed
 * (at most a minute, also after a suspend; 0 does not wait), then calls what is ready and due. A
 * timer armed inside the turn fires in a later one. Not to be called from inside a callback. */
void linux_loop_run_once(struct linux_loop *loop, int64_t max_wait_ms);

/* Turns until linux_loop_stop, which may be called from a callback. */
void linux_loop_run(struct linux_loop *loop);
void linux_loop_stop(struct linux_loop *loop);

/* Milliseconds on CLOCK_BOOTTIME. */
mono_ms linux_loop_now(void);

#endif
