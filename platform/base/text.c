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

static bool is_continuation(uint8_t byte)
{
    return (byte & 0xC0u) == 0x80u;
}

size_t text_character(struct span bytes)
{
    /* By the first byte: length, and the bounds of the second byte (Unicode 15, table 3-7). */
    static const struct {
        uint8_t first, last, len, low, high;
    } rows[] = {
        {0x00, 0x7F, 1, 0, 0},       {0xC2, 0xDF, 2, 0x80, 0xBF}, {0xE0, 0xE0, 3, 0xA0, 0xBF},
        {0xE1, 0xEC, 3, 0x80, 0xBF}, {0xED, 0xED, 3, 0x80, 0x9F}, {0xEE, 0xEF, 3, 0x80, 0xBF},
        {0xF0, 0xF0, 4, 0x90, 0xBF}, {0xF1, 0xF3, 4, 0x80, 0xBF}, {0xF4, 0xF4, 4, 0x80, 0x8F}};
    for (size_t i = 0; bytes.len > 0 && i < sizeof rows / sizeof rows[0]; i++) {
        if (bytes.data[0] < rows[i].first || bytes.data[0] > rows[i].last) {
            continue;
        }
        size_t len = rows[i].len;
        if (len > bytes.len ||
            (len > 1 && (bytes.data[1] < rows[i].low || bytes.data[1] > rows[i].high)) ||
            (len > 2 && !is_continuation(bytes.data[2])) ||
            (len > 3 && !is_continuation(bytes.data[3]))) {
            return 0;
        }
        return len;
    }
    return 0;
}

void text_append_json_span(struct text *text, struct span value)
{
    text_append(text, "\"");
    while (value.len > 0) {
        uint8_t c = value.data[0];
        size_t len = text_character(value);
        if (len == 0 || c == 0) {
            text_append(text, "\xEF\xBF\xBD");
            len = 1;
        } else if (c == '"' || c == '\\') {
            text_printf(text, "\\%c", c);
        } else if (c < 0x20) {
            text_printf(text, "\\u%04x", c);
        } else {
            text_append_span(text, span_of(value.data, len));
        }
        value = span_of(value.data + len, value.len - len);
    }
    text_append(text, "\"");
}

void text_append_json(struct text *text, const char *value)
{
    text_append_json_span(text, span_text(value));
}

void text_shorten(char *target, size_t cap, struct span source)
{
    static const char gap[] = " ... ";
    assert(cap >= 16);
    if (source.len < cap) {
        memmove(target, source.data != NULL ? source.data : (const uint8_t *)"", source.len);
        target[source.len] = '\0';
        return;
    }
    size_t room = cap - sizeof gap;
    size_t head = room / 3;
    size_t from = source.len - (room - head);
    for (int i = 0; i < 3 && head > 0 && is_continuation(source.data[head]); i++) {
        head--;
    }
    for (int i = 0; i < 3 && from < source.len && is_continuation(source.data[from]); i++) {
        from++;
    }
    memmove(target, source.data, head);
    memcpy(target + head, gap, sizeof gap - 1);
    size_t at = head + sizeof gap - 1;
    memmove(target + at, source.data + from, source.len - from);
    target[at + source.len - from] = '\0';
}

static bool is_blank(uint8_t byte)
{
    return byte <= 0x20 || byte == 0x7F;
}

void text_shorten_line(char *target, size_t cap, struct span source)
{
    while (source.len > 0 && is_blank(source.data[source.len - 1])) {
        source.len--;
    }
    text_shorten(target, cap, source);
    size_t len = source.len < cap ? source.len : strlen(target);
    for (size_t i = 0; i < len; i++) {
        if (is_blank((uint8_t)target[i])) {
            target[i] = ' ';
        }
    }
}

const char *text_named(char named[TEXT_NAMED_BYTES], const char *name)
{
    text_shorten_line(named, TEXT_NAMED_BYTES, span_text(name));
    return named;
}

void text_shorten_va(char *target, size_t cap, const char *fmt, va_list args)
{
    char formatted[TEXT_FORMAT_BYTES];
    int used = vsnprintf(formatted, sizeof formatted, fmt, args);
    if (used >= (int)sizeof formatted) {
        memcpy(formatted + sizeof formatted - 4, "...", 4);
    }
    text_shorten(target, cap, span_text(used < 0 ? fmt : formatted));
}

void text_shorten_printf(char *target, size_t cap, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    text_shorten_va(target, cap, fmt, args);
    va_end(args);
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
