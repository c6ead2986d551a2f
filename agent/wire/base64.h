/* base64: the standard alphabet, one text for each sequence of bytes. */
#ifndef AGENT_WIRE_BASE64_H
#define AGENT_WIRE_BASE64_H

#include "platform/base/arena.h"
#include "platform/base/err.h"
#include "platform/base/span.h"

/* Decodes RFC 4648 section 4 strictly: padding required, no other characters, unused bits zero.
 * *data lives in the arena. ERR_SYNTAX, ERR_LIMIT (arena full). */
NODISCARD int base64_decode(const char *text, struct arena *arena, struct span *data,
                            struct err *err);

/* Encodes with padding; NULL when the arena is full. */
char *base64_encode(struct span data, struct arena *arena);

#endif
