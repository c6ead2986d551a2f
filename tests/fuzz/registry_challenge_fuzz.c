/* registry_challenge: headers of any server; what is taken fits, ends, and stands in what was said.
 */
#include "ports/app/berth/registry_challenge.h"

#include <strings.h>

#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

/* A value that was taken is terminated, and each of its characters stands in the headers. */
static void value_check(const char *value, size_t cap, const char *headers)
{
    PROMISE(memchr(value, '\0', cap) != NULL);
    for (; *value != '\0'; value++) {
        PROMISE(strchr(headers, *value) != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *whole = strndup((const char *)data, size);
    char *text = strndup((const char *)data, size);
    PROMISE(whole != NULL && text != NULL);
    struct registry_challenge challenge = {0};
    /* A line is a header; several of them may come in one answer. */
    char *save = NULL;
    for (char *line = strtok_r(text, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        registry_challenge_add(&challenge, line);
    }
    value_check(challenge.realm, sizeof challenge.realm, whole);
    value_check(challenge.service, sizeof challenge.service, whole);
    value_check(challenge.scope, sizeof challenge.scope, whole);
    value_check(challenge.error, sizeof challenge.error, whole);
    PROMISE(challenge.is_bearer == (challenge.realm[0] != '\0'));
    PROMISE(!challenge.is_basic || strcasestr(whole, "basic") != NULL);
    PROMISE(!challenge.is_bearer || strcasestr(whole, "bearer") != NULL);
    free(whole);
    free(text);
    return 0;
}
