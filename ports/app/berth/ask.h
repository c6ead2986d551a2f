/* ask: one HTTP question at a time, waited for; a tool has nothing else to do. */
#ifndef PORTS_APP_BERTH_ASK_H
#define PORTS_APP_BERTH_ASK_H

#include "platform/base/err.h"
#include "platform/base/span.h"
#include "platform/http.h"
#include "ports/linux/loop.h"

#define ASK_BODY_BYTES_MAX 1048576

struct curl_http;

struct ask {
    struct linux_loop loop;
    struct loop loop_interface;
    struct curl_http *curl;
    struct http http;
    char *body; /* of the last answer; terminated */
    size_t body_len;
    int status;
    /* private */
    bool is_done, is_too_large;
    struct err failure;
};

/* Opens loop and client in memory of the caller, which must not move until ask_close. */
NODISCARD int ask_open(struct ask *ask, struct err *err);
void ask_close(struct ask *ask);

/* GETs a URL, over a unix socket where socket_path is not NULL; fills status and body.
 * ERR_NETWORK, ERR_TIMEOUT (30 s), ERR_OVERSIZE. */
NODISCARD int ask_get(struct ask *ask, const char *socket_path, const char *url, const char *accept,
                      struct err *err);

#endif
