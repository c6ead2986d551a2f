/* Text: building bounded strings that say when something did not fit. */
#ifndef PLATFORM_BASE_TEXT_H
#define PLATFORM_BASE_TEXT_H

#include <stdarg.h>

#include "platform/base/err.h"
#include "platform/base/span.h"

/* A formatted text that is shortened may have this many bytes before. */
#define TEXT_FORMAT_BYTES 4096

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

/* Appends a JSON string literal with its quotes; escapes what RFC 8259 section 7 demands. What is
 * not UTF-8 (RFC 3629) becomes U+FFFD, one for each byte, so the document is always JSON. */
void text_append_json(struct text *text, const char *value);
/* The same for bytes that may hold a NUL, which no reader of ours takes: it becomes U+FFFD, too. */
void text_append_json_span(struct text *text, struct span value);

/* How many bytes the UTF-8 character at the start of `bytes` has, 1 to 4; 0 when there is none or
 * it is not well-formed. */
size_t text_character(struct span bytes);

/* Copies bytes into a fixed array. What does not fit is left out of the middle, "first part ...
 * last part", because a cause stands at the end; it is cut between UTF-8 characters. cap >= 16. */
void text_shorten(char *target, size_t cap, struct span source);

/* The same on one line: spaces instead of line breaks, other control characters and NULs; none at
 * the end. */
void text_shorten_line(char *target, size_t cap, struct span source);

/* Formats and then shortens like text_shorten. The arguments may point into the target. Of a text
 * beyond TEXT_FORMAT_BYTES the end is not seen; it then ends with "...". */
void text_shorten_va(char *target, size_t cap, const char *fmt, va_list args) PRINTF_LIKE(3, 0);
void text_shorten_printf(char *target, size_t cap, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Room for a name in a text about something else. */
#define TEXT_NAMED_BYTES 97

/* A name from outside (an image's reference, a URL, a path) for such a text: on one line, of at
 * most 96 bytes, so that it never fills the room of the cause beside it. Returns `named`. */
const char *text_named(char named[TEXT_NAMED_BYTES], const char *name);

/* Copies a NUL-terminated string into a fixed array; false, and the target emptied, when it does
 * not fit. cap >= 1. */
bool text_copy(char *target, size_t cap, const char *source);

/* True for a name of DESIGN's shape, [a-z0-9]([-a-z0-9]*[a-z0-9])?, of 1 to `most` characters. */
bool text_is_name(const char *text, size_t most);

#endif
