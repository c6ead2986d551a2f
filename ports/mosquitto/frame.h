/* frame: where MQTT packets begin and end in a row of bytes, and which of a broker's may pass. */
#ifndef PORTS_MOSQUITTO_FRAME_H
#define PORTS_MOSQUITTO_FRAME_H

#include <stdbool.h>

#include "platform/base/err.h"
#include "platform/base/span.h"

/* One direction of one session; zeroed before its first byte. */
struct frame {
    size_t body_left;  /* bytes of the present packet that are still to come */
    bool is_greeted;   /* the CONNACK was seen: what follows is of use */
    uint8_t reason;    /* of the CONNACK */
    size_t body_bytes; /* of the packet that began last */
};

/* Goes over bytes of the client, at most to the end of one packet; *passed is how many it took. A
 * header that is not whole is not taken. At a packet's end body_left is 0 and *passed not. */
void frame_pass(struct frame *frame, struct span bytes, size_t *passed);

/* The same for bytes of the broker, which are judged: *passed counts only what may reach the
 * library. The first packet must be a CONNACK, and is taken when its reason is there too.
 * ERR_OVERSIZE above BUS_PACKET_BYTES_MAX, with the topic where that has come; ERR_PROTOCOL for a
 * length that is none (MQTT 5, 1.5.5), for a type or flags that a broker never sends (2.1.2,
 * 2.1.3), and for QoS 2, which nobody asked for. */
NODISCARD int frame_admit(struct frame *frame, struct span bytes, size_t *passed, struct err *err);

#endif
