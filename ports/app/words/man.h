/* man: a program's manual pages, in man(7). */
#ifndef PORTS_APP_WORDS_MAN_H
#define PORTS_APP_WORDS_MAN_H

#include <stdio.h>

#include "ports/app/words/pages.h"

/* The program's own page: with all of its verbs where it has no families, with a line for each
 * where a verb has a page of its own. */
void man_program(const struct words_pages *pages, FILE *out);
/* The page of one verb. */
void man_verb(const struct words_pages *pages, const struct words_verb *verb, FILE *out);

#endif
