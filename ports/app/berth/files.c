/* files: reading with a bound, writing without a half. */
#include "ports/app/berth/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int file_fail(const char *path, struct err *err)
{
    return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
}

static void file_leave(FILE *file)
{
    if (file != stdin) {
        (void)fclose(file);
    }
}

int file_read(const char *path, size_t bytes_max, char **content, size_t *len, struct err *err)
{
    bool is_input = strcmp(path, "-") == 0;
    FILE *file = is_input ? stdin : fopen(path, "re");
    path = is_input ? "standard input" : path;
    if (file == NULL) {
        return file_fail(path, err);
    }
    char *data = malloc(bytes_max + 2);
    if (data == NULL) {
        file_leave(file);
        return err_set(err, ERR_MEMORY, "%s: no memory", path);
    }
    errno = 0;
    size_t got = fread(data, 1, bytes_max + 1, file);
    int rc = ferror(file) ? file_fail(path, err) : 0;
    file_leave(file);
    if (rc == 0 && got > bytes_max) {
        rc = err_set(err, ERR_OVERSIZE, "%s: longer than %zu bytes", path, bytes_max);
    }
    if (rc != 0) {
        free(data);
        return rc;
    }
    data[got] = '\0';
    *content = data;
    *len = got;
    return 0;
}

static int content_write(int fd, const char *path, struct span content, struct err *err)
{
    while (content.len > 0) {
        ssize_t wrote = write(fd, content.data, content.len);
        if (wrote < 0 && errno != EINTR) {
            return file_fail(path, err);
        }
        size_t done = wrote > 0 ? (size_t)wrote : 0;
        content = span_of(content.data + done, content.len - done);
    }
    return fsync(fd) == 0 ? 0 : file_fail(path, err);
}

static int new_write(const char *path, struct span content, mode_t mode, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) {
        int rc = errno == EEXIST ? ERR_EXISTS : ERR_IO;
        return err_set(err, rc, "%s: %s", path, strerror(errno));
    }
    int rc = content_write(fd, path, content, err);
    if (close(fd) != 0 && rc == 0) {
        rc = file_fail(path, err);
    }
    if (rc != 0) {
        (void)unlink(path);
    }
    return rc;
}

int file_create(const char *path, struct span content, mode_t mode, struct err *err)
{
    return new_write(path, content, mode, err);
}

int file_write(const char *path, struct span content, mode_t mode, struct err *err)
{
    char beside[PATH_MAX];
    int len = snprintf(beside, sizeof beside, "%s.new", path);
    if (len < 0 || (size_t)len >= sizeof beside) {
        return err_set(err, ERR_IO, "%s: the name is too long", path);
    }
    (void)unlink(beside);
    int rc = new_write(beside, content, mode, err);
    if (rc == 0 && rename(beside, path) != 0) {
        rc = file_fail(path, err);
        (void)unlink(beside);
    }
    return rc;
}
