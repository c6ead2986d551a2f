/* json: what passes the lint must parse, and what parses must be walkable. */
#include "agent/wire/json.h"

#include <stdlib.h>

#include "tests/fuzz/target.h"

static void walk(const struct json_place *at)
{
    struct json_place step = {0};
    int64_t number = 0;
    const char *text = NULL;
    (void)!json_integer(at, -100, 100, &number, NULL);
    (void)!json_string(at, &text, NULL);
    (void)json_error(at, ERR_VALUE, NULL, "%s", "x");
    while (json_next(at, &step)) {
        walk(&step);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const decimals[] = {"cpus", NULL};
    static const struct json_rules rules = {.bytes_max = 4096, .decimal_keys = decimals};
    struct json_document document;
    struct err err = {0};
    int lint = json_lint(span_of(data, size), &rules, &err);
    int rc = json_parse(span_of(data, size), &rules, &document, &err);
    if (lint != 0 ? rc != lint : rc != 0 && rc != ERR_DUPLICATE_KEY && rc != ERR_OVERSIZE) {
        abort();
    }
    if (rc == 0) {
        struct json_place root = json_root(&document);
        walk(&root);
    }
    json_free(&document);
    return 0;
}
