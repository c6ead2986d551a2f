/* frame: the fixed header (MQTT 5 and 3.1.1, section 2), read before anything is allocated for it.
 */
#include "ports/mosquitto/frame.h"

#include "platform/bus.h"

enum {
    LENGTH_BYTES_MAX = 4,
    TYPE_CONNACK = 2,
    TYPE_PUBLISH = 3,
    TYPE_PUBACK = 4,
    TYPE_SUBACK = 9,
    TYPE_UNSUBACK = 11,
    TYPE_PINGRESP = 13,
    TYPE_DISCONNECT = 14,
    QOS_2_BIT = 0x04,
    CONNACK_BODY_BYTES = 2
};

struct header {
    unsigned type, flags;
    size_t bytes, body_bytes;
};

/* 1 when the header is whole, 0 when it is not, negative when its length is none. */
static int header_read(struct span bytes, struct header *header)
{
    unsigned shift = 0;
    *header = (struct header){0};
    for (size_t i = 1; i < bytes.len && i <= LENGTH_BYTES_MAX; i++, shift += 7) {
        header->body_bytes |= (size_t)(bytes.data[i] & 0x7f) << shift;
        if ((bytes.data[i] & 0x80) == 0) {
            header->type = bytes.data[0] >> 4;
            header->flags = bytes.data[0] & 0x0f;
            header->bytes = i + 1;
            return bytes.data[i] == 0 && i > 1 ? ERR_PROTOCOL : 1;
        }
    }
    return bytes.len > LENGTH_BYTES_MAX ? ERR_PROTOCOL : 0;
}

static bool header_is_of_broker(const struct header *header)
{
    switch (header->type) {
    case TYPE_PUBLISH:
        return (header->flags & QOS_2_BIT) == 0;
    case TYPE_PINGRESP:
        return header->flags == 0 && header->body_bytes == 0;
    case TYPE_PUBACK:
    case TYPE_SUBACK:
    case TYPE_UNSUBACK:
    case TYPE_DISCONNECT:
        return header->flags == 0;
    default:
        return false;
    }
}

static size_t body_pass(struct frame *frame, size_t here)
{
    size_t taken = here < frame->body_left ? here : frame->body_left;
    frame->body_left -= taken;
    return taken;
}

static size_t header_pass(struct frame *frame, const struct header *header, size_t here)
{
    frame->body_left = header->body_bytes;
    frame->body_bytes = header->body_bytes;
    return header->bytes + body_pass(frame, here - header->bytes);
}

void frame_pass(struct frame *frame, struct span bytes, size_t *passed)
{
    struct header header;
    *passed = 0;
    if (frame->body_left > 0) {
        *passed = body_pass(frame, bytes.len);
    } else if (header_read(bytes, &header) == 1) {
        *passed = header_pass(frame, &header, bytes.len);
    }
}

/* The first packet: *is_whole when its reason is here. */
static int greeting_read(struct frame *frame, struct span bytes, const struct header *header,
                         bool *is_whole, struct err *err)
{
    if (header->type != TYPE_CONNACK || header->flags != 0 ||
        header->body_bytes < CONNACK_BODY_BYTES) {
        return err_set(err, ERR_PROTOCOL,
                       "the peer does not answer as an MQTT broker does; check host and port");
    }
    *is_whole = bytes.len >= header->bytes + CONNACK_BODY_BYTES;
    if (!*is_whole) {
        return 0;
    }
    if ((bytes.data[header->bytes] & ~1u) != 0) {
        return err_set(err, ERR_PROTOCOL, "the broker's CONNACK has reserved flags set");
    }
    frame->reason = bytes.data[header->bytes + 1];
    frame->is_greeted = true;
    return 0;
}

/* The topic of a PUBLISH, where it is here and can be printed; its length, 0: it is not. */
static size_t topic_find(struct span bytes, const struct header *header, const char **topic)
{
    const uint8_t *body = bytes.data + header->bytes;
    size_t here = bytes.len - header->bytes;
    size_t len = here >= 2 ? (size_t)body[0] << 8 | body[1] : 0;
    if (header->type != TYPE_PUBLISH || len >= BUS_TOPIC_BYTES || here < 2 + len) {
        return 0;
    }
    for (size_t i = 0; i < len; i++) {
        if (body[2 + i] <= ' ' || body[2 + i] > '~') {
            return 0;
        }
    }
    *topic = (const char *)body + 2;
    return len;
}

static int oversize_set(struct span bytes, const struct header *header, struct err *err)
{
    const char *topic = "";
    size_t len = topic_find(bytes, header, &topic);
    return err_set(err, ERR_OVERSIZE, "the broker sent a packet of %zu bytes%s%.*s%s, at most %d",
                   header->bytes + header->body_bytes, len > 0 ? " on " : "", (int)len, topic,
                   len > 0 ? " (clear what it retains there)" : "", BUS_PACKET_BYTES_MAX);
}

int frame_admit(struct frame *frame, struct span bytes, size_t *passed, struct err *err)
{
    struct header header;
    bool is_whole = true;
    *passed = 0;
    if (frame->body_left > 0) {
        *passed = body_pass(frame, bytes.len);
        return 0;
    }
    int rc = header_read(bytes, &header);
    if (rc < 0) {
        return err_set(err, ERR_PROTOCOL, "the broker sent a packet with a malformed length");
    }
    if (rc == 0) {
        return 0;
    }
    if (header.bytes + header.body_bytes > BUS_PACKET_BYTES_MAX) {
        return oversize_set(bytes, &header, err);
    }
    if (!frame->is_greeted) {
        rc = greeting_read(frame, bytes, &header, &is_whole, err);
        if (rc != 0 || !is_whole) {
            return rc;
        }
    } else if (!header_is_of_broker(&header)) {
        return err_set(err, ERR_PROTOCOL, "the broker sent a packet of type %u, flags %u",
                       header.type, header.flags);
    }
    *passed = header_pass(frame, &header, bytes.len);
    return 0;
}
