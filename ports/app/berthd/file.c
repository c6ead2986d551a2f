/* file: open, read to the end, close. */
#include "ports/app/berthd/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int file_read(const char *path, uint8_t *data, size_t cap, struct span *content, struct err *err)
{
    size_t len = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == EACCES) {
        return err_set(err, ERR_IO, "open %s: %s; give the file to the user that berthd runs as",
                       path, strerror(errno));
    }
    if (fd < 0) {
        return err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "open %s: %s", path,
                       strerror(errno));
    }
    for (;;) {
        uint8_t beyond;
        bool is_full = len == cap;
        ssize_t got = read(fd, is_full ? &beyond : data + len, is_full ? 1 : cap - len);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got == 0) {
            break;
        }
        int why = errno;
        if (got < 0 || is_full) {
            (void)close(fd);
            return got < 0 ? err_set(err, ERR_IO, "read %s: %s", path, strerror(why))
                           : err_set(err, ERR_OVERSIZE, "%s is larger than %zu bytes", path, cap);
        }
        len += (size_t)got;
    }
    (void)close(fd);
    *content = span_of(data, len);
    return 0;
}
