/* growing: a text that grows up to a bound of its own and says when it did not get all. */
#ifndef PORTS_APP_BERTH_COMPOSE_GROWING_H
#define PORTS_APP_BERTH_COMPOSE_GROWING_H

#include "platform/base/err.h"
#include "platform/base/span.h"

/* Starts as {.max = bytes}; `data` is NULL before the first append and always terminated after. */
struct growing {
    char *data;
    size_t len, cap;
    size_t max;    /* bytes, without the terminating NUL */
    bool is_over;  /* more than max was appended; nothing after it is taken */
    bool is_short; /* memory was */
};

void growing_append(struct growing *text, struct span piece);
void growing_text(struct growing *text, const char *piece);
void growing_printf(struct growing *text, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Shortens to `len` bytes that are there. */
void growing_cut(struct growing *text, size_t len);
/* The text so far, never NULL. */
const char *growing_get(const struct growing *text);
/* 0, ERR_MEMORY, or ERR_OVERSIZE: "WHAT: longer than N bytes". */
NODISCARD int growing_status(const struct growing *text, const char *what, struct err *err);
void growing_free(struct growing *text);

#endif
