/* Arena: a bump allocator over memory of the caller. */
#include "platform/base/arena.h"

#include <string.h>

void arena_init(struct arena *arena, void *data, size_t cap)
{
    *arena = (struct arena){.data = data, .cap = cap};
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    size_t mask = alignof(max_align_t) - 1;
    uintptr_t base = (uintptr_t)arena->data;
    size_t start = (size_t)(((base + arena->used + mask) & ~(uintptr_t)mask) - base);
    if (start > arena->cap || bytes > arena->cap - start) {
        return NULL;
    }
    arena->used = start + bytes;
    return memset(arena->data + start, 0, bytes);
}

char *arena_text(struct arena *arena, const char *text, size_t len)
{
    char *copy = arena_alloc(arena, len + 1);
    if (copy != NULL) {
        memcpy(copy, text, len);
        copy[len] = '\0';
    }
    return copy;
}
