/* ask: the last answer kept until the next question. */
#include "ports/app/berth/ask.h"

#include <stdio.h>

enum { SILENT_SECONDS = 30 };

static char nothing[] = "";

static void ask_forget(struct ask *ask)
{
    curl_answer_free(&ask->answer);
    ask->body = nothing;
    ask->body_len = 0;
    ask->status = 0;
}

int ask_open(struct ask *ask, struct err *err)
{
    *ask = (struct ask){0};
    ask_forget(ask);
    return curl_client_new(&ask->client, err);
}

void ask_close(struct ask *ask)
{
    ask_forget(ask);
    curl_client_free(ask->client);
}

int ask_question(struct ask *ask, const struct curl_ask *question, struct err *err)
{
    ask_forget(ask);
    int rc = curl_client_ask(ask->client, question, &ask->answer, err);
    if (rc == 0) {
        ask->status = ask->answer.status;
        ask->body = ask->answer.body != NULL ? ask->answer.body : nothing;
        ask->body_len = ask->answer.body_len;
    }
    return rc;
}

int ask_get(struct ask *ask, const char *socket_path, const char *url, const char *accept,
            struct err *err)
{
    char line[512];
    const char *const headers[] = {line};
    (void)snprintf(line, sizeof line, "Accept: %s", accept != NULL ? accept : "*/*");
    struct curl_ask question = {.method = "GET",
                                .url = url,
                                .socket_path = socket_path,
                                .headers = headers,
                                .header_count = 1,
                                .speed_least = 1,
                                .speed_seconds = SILENT_SECONDS,
                                .body_bytes_max = ASK_BODY_BYTES_MAX};
    return ask_question(ask, &question, err);
}
