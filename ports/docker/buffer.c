/* Buffer: doubling growth under a mandatory maximum. */
#include "ports/docker/buffer.h"

#include <stdlib.h>

enum { CAP_FIRST = 4096 };

bool buffer_append(struct buffer *buffer, struct span piece, size_t most)
{
    if (piece.len > most || buffer->len > most - piece.len) {
        return false;
    }
    size_t need = buffer->len + piece.len;
    if (need > buffer->cap) {
        size_t cap = buffer->cap == 0 ? CAP_FIRST : buffer->cap;
        while (cap < need) {
            cap *= 2;
        }
        uint8_t *data = realloc(buffer->data, cap);
        if (data == NULL) {
            return false;
        }
        buffer->data = data;
        buffer->cap = cap;
    }
    if (piece.len > 0) {
        memcpy(buffer->data + buffer->len, piece.data, piece.len);
    }
    buffer->len = need;
    return true;
}

struct span buffer_span(const struct buffer *buffer)
{
    return span_of(buffer->data, buffer->len);
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}
