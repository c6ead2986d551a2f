/* presence: five members, read and written. */
#include "agent/wire/presence.h"

#include <string.h>

#include "agent/limits.h"
#include "agent/wire/json.h"

void presence_render(const struct presence *presence, struct text *text)
{
    text_printf(text, "{\"schema\":1,\"session\":\"%s\",\"online\":%s", presence->session,
                presence->is_online ? "true" : "false");
    if (presence->since != 0) {
        text_printf(text, ",\"since\":%lld,\"timeTrusted\":%s", (long long)presence->since,
                    presence->is_time_trusted ? "true" : "false");
    }
    text_append(text, "}");
}

static const struct json_field fields[] = {
    JSON_FIELD("session", TEXT, struct presence, session, true),
    JSON_FIELD("online", BOOLEAN, struct presence, is_online, true),
    JSON_FIELD("since", INSTANT, struct presence, since, false),
    JSON_FIELD("timeTrusted", BOOLEAN, struct presence, is_time_trusted, false)};

static bool is_known(const char *key)
{
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        if (strcmp(fields[i].name, key) == 0) {
            return true;
        }
    }
    return false;
}

int presence_parse(struct span text, struct presence *presence, struct err *err)
{
    static const struct json_rules rules = {.bytes_max = SMALL_BYTES_MAX};
    struct json_document document;
    struct presence read = {0};
    int rc = json_parse(text, &rules, &document, err);
    if (rc != 0) {
        return rc;
    }
    struct json_place root = json_root(&document);
    rc = json_read_head(&root, is_known, err);
    rc = rc == 0 ? json_read_fields(&root, fields, COUNT_OF(fields), &read, err) : rc;
    json_free(&document);
    if (rc == 0) {
        *presence = read;
    }
    return rc;
}
