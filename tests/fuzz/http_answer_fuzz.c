/* http_answer: a probed app's answer is the same however its bytes arrive. */
#include "ports/linux/http_answer.h"

#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_answer whole = {.status = 0};
    struct http_answer pieces = {.status = 0};
    struct span input = span_of(data, size);
    size_t step = 1 + input_byte(&input) % 9;
    int rc_pieces = 0;
    int rc = http_answer_feed(&whole, input, NULL);
    for (size_t at = 0; at < input.len && rc_pieces == 0; at += step) {
        size_t len = input.len - at < step ? input.len - at : step;
        rc_pieces = http_answer_feed(&pieces, span_of(input.data + at, len), NULL);
    }
    PROMISE(rc == rc_pieces && (rc == 0 || rc == ERR_PROBE));
    if (rc == 0) {
        PROMISE(whole.is_head_whole == pieces.is_head_whole && whole.status == pieces.status);
        PROMISE(whole.body_bytes == pieces.body_bytes && whole.body_bytes <= input.len);
        PROMISE(!whole.is_head_whole || (whole.status >= 100 && whole.status <= 999));
    }
    return 0;
}
