/* labels: a short sorted list, checked at every door. */
#include "agent/wire/labels.h"

#include <ctype.h>
#include <string.h>

#include "agent/wire/json.h"
#include "platform/base/law.h"
#include "platform/base/units.h"

/* Letters, digits and `others`, with a letter or a digit at both ends. */
static bool is_word(const char *text, size_t len, const char *others)
{
    if (len == 0 || !isalnum((unsigned char)text[0]) || !isalnum((unsigned char)text[len - 1])) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)text[i]) && strchr(others, text[i]) == NULL) {
            return false;
        }
    }
    return true;
}

/* DNS labels with dots between them, in lower case. */
static bool is_prefix(const char *text, size_t len)
{
    size_t start = 0;
    for (size_t i = 0; i <= len; i++) {
        if (i == len || text[i] == '.') {
            if (!is_word(text + start, i - start, "-")) {
                return false;
            }
            start = i + 1;
        } else if (isupper((unsigned char)text[i])) {
            return false;
        }
    }
    return true;
}

bool label_is_key(const char *text)
{
    size_t len = strnlen(text, LABEL_BYTES);
    if (len == LABEL_BYTES) {
        return false;
    }
    const char *slash = memchr(text, '/', len);
    if (slash == NULL) {
        return is_word(text, len, "-_.");
    }
    size_t prefix_len = (size_t)(slash - text);
    return is_prefix(text, prefix_len) && is_word(slash + 1, len - prefix_len - 1, "-_.");
}

bool label_is_value(const char *text)
{
    size_t len = strnlen(text, LABEL_BYTES);
    return len == 0 || (len < LABEL_BYTES && is_word(text, len, "-_."));
}

/* The place of the key, or where it would stand. */
static size_t label_place(const struct labels *labels, const char *key, bool *is_there)
{
    size_t at = 0;
    while (at < labels->count && strcmp(labels->list[at].key, key) < 0) {
        at++;
    }
    *is_there = at < labels->count && strcmp(labels->list[at].key, key) == 0;
    return at;
}

int labels_set(struct labels *labels, const char *key, const char *value, struct err *err)
{
    LAW(BOUNDED, labels->count <= LABELS_MAX);
    bool is_there = false;
    if (!label_is_key(key)) {
        return err_set(err, ERR_VALUE,
                       "'%.64s' is no label's key: [prefix/]name of letters, digits, '-', '_' and "
                       "'.', at most 63",
                       key);
    }
    if (!label_is_value(value)) {
        return err_set(err, ERR_VALUE,
                       "'%.64s' is no value of %s: letters, digits, '-', '_' and '.', at most 63",
                       value, key);
    }
    size_t at = label_place(labels, key, &is_there);
    if (!is_there && labels->count == LABELS_MAX) {
        return err_set(err, ERR_LIMIT, "at most %d labels", LABELS_MAX);
    }
    if (!is_there) {
        memmove(&labels->list[at + 1], &labels->list[at],
                (labels->count - at) * sizeof labels->list[0]);
        labels->count++;
    }
    (void)text_copy(labels->list[at].key, LABEL_BYTES, key);
    (void)text_copy(labels->list[at].value, LABEL_BYTES, value);
    return 0;
}

bool labels_remove(struct labels *labels, const char *key)
{
    bool is_there = false;
    size_t at = label_place(labels, key, &is_there);
    if (is_there) {
        labels->count--;
        memmove(&labels->list[at], &labels->list[at + 1],
                (labels->count - at) * sizeof labels->list[0]);
    }
    return is_there;
}

const char *labels_get(const struct labels *labels, const char *key)
{
    LAW(BOUNDED, labels->count <= LABELS_MAX);
    bool is_there = false;
    size_t at = label_place(labels, key, &is_there);
    return is_there ? labels->list[at].value : NULL;
}

void labels_append(const struct labels *labels, struct text *text)
{
    LAW(BOUNDED, labels->count <= LABELS_MAX);
    text_append(text, "{");
    for (size_t i = 0; i < labels->count; i++) {
        text_append(text, i == 0 ? "" : ",");
        text_append_json(text, labels->list[i].key);
        text_append(text, ":");
        text_append_json(text, labels->list[i].value);
    }
    text_append(text, "}");
}

void labels_render(const struct labels *labels, struct text *text)
{
    text_append(text, "{\"schema\":1,\"labels\":");
    labels_append(labels, text);
    text_append(text, "}");
}

int labels_read(const struct json_place *at, void *into, struct err *err)
{
    struct labels *labels = into;
    struct json_place step = {0};
    if (!json_is_object(at) || json_count(at) > LABELS_MAX) {
        return json_error(at, ERR_VALUE, err, "must be an object of at most %d labels", LABELS_MAX);
    }
    while (json_next(at, &step)) {
        const char *value = NULL;
        struct err why = {0};
        int rc = json_string(&step, &value, err);
        if (rc != 0) {
            return rc;
        }
        rc = labels_set(labels, step.key, value, &why);
        if (rc != 0) {
            return json_error(&step, rc, err, "%s", why.text);
        }
    }
    return 0;
}

int labels_parse(struct span text, struct labels *labels, struct err *err)
{
    static const struct json_rules rules = {.bytes_max = SMALL_BYTES_MAX};
    static const struct json_key keys[] = {{"schema", json_schema1, NULL, true},
                                           {"labels", labels_read, NULL, true}};
    struct json_document document;
    struct labels read = {0};
    int rc = json_parse(text, &rules, &document, err);
    if (rc != 0) {
        return rc;
    }
    struct json_place root = json_root(&document);
    rc = json_read_object(&root, keys, COUNT_OF(keys), &read, err);
    json_free(&document);
    if (rc == 0) {
        *labels = read;
    }
    return rc;
}
