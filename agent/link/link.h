/* link: keeps a session with the broker: when to connect, and how long to wait after a failure. */
#ifndef AGENT_LINK_LINK_H
#define AGENT_LINK_LINK_H

#include "platform/base/units.h"
#include <stdbool.h>

#include "platform/bus.h"
#include "platform/entropy.h"

/* Backoff: the n-th failure in a row waits a random time below min(cap, base * 2^(n-1)) (full
 * jitter); the row ends with a session that stood for a minute. */
#define LINK_BACKOFF_BASE_MS  1000
#define LINK_BACKOFF_CAP_MS   30000
#define LINK_STABLE_MS        60000
#define LINK_KEEPALIVE_REST_S 300 /* what the broker is told, and the pace at rest */
#define LINK_PACE_UNPROVEN_S  20  /* the pace while something is changing or unproven */

#define LINK_SESSION_BYTES 17 /* 16 hex digits and a NUL: names one session */
#define LINK_WILL_BYTES    160

/* What a session begins with; rendered anew for each. */
struct link_hello {
    char client_id[96];
    char will_topic[BUS_TOPIC_BYTES]; /* empty: no will */
    char will[LINK_WILL_BYTES];
};

struct link_user {
    /* Fills `hello` for a session named `session`. */
    void (*greet)(void *ctx, const char *session, struct link_hello *hello);
    void (*opened)(void *ctx, const char *session);
    /* The attempt failed (was_open false) or the session ended. */
    void (*closed)(void *ctx, const struct err *err, bool was_open);
    void (*received)(void *ctx, const char *topic, struct span payload, bool is_retained);
    void *ctx;
};

enum link_state {
    LINK_WAITING, /* for the time of the next try */
    LINK_OPENING,
    LINK_OPEN,
    LINK_ENDED, /* just now: the next step decides how long to wait */
    LINK_STOPPED
};

/* private but for reading `state`, `failures` and `retry_at`; caller-allocated, must not move. */
struct link {
    struct bus bus;
    struct entropy entropy;
    struct link_user user;
    enum link_state state;
    char session[LINK_SESSION_BYTES];
    unsigned failures; /* in a row */
    mono_ms retry_at;
    mono_ms opened_at; /* when link_step first saw the session open; 0: not yet */
    mono_ms now;       /* as of the last step */
};

/* A link that connects at its first step. */
void link_init(struct link *link, struct bus bus, struct entropy entropy,
               const struct link_user *user);

/* Opens a session when it is time. Call after every turn and at link_deadline. */
void link_step(struct link *link, mono_ms now);
mono_ms link_deadline(const struct link *link);

/* Ends the session politely and opens none any more. */
void link_stop(struct link *link);

bool link_is_open(const struct link *link);

/* The time to wait after `failures` failures in a row (from 1), of `random` (any 64 bits). */
int64_t link_backoff_ms(unsigned failures, uint64_t random);

#endif
