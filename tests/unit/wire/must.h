/* must: every key at the top of a document that its writer wrote may stand in its `must`. */
#ifndef TESTS_UNIT_WIRE_MUST_H
#define TESTS_UNIT_WIRE_MUST_H

#include <string.h>

#include "platform/base/err.h"
#include "platform/base/span.h"
#include "tests/check.h"

/* The next key at depth one behind `at`, by its quotes; NULL: none. Texts with brackets or escapes
 * are the caller's to avoid. */
static inline const char *must_next(const char *at, size_t *len)
{
    int depth = *at == '{' ? 0 : 1;
    for (; *at != '\0'; at++) {
        depth += *at == '{' || *at == '[';
        depth -= *at == '}' || *at == ']';
        if (*at == '"') {
            *len = strcspn(at + 1, "\"");
            if (depth == 1 && at[*len + 2] == ':') {
                return at + 1;
            }
            at += *len + 1;
        }
    }
    return NULL;
}

/* Reads `document` again with {"must":[key], for each key of `whole` but `but`; then with a key
 * that nobody knows. `document` is the same without its "must". Returns how many keys there are. */
static inline int must_check(const char *whole, const char *but, const char *document,
                             int (*read)(struct span text, struct err *err))
{
    static char text[20000];
    int count = 0;
    size_t len = 0;
    for (const char *key = must_next(whole, &len); key != NULL;
         key = must_next(key + len + 1, &len)) {
        struct err err = {0};
        (void)snprintf(text, sizeof text, "{\"must\":[\"%.*s\"],%s", (int)len, key, document + 1);
        bool is_but = strlen(but) == len && strncmp(but, key, len) == 0;
        CHECK_STR_EQ(err_word(read(span_text(text), &err)), err_word(is_but ? ERR_UNKNOWN_KEY : 0));
        if (err.text[0] != '\0' && !is_but) {
            printf("    %.*s: %s\n", (int)len, key, err.text);
        }
        count++;
    }
    (void)snprintf(text, sizeof text, "{\"must\":[\"later\"],%s", document + 1);
    CHECK_STR_EQ(err_word(read(span_text(text), NULL)), err_word(ERR_UNKNOWN_KEY));
    return count;
}

#endif
