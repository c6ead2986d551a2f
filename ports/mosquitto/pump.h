/* pump: carries bytes between the stream and the library's socket, packet by packet judged. */
#ifndef PORTS_MOSQUITTO_PUMP_H
#define PORTS_MOSQUITTO_PUMP_H

#include "platform/stream.h"
#include "ports/mosquitto/frame.h"

#define PIPE_BYTES 8192

/* Bytes on their way: the first `passed` of `len` may leave. */
struct pipe {
    struct frame frame;
    size_t len, passed;
    uint8_t data[PIPE_BYTES];
};

/* One session's. A side that takes nothing now stops only its own direction. */
struct pump {
    struct stream stream;
    int fd; /* -1: none */
    bool is_ping_wanted;
    struct pipe up, down; /* to the broker; from it */
};

void pump_init(struct pump *pump, struct stream stream, int fd);
/* Closes the socket; the stream is its owner's. */
void pump_close(struct pump *pump);

/* Takes what the library wrote and gives the stream what goes now; *moved is how much was taken or
 * given. A ping that is wanted goes in between two packets. ERR_NETWORK and whatever the stream
 * says. */
NODISCARD int pump_up(struct pump *pump, size_t *moved, struct err *err);

/* The other way; *heard is how much the stream gave. Stops behind a CONNACK that refuses: the
 * library never sees it. frame_admit's errors: then what came before the bad packet was still
 * handed on; and the stream's. */
NODISCARD int pump_down(struct pump *pump, size_t *moved, size_t *heard, struct err *err);

/* True when the broker has answered and refuses. */
bool pump_is_refused(const struct pump *pump);

#endif
