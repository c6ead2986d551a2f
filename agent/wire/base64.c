/* base64: strict both ways. */
#include "agent/wire/base64.h"

#include <string.h>

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four characters into up to three bytes; the number of bytes, or -1. */
static int quad_decode(const char *text, bool is_last, uint8_t *out)
{
    int pad = is_last && text[3] == '=' ? (text[2] == '=' ? 2 : 1) : 0;
    uint32_t bits = 0;
    for (int i = 0; i < 4; i++) {
        int value = i >= 4 - pad ? 0 : value_of(text[i]);
        if (value < 0) {
            return -1;
        }
        bits = bits << 6 | (uint32_t)value;
    }
    if ((pad == 1 && (bits & 0xff) != 0) || (pad == 2 && (bits & 0xffff) != 0)) {
        return -1;
    }
    for (int i = 0; i < 3 - pad; i++) {
        out[i] = (uint8_t)(bits >> (16 - 8 * i));
    }
    return 3 - pad;
}

int base64_decode(const char *text, struct arena *arena, struct span *data, struct err *err)
{
    size_t len = strlen(text);
    if (len % 4 != 0) {
        return err_set(err, ERR_SYNTAX, "base64 must be padded to a multiple of four characters");
    }
    uint8_t *out = arena_alloc(arena, len / 4 * 3 + 1);
    if (out == NULL) {
        return err_set(err, ERR_LIMIT, "no room for %zu bytes of base64", len);
    }
    size_t used = 0;
    for (size_t i = 0; i < len; i += 4) {
        int got = quad_decode(text + i, i + 4 == len, out + used);
        if (got < 0) {
            return err_set(err, ERR_SYNTAX, "not strict base64 at character %zu", i + 1);
        }
        used += (size_t)got;
    }
    *data = span_of(out, used);
    return 0;
}

char *base64_encode(struct span data, struct arena *arena)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = arena_alloc(arena, (data.len + 2) / 3 * 4 + 1);
    char *at = text;
    if (text == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < data.len; i += 3) {
        size_t left = data.len - i;
        uint32_t bits = (uint32_t)data.data[i] << 16;
        bits |= left > 1 ? (uint32_t)data.data[i + 1] << 8 : 0;
        bits |= left > 2 ? data.data[i + 2] : 0;
        *at++ = digits[bits >> 18];
        *at++ = digits[bits >> 12 & 63];
        *at++ = left > 1 ? digits[bits >> 6 & 63] : '=';
        *at++ = left > 2 ? digits[bits & 63] : '=';
    }
    *at = '\0';
    return text;
}
