/* bus: one publish/subscribe session with a broker, opened, lost and opened again. */
#ifndef PLATFORM_BUS_H
#define PLATFORM_BUS_H

#include <stdbool.h>

#include "platform/base/err.h"
#include "platform/base/span.h"

/* Topics and filters, with the NUL. */
#define BUS_TOPIC_BYTES 192
/* A whole MQTT packet, header included; a larger one from the broker ends the session. */
#define BUS_PACKET_BYTES_MAX  98304
#define BUS_PAYLOAD_BYTES_MAX (BUS_PACKET_BYTES_MAX - 512)
/* Publishes and subscriptions that wait for the broker's word. */
#define BUS_PENDING_MAX 32

/* How a session begins; copied by open. Sessions are clean: the broker keeps nothing of them but
 * what was retained. */
struct bus_session {
    const char *client_id;  /* unique per process where a broker would else let two fight */
    const char *will_topic; /* NULL: no will; retained, QoS 1 */
    struct span will;
    unsigned keepalive_s; /* as the broker is told, at least 5 */
};

/* Whoever opens sessions. Called from the loop, never from inside an op. */
struct bus_user {
    /* The broker accepted: publish and subscribe may be called. */
    void (*opened)(void *ctx);
    /* The attempt failed, or the session is over; nothing comes after it until the next open.
     * ERR_NETWORK (no way there, reset, closed), ERR_TIMEOUT (resolve, connect, handshake, CONNACK
     * or a ping unanswered), ERR_CERTIFICATE, ERR_TLS, ERR_DENIED (the broker refused this client),
     * ERR_PROTOCOL (what came is not MQTT), ERR_OVERSIZE (a packet above BUS_PACKET_BYTES_MAX),
     * ERR_TAKEN_OVER (the broker gave the session to another client of the same id: MQTT 5 reason
     * 0x8e; a 3.1.1 broker does not say it: ERR_NETWORK), ERR_MEMORY. */
    void (*closed)(void *ctx, const struct err *err);
    /* A message; topic and payload are valid inside the call. `is_retained`: it was kept by the
     * broker from before the subscription. */
    void (*received)(void *ctx, const char *topic, struct span payload, bool is_retained);
    void *ctx;
};

/* err is NULL when the broker confirmed. ERR_DENIED where the broker says so (MQTT 5; a 3.1.1
 * broker drops silently), ERR_NETWORK when the session ended first. */
typedef void (*bus_done)(void *ctx, const struct err *err);

/* Nothing blocks, resolving, connecting and handshakes included. A call that fails never calls
 * back; one that succeeds calls back exactly once, later, from the loop: publishes and
 * subscriptions that wait when a session ends are answered before `closed`. */
struct bus_ops {
    /* Begins to open a session; `opened` or `closed` follows. ERR_BUSY: one is open or opening. */
    int (*open)(void *self, const struct bus_session *session, const struct bus_user *user,
                struct err *err);
    /* Ends the session politely (the will is not sent) or the attempt; whatever is pending is
     * dropped without a callback, and `closed` is not called. Harmless without a session. May be
     * called from a callback. */
    void (*close)(void *self);
    /* QoS 1. A filter may hold '+' and '#'. Retained messages follow. ERR_NETWORK (not open),
     * ERR_BUSY (BUS_PENDING_MAX wait), ERR_VALUE (filter), ERR_MEMORY. */
    int (*subscribe)(void *self, const char *filter, bus_done done, void *ctx, struct err *err);
    /* Best effort and without an answer; late messages may still come. */
    int (*unsubscribe)(void *self, const char *filter, struct err *err);
    /* QoS 1; topic and payload are copied. An empty retained payload clears the topic. ERR_NETWORK
     * (not open), ERR_BUSY, ERR_OVERSIZE, ERR_VALUE (topic), ERR_MEMORY. */
    int (*publish)(void *self, const char *topic, struct span payload, bool is_retained,
                   bus_done done, void *ctx, struct err *err);
    /* From now on a link that is silent for so many seconds is asked for an answer, and lost when
     * none comes in as many; never less often than the keepalive demands. Kept over sessions. */
    void (*pace)(void *self, unsigned seconds);
};

/* One user, one session at a time. The owner of `self` outlives every user of the interface. */
struct bus {
    const struct bus_ops *ops;
    void *self;
};

#endif
