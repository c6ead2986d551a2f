/* Spans: bytes somebody else owns, with their length. */
#ifndef PLATFORM_BASE_SPAN_H
#define PLATFORM_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Read-only bytes; valid as long as their owner says. `data` may be NULL only when len is 0. */
struct span {
    const uint8_t *data;
    size_t len;
};

static inline struct span span_of(const void *data, size_t len)
{
    return (struct span){.data = data, .len = len};
}

static inline struct span span_text(const char *text)
{
    return (struct span){.data = (const uint8_t *)text, .len = strlen(text)};
}

static inline bool span_is_equal(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* A SHA-256 digest, the name of a release and of an image. */
#define DIGEST_BYTES     32
#define DIGEST_HEX_BYTES (2 * DIGEST_BYTES + 1)

struct digest {
    uint8_t bytes[DIGEST_BYTES];
};

static inline bool digest_is_equal(const struct digest *a, const struct digest *b)
{
    return memcmp(a->bytes, b->bytes, DIGEST_BYTES) == 0;
}

/* All zero: "no digest". */
bool digest_is_none(const struct digest *digest);

/* Writes 64 lower-case hex characters and a NUL. */
void digest_render(const struct digest *digest, char hex[DIGEST_HEX_BYTES]);

/* Reads exactly 64 lower-case hex characters, with or without "sha256:" before them; false (and
 * *digest untouched) for anything else. */
bool digest_parse(const char *text, struct digest *digest);

#endif
