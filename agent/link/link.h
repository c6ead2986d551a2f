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

/* Another client with this identity: each takes the session from the other. After a takeover this
 * one waits between half of it and all of it, so that neither flaps. */
#define LINK_TWIN_WAIT_MS 60000
/* Where the broker does not say so: so many sessions in a row that end this soon after they began
 * are a suspicion: a twin is back within its own back-off. */
#define LINK_TWIN_SESSIONS 5
#define LINK_TWIN_SHORT_MS (LINK_BACKOFF_CAP_MS + 5000)

#define LINK_SESSION_BYTES 17 /* 16 hex digits and a NUL: names one session */
#define LINK_WILL_BYTES    768 /* a signed claim is the longest */

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

/* Whether another client uses this one's identity. A session that stands for LINK_STABLE_MS ends
 * it. X(NAME, word, sentence) */
#define LINK_TWINS(X)                                                                              \
    X(NONE, "alone", "nothing tells of another client with this identity")                         \
    X(SUSPECTED, "suspected", "sessions end again and again soon after they began")                \
    X(KNOWN, "shared", "the broker gave the session to another client with this identity")

enum link_twin {
#define LINK_TWIN_ENUM_(name, word, sentence) LINK_TWIN_##name,
    LINK_TWINS(LINK_TWIN_ENUM_) LINK_TWIN_COUNT
#undef LINK_TWIN_ENUM_
};

const char *link_twin_word(enum link_twin twin);

/* private but for reading `state`, `failures`, `retry_at` and `twin`; caller-allocated, must not
 * move. */
struct link {
    struct bus bus;
    struct entropy entropy;
    struct link_user user;
    enum link_state state;
    char session[LINK_SESSION_BYTES];
    unsigned failures; /* in a row */
    int ended_by;      /* code of the last end */
    bool was_open;     /* it was a session that ended */
    unsigned shorts;   /* sessions in a row that ended soon after they began */
    enum link_twin twin;
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

/* Ends the session politely, and begins the next at once: the user wants another hello. What waits
 * for the broker's word gets no answer, and `closed` is not called. */
void link_again(struct link *link);

bool link_is_open(const struct link *link);

/* The time to wait after `failures` failures in a row (from 1), of `random` (any 64 bits). */
int64_t link_backoff_ms(unsigned failures, uint64_t random);

#endif
