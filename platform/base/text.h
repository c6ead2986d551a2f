/* Text: building bounded strings that say when something did not fit. */
#ifndef PLATFORM_BASE_TEXT_H
#define PLATFORM_BASE_TEXT_H

#include "platform/base/err.h"
#include "platform/base/span.h"

/* A string being built in memory the caller owns. Always terminated. When something does not fit,
 * `cut` becomes true, what fitted stays, and later appends do nothing. */
struct text {
    char *data;
    size_t cap; /* bytes, the terminating NUL included; at least 1 */
    size_t len; /* bytes written, without the NUL */
    bool cut;
};

/* Starts an empty text in `data` of `cap` bytes (cap >= 1). */
void text_init(struct text *text, char *data, size_t cap);

void text_append(struct text *text, const char *piece);
void text_append_span(struct text *text, struct span piece);
void text_printf(struct text *text, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Appends a JSON string literal with its quotes; escapes what RFC 8259 section 7 demands.
 * The bytes must be valid UTF-8. */
void text_append_json(struct text *text, const char *value);

/* Copies a NUL-terminated string into a fixed array; false, and the target emptied, when it does
 * not fit. cap >= 1. */
bool text_copy(char *target, size_t cap, const char *source);

/* True for a name of DESIGN's shape, [a-z0-9]([-a-z0-9]*[a-z0-9])?, of 1 to `most` characters. */
bool text_is_name(const char *text, size_t most);

#endif
