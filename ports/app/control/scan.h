/* scan: looks things up in JSON that this product wrote itself, without building anything.
 */
#ifndef PORTS_APP_CONTROL_SCAN_H
#define PORTS_APP_CONTROL_SCAN_H

#include <stdbool.h>

#include "platform/base/span.h"

/* Every span is the raw text of one value, inside the text it was found in. Text that is not JSON
 * is answered with "not there"; it is never read beyond its end. Documents of others go through
 * the strict reader of agent/wire instead. */

/* The value of `key` (compared byte by byte, no escapes) in an object; false when it is not there
 * or `object` is no object. */
bool scan_member(struct span object, const char *key, struct span *value);

/* The next element of an array; *at is 0 before the first. False after the last. */
bool scan_element(struct span array, size_t *at, struct span *value);

/* Decodes a string into buf (cap >= 1) for a terminal: cut where it does not fit, escaped line ends
 * and tabs become spaces, whatever else is outside ASCII becomes '?'. False, and buf empty, when
 * the value is no string. */
bool scan_text(struct span value, char *buf, size_t cap);

/* The same for the member `key` of an object; buf is empty when there is no such string. */
bool scan_member_text(struct span object, const char *key, char *buf, size_t cap);

/* An integer, or `fallback` when the value is none or out of range. */
int64_t scan_member_integer(struct span object, const char *key, int64_t fallback);

/* True only where the member is there and `true`. */
bool scan_member_bool(struct span object, const char *key);

/* The next line of `lines` without its newline; *at is 0 before the first. False after the last;
 * a last line without a newline does not count. */
bool scan_line(struct span lines, size_t *at, struct span *line);

#endif
