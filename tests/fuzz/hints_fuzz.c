/* hints: the engine's events and the kernel's messages: a reason to look or none, the same however
 * the bytes are cut, and nothing beyond them is read. */
#include <stdbool.h>
#include <stdlib.h>

#include "platform/base/text.h"
#include "ports/docker/events.h"
#include "ports/nftables/watch.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct events_reader whole, pieces;
    struct span input = span_of(data, size);
    size_t step = 1 + input_byte(&input) % 13;
    bool is_reason = false;
    memset(&whole, 0, sizeof whole);
    memset(&pieces, 0, sizeof pieces);
    (void)text_copy(whole.node, sizeof whole.node, "n");
    (void)text_copy(pieces.node, sizeof pieces.node, "n");
    for (size_t at = 0; at < input.len; at += step) {
        size_t len = input.len - at < step ? input.len - at : step;
        is_reason = events_read(&pieces, span_of(input.data + at, len)) || is_reason;
    }
    PROMISE(events_read(&whole, input) == is_reason);
    PROMISE(whole.len == pieces.len && whole.len < sizeof whole.line);
    PROMISE(whole.is_long == pieces.is_long);
    (void)watch_read(input, "berth-n");
    return 0;
}
