/* confirm: a yes before what touches every node, or cannot be taken back. */
#ifndef PORTS_APP_BERTH_CONFIRM_H
#define PORTS_APP_BERTH_CONFIRM_H

#include <stdbool.h>

#include "platform/base/err.h"

/* A person can be asked: standard input and standard error are a terminal. */
bool confirm_has_terminal(void);
/* Asks there; true for "y" and "yes". */
bool confirm_ask(const char *question);

/* 0 when `is_confirmed` (--yes) or the person says yes. ERR_CANCELLED when they do not, or when
 * nobody can be asked: the text then names --yes. Nothing has been done until then. */
NODISCARD int confirm(bool is_confirmed, struct err *err, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
