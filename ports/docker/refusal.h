/* Refusal: what the engine's words mean when it refuses to create or start a container. Pure. */
#ifndef PORTS_DOCKER_REFUSAL_H
#define PORTS_DOCKER_REFUSAL_H

#include <stddef.h>

enum refusal_call { REFUSAL_CREATE = 1, REFUSAL_START = 2, REFUSAL_EITHER = 3, REFUSAL_PULL = 4 };

/* One text of one engine: a refusal of `call` that contains both pieces (letter case aside; `also`
 * may be NULL) is `code`. `source` says whose text it is. */
struct refusal_row {
    enum refusal_call call;
    const char *piece, *also;
    int code;
    const char *source;
};

/* ERR_SPEC: refused because of what was asked for, on any node. ERR_WIRING: because its network is
 * not what it was. ERR_DISK_SPACE. ERR_NOT_FOUND: status 404, and none of these. ERR_ENGINE:
 * everything else, trouble of this node included. The first row that fits decides. */
int refusal_code(enum refusal_call call, int status, const char *message);

/* Of a failed pull: ERR_PULL where asking again gives the same answer, ERR_DENIED where the
 * registry gives nothing to this node, ERR_DISK_SPACE; everything else is ERR_REGISTRY, trouble of
 * the site that passes: no connection, no name, a time-out, 5xx, 429, an end in the middle. */
int refusal_pull_code(const char *message);

/* The rows, for the test that reads them. */
const struct refusal_row *refusal_rows(size_t *count);

#endif
