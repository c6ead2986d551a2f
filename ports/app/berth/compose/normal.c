/* normal: places, findings and JSON's commas; shared by all writers. */
#include "ports/app/berth/compose/normal.h"

#include <stdarg.h>
#include <stdio.h>

#include "platform/base/text.h"

void normal_refuse(struct normal *normal, const struct yaml_item *item, const char *remedy,
                   const char *fmt, ...)
{
    char message[TEXT_FORMAT_BYTES];
    va_list args;
    va_start(args, fmt);
    text_shorten_va(message, sizeof message, fmt, args);
    va_end(args);
    (void)findings_add(normal->findings, FINDING_REFUSED, item, normal->path, remedy, "%s",
                       message);
}

void normal_note(struct normal *normal, const struct yaml_item *item, const char *fmt, ...)
{
    char message[TEXT_FORMAT_BYTES];
    va_list args;
    va_start(args, fmt);
    text_shorten_va(message, sizeof message, fmt, args);
    va_end(args);
    (void)findings_add(normal->findings, FINDING_NOTE, item, normal->path, NULL, "%s", message);
}

size_t normal_enter(struct normal *normal, const char *key)
{
    size_t len = strlen(normal->path);
    struct text path = {.data = normal->path, .cap = sizeof normal->path, .len = len};
    text_append(&path, len > 0 ? "." : "");
    text_append(&path, key);
    return len;
}

size_t normal_enter_index(struct normal *normal, size_t index)
{
    size_t len = strlen(normal->path);
    struct text path = {.data = normal->path, .cap = sizeof normal->path, .len = len};
    text_printf(&path, "[%zu]", index);
    return len;
}

void normal_leave(struct normal *normal, size_t len)
{
    normal->path[len] = '\0';
}

static char last_of(const struct text *out)
{
    return out->len > 0 ? out->data[out->len - 1] : '{';
}

void json_key(struct text *out, const char *key)
{
    text_append(out, last_of(out) == '{' ? "" : ",");
    text_append_json(out, key);
    text_append(out, ":");
}

void json_element(struct text *out)
{
    text_append(out, last_of(out) == '[' ? "" : ",");
}

struct json_part json_open(struct text *out, const char *key, char bracket)
{
    struct json_part part = {.before = out->len, .bracket = bracket};
    json_key(out, key);
    text_append_span(out, span_of(&bracket, 1));
    part.empty = out->len;
    return part;
}

void json_drop(struct text *out, struct json_part part)
{
    out->len = part.before;
    out->data[part.before] = '\0';
}

bool json_close(struct text *out, struct json_part part)
{
    if (out->len == part.empty) {
        json_drop(out, part);
        return false;
    }
    text_append(out, part.bracket == '{' ? "}" : "]");
    return true;
}

const struct yaml_item *service_member(const struct normal *normal, const char *key)
{
    const struct yaml_item *item = yaml_tree_member(normal->service, key);
    return value_is_null(item) ? NULL : item;
}
