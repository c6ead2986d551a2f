/* Arena: memory for one document, given back all at once. */
#ifndef PLATFORM_BASE_ARENA_H
#define PLATFORM_BASE_ARENA_H

#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes the caller owns, handed out front to back. private after arena_init. */
struct arena {
    uint8_t *data;
    size_t cap;  /* bytes */
    size_t used; /* bytes, at most cap */
};

void arena_init(struct arena *arena, void *data, size_t cap);

/* Zeroed memory aligned for any object, or NULL when the arena is full (which the caller reports as
 * ERR_LIMIT). Lives until the arena is initialised again or its memory is released. */
void *arena_alloc(struct arena *arena, size_t bytes);

/* A terminated copy of len bytes, or NULL when the arena is full. */
char *arena_text(struct arena *arena, const char *text, size_t len);

#endif
