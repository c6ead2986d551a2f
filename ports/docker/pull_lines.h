/* Pull lines: the engine's account of a pull, one JSON line after the other, in pieces that end
 * anywhere. Pure. */
#ifndef PORTS_DOCKER_PULL_LINES_H
#define PORTS_DOCKER_PULL_LINES_H

#include "platform/base/err.h"
#include "platform/base/span.h"

#define PULL_LINE_BYTES_MAX 32768
/* Layers whose progress is followed, once while downloading and once while unpacking. */
#define PULL_LAYERS_MAX 128

struct pull_layer {
    uint64_t key;
    uint64_t bytes;
};

/* Zeroed before first use. `bytes` is what was downloaded and unpacked so far and only grows;
 * `code` is 0 until a line reports an error, then what refusal_pull_code says, with its text, or
 * ERR_MEMORY where there was none to read it. */
struct pull_lines {
    uint64_t bytes;
    int code;
    char text[ERR_TEXT_BYTES];
    /* private */
    struct pull_layer layers[PULL_LAYERS_MAX];
    size_t layer_count;
    size_t len;
    char line[PULL_LINE_BYTES_MAX];
};

/* Reads the next bytes. A line that is no JSON or longer than the limit is an error too: what the
 * engine said in it would be lost. After the first error nothing more is read. */
void pull_lines_feed(struct pull_lines *lines, struct span piece);

/* Reads what is left when the stream has ended. */
void pull_lines_end(struct pull_lines *lines);

#endif
