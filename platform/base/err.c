/* Errors: formatting and wrapping into a fixed buffer, never allocating. */
#include "platform/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *err, int code, const char *fmt, ...)
{
    if (err != NULL) {
        va_list args;
        va_start(args, fmt);
        err->code = code;
        (void)vsnprintf(err->text, sizeof err->text, fmt, args);
        va_end(args);
    }
    return code;
}

int err_wrap(struct err *err, int code, const char *fmt, ...)
{
    if (err != NULL) {
        char outer[ERR_TEXT_BYTES];
        va_list args;
        va_start(args, fmt);
        int used = vsnprintf(outer, sizeof outer - 2, fmt, args);
        va_end(args);
        if (used >= 0 && (size_t)used < sizeof outer - 2) {
            size_t head = (size_t)used;
            memcpy(outer + head, ": ", 2);
            head += 2;
            size_t tail = strnlen(err->text, sizeof err->text - 1);
            size_t kept = tail < sizeof err->text - 1 - head ? tail : sizeof err->text - 1 - head;
            memmove(err->text + head, err->text, kept);
            memcpy(err->text, outer, head);
            err->text[head + kept] = '\0';
        }
        err->code = code;
    }
    return code;
}

const char *err_word(int code)
{
    switch (code) {
    case ERR_OK:
        return "ok";
#define ERR_CASE_(name, word)                                                                      \
    case ERR_##name:                                                                               \
        return word;
        ERR_CODES(ERR_CASE_)
#undef ERR_CASE_
    default:
        return "unknown";
    }
}

int err_code_of(const char *word)
{
#define ERR_MATCH_(name, text)                                                                     \
    if (strcmp(word, text) == 0) {                                                                 \
        return ERR_##name;                                                                         \
    }
    ERR_CODES(ERR_MATCH_)
#undef ERR_MATCH_
    return 0;
}
