/* emit: YAML's scalars, lists and maps as JSON. */
#include <stdarg.h>
#include <stdio.h>

#include "platform/base/units.h"
#include "ports/app/berth/compose/compose.h"

#define SCALAR_BYTES_MAX 8192

int compose_fail(struct compose *compose, const struct yaml_item *item, int code, const char *fmt,
                 ...)
{
    char message[ERR_TEXT_BYTES];
    va_list args;
    va_start(args, fmt);
    text_shorten_va(message, sizeof message, fmt, args);
    va_end(args);
    return err_set(compose->err, code, "%s:%zu: %s", compose->path, item != NULL ? item->line : 1,
                   message);
}

void compose_key(struct compose *compose, const char *key, bool *comma)
{
    text_append(compose->out, *comma ? "," : "");
    text_append_json(compose->out, key);
    text_append(compose->out, ":");
    *comma = true;
}

/* Compose fills in variables of the machine it runs on; a release is the same for everybody. */
static int dollars_read(struct compose *compose, const struct yaml_item *item, struct text *out)
{
    for (const char *at = item->text; *at != '\0'; at++) {
        bool is_name =
            at[0] == '$' && (at[1] == '{' || at[1] == '_' || (at[1] >= 'A' && at[1] <= 'Z') ||
                             (at[1] >= 'a' && at[1] <= 'z'));
        if (is_name) {
            return compose_fail(compose, item, ERR_VALUE,
                                "%s: variables of this machine are not filled in; write the value, "
                                "or $$ for a dollar sign",
                                item->text);
        }
        at += at[0] == '$' && at[1] == '$';
        text_append_span(out, span_of(at, 1));
    }
    return out->cut ? compose_fail(compose, item, ERR_OVERSIZE, "the value is too long") : 0;
}

int compose_text(struct compose *compose, const struct yaml_item *item)
{
    char value[SCALAR_BYTES_MAX];
    struct text text;
    if (item->kind != YAML_TREE_SCALAR) {
        return compose_fail(compose, item, ERR_VALUE, "%s: must be a single value",
                            item->key != NULL ? item->key : "this");
    }
    text_init(&text, value, sizeof value);
    int rc = dollars_read(compose, item, &text);
    if (rc == 0) {
        text_append_json(compose->out, value);
    }
    return rc;
}

static size_t digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* An integer as JSON writes it. */
static bool is_integer(const char *text)
{
    text += *text == '-';
    size_t len = digits(text);
    return len > 0 && text[len] == '\0' && (text[0] != '0' || len == 1) && len <= 16;
}

