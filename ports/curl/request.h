/* One exchange: its libcurl handle, its deadlines and what it tells its caller. */
#ifndef PORTS_CURL_REQUEST_H
#define PORTS_CURL_REQUEST_H

#include <curl/curl.h>
#include <stdbool.h>

#include "platform/http.h"
#include "platform/loop.h"

struct curl_http;

/* private to this room. */
struct curl_request {
    struct curl_http *owner;
    struct curl_request *next;
    struct loop loop; /* asked for the time */
    CURL *easy;
    struct curl_slist *headers;
    struct loop_timer timer; /* of the deadlines; armed only while one is set */
    mono_ms started;
    mono_ms heard; /* when the last byte came */
    int64_t timeout_ms;
    int64_t idle_timeout_ms;
    http_piece piece;
    http_done done;
    void *ctx;
    bool is_added;    /* libcurl works on it */
    bool is_stopped;  /* the caller wants no more of it */
    bool is_unheard;  /* the loop cannot watch its descriptor */
    char digest[128]; /* value of Docker-Content-Digest */
    char text[CURL_ERROR_SIZE];
};

/* Makes the libcurl handle for `asked`; nothing is sent yet. The caller sets owner, piece, done and
 * ctx. ERR_MEMORY, ERR_VALUE (no URL, or its host is a name that would have to be looked up). */
NODISCARD int curl_request_new(const struct http_request *asked, const struct loop *loop,
                               struct curl_request **request, struct err *err);

/* Frees it; its handle must no longer be in a multi handle. */
void curl_request_free(struct curl_request *request);

/* The failure that libcurl's `result` means for the caller: 0 for a whole answer. */
int curl_request_result(const struct curl_request *request, CURLcode result, struct err *err);

#endif
