/* json_fields: plain members read by a table, and the head of lenient documents. */
#include <string.h>

#include "agent/wire/json.h"
#include "platform/base/law.h"
#include "platform/base/units.h"

static int number_read(const struct json_place *at, int64_t most, int64_t *value, struct err *err)
{
    return json_integer(at, 0, most, value, err);
}

static int digest_read(const struct json_place *at, struct digest *digest, struct err *err)
{
    const char *text = NULL;
    int rc = json_string(at, &text, err);
    if (rc == 0 && !digest_parse(text, digest)) {
        rc = json_error(at, ERR_VALUE, err, "must be 64 hex digits");
    }
    return rc;
}

static int field_read(const struct json_place *at, const struct json_field *field, void *into,
                      struct err *err)
{
    void *member = (char *)into + field->offset;
    int64_t number = 0;
    int rc = 0;
    switch (field->kind) {
    case JSON_FIELD_TEXT:
        return json_copy(at, member, field->size, err);
    case JSON_FIELD_DIGEST:
        return digest_read(at, member, err);
    case JSON_FIELD_NUMBER:
        rc = number_read(at, JSON_INTEGER_MAX, &number, err);
        *(uint64_t *)member = rc == 0 ? (uint64_t)number : *(uint64_t *)member;
        return rc;
    case JSON_FIELD_NUMBER32:
        rc = number_read(at, UINT32_MAX, &number, err);
        *(uint32_t *)member = rc == 0 ? (uint32_t)number : *(uint32_t *)member;
        return rc;
    case JSON_FIELD_INSTANT:
        rc = number_read(at, JSON_INTEGER_MAX, &number, err);
        *(wall_ms *)member = rc == 0 ? number : *(wall_ms *)member;
        return rc;
    case JSON_FIELD_BOOLEAN:
        return json_boolean(at, member, err);
    }
    return err_set(err, ERR_INTERNAL, "no such kind of field");
}

int json_read_fields(const struct json_place *at, const struct json_field *fields, size_t count,
                     void *into, struct err *err)
{
    LAW(BOUNDED, count > 0);
    if (!json_is_object(at)) {
        return json_error(at, ERR_VALUE, err, "must be an object");
    }
    for (size_t i = 0; i < count; i++) {
        struct json_place member;
        int rc = 0;
        if (json_member(at, fields[i].name, &member)) {
            rc = field_read(&member, &fields[i], into, err);
        } else if (fields[i].is_required) {
            member = (struct json_place){.parent = at, .key = fields[i].name};
            rc = json_error(&member, ERR_MISSING, err, "missing; it is required");
        }
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

int json_read_head(const struct json_place *root, json_knows knows, struct err *err)
{
    struct json_place member;
    if (!json_member(root, "schema", &member)) {
        member = (struct json_place){.parent = root, .key = "schema"};
        return json_error(&member, ERR_MISSING, err, "missing; it is required");
    }
    int rc = json_schema1(&member, NULL, err);
    if (rc != 0 || !json_member(root, "must", &member)) {
        return rc;
    }
    struct json_place step = {0};
    while (json_next(&member, &step)) {
        const char *key = NULL;
        rc = json_string(&step, &key, err);
        if (rc != 0) {
            return rc;
        }
        if (!knows(key)) {
            return json_error(&step, ERR_UNKNOWN_KEY, err,
                              "the key \"%.40s\" must be understood and is not: update this side",
                              key);
        }
    }
    return 0;
}
