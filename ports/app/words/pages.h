/* pages: what a verb's page says besides its row in the table: examples, exit statuses. */
#ifndef PORTS_APP_WORDS_PAGES_H
#define PORTS_APP_WORDS_PAGES_H

#include "ports/app/words/words.h"

struct words_exit {
    int status;
    const char *sentence;
};

struct words_page {
    const char *verb;               /* as in words_verb */
    const char *const *examples;    /* command lines without the program's name; ends with NULL */
    const struct words_exit *exits; /* ends with a NULL sentence */
    const char *more;               /* a paragraph, or NULL */
};

struct words_pages {
    const struct words_program *program;
    const struct words_page *pages;
    size_t count;
};

extern const struct words_pages pages_berth, pages_berthctl, pages_berthd;

/* The page of a verb; every verb has one. */
const struct words_page *words_page_find(const struct words_pages *pages, const char *verb);

#endif
