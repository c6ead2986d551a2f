/* control_http: reads one HTTP/1.1 request, byte by byte if need be, and refuses all it need not
 * know. */
#ifndef AGENT_NODE_CONTROL_HTTP_H
#define AGENT_NODE_CONTROL_HTTP_H

#include <stdbool.h>

#include "agent/limits.h"
#include "platform/base/err.h"
#include "platform/base/span.h"

#define CONTROL_HEAD_BYTES_MAX    8192
#define CONTROL_REQUEST_BYTES_MAX (CONTROL_HEAD_BYTES_MAX + ENVELOPE_BYTES_MAX)
#define CONTROL_METHOD_BYTES      8
#define CONTROL_PATH_BYTES        128
#define CONTROL_QUERY_BYTES       64

/* One request being read; all zero before its first byte. Strings are set once `has_head`. */
struct control_http {
    char method[CONTROL_METHOD_BYTES];
    char path[CONTROL_PATH_BYTES];   /* [A-Za-z0-9/._-], begins with '/' */
    char query[CONTROL_QUERY_BYTES]; /* what followed '?', or empty */
    bool has_head;
    bool wants_text;       /* Accept names text/plain */
    bool expects_continue; /* the peer waits for "100 Continue" before it sends the body */
    size_t head_len;       /* bytes, the empty line included */
    size_t body_len;       /* bytes announced; at most ENVELOPE_BYTES_MAX */
    /* private */
    size_t scanned;
    bool has_length;
};

/* Takes all bytes received so far, from the first, in one piece; call again when there are more.
 * *whole becomes true once head and body are there. A subset of RFC 9112: no folding, no transfer
 * coding, nothing after the body (one request a connection). ERR_SYNTAX, ERR_OVERSIZE; after an
 * error the request is not to be continued. */
NODISCARD int control_http_step(struct control_http *http, struct span input, bool *whole,
                                struct err *err);

/* The body of a whole request. */
struct span control_http_body(const struct control_http *http, struct span input);

/* Reads "key=<digits>" in the query: *value is the number, or `fallback` when the key is not there.
 * ERR_VALUE for anything but a decimal number up to 2^53 - 1. */
NODISCARD int control_http_number(const struct control_http *http, const char *key,
                                  uint64_t fallback, uint64_t *value, struct err *err);

#endif
