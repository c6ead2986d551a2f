/* Output: frames taken apart, a ring of the last bytes. */
#include "ports/docker/output.h"

static void output_keep(struct docker_output *output, struct span bytes)
{
    output->seen += bytes.len;
    if (bytes.len > output->keep) {
        bytes = span_of(bytes.data + (bytes.len - output->keep), output->keep);
    }
    for (size_t i = 0; i < bytes.len; i++) {
        output->ring[output->at] = bytes.data[i];
        output->at = (output->at + 1) % output->keep;
    }
}

void docker_output_feed(struct docker_output *output, struct span piece)
{
    if (output->is_raw) {
        output_keep(output, piece);
        return;
    }
    while (piece.len > 0) {
        size_t taken = 1;
        if (output->left > 0) {
            taken = piece.len < output->left ? piece.len : output->left;
            output_keep(output, span_of(piece.data, taken));
            output->left -= (uint32_t)taken;
        } else {
            output->header[output->header_len++] = piece.data[0];
            if (output->header_len == OUTPUT_HEADER_BYTES) {
                output->header_len = 0;
                output->left = (uint32_t)output->header[4] << 24 |
                               (uint32_t)output->header[5] << 16 |
                               (uint32_t)output->header[6] << 8 | output->header[7];
            }
        }
        piece = span_of(piece.data + taken, piece.len - taken);
    }
}

struct span docker_output_end(struct docker_output *output)
{
    uint8_t turned[ENGINE_OUTPUT_BYTES];
    if (output->seen <= output->keep) {
        return span_of(output->ring, (size_t)output->seen);
    }
    size_t first = output->keep - output->at;
    memcpy(turned, output->ring + output->at, first);
    memcpy(turned + first, output->ring, output->at);
    memcpy(output->ring, turned, output->keep);
    output->at = 0;
    return span_of(output->ring, output->keep);
}
