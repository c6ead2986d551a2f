/* pages: a verb's page is found by its name. */
#include "ports/app/words/pages.h"

#include <assert.h>
#include <string.h>

const struct words_page *words_page_find(const struct words_pages *pages, const char *verb)
{
    size_t at = 0;
    while (at < pages->count && strcmp(pages->pages[at].verb, verb) != 0) {
        at++;
    }
    assert(at < pages->count); /* a test holds each verb against its page */
    return &pages->pages[at];
}
