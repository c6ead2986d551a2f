/* Errors: formatting and wrapping into a fixed buffer, never allocating. */
#include "platform/base/err.h"

#include <stdarg.h>
#include <string.h>

#include "platform/base/text.h"

/* Of what is put before a cause so much stays, however long the cause is. */
#define OUTER_BYTES_MIN 128

int err_set(struct err *err, int code, const char *fmt, ...)
{
    if (err != NULL) {
        va_list args;
        va_start(args, fmt);
        text_shorten_va(err->text, sizeof err->text, fmt, args);
        va_end(args);
        err->code = code;
    }
    return code;
}

/* Leaves the text inside its room, because the cause is there: a path or a reference that fills the
 * room is shortened in its own middle. */
static void outer_shorten(char outer[ERR_TEXT_BYTES], size_t inner_len)
{
    size_t room = ERR_TEXT_BYTES - strlen(": ");
    room = inner_len + OUTER_BYTES_MIN < room ? room - inner_len : OUTER_BYTES_MIN;
    if (strlen(outer) >= room) {
        text_shorten(outer, room, span_text(outer));
    }
}

int err_wrap(struct err *err, int code, const char *fmt, ...)
{
    if (err != NULL) {
        char outer[ERR_TEXT_BYTES];
        va_list args;
        va_start(args, fmt);
        text_shorten_va(outer, sizeof outer, fmt, args);
        va_end(args);
        outer_shorten(outer, strlen(err->text));
        text_shorten_printf(err->text, sizeof err->text, "%s: %s", outer, err->text);
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
