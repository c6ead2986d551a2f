/* Spans and digests: hex both ways. */
#include "platform/base/span.h"

bool digest_is_none(const struct digest *digest)
{
    uint8_t any = 0;
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        any |= digest->bytes[i];
    }
    return any == 0;
}

void digest_render(const struct digest *digest, char hex[DIGEST_HEX_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        hex[2 * i] = digits[digest->bytes[i] >> 4];
        hex[2 * i + 1] = digits[digest->bytes[i] & 15];
    }
    hex[2 * DIGEST_BYTES] = '\0';
}

static int nibble_of(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return -1;
}

bool digest_parse(const char *text, struct digest *digest)
{
    struct digest read;
    if (strncmp(text, "sha256:", 7) == 0) {
        text += 7;
    }
    if (strnlen(text, 2 * DIGEST_BYTES + 1) != 2 * DIGEST_BYTES) {
        return false;
    }
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        int high = nibble_of(text[2 * i]);
        int low = nibble_of(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        read.bytes[i] = (uint8_t)(high << 4 | low);
    }
    *digest = read;
    return true;
}
