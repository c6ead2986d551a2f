/* scan: a cursor over JSON text; brackets are counted, never recursed into. */
#include "ports/app/control/scan.h"

#include <string.h>

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t space_skip(struct span json, size_t at)
{
    while (at < json.len && is_space(json.data[at])) {
        at++;
    }
    return at;
}

/* The end of the string that begins at `at`, or 0. */
static size_t string_end(struct span json, size_t at)
{
    for (at++; at < json.len; at++) {
        if (json.data[at] == '\\') {
            at++;
        } else if (json.data[at] == '"') {
            return at + 1;
        }
    }
    return 0;
}

/* The end of the value that begins at `at`, or 0 when the text ends inside it. */
static size_t value_end(struct span json, size_t at)
{
    size_t depth = 0;
    size_t begin = at;
    while (at < json.len) {
        uint8_t c = json.data[at];
        if (c == '"') {
            at = string_end(json, at);
            if (at == 0 || depth == 0) {
                return at;
            }
            continue;
        }
        if (depth == 0 && at > begin && (c == ',' || c == ']' || c == '}' || is_space(c))) {
            return at; /* a number or a word ended before this byte */
        }
        if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            if (depth == 0) {
                return 0;
            }
            if (--depth == 0) {
                return at + 1;
            }
        }
        at++;
    }
    return depth == 0 && at > begin ? at : 0;
}

/* Steps over one value and the comma after it; *at is then at the next one. */
static bool value_take(struct span json, size_t *at, struct span *value)
{
    size_t begin = space_skip(json, *at);
    size_t end = value_end(json, begin);
    if (end == 0) {
        return false;
    }
    *value = span_of(json.data + begin, end - begin);
    end = space_skip(json, end);
    *at = end < json.len && json.data[end] == ',' ? end + 1 : end;
    return true;
}

bool scan_member(struct span object, const char *key, struct span *value)
{
    size_t at = space_skip(object, 0);
    if (at >= object.len || object.data[at] != '{') {
        return false;
    }
    at++;
    for (;;) {
        at = space_skip(object, at);
        if (at >= object.len || object.data[at] != '"') {
            return false;
        }
        size_t end = string_end(object, at);
        if (end == 0) {
            return false;
        }
        struct span name = span_of(object.data + at + 1, end - at - 2);
        at = space_skip(object, end);
        if (at >= object.len || object.data[at] != ':') {
            return false;
        }
        at++;
        if (!value_take(object, &at, value)) {
            return false;
        }
        if (span_is_equal(name, span_text(key))) {
            return true;
        }
    }
}

bool scan_element(struct span array, size_t *at, struct span *value)
{
    if (*at == 0) {
        size_t begin = space_skip(array, 0);
        if (begin >= array.len || array.data[begin] != '[') {
            return false;
        }
        *at = begin + 1;
    }
    size_t next = space_skip(array, *at);
    if (next >= array.len || array.data[next] == ']') {
        return false;
    }
    return value_take(array, at, value);
}

static int hex_of(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that the escape after the backslash at `at` stands for; *at goes to its last byte. */
static char escape_read(struct span value, size_t *at)
{
    uint8_t c = value.data[++*at];
    int code = 0;
    if (c == '"' || c == '\\' || c == '/') {
        return (char)c;
    }
    if (c != 'u') {
        return ' '; /* \b \f \n \r \t */
    }
    for (int i = 0; i < 4 && *at + 2 < value.len; i++) {
        int digit = hex_of(value.data[*at + 1]);
        if (digit < 0) {
            return '?';
        }
        code = code * 16 + digit;
        (*at)++;
    }
    return code >= 0x20 && code < 0x7f ? (char)code : '?';
}

bool scan_text(struct span value, char *buf, size_t cap)
{
    size_t len = 0;
    buf[0] = '\0';
    if (value.len < 2 || value.data[0] != '"' || value.data[value.len - 1] != '"') {
        return false;
    }
    for (size_t at = 1; at + 1 < value.len && len + 1 < cap; at++) {
        char c = (char)value.data[at];
        if (c == '\\') {
            c = escape_read(value, &at);
        } else if (value.data[at] < 0x20 || value.data[at] == 0x7f) {
            c = ' ';
        } else if (value.data[at] >= 0x80) { /* some terminals obey U+0080 to U+009F */
            if ((value.data[at] & 0xc0) == 0x80) {
                continue;
            }
            c = '?';
        }
        buf[len++] = c;
    }
    buf[len] = '\0';
    return true;
}

bool scan_member_text(struct span object, const char *key, char *buf, size_t cap)
{
    struct span value;
    buf[0] = '\0';
    return scan_member(object, key, &value) && scan_text(value, buf, cap);
}

int64_t scan_member_integer(struct span object, const char *key, int64_t fallback)
{
    struct span value;
    int64_t number = 0;
    if (!scan_member(object, key, &value)) {
        return fallback;
    }
    bool is_negative = value.data[0] == '-';
    if (value.len - is_negative == 0 || value.len - is_negative > 17) {
        return fallback;
    }
    for (size_t i = is_negative; i < value.len; i++) {
        if (value.data[i] < '0' || value.data[i] > '9') {
            return fallback;
        }
        number = number * 10 + (value.data[i] - '0');
    }
    return is_negative ? -number : number;
}

bool scan_member_bool(struct span object, const char *key)
{
    struct span value;
    return scan_member(object, key, &value) && span_is_equal(value, span_text("true"));
}

bool scan_line(struct span lines, size_t *at, struct span *line)
{
    if (*at >= lines.len) {
        return false;
    }
    const uint8_t *begin = lines.data + *at;
    const uint8_t *end = memchr(begin, '\n', lines.len - *at);
    if (end == NULL) {
        return false;
    }
    *line = span_of(begin, (size_t)(end - begin));
    *at += line->len + 1;
    return true;
}
