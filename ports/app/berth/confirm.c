/* confirm: one question at the terminal, or a refusal that says how to answer it beforehand. */
#include "ports/app/berth/confirm.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "platform/base/text.h"

bool confirm_has_terminal(void)
{
    return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
}

bool confirm_ask(const char *question)
{
    char line[16] = "";
    (void)fputs(question, stderr);
    return fgets(line, sizeof line, stdin) != NULL &&
           (strcmp(line, "y\n") == 0 || strcmp(line, "yes\n") == 0);
}

int confirm(bool is_confirmed, struct err *err, const char *fmt, ...)
{
    char what[256];
    char question[280];
    va_list args;
    if (is_confirmed) {
        return 0;
    }
    va_start(args, fmt);
    text_shorten_va(what, sizeof what, fmt, args);
    va_end(args);
    if (!confirm_has_terminal()) {
        return err_set(err, ERR_CANCELLED,
                       "%s There is no terminal to ask at: say --yes; nothing was done", what);
    }
    (void)snprintf(question, sizeof question, "%s [y/N] ", what);
    return confirm_ask(question) ? 0 : err_set(err, ERR_CANCELLED, "nothing was done");
}
