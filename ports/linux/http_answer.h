/* http_answer: reads just enough of an HTTP/1 answer to know its status and its end of head. */
#ifndef PORTS_LINUX_HTTP_ANSWER_H
#define PORTS_LINUX_HTTP_ANSWER_H

#include <stdbool.h>

#include "platform/base/err.h"
#include "platform/base/span.h"

/* The head, interim answers included, may have this many bytes, and the status line this many. */
#define HTTP_ANSWER_HEAD_BYTES_MAX 16384
#define HTTP_ANSWER_LINE_BYTES_MAX 256

/* Zeroed before the first byte. `status` is final and `is_head_whole` true once the empty line
 * after the head was read; what follows is counted in body_bytes and not looked at. */
struct http_answer {
    int status;
    bool is_head_whole;
    size_t body_bytes;
    /* private */
    bool is_status_read;
    size_t head_bytes;
    size_t line_len;
    char line[HTTP_ANSWER_LINE_BYTES_MAX];
};

/* Takes the next bytes. Interim answers (1xx but 101) are skipped; lines end with LF, with or
 * without CR before it (RFC 9112 section 2.2). ERR_PROBE when this is no HTTP/1 answer, or its head
 * is too long. */
NODISCARD int http_answer_feed(struct http_answer *answer, struct span bytes, struct err *err);

#endif
