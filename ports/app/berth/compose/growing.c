/* growing: doubling memory below a bound. */
#include "ports/app/berth/compose/growing.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static bool room_make(struct growing *text, size_t more)
{
    if (text->is_over || text->is_short || more > text->max - text->len) {
        text->is_over = text->is_over || !text->is_short;
        return false;
    }
    if (text->data != NULL && text->len + more < text->cap) {
        return true;
    }
    size_t cap = text->len + more + 1;
    cap = cap < 64 ? 64 : cap + cap / 2;
    char *data = realloc(text->data, cap);
    if (data == NULL) {
        text->is_short = true;
        return false;
    }
    text->data = data;
    text->cap = cap;
    return true;
}

void growing_append(struct growing *text, struct span piece)
{
    if (!room_make(text, piece.len)) {
        return;
    }
    if (piece.len > 0) {
        memcpy(text->data + text->len, piece.data, piece.len);
    }
    text->len += piece.len;
    text->data[text->len] = '\0';
}

void growing_text(struct growing *text, const char *piece)
{
    growing_append(text, span_text(piece));
}

void growing_printf(struct growing *text, const char *fmt, ...)
{
    char *piece = NULL;
    va_list args;
    va_start(args, fmt);
    int len = vasprintf(&piece, fmt, args);
    va_end(args);
    if (len < 0) {
        text->is_short = true;
        return;
    }
    growing_append(text, span_of(piece, (size_t)len));
    free(piece);
}

void growing_cut(struct growing *text, size_t len)
{
    text->len = len;
    if (text->data != NULL) {
        text->data[len] = '\0';
    }
}

const char *growing_get(const struct growing *text)
{
    return text->data != NULL ? text->data : "";
}

int growing_status(const struct growing *text, const char *what, struct err *err)
{
    if (text->is_short) {
        return err_set(err, ERR_MEMORY, "%s: no memory", what);
    }
    return text->is_over ? err_set(err, ERR_OVERSIZE, "%s: longer than %zu bytes", what, text->max)
                         : 0;
}

void growing_free(struct growing *text)
{
    free(text->data);
    *text = (struct growing){.max = text->max};
}