/* A decimal of at most three places, under a key that may have one. */
static bool is_decimal(const struct yaml_item *item)
{
    static const char *const keys[] = {"initialDelaySeconds", "periodSeconds", "timeoutSeconds"};
    size_t whole = digits(item->text);
    size_t places = item->text[whole] == '.' ? digits(item->text + whole + 1) : 0;
    if (whole == 0 || (item->text[0] == '0' && whole > 1) || places == 0 || places > 3 ||
        item->text[whole + 1 + places] != '\0') {
        return false;
    }
    for (size_t i = 0; item->key != NULL && i < COUNT_OF(keys); i++) {
        if (strcmp(item->key, keys[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Keys whose scalars are words, whatever they look like. */
static bool is_word_key(const char *key)
{
    static const char *const keys[] = {"version",  "command", "test",   "user", "cpus",  "memory",
                                       "minAgent", "name",    "signal", "path", "driver"};
    for (size_t i = 0; key != NULL && i < COUNT_OF(keys); i++) {
        if (strcmp(key, keys[i]) == 0) {
            return true;
        }
    }
    return false;
}

int compose_value(struct compose *compose, const struct yaml_item *item)
{
    static const char *const nulls[] = {"", "~", "null"};
    if (item->kind != YAML_TREE_SCALAR || !item->is_plain || is_word_key(item->key)) {
        return compose_text(compose, item);
    }
    for (size_t i = 0; i < COUNT_OF(nulls); i++) {
        if (strcmp(item->text, nulls[i]) == 0) {
            text_append(compose->out, "null");
            return 0;
        }
    }
    if (strcmp(item->text, "true") == 0 || strcmp(item->text, "false") == 0 ||
        is_integer(item->text) || is_decimal(item)) {
        text_append(compose->out, item->text);
        return 0;
    }
    return compose_text(compose, item);
}

static int list_any(struct compose *compose, const struct yaml_item *list)
{
    const char *separator = "[";
    for (const struct yaml_item *item = list->child; item != NULL; item = item->next) {
        text_append(compose->out, separator);
        separator = ",";
        int rc = is_word_key(list->key) ? compose_text(compose, item) : compose_any(compose, item);
        if (rc != 0) {
            return rc;
        }
    }
    text_append(compose->out, list->child == NULL ? "[]" : "]");
    return 0;
}

int compose_any(struct compose *compose, const struct yaml_item *item)
{
    bool comma = false;
    if (item->kind == YAML_TREE_SCALAR) {
        return compose_value(compose, item);
    }
    if (item->kind == YAML_TREE_LIST) {
        return list_any(compose, item);
    }
    text_append(compose->out, "{");
    for (const struct yaml_item *member = item->child; member != NULL; member = member->next) {
        compose_key(compose, member->key, &comma);
        int rc = compose_any(compose, member);
        if (rc != 0) {
            return rc;
        }
    }
    text_append(compose->out, "}");
    return 0;
}

int compose_texts(struct compose *compose, const struct yaml_item *item)
{
    const struct yaml_item *step = item->kind == YAML_TREE_LIST ? item->child : item;
    const struct yaml_item *end = item->kind == YAML_TREE_LIST ? NULL : item->next;
    const char *separator = "";
    if (item->kind == YAML_TREE_MAP) {
        return compose_fail(compose, item, ERR_VALUE, "%s: must be a list", item->key);
    }
    text_append(compose->out, "[");
    for (; step != end; step = step->next) {
        text_append(compose->out, separator);
        separator = ",";
        int rc = compose_text(compose, step);
        if (rc != 0) {
            return rc;
        }
    }
    text_append(compose->out, "]");
    return 0;
}

/* "NAME=value" of a list. */
static int pair_write(struct compose *compose, const struct yaml_item *item, bool *comma)
{
    char name[256];
    const char *equals = item->kind == YAML_TREE_SCALAR ? strchr(item->text, '=') : NULL;
    if (equals == NULL || (size_t)(equals - item->text) >= sizeof name) {
        return compose_fail(compose, item, ERR_VALUE,
                            "must be NAME=value; nothing is taken from the "
                            "environment of this machine");
    }
    size_t len = (size_t)(equals - item->text);
    memcpy(name, item->text, len);
    name[len] = '\0';
    struct yaml_item value = *item;
    value.text = item->text + len + 1;
    compose_key(compose, name, comma);
    return compose_text(compose, &value);
}

int compose_pairs(struct compose *compose, const struct yaml_item *item)
{
    bool comma = false;
    if (item->kind == YAML_TREE_SCALAR) {
        return compose_fail(compose, item, ERR_VALUE, "%s: must be a map or a list", item->key);
    }
    text_append(compose->out, "{");
    for (const struct yaml_item *step = item->child; step != NULL; step = step->next) {
        int rc = 0;
        if (item->kind == YAML_TREE_LIST) {
            rc = pair_write(compose, step, &comma);
        } else {
            compose_key(compose, step->key, &comma);
            bool is_null =
                step->kind == YAML_TREE_SCALAR && step->is_plain && step->text[0] == '\0';
            rc = is_null ? compose_value(compose, step) : compose_text(compose, step);
        }
        if (rc != 0) {
            return rc;
        }
    }
    text_append(compose->out, "}");
    return 0;
}
