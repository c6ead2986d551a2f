/* file: reads a small file whole. */
#ifndef BERTHD_FILE_H
#define BERTHD_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "platform/base/err.h"
#include "platform/base/span.h"

/* Reads `path` into data; ERR_NOT_FOUND, ERR_OVERSIZE (more than `cap` bytes), ERR_IO. */
NODISCARD int file_read(const char *path, uint8_t *data, size_t cap, struct span *content,
                        struct err *err);

#endif
