/* paths.c: one small function per path, in one table. */
#include "paths.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct visit {
    struct site *site;
    const struct http_request *request;
    const struct sockaddr_in *client;
    int64_t now_ms;
};

__attribute__((format(printf, 3, 4))) static void answer_set(struct answer *answer, int status,
                                                             const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(answer->body, sizeof(answer->body), format, arguments);
    va_end(arguments);
    assert(len >= 0 && (size_t)len < sizeof(answer->body));
    answer->status = status;
    answer->body_len = (size_t)len;
}

static void answer_version(const struct visit *visit, int status, struct answer *answer)
{
    answer_set(answer, status, "%s %s\n", visit->site->settings.name,
               visit->site->settings.version);
}

static bool is_failing(const struct visit *visit)
{
    int64_t after_ms = visit->site->settings.fail_after_ms;
    return after_ms > 0 && visit->now_ms - visit->site->started_ms >= after_ms;
}

/* FAIL_PERCENT spreads its failures evenly instead of drawing them: a test can count on them. */
static void path_root(const struct visit *visit, struct answer *answer)
{
    uint64_t percent = (uint64_t)visit->site->settings.fail_percent;
    uint64_t before = visit->site->served * percent / 100;
    visit->site->served++;
    bool unlucky = visit->site->served * percent / 100 != before;
    answer_version(visit, is_failing(visit) || unlucky ? 500 : 200, answer);
}

static void path_readyz(const struct visit *visit, struct answer *answer)
{
    bool stopping = visit->site->drain.stop_by_ms != 0;
    bool ready = !visit->site->settings.not_ready && !stopping;
    answer_version(visit, is_failing(visit) ? 500 : (ready ? 200 : 503), answer);
}

static void path_healthz(const struct visit *visit, struct answer *answer)
{
    answer_version(visit, is_failing(visit) ? 500 : 200, answer);
}

static void path_slow(const struct visit *visit, struct answer *answer)
{
    char text[16];
    if (!http_query_value(visit->request->query, "ms", text, sizeof(text))) {
        answer_set(answer, 400, "say how slow: /slow?ms=5000\n");
        return;
    }
    long wait_ms = strtol(text, NULL, 10);
    answer->wait_ms = wait_ms < 0 ? 0 : (wait_ms > 600000 ? 600000 : wait_ms);
    answer_version(visit, 200, answer);
}

static void path_drain(const struct visit *visit, struct answer *answer)
{
    if (strcmp(visit->request->method, "POST") != 0) {
        answer_set(answer, 405, "the notice is a POST\n");
        return;
    }
    if (!visit->site->settings.ignore_notice) {
        visit->site->drain.noticed = true;
    }
    answer_set(answer, 200, "noticed\n");
}

static void path_peer(const struct visit *visit, struct answer *answer)
{
    char text[32];
    bool has_value = http_query_value(visit->request->query, "addr", text, sizeof(text));
    char *colon = has_value ? strchr(text, ':') : NULL;
    if (colon != NULL) {
        *colon = '\0';
        long port = strtol(colon + 1, NULL, 10);
        if (port > 0 && port < 65536 && inet_pton(AF_INET, text, &answer->peer.sin_addr) == 1) {
            answer->peer.sin_family = AF_INET;
            answer->peer.sin_port = htons((uint16_t)port);
            answer->status = 200;
            return;
        }
    }
    answer_set(answer, 400, "say where to: /peer?addr=127.0.0.1:80\n");
}

static void path_from(const struct visit *visit, struct answer *answer)
{
    char text[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &visit->client->sin_addr, text, sizeof(text));
    answer_set(answer, 200, "%s:%u\n", text, ntohs(visit->client->sin_port));
}

static void path_echo(const struct visit *visit, struct answer *answer)
{
    const struct http_request *request = visit->request;
    bool has_body = request->body_len > 0;
    if (request->body_len >= sizeof(answer->body)) {
        answer_set(answer, 413, "at most %zu bytes\n", sizeof(answer->body) - 1);
        return;
    }
    answer->status = 200;
    answer->body_len = has_body ? request->body_len : strlen(request->query);
    memcpy(answer->body, has_body ? request->body : request->query, answer->body_len);
}

/* Only what a test names: `path`, and for `append` also `text`. */
static void path_file(const struct visit *visit, struct answer *answer)
{
    char path[64];
    char text[64];
    char body[256];
    bool has_text = http_query_value(visit->request->query, "text", text, sizeof(text));
    FILE *file = http_query_value(visit->request->query, "path", path, sizeof(path))
                     ? fopen(path, has_text ? "a" : "r")
                     : NULL;
    if (file == NULL) {
        answer_set(answer, 404, "%s\n", strerror(errno));
        return;
    }
    if (has_text) {
        bool is_written = fprintf(file, "%s\n", text) > 0;
        is_written = fclose(file) == 0 && is_written;
        answer_set(answer, is_written ? 200 : 500, is_written ? "written\n" : "not written\n");
        return;
    }
    setvbuf(file, NULL, _IONBF, 0); /* a device gives more than is asked for */
    size_t len = fread(body, 1, sizeof(body) - 1, file);
    fclose(file);
    body[len] = '\0';
    answer_set(answer, 200, "%zu bytes: %s", len, body);
}

void paths_answer(struct site *site, const struct http_request *request,
                  const struct sockaddr_in *client, int64_t now_ms, struct answer *answer)
{
    static const struct {
        const char *path;
        void (*answer)(const struct visit *visit, struct answer *answer);
    } paths[] = {
        {"/", path_root},     {"/readyz", path_readyz}, {"/healthz", path_healthz},
        {"/slow", path_slow}, {"/drain", path_drain},   {"/peer", path_peer},
        {"/from", path_from}, {"/echo", path_echo},     {"/file", path_file},
    };
    struct visit visit = {site, request, client, now_ms};
    answer->status = 0;
    answer->body_len = 0;
    answer->wait_ms = 0;
    answer->peer = (struct sockaddr_in){0};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        if (strcmp(paths[i].path, request->path) == 0) {
            paths[i].answer(&visit, answer);
            return;
        }
    }
    answer_set(answer, 404, "no such path\n");
}

static const char *reason_text(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 400:
        return "Bad Request";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 413:
        return "Content Too Large";
    case 503:
        return "Service Unavailable";
    default:
        return "Internal Server Error";
    }
}

size_t paths_render(const struct answer *answer, bool is_head, bool keep_open, char *buf,
                    size_t size)
{
    int len = snprintf(buf, size,
                       "HTTP/1.1 %d %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n"
                       "Connection: %s\r\n\r\n",
                       answer->status, reason_text(answer->status), answer->body_len,
                       keep_open ? "keep-alive" : "close");
    assert(len > 0 && (size_t)len + answer->body_len <= size);
    if (is_head) {
        return (size_t)len;
    }
    memcpy(buf + len, answer->body, answer->body_len);
    return (size_t)len + answer->body_len;
}
