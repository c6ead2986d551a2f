/* linux_prober: connects, asks, looks at the status, and closes; all on the loop. */
#ifndef PORTS_LINUX_PROBER_H
#define PORTS_LINUX_PROBER_H

#include "platform/loop.h"
#include "platform/prober.h"
#include "ports/linux/http_answer.h"

struct linux_prober;

/* One question; free when fd is -1. */
struct linux_probe {
    struct linux_prober *prober;
    int fd;
    bool is_connected;
    int early_errno; /* connect failed at once; told in the next turn */
    bool is_knocking; /* silence: the kernel behind the address is asked, at a port of nobody's */
    bool is_well;    /* a good head is there; only the rest of the body is awaited */
    struct prober_request request;
    prober_done done;
    void *ctx;
    mono_ms deadline;
    struct loop_timer timer;
    size_t sent;
    struct http_answer answer;
};

/* private: owned by the caller, used through the functions below. */
struct linux_prober {
    struct loop loop;
    struct linux_probe probes[PROBER_PENDING_MAX];
};

/* `prober` must not move until linux_prober_close. */
void linux_prober_init(struct linux_prober *prober, struct loop loop);

/* Drops what is pending: those callbacks never come. */
void linux_prober_close(struct linux_prober *prober);

/* The interface; valid until linux_prober_close. A path that is no path is ERR_VALUE. */
struct prober linux_prober_interface(struct linux_prober *prober);

#endif
