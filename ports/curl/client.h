/* curl_client: one HTTP or HTTPS exchange at a time, waited for; for tools, which have nothing else
 * to do meanwhile. By the operator's libcurl (toolchains/operator.sh), which no node has. */
#ifndef PORTS_CURL_CLIENT_H
#define PORTS_CURL_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/base/err.h"
#include "platform/base/span.h"

/* All headers of one answer together; more is ERR_OVERSIZE. */
#define CURL_CLIENT_HEADER_BYTES_MAX 65536

struct curl_client;

/* A piece of the body, in order. Return false to stop the exchange, which is then ERR_CANCELLED. */
typedef bool (*curl_client_piece)(void *ctx, int status, struct span piece);

/* Strings are used until curl_client_ask returns. */
struct curl_ask {
    const char *method;      /* "GET"; a body makes it a POST */
    const char *url;         /* http:// or https:// */
    const char *socket_path; /* unix socket to connect to; NULL: the URL's host, or the proxy that
                              * the environment names for it */
    bool is_direct;          /* without that proxy */
    const char *const *headers; /* lines "Name: value" */
    size_t header_count;
    struct span body;
    struct span roots;       /* certificates that HTTPS servers are judged by, PEM */
    const char *certificate; /* of ours and its key, PEM files; NULL: none */
    const char *key;
    int64_t connect_timeout_ms; /* names, TCP, proxy and TLS; 0: 10 s */
    int speed_least;            /* bytes a second; fewer ... */
    int speed_seconds;       /* ... on average over so many seconds is ERR_TIMEOUT; 0: no limit */
    size_t body_bytes_max;   /* of a collected body; more is ERR_OVERSIZE */
    curl_client_piece piece; /* NULL: the body is collected into the answer */
    void *ctx;
};

struct curl_answer {
    int status;
    char *body; /* collected, terminated; NULL when there is none */
    size_t body_len;
    char *headers; /* of the final answer: lines that end with \n, terminated */
    size_t headers_len;
    bool was_secured; /* TLS was up, however it went on; set after a failure, too */
};

/* Readies the library for this process and makes a client; connections are kept between exchanges.
 * ERR_MEMORY. curl_client_free takes NULL. */
NODISCARD int curl_client_new(struct curl_client **client, struct err *err);
void curl_client_free(struct curl_client *client);

/* Asks, and waits for the answer; redirects are not followed. 0 when a whole answer came, whatever
 * its status: the caller then frees it with curl_answer_free. Else *answer is empty but for
 * was_secured, and the text says why, without the URL: ERR_CERTIFICATE (not signed by the roots,
 * another name, expired), ERR_TLS, ERR_TIMEOUT (no connection in time, or too slow), ERR_NETWORK
 * (name unknown, refused, cut in the middle), ERR_PROTOCOL (no HTTP), ERR_OVERSIZE, ERR_CANCELLED,
 * ERR_VALUE (no such URL), ERR_MEMORY. */
NODISCARD int curl_client_ask(struct curl_client *client, const struct curl_ask *ask,
                              struct curl_answer *answer, struct err *err);

/* Frees body and headers and empties it; harmless twice. */
void curl_answer_free(struct curl_answer *answer);

/* The value of the n-th header of that name (any case; n from 0), without white space around it;
 * false and "" when there is none or it does not fit. cap >= 1. */
bool curl_answer_header(const struct curl_answer *answer, const char *name, size_t n, char *value,
                        size_t cap);

#endif
