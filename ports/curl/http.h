/* curl_http: HTTP exchanges by libcurl's multi interface, driven by the one event loop. */
#ifndef PORTS_CURL_HTTP_H
#define PORTS_CURL_HTTP_H

#include "platform/http.h"
#include "platform/loop.h"

struct curl_http;

/* Readies the library for this process: once, before the first curl_http_new, while no other
 * thread runs. ERR_MEMORY. */
NODISCARD int curl_http_library_init(struct err *err);

/* Gives back what curl_http_library_init took; after the last curl_http_free. */
void curl_http_library_close(void);

/* Makes an HTTP client on `loop`, which must outlive it. It keeps at most 8 idle connections and
 * repeats a request by itself when a kept one proves dead before the first byte of its answer. Over
 * TCP the URL's host must be a literal address (ERR_VALUE), because looking up a name would block
 * the loop; redirects are not followed. ERR_MEMORY. */
NODISCARD int curl_http_new(const struct loop *loop, struct curl_http **http, struct err *err);

/* Ends every exchange without calling back. Not from inside a callback. NULL is allowed. */
void curl_http_free(struct curl_http *http);

/* The interface; valid until curl_http_free. */
struct http curl_http_interface(struct curl_http *http);

#endif
