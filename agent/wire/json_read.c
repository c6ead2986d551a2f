/* json_read: walking a linted document; every complaint says by path where it stands. */
#include "agent/wire/json.h"

#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/limits.h"
#include "platform/base/law.h"
#include "platform/base/text.h"
#include "platform/base/units.h"

#define PATH_BYTES          128
#define PATH_KEY_CHARACTERS 40

static void path_key(struct text *path, const char *key)
{
    size_t len = strnlen(key, PATH_KEY_CHARACTERS + 1);
    for (size_t i = 0; i < len && i < PATH_KEY_CHARACTERS; i++) {
        char c = key[i] >= 0x20 && key[i] < 0x7f ? key[i] : '?';
        text_append_span(path, span_of(&c, 1));
    }
    if (len > PATH_KEY_CHARACTERS) {
        text_append(path, "...");
    }
}

static void path_render(const struct json_place *at, struct text *path)
{
    if (at->parent == NULL) {
        return;
    }
    path_render(at->parent, path);
    if (at->key == NULL) {
        text_printf(path, "[%zu]", at->index);
        return;
    }
    if (path->len > 0) {
        text_append(path, ".");
    }
    path_key(path, at->key);
}

int json_error(const struct json_place *at, int code, struct err *err, const char *fmt, ...)
{
    LAW(SAID, code < 0);
    char buf[PATH_BYTES];
    char message[ERR_TEXT_BYTES];
    struct text path;
    va_list args;
    text_init(&path, buf, sizeof buf);
    path_render(at, &path);
    va_start(args, fmt);
    text_shorten_va(message, sizeof message, fmt, args);
    va_end(args);
    return err_set(err, code, "%s%s%.*s", path.len == 0 ? "document" : path.data, ": ",
                   (int)(sizeof message - 1), message);
}

