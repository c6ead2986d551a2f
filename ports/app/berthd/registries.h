/* registries: platform/registry.h from registries.json, a file that only its owner may read. */
#ifndef BERTHD_REGISTRIES_H
#define BERTHD_REGISTRIES_H

#include "platform/registry.h"

/* The ways that the file at `path` gives; read anew at each question. No file: the registries
 * themselves, without credentials. `path` must outlive the interface. A file that is no regular
 * one, or that others than its owner may read, is refused with the remedy. */
struct registry registries_interface(const char *path);

/* Looks at the file and writes all its faults, or how many bytes it has, or that there is none, to
 * `said`. 0, or ERR_VALUE, ERR_IO, ERR_OVERSIZE. */
NODISCARD int registries_look(const char *path, char *said, size_t cap, struct err *err);

#endif
