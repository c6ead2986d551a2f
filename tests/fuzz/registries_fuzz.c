/* registries: whatever the file is, it is refused with words, or every way it gives can be used. */
#include "agent/wire/registries.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/target.h"

static void use(struct span text, const char *repository)
{
    static struct registry_way way;
    struct err err;
    for (size_t number = 0; number <= REGISTRIES_MIRRORS_MAX + 1; number++) {
        int rc = registries_way(text, repository, number, &way, &err);
        if (rc == 0 && (way.repository[0] == '\0' || strchr(way.repository, '\n') != NULL ||
                        strpbrk(way.auth, "+/\r\n ") != NULL)) {
            abort();
        }
        if (rc != 0 && err.text[0] == '\0') {
            abort();
        }
        if (number > REGISTRIES_MIRRORS_MAX && rc == 0) {
            abort(); /* the ways come to an end */
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char faults[REGISTRIES_FAULT_BYTES];
    size_t count = registries_check(span_of(data, size), faults, sizeof faults);
    if ((count == 0) != (faults[0] == '\0')) {
        abort();
    }
    use(span_of(data, size), "host:5000/a/web");
    use(span_of(data, size), "nginx");
    return 0;
}
