/* Reply: careful look-ups in parsed answers. */
#include "ports/docker/reply.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

#include "platform/base/text.h"

cJSON *reply_parse(struct span body, bool *is_short)
{
    if (body.len == 0) {
        return NULL;
    }
    errno = 0; /* cJSON does not say why it gives up, the C library does */
    cJSON *json = cJSON_ParseWithLength((const char *)body.data, body.len);
    *is_short = *is_short || (json == NULL && errno == ENOMEM);
    return json;
}

const cJSON *reply_at(const cJSON *json, const char *path)
{
    char key[64];
    while (json != NULL && *path != '\0') {
        size_t len = strcspn(path, ".");
        if (len >= sizeof key) {
            return NULL;
        }
        memcpy(key, path, len);
        key[len] = '\0';
        json = cJSON_GetObjectItemCaseSensitive(json, key);
        path += len + (path[len] == '.' ? 1 : 0);
    }
    return json;
}

static const char *text_or_empty(const cJSON *json)
{
    const char *text = cJSON_GetStringValue(json);
    return text != NULL ? text : "";
}

const char *reply_text_at(const cJSON *json, const char *path)
{
    return text_or_empty(reply_at(json, path));
}

const char *reply_text_of(const cJSON *json, const char *key)
{
    return text_or_empty(cJSON_GetObjectItemCaseSensitive(json, key));
}

uint64_t reply_count_at(const cJSON *json, const char *path)
{
    const cJSON *number = reply_at(json, path);
    if (!cJSON_IsNumber(number) || !(number->valuedouble > 0)) {
        return 0;
    }
    if (number->valuedouble >= (double)JSON_INTEGER_MAX) {
        return (uint64_t)JSON_INTEGER_MAX;
    }
    return (uint64_t)number->valuedouble;
}

bool reply_is_true_at(const cJSON *json, const char *path)
{
    return cJSON_IsTrue(reply_at(json, path)) != 0;
}

ipv4 reply_address(const char *text)
{
    char host[INET_ADDRSTRLEN];
    struct in_addr address;
    size_t len = strcspn(text, "/");
    if (len >= sizeof host) {
        return 0;
    }
    memcpy(host, text, len);
    host[len] = '\0';
    return inet_pton(AF_INET, host, &address) == 1 ? ntohl(address.s_addr) : 0;
}

void reply_message(struct span body, int status, char *text, size_t cap)
{
    bool is_short = false;
    REPLY json = reply_parse(body, &is_short);
    const char *message = reply_text_at(json, "message");
    if (message[0] == '\0') {
        (void)snprintf(text, cap, "status %d", status);
        return;
    }
    text_shorten_line(text, cap, span_text(message));
}
