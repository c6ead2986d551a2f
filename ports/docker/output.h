/* Output: the last bytes of what a container or a command wrote, taken out of the engine's frames.
 */
#ifndef PORTS_DOCKER_OUTPUT_H
#define PORTS_DOCKER_OUTPUT_H

#include <stdbool.h>

#include "platform/base/span.h"
#include "platform/engine.h"

#define OUTPUT_HEADER_BYTES 8

/* Zeroed before first use, then `keep` is set (at most ENGINE_OUTPUT_BYTES), and is_raw where the
 * container has a terminal: then the engine sends plain bytes instead of frames of a stream's
 * number, three zeros and a length (Docker Engine API, ContainerAttach). */
struct docker_output {
    size_t keep;
    bool is_raw;
    uint64_t seen; /* bytes of output so far, without frames */
    /* private */
    uint8_t header[OUTPUT_HEADER_BYTES];
    size_t header_len;
    uint32_t left; /* of the frame */
    size_t at;     /* where the next byte goes */
    uint8_t ring[ENGINE_OUTPUT_BYTES];
};

/* Takes the next bytes of the stream, which may end anywhere. */
void docker_output_feed(struct docker_output *output, struct span piece);

/* Puts the kept bytes in order and returns them; valid until the next feed. May be repeated. */
struct span docker_output_end(struct docker_output *output);

#endif
