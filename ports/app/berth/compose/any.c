/* any: YAML by its own types as JSON, for what berth defined itself. */
#include <string.h>

#include "platform/base/units.h"
#include "ports/app/berth/compose/normal.h"

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
    static const char *const keys[] = {"version", "command", "app",     "arch",
                                       "signal",  "path",    "minAgent"};
    for (size_t i = 0; key != NULL && i < COUNT_OF(keys); i++) {
        if (strcmp(key, keys[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void scalar_write(struct normal *normal, const struct yaml_item *item, bool is_word)
{
    if (is_word || !item->is_plain) {
        text_append_json(normal->out, item->text);
    } else if (value_is_null(item)) {
        text_append(normal->out, "null");
    } else if (strcmp(item->text, "true") == 0 || strcmp(item->text, "false") == 0 ||
               is_integer(item->text) || is_decimal(item)) {
        text_append(normal->out, item->text);
    } else {
        text_append_json(normal->out, item->text);
    }
}

void write_any(struct normal *normal, const struct yaml_item *item)
{
    bool is_word = is_word_key(item->key);
    if (item->kind == YAML_TREE_SCALAR) {
        scalar_write(normal, item, is_word);
        return;
    }
    bool is_map = item->kind == YAML_TREE_MAP;
    text_append(normal->out, is_map ? "{" : "[");
    for (const struct yaml_item *step = item->child; step != NULL; step = step->next) {
        if (is_map) {
            json_key(normal->out, step->key);
        } else {
            json_element(normal->out);
        }
        if (step->kind == YAML_TREE_SCALAR && is_word) {
            scalar_write(normal, step, true);
        } else {
            write_any(normal, step);
        }
    }
    text_append(normal->out, is_map ? "}" : "]");
}