static int tree_check(const struct json_place *at, struct err *err)
{
    struct json_place step = {0};
    size_t count = 0;
    while (json_next(at, &step)) {
        if (step.key != NULL && ++count > JSON_MEMBERS_MAX) {
            return json_error(at, ERR_OVERSIZE, err, "more than %d members", JSON_MEMBERS_MAX);
        }
        for (const cJSON *other = step.value->next; step.key != NULL && other != NULL;
             other = other->next) {
            if (strcmp(step.key, other->string) == 0) {
                return json_error(&step, ERR_DUPLICATE_KEY, err, "the key stands here twice");
            }
        }
        int rc = tree_check(&step, err);
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

int json_parse(struct span text, const struct json_rules *rules, struct json_document *document,
               struct err *err)
{
    document->root = NULL;
    int rc = json_lint(text, rules, err);
    if (rc != 0) {
        return rc;
    }
    document->root = cJSON_ParseWithLengthOpts((const char *)text.data, text.len, NULL, 0);
    if (document->root == NULL) {
        return err_set(err, ERR_MEMORY, "no memory for a document of %zu bytes", text.len);
    }
    struct json_place root = json_root(document);
    rc = tree_check(&root, err);
    if (rc != 0) {
        json_free(document);
    }
    return rc;
}

void json_free(struct json_document *document)
{
    cJSON_Delete(document->root);
    document->root = NULL;
}

struct json_place json_root(const struct json_document *document)
{
    return (struct json_place){.value = document->root};
}

bool json_member(const struct json_place *object, const char *key, struct json_place *member)
{
    if (!cJSON_IsObject(object->value)) {
        return false;
    }
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object->value, key);
    if (value == NULL) {
        return false;
    }
    *member = (struct json_place){.parent = object, .key = value->string, .value = value};
    return true;
}

bool json_next(const struct json_place *container, struct json_place *step)
{
    const cJSON *next = step->value != NULL                ? step->value->next
                        : container->value == NULL         ? NULL
                        : cJSON_IsObject(container->value) ? container->value->child
                        : cJSON_IsArray(container->value)  ? container->value->child
                                                           : NULL;
    if (next == NULL) {
        return false;
    }
    size_t index = step->value != NULL ? step->index + 1 : 0;
    *step = (struct json_place){.parent = container,
                                .key = cJSON_IsObject(container->value) ? next->string : NULL,
                                .index = index,
                                .value = next};
    return true;
}

size_t json_count(const struct json_place *container)
{
    return (size_t)cJSON_GetArraySize(container->value);
}

bool json_is_object(const struct json_place *at)
{
    return cJSON_IsObject(at->value);
}

bool json_is_array(const struct json_place *at)
{
    return cJSON_IsArray(at->value);
}

bool json_is_string(const struct json_place *at)
{
    return cJSON_IsString(at->value);
}

bool json_is_null(const struct json_place *at)
{
    return cJSON_IsNull(at->value);
}

int json_string(const struct json_place *at, const char **value, struct err *err)
{
    if (!cJSON_IsString(at->value)) {
        return json_error(at, ERR_VALUE, err, "must be a string");
    }
    *value = at->value->valuestring;
    return 0;
}

int json_copy(const struct json_place *at, char *value, size_t cap, struct err *err)
{
    LAW(BOUNDED, cap > 0);
    const char *text = NULL;
    int rc = json_string(at, &text, err);
    if (rc == 0 && !text_copy(value, cap, text)) {
        rc = json_error(at, ERR_VALUE, err, "longer than %zu characters", cap - 1);
    }
    return rc;
}

int json_name(const struct json_place *at, char *value, size_t cap, struct err *err)
{
    LAW(BOUNDED, cap > 0);
    int rc = json_copy(at, value, cap, err);
    if (rc == 0 && !text_is_name(value, cap - 1)) {
        rc = json_error(at, ERR_VALUE, err,
                        "must be 1 to %zu characters a-z, 0-9 and '-', not at the ends", cap - 1);
    }
    return rc;
}

int json_thousandths(const struct json_place *at, int64_t least, int64_t most, int64_t *value,
                     struct err *err)
{
    LAW(BOUNDED, least <= most);
    if (!cJSON_IsNumber(at->value)) {
        return json_error(at, ERR_VALUE, err, "must be a number");
    }
    double scaled = at->value->valuedouble * 1000;
    if (scaled < (double)least - 0.5 || scaled > (double)most + 0.5) {
        return json_error(at, ERR_VALUE, err, "must be between %g and %g", (double)least / 1000,
                          (double)most / 1000);
    }
    *value = (int64_t)(scaled + (scaled < 0 ? -0.5 : 0.5));
    return 0;
}

int json_integer(const struct json_place *at, int64_t least, int64_t most, int64_t *value,
                 struct err *err)
{
    LAW(BOUNDED, least <= most);
    if (!cJSON_IsNumber(at->value) ||
        at->value->valuedouble != (double)(int64_t)at->value->valuedouble) {
        return json_error(at, ERR_VALUE, err, "must be an integer");
    }
    int64_t read = (int64_t)at->value->valuedouble;
    if (read < least || read > most) {
        return json_error(at, ERR_VALUE, err, "must be between %lld and %lld", (long long)least,
                          (long long)most);
    }
    *value = read;
    return 0;
}

int json_boolean(const struct json_place *at, bool *value, struct err *err)
{
    if (!cJSON_IsBool(at->value)) {
        return json_error(at, ERR_VALUE, err, "must be true or false");
    }
    *value = cJSON_IsTrue(at->value);
    return 0;
}

static int schema_read(const struct json_place *at, int64_t most, struct err *err)
{
    int64_t schema = 0;
    int rc = json_integer(at, 0, JSON_INTEGER_MAX, &schema, err);
    if (rc == 0 && (schema < 1 || schema > most)) {
        rc = json_error(at, ERR_SCHEMA, err, "schema %lld is unknown here; this version reads 1%s",
                        (long long)schema, most == 1 ? "" : " and 2");
    }
    return rc;
}

int json_schema1(const struct json_place *at, void *into, struct err *err)
{
    (void)into;
    return schema_read(at, 1, err);
}

int json_schema2(const struct json_place *at, void *into, struct err *err)
{
    (void)into;
    return schema_read(at, 2, err);
}

static const struct json_key *key_find(const struct json_key *keys, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(keys[i].name, name) == 0) {
            return &keys[i];
        }
    }
    return NULL;
}

int json_read_object(const struct json_place *at, const struct json_key *keys, size_t count,
                     void *into, struct err *err)
{
    LAW(BOUNDED, count > 0);
    struct json_place step = {0};
    if (!cJSON_IsObject(at->value)) {
        return json_error(at, ERR_VALUE, err, "must be an object");
    }
    /* A document of a later schema may have keys we do not know: say the schema, not the key. */
    if (keys[0].read == json_schema1 && json_member(at, keys[0].name, &step)) {
        int rc = json_schema1(&step, into, err);
        if (rc != 0) {
            return rc;
        }
    }
    step = (struct json_place){0};
    while (json_next(at, &step)) {
        const struct json_key *key = key_find(keys, count, step.key);
        if (key == NULL) {
            return json_error(&step, ERR_UNKNOWN_KEY, err,
                              "unknown key; check its spelling or remove it");
        }
        if (key->read == NULL) {
            return json_error(&step, ERR_UNKNOWN_KEY, err, "%s", key->remedy);
        }
    }
    for (size_t i = 0; i < count; i++) {
        struct json_place member;
        int rc = 0;
        if (json_member(at, keys[i].name, &member)) {
            rc = keys[i].read(&member, into, err);
        } else if (keys[i].is_required) {
            member = (struct json_place){.parent = at, .key = keys[i].name};
            rc = json_error(&member, ERR_MISSING, err, "missing; it is required");
        }
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}
