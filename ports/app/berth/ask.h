/* ask: one HTTP question at a time, waited for; a tool has nothing else to do. */
#ifndef PORTS_APP_BERTH_ASK_H
#define PORTS_APP_BERTH_ASK_H

#include "platform/base/err.h"
#include "platform/base/span.h"
#include "ports/curl/client.h"

/* Of a body that is kept whole. */
#define ASK_BODY_BYTES_MAX 8388608

struct ask {
    struct curl_client *client;
    char *body; /* of the last answer; terminated, "" without one; until the next question */
    size_t body_len;
    int status;
    struct curl_answer answer; /* the same, with its headers */
};

/* Opens a client in memory of the caller. ERR_MEMORY. */
NODISCARD int ask_open(struct ask *ask, struct err *err);
void ask_close(struct ask *ask);

/* Asks whatever `question` says; fills status, body and answer. curl_client_ask's codes. */
NODISCARD int ask_question(struct ask *ask, const struct curl_ask *question, struct err *err);

/* GETs a URL, over a unix socket where socket_path is not NULL. ERR_NETWORK, ERR_TIMEOUT (no byte
 * for 30 s), ERR_OVERSIZE. */
NODISCARD int ask_get(struct ask *ask, const char *socket_path, const char *url, const char *accept,
                      struct err *err);

#endif
