/* help: what a program can be asked, for people: on one screen, of a family, of a verb. */
#ifndef PORTS_APP_WORDS_HELP_H
#define PORTS_APP_WORDS_HELP_H

#include <stdio.h>

#include "ports/app/words/given.h"
#include "ports/app/words/pages.h"

/* What was asked for with --help or help: of the verb, the family or the program. `pages` may be
 * NULL; with them a verb's help has its examples and exit statuses. */
void help_print(const struct given *given, const struct words_pages *pages, FILE *out);

/* All that is wrong, a line each, and the verb's usage or where the verbs are listed. */
void help_complain(const struct given *given, FILE *out);

/* "FILE [OPTION...]", with the options that are needed. */
void help_usage(const struct words_verb *verb, struct text *text);
/* "-l, --selector SELECTOR" */
void help_option(const struct words_option *option, struct text *text);
/* The next verb of a family from *at on, or NULL. */
const struct words_verb *help_family_next(const struct words_program *program,
                                          const struct words_family *family, size_t *at);

#endif
