/* duration: Compose's words for time and size ("1m30s", "64M") as numbers. */
#ifndef AGENT_WIRE_DURATION_H
#define AGENT_WIRE_DURATION_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/base/text.h"
#include "platform/base/units.h"

#include "platform/base/arena.h"

/* Longest duration a document may say. */
#define DURATION_MS_MAX INT64_C(2678400000) /* 31 days */

/* Reads a Compose duration: one or more integers with the units h, m, s, ms, us, largest first and
 * each at most once ("1h", "1m30s", "300ms"), each with at most nine decimal places ("1.5s"); "0"
 * alone is allowed. The whole must be milliseconds. False for anything else or more than
 * DURATION_MS_MAX. */
bool duration_parse(const char *text, int64_t *ms);

/* Renders a duration in the same words, for messages: "1m30s", "22s", "300ms". At least 32 bytes.
 */
void duration_render(int64_t ms, char *text, size_t cap);

/* "2026-12-01 08:00:00 UTC"; from 1970 on. */
void instant_append(struct text *text, wall_ms at);

/* Reads a Compose byte size: an integer with an optional unit b, k, kb, m, mb, g, gb (powers of
 * 1024, either case) or KiB, MiB, GiB. False for anything else or more than 2^53 - 1. */
bool size_parse(const char *text, uint64_t *bytes);

#endif
