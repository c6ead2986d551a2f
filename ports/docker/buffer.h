/* Buffer: bytes that grow up to a limit; the engine's answers are untrusted in size. */
#ifndef PORTS_DOCKER_BUFFER_H
#define PORTS_DOCKER_BUFFER_H

#include "platform/base/span.h"

/* Zeroed before first use. private. */
struct buffer {
    uint8_t *data;
    size_t len;
    size_t cap;
};

/* Appends; false when more than `most` bytes would be held or memory is out, and nothing is
 * appended then. */
bool buffer_append(struct buffer *buffer, struct span piece, size_t most);

struct span buffer_span(const struct buffer *buffer);

/* Frees what it holds and makes it empty. */
void buffer_free(struct buffer *buffer);

#endif
