/* frame: a broker's and a client's bytes are cut into the same packets however they arrive. */
#include "ports/mosquitto/frame.h"

#include "platform/bus.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

/* Passes all that may pass of `bytes`, given in pieces of `step`; where it stopped, and its code.
 */
static size_t admit(struct frame *frame, struct span bytes, size_t step, int *rc)
{
    size_t passed = 0;
    size_t given = 0;
    *rc = 0;
    while (*rc == 0) {
        size_t took = 0;
        *rc = frame_admit(frame, span_of(bytes.data + passed, given - passed), &took, NULL);
        PROMISE(took <= given - passed && frame->body_bytes <= BUS_PACKET_BYTES_MAX);
        passed += took;
        if (took == 0) {
            if (given == bytes.len) {
                break;
            }
            given = given + step < bytes.len ? given + step : bytes.len;
        }
    }
    return passed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span input = span_of(data, size);
    struct frame whole = {.body_left = 0};
    struct frame pieces = {.body_left = 0};
    struct frame client = {.body_left = 0};
    int rc_whole = 0;
    int rc_pieces = 0;
    size_t step = 1 + input_byte(&input) % 7;
    size_t passed = admit(&whole, input, size + 1, &rc_whole);
    PROMISE(admit(&pieces, input, step, &rc_pieces) == passed && rc_pieces == rc_whole);
    PROMISE(whole.is_greeted == pieces.is_greeted && whole.reason == pieces.reason);
    for (size_t at = 0, took = 1; at < input.len && took > 0; at += took) {
        frame_pass(&client, span_of(input.data + at, input.len - at), &took);
        PROMISE(took <= input.len - at);
    }
    return 0;
}
