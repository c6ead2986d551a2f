/* control_http: a request is the same request however its bytes arrive. */
#include "agent/node/control_http.h"

#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

static void string_check(const char *text, size_t cap)
{
    PROMISE(memchr(text, '\0', cap) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct control_http at_once = {.has_head = false};
    struct control_http bytewise = {.has_head = false};
    struct span input = span_of(data, size);
    bool is_whole = false;
    bool is_whole_bytewise = false;
    uint64_t number = 0;
    int rc = control_http_step(&at_once, input, &is_whole, NULL);
    int rc_bytewise = 0;
    for (size_t len = 1; len <= size && rc_bytewise == 0 && !is_whole_bytewise; len++) {
        rc_bytewise = control_http_step(&bytewise, span_of(data, len), &is_whole_bytewise, NULL);
    }
    PROMISE(rc <= 0 && !(rc != 0 && is_whole));
    PROMISE(!is_whole || (is_whole_bytewise && rc_bytewise == 0));
    if (at_once.has_head) {
        string_check(at_once.method, sizeof at_once.method);
        string_check(at_once.path, sizeof at_once.path);
        string_check(at_once.query, sizeof at_once.query);
        PROMISE(at_once.body_len <= ENVELOPE_BYTES_MAX && at_once.head_len <= size);
        PROMISE(at_once.path[0] == '/' && strstr(at_once.path, "\n") == NULL);
    }
    if (is_whole) {
        struct span body = control_http_body(&at_once, input);
        PROMISE(body.len == at_once.body_len && at_once.head_len + body.len <= size);
        PROMISE(strcmp(at_once.path, bytewise.path) == 0);
        PROMISE(at_once.body_len == bytewise.body_len && at_once.head_len == bytewise.head_len);
        if (control_http_number(&at_once, "after", 7, &number, NULL) == 0) {
            PROMISE(number < UINT64_C(1) << 53);
        }
    }
    return 0;
}
