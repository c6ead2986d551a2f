/* files: whole files in and out. */
#ifndef PORTS_APP_BERTH_FILES_H
#define PORTS_APP_BERTH_FILES_H

#include <sys/types.h>

#include "platform/base/err.h"
#include "platform/base/span.h"

/* Reads a file of at most bytes_max bytes, or standard input where the path is "-"; *content is
 * terminated by a NUL that len does not count, and freed by the caller. ERR_IO, ERR_OVERSIZE,
 * ERR_MEMORY. */
NODISCARD int file_read(const char *path, size_t bytes_max, char **content, size_t *len,
                        struct err *err);

/* Writes a file whole or not at all: a new file beside it, synced, renamed. ERR_IO. */
NODISCARD int file_write(const char *path, struct span content, mode_t mode, struct err *err);

/* The same, but refuses to replace what is there. ERR_EXISTS. */
NODISCARD int file_create(const char *path, struct span content, mode_t mode, struct err *err);

#endif
