/* pull_lines: the engine's account of a pull says the same however it is cut into pieces. */
#include "ports/docker/pull_lines.h"

#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

static struct pull_lines whole, pieces;

/* What platform/engine.h says that a pull can end with, but for what only a call can know. */
static bool is_of_a_pull(int code)
{
    static const int codes[] = {0,          ERR_PULL,      ERR_DISK_SPACE, ERR_REGISTRY,
                                ERR_DENIED, ERR_NOT_FOUND, ERR_DIGEST,     ERR_MEMORY};
    bool is_one = false;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        is_one = is_one || code == codes[i];
    }
    return is_one;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span input = span_of(data, size);
    size_t step = 1 + input_byte(&input) % 13;
    uint64_t bytes = 0;
    memset(&whole, 0, sizeof whole);
    memset(&pieces, 0, sizeof pieces);
    pull_lines_feed(&whole, input);
    for (size_t at = 0; at < input.len; at += step) {
        size_t len = input.len - at < step ? input.len - at : step;
        pull_lines_feed(&pieces, span_of(input.data + at, len));
        PROMISE(pieces.bytes >= bytes); /* it only grows */
        bytes = pieces.bytes;
    }
    pull_lines_end(&whole);
    pull_lines_end(&pieces);
    PROMISE(whole.code == pieces.code && whole.bytes == pieces.bytes);
    PROMISE(strcmp(whole.text, pieces.text) == 0 && whole.layer_count <= PULL_LAYERS_MAX);
    PROMISE(is_of_a_pull(whole.code));
    return 0;
}
