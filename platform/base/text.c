/* Text: bounded string building; overflow is remembered, never undefined. */
#include "platform/base/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void text_init(struct text *text, char *data, size_t cap)
{
    assert(cap >= 1);
    *text = (struct text){.data = data, .cap = cap};
    data[0] = '\0';
}

void text_append_span(struct text *text, struct span piece)
{
    if (text->cut || piece.len == 0) {
        return;
    }
    if (piece.len > text->cap - 1 - text->len) {
        text->cut = true;
        return;
    }
    memcpy(text->data + text->len, piece.data, piece.len);
    text->len += piece.len;
    text->data[text->len] = '\0';
}

void text_append(struct text *text, const char *piece)
{
    text_append_span(text, span_text(piece));
}

void text_printf(struct text *text, const char *fmt, ...)
{
    if (text->cut) {
        return;
    }
    size_t room = text->cap - text->len;
    va_list args;
    va_start(args, fmt);
    int used = vsnprintf(text->data + text->len, room, fmt, args);
    va_end(args);
    if (used < 0 || (size_t)used >= room) {
        text->data[text->len] = '\0';
        text->cut = true;
        return;
    }
    text->len += (size_t)used;
}

void text_append_json(struct text *text, const char *value)
{
    text_append(text, "\"");
    for (; *value != '\0'; value++) {
        unsigned char c = (unsigned char)*value;
        if (c == '"' || c == '\\') {
            text_printf(text, "\\%c", c);
        } else if (c < 0x20) {
            text_printf(text, "\\u%04x", c);
        } else {
            text_append_span(text, span_of(value, 1));
        }
    }
    text_append(text, "\"");
}

bool text_copy(char *target, size_t cap, const char *source)
{
    size_t len = strlen(source);
    assert(cap >= 1);
    if (len >= cap) {
        target[0] = '\0';
        return false;
    }
    memcpy(target, source, len + 1);
    return true;
}

bool text_is_name(const char *text, size_t most)
{
    size_t len = strnlen(text, most + 1);
    if (len == 0 || len > most || text[0] == '-' || text[len - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) {
            return false;
        }
    }
    return true;
}
