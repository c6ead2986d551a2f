/* http.h: reads one HTTP/1.1 request out of a buffer that may hold several. */
#ifndef TESTS_APPS_HTTP_H
#define TESTS_APPS_HTTP_H

#include <stdbool.h>
#include <stddef.h>

enum http_state { HTTP_MALFORMED = -1, HTTP_PARTIAL = 0, HTTP_COMPLETE = 1 };

/* path and query are copies; body points into the buffer that was read. size counts head and body:
 * the next pipelined request starts there. */
struct http_request {
    char method[8];
    char path[128];
    char query[128];
    bool client_wants_more;
    const char *body;
    size_t body_len;
    size_t size;
};

/* Reads the first request in buf. *request is complete only on HTTP_COMPLETE. A chunked body is
 * HTTP_MALFORMED: this server does not read one (RFC 9112, section 6.1 allows to refuse it). */
enum http_state http_parse(const char *buf, size_t len, struct http_request *request);

/* Copies the value of `key` in the query "a=1&b=2" to value, of size bytes; false when absent or
 * too long. There is no percent decoding: addresses and numbers need none. */
bool http_query_value(const char *query, const char *key, char *value, size_t size);

#endif
