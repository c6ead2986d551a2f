/* http: one request over a unix socket or TCP, streamed. Used by ports, never by agent/. */
#ifndef PLATFORM_HTTP_H
#define PLATFORM_HTTP_H

#include <stdint.h>

#include "platform/base/err.h"
#include "platform/base/span.h"

#define HTTP_PENDING_MAX 96

struct http_request {
    const char *method;        /* "GET" */
    const char *socket_path;   /* unix socket to connect to, or NULL for TCP by the URL */
    const char *url;           /* "http://engine/v1.41/containers/json" */
    const char *content_type;  /* of the body; NULL without one */
    const char *accept;        /* Accept header; NULL: none */
    const char *registry_auth; /* X-Registry-Auth header; NULL: none */
    struct span body;          /* copied */
    int64_t timeout_ms;        /* for the whole exchange; 0: none */
    int64_t idle_timeout_ms;   /* no byte for so long: ERR_TIMEOUT; 0: none */
};

/* A piece of the answer's body, in order, with the status of the final answer; never called after
 * done. Return false to stop the exchange, which then answers ERR_CANCELLED. */
typedef int (*http_piece)(void *ctx, int status, struct span piece);

/* err is NULL when a whole answer came, whatever its status. ERR_NETWORK (connect, reset, cut
 * short), ERR_TIMEOUT, ERR_CANCELLED. `header` is the value of Docker-Content-Digest or NULL. */
typedef void (*http_done)(void *ctx, const struct err *err, int status, const char *header);

struct http_ops {
    /* Starts a request; strings and body are copied. A failing call never calls back; a successful
     * one calls done exactly once, later. ERR_BUSY above HTTP_PENDING_MAX, ERR_MEMORY. */
    int (*start)(void *self, const struct http_request *request, http_piece piece, http_done done,
                 void *ctx, struct err *err);
};

struct http {
    const struct http_ops *ops;
    void *self;
};

#endif
