/* flat_file: a preallocated file, a partition or a device as a medium, by POSIX calls alone. */
#ifndef PORTS_FLAT_FILE_H
#define PORTS_FLAT_FILE_H

#include "ports/flat/medium.h"

/* private: owned by the caller, used through the functions below. */
struct flat_file {
    const char *path;
    int lock_fd; /* holds the lock until the end; never written through */
    int fd;      /* opened anew after a failure; -1 when that failed */
    uint64_t bytes;
    uint32_t page_bytes;
};

/* Opens and locks `path`, a regular file or a block or character device that is there already and
 * can be read and written at any offset; its size stays what it is. Writes out what an earlier
 * process left in the cache. `path` must stay valid and `file` must not move until flat_file_close.
 * ERR_NOT_FOUND; ERR_BUSY: another agent has it; ERR_STORE. May block. */
NODISCARD int flat_file_init(struct flat_file *file, const char *path, uint32_t page_bytes,
                             struct err *err);

void flat_file_close(struct flat_file *file);

/* The medium; valid until flat_file_close. */
struct flat_medium flat_file_medium(struct flat_file *file);

#endif
