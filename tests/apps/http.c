/* http.c: reads one HTTP/1.1 request out of a buffer that may hold several. */
#include "http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool text_copy(char *to, size_t size, const char *from, size_t len)
{
    if (len >= size) {
        return false;
    }
    memcpy(to, from, len);
    to[len] = '\0';
    return true;
}

static bool request_line_parse(const char *line, size_t len, struct http_request *request)
{
    const char *end = line + len;
    const char *method_end = memchr(line, ' ', len);
    if (method_end == NULL) {
        return false;
    }
    const char *target = method_end + 1;
    const char *target_end = memchr(target, ' ', (size_t)(end - target));
    if (target_end == NULL || target_end == target || *target != '/') {
        return false;
    }
    const char *protocol = target_end + 1;
    size_t protocol_len = (size_t)(end - protocol);
    if (protocol_len != 8 || memcmp(protocol, "HTTP/1.", 7) != 0) {
        return false;
    }
    request->client_wants_more = protocol[7] != '0';
    const char *mark = memchr(target, '?', (size_t)(target_end - target));
    const char *path_end = mark != NULL ? mark : target_end;
    const char *query = mark != NULL ? mark + 1 : target_end;
    return text_copy(request->method, sizeof(request->method), line, (size_t)(method_end - line)) &&
           text_copy(request->path, sizeof(request->path), target, (size_t)(path_end - target)) &&
           text_copy(request->query, sizeof(request->query), query, (size_t)(target_end - query));
}

static bool header_parse(const char *line, size_t len, struct http_request *request)
{
    char value[64];
    const char *colon = memchr(line, ':', len);
    if (colon == NULL) {
        return false;
    }
    size_t name_len = (size_t)(colon - line);
    const char *start = colon + 1;
    while (start < line + len && (*start == ' ' || *start == '\t')) {
        start++;
    }
    if (!text_copy(value, sizeof(value), start, (size_t)(line + len - start))) {
        return true; /* no header that matters here has a value this long */
    }
    if (name_len == 14 && strncasecmp(line, "Content-Length", 14) == 0) {
        char *end;
        unsigned long body_len = strtoul(value, &end, 10);
        request->body_len = body_len;
        return value[0] >= '0' && value[0] <= '9' && *end == '\0' && body_len < 1u << 20;
    }
    if (name_len == 10 && strncasecmp(line, "Connection", 10) == 0) {
        if (strcasecmp(value, "close") == 0) {
            request->client_wants_more = false;
        } else if (strcasecmp(value, "keep-alive") == 0) {
            request->client_wants_more = true;
        }
    }
    return !(name_len == 17 && strncasecmp(line, "Transfer-Encoding", 17) == 0);
}

enum http_state http_parse(const char *buf, size_t len, struct http_request *request)
{
    const char *head_end = memmem(buf, len, "\r\n\r\n", 4);
    if (head_end == NULL) {
        return HTTP_PARTIAL;
    }
    *request = (struct http_request){.body = head_end + 4};
    const char *line = buf;
    for (int number = 0; line <= head_end; number++) {
        const char *line_end = memmem(line, (size_t)(head_end + 2 - line), "\r\n", 2);
        size_t line_len = (size_t)(line_end - line);
        bool good = number == 0 ? request_line_parse(line, line_len, request)
                                : header_parse(line, line_len, request);
        if (!good) {
            return HTTP_MALFORMED;
        }
        line = line_end + 2;
    }
    request->size = (size_t)(request->body - buf) + request->body_len;
    return request->size <= len ? HTTP_COMPLETE : HTTP_PARTIAL;
}

bool http_query_value(const char *query, const char *key, char *value, size_t size)
{
    size_t key_len = strlen(key);
    for (const char *pair = query; *pair != '\0';) {
        size_t pair_len = strcspn(pair, "&");
        if (pair_len > key_len && pair[key_len] == '=' && memcmp(pair, key, key_len) == 0) {
            return text_copy(value, size, pair + key_len + 1, pair_len - key_len - 1);
        }
        pair += pair_len + (pair[pair_len] == '&');
    }
    return false;
}
