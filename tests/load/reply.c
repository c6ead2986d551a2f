/* reply.c: judges the bytes of one HTTP answer, strictly, as they come. */
#include "reply.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_prefix_of_status_line(const char *buf, size_t len)
{
    static const char start[] = "HTTP/1.1 ";
    size_t known = len < sizeof(start) - 1 ? len : sizeof(start) - 1;
    return memcmp(buf, start, known) == 0;
}

/* The value of the header `name`, which ends at "\r\n", or NULL. */
static const char *header_find(const char *head, const char *head_end, const char *name)
{
    size_t name_len = strlen(name);
    const char *line = memmem(head, (size_t)(head_end - head), "\r\n", 2);
    while (line != NULL && line < head_end) {
        line += 2;
        if ((size_t)(head_end - line) > name_len && strncasecmp(line, name, name_len) == 0 &&
            line[name_len] == ':') {
            const char *value = line + name_len + 1;
            while (*value == ' ') {
                value++;
            }
            return value;
        }
        line = memmem(line, (size_t)(head_end - line), "\r\n", 2);
    }
    return NULL;
}

/* "NAME VERSION\n", of printable characters without quotes, so that it can stand in JSON. */
static bool version_read(const char *body, size_t len, char version[VERSION_SIZE])
{
    const char *space = memchr(body, ' ', len);
    if (len < 4 || body[len - 1] != '\n' || space == NULL || space == body) {
        return false;
    }
    size_t version_len = (size_t)(body + len - 1 - (space + 1));
    if (version_len == 0 || version_len >= VERSION_SIZE) {
        return false;
    }
    for (size_t i = 0; i + 1 < len; i++) {
        bool is_plain = body[i] > ' ' && body[i] <= '~' && body[i] != '"' && body[i] != '\\';
        if (!is_plain && body + i != space) {
            return false;
        }
    }
    memcpy(version, space + 1, version_len);
    version[version_len] = '\0';
    return true;
}

enum reply_state reply_judge(const char *buf, size_t len, bool any_body, struct reply *reply)
{
    if (!is_prefix_of_status_line(buf, len)) {
        return REPLY_GARBLED;
    }
    const char *head_end = memmem(buf, len, "\r\n\r\n", 4);
    if (head_end == NULL) {
        return REPLY_PARTIAL;
    }
    *reply = (struct reply){.status = (int)strtol(buf + 9, NULL, 10)};
    const char *connection = header_find(buf, head_end + 2, "Connection");
    const char *length = header_find(buf, head_end + 2, "Content-Length");
    if (reply->status < 100 || reply->status > 599 || length == NULL || *length < '0' ||
        *length > '9') {
        return REPLY_GARBLED;
    }
    reply->says_close = connection != NULL && strncasecmp(connection, "close\r", 6) == 0;
    const char *body = head_end + 4;
    size_t have = (size_t)(buf + len - body);
    size_t want = strtoul(length, NULL, 10);
    if (have < want) {
        return REPLY_PARTIAL;
    }
    bool has_version = version_read(body, want, reply->version);
    if (have > want || (reply->status == 200 && !any_body && !has_version)) {
        return REPLY_GARBLED;
    }
    return REPLY_COMPLETE;
}
