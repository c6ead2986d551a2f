/* ask: the event loop turned until the answer is there. */
#include "ports/app/berth/ask.h"

#include <stdlib.h>

#include "platform/base/units.h"
#include "ports/curl/http.h"

#define TIMEOUT_MS SECONDS_MS(30)

int ask_open(struct ask *ask, struct err *err)
{
    *ask = (struct ask){0};
    ask->body = malloc(ASK_BODY_BYTES_MAX + 1);
    if (ask->body == NULL) {
        return err_set(err, ERR_MEMORY, "no memory for an answer");
    }
    int rc = curl_http_library_init(err);
    if (rc != 0) {
        free(ask->body);
        return rc;
    }
    rc = linux_loop_init(&ask->loop, err);
    if (rc == 0) {
        ask->loop_interface = linux_loop_interface(&ask->loop);
        rc = curl_http_new(&ask->loop_interface, &ask->curl, err);
        if (rc != 0) {
            linux_loop_close(&ask->loop);
        }
    }
    if (rc != 0) {
        curl_http_library_close();
        free(ask->body);
        return rc;
    }
    ask->http = curl_http_interface(ask->curl);
    return 0;
}

void ask_close(struct ask *ask)
{
    curl_http_free(ask->curl);
    linux_loop_close(&ask->loop);
    curl_http_library_close();
    free(ask->body);
}

static int piece_take(void *ctx, int status, struct span piece)
{
    struct ask *ask = ctx;
    (void)status;
    if (piece.len > ASK_BODY_BYTES_MAX - ask->body_len) {
        ask->is_too_large = true;
        return false;
    }
    if (piece.len > 0) {
        memcpy(ask->body + ask->body_len, piece.data, piece.len);
    }
    ask->body_len += piece.len;
    return true;
}

static void answer_take(void *ctx, const struct err *err, int status, const char *header)
{
    struct ask *ask = ctx;
    (void)header;
    ask->is_done = true;
    ask->status = status;
    ask->body[ask->body_len] = '\0';
    if (err != NULL) {
        ask->failure = *err;
    }
}

int ask_get(struct ask *ask, const char *socket_path, const char *url, const char *accept,
            struct err *err)
{
    struct http_request request = {.method = "GET",
                                   .socket_path = socket_path,
                                   .url = url,
                                   .accept = accept,
                                   .timeout_ms = TIMEOUT_MS};
    ask->body_len = 0;
    ask->is_done = ask->is_too_large = false;
    ask->failure = (struct err){0};
    int rc = ask->http.ops->start(ask->http.self, &request, piece_take, answer_take, ask, err);
    if (rc != 0) {
        return rc;
    }
    while (!ask->is_done) {
        linux_loop_run_once(&ask->loop, TIMEOUT_MS);
    }
    if (ask->is_too_large) {
        return err_set(err, ERR_OVERSIZE, "the answer is longer than %d bytes", ASK_BODY_BYTES_MAX);
    }
    return ask->failure.code == 0 ? 0 : err_set(err, ask->failure.code, "%s", ask->failure.text);
}
