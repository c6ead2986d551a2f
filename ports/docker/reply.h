/* Reply: reading the engine's JSON answers, every one of which may be anything. */
#ifndef PORTS_DOCKER_REPLY_H
#define PORTS_DOCKER_REPLY_H

#include <cjson/cJSON.h>

#include "platform/engine.h"

/* Most bytes of an answer that is read whole, and of a list: 4 KiB for each container. */
#define REPLY_BYTES_MAX      (256u * 1024u)
#define REPLY_LIST_BYTES_MAX (ENGINE_CONTAINERS_MAX * 4096u)
/* So much of the engine's words is looked at to tell what they mean. */
#define REPLY_MESSAGE_BYTES 2048

static inline void reply_free_(cJSON **json)
{
    cJSON_Delete(*json);
}

/* A parsed answer that is freed at the end of its scope. */
#define REPLY __attribute__((cleanup(reply_free_))) cJSON *

/* The parsed answer, owned by the caller, or NULL when it is not one JSON value (nesting is
 * bounded by the library), or when there is no memory to read it: *is_short then becomes true. */
cJSON *reply_parse(struct span body, bool *is_short);

/* The value at a path of keys, "State.Running", or NULL. No key may contain a dot. */
const cJSON *reply_at(const cJSON *json, const char *path);

/* The text there, or "" when there is none. */
const char *reply_text_at(const cJSON *json, const char *path);

/* The text of one key, which may contain dots, or "". */
const char *reply_text_of(const cJSON *json, const char *key);

/* The integer there, cut to [0, 2^53-1]; 0 when there is none. */
uint64_t reply_count_at(const cJSON *json, const char *path);

bool reply_is_true_at(const cJSON *json, const char *path);

/* "198.18.0.2" as a number, 0 for anything else. Any suffix "/24" is ignored. */
ipv4 reply_address(const char *text);

/* Puts the engine's own words for a failed request, {"message": ...}, on one line into `text`. */
void reply_message(struct span body, int status, char *text, size_t cap);

#endif
