/* paths.h: what the web app answers to each path. */
#ifndef TESTS_APPS_PATHS_H
#define TESTS_APPS_PATHS_H

#include "drain.h"
#include "http.h"
#include "settings.h"

#include <netinet/in.h>

/* What all answers depend on. served counts the requests to "/", for FAIL_PERCENT. */
struct site {
    struct settings settings;
    struct drain drain;
    int64_t started_ms;
    uint64_t served;
};

/* One answer. wait_ms > 0: give it after that time. peer.sin_port != 0: give it after trying to
 * open a TCP connection to there, with the result as its body. */
struct answer {
    int status;
    char body[4096];
    size_t body_len;
    int64_t wait_ms;
    struct sockaddr_in peer;
};

/* Decides the answer to a request from `client`. POST /drain sets site->drain.noticed. */
void paths_answer(struct site *site, const struct http_request *request,
                  const struct sockaddr_in *client, int64_t now_ms, struct answer *answer);

/* Writes head and body to buf of size bytes and returns the length; the body is left out for HEAD.
 * Asserts that it fits. */
size_t paths_render(const struct answer *answer, bool is_head, bool keep_open, char *buf,
                    size_t size);

#endif
