/* registries: registries.json, the node's credentials and mirrors; see agent/wire/README.md. */
#ifndef AGENT_WIRE_REGISTRIES_H
#define AGENT_WIRE_REGISTRIES_H

#include "platform/registry.h"

#define REGISTRIES_BYTES_MAX    65536
#define REGISTRIES_MAX          32 /* registries in the file */
#define REGISTRIES_MIRRORS_MAX  4  /* mirrors of one */
#define REGISTRIES_SECRET_BYTES 4096
#define REGISTRIES_FAULT_BYTES  2048 /* enough for what is said of a file at once */
#define REGISTRIES_DEFAULT_HOST "docker.io"

/* Looks at the whole file (strict JSON) and writes every fault with its place and remedy to
 * `faults`, "; " between them; what did not fit is counted at its end. Returns how many there are.
 */
size_t registries_check(struct span text, char *faults, size_t cap);

/* The way of that number to a repository ("host:5000/a/web", or without a host), as registry.h
 * says. `text` of length 0: no file. ERR_NOT_FOUND, ERR_VALUE with all faults of the file,
 * ERR_LIMIT (a mirror makes the name longer than an engine takes), ERR_MEMORY. */
NODISCARD int registries_way(struct span text, const char *repository, size_t number,
                             struct registry_way *way, struct err *err);

#endif
