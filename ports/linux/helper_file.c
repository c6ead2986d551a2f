/* helper_file: write beside, sync, rename, sync; or overwrite in place and sync. */
#include "ports/linux/helper_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_at(int fd, struct span content, int64_t offset)
{
    while (content.len > 0) {
        ssize_t put = pwrite(fd, content.data, content.len, (off_t)offset);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return put < 0 ? errno : EIO;
        }
        content = span_of(content.data + put, content.len - (size_t)put);
        offset += put;
    }
    return 0;
}

/* Closes fd after an operation whose result was `failure`. */
static int finish(int fd, int failure)
{
    if (close(fd) != 0 && failure == 0) {
        failure = errno;
    }
    return failure;
}

/* The directory that holds `name`, opened, and the name in it. */
static int directory_open(int dir, const char *name, const char **base)
{
    char path[PATH_MAX];
    const char *slash = strrchr(name, '/');
    *base = slash == NULL ? name : slash + 1;
    size_t len = slash == NULL ? 0 : (size_t)(slash - name);
    if (len >= sizeof path || **base == '\0') {
        errno = len >= sizeof path ? ENAMETOOLONG : EISDIR;
        return -1;
    }
    memcpy(path, name, len);
    path[len] = '\0';
    if (len == 0) {
        strcpy(path, slash == NULL ? "." : "/");
    }
    return openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool content_is_same(int fd, struct span content)
{
    unsigned char buf[4096];
    struct stat state;
    if (fstat(fd, &state) != 0 || !S_ISREG(state.st_mode) || state.st_size < 0 ||
        (uint64_t)state.st_size != content.len) {
        return false;
    }
    while (content.len > 0) {
        ssize_t got = read(fd, buf, sizeof buf);
        if (got <= 0 || (size_t)got > content.len || memcmp(buf, content.data, (size_t)got) != 0) {
            return false;
        }
        content = span_of(content.data + got, content.len - (size_t)got);
    }
    return true;
}

/* True when the file holds `content` on the medium. After a sync that failed the cache may look
 * whole for ever, and the next sync may lie: so it is dropped before it is read, and a file that
 * cannot be synced is written anew. */
static bool same_is_synced(int dir, const char *base, struct span content)
{
    int fd = openat(dir, base, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        return false;
    }
    bool is_same = fsync(fd) == 0;
    if (is_same) {
        (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
        is_same = content_is_same(fd, content);
    }
    close(fd);
    return is_same;
}

static int write_beside(int dir, const char *fresh, struct span content)
{
    if (unlinkat(dir, fresh, 0) != 0 && errno != ENOENT) {
        return errno;
    }
    int fd = openat(dir, fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return errno;
    }
    int failure = write_at(fd, content, 0);
    if (failure == 0 && fsync(fd) != 0) {
        failure = errno;
    }
    return finish(fd, failure);
}

static int replace_in(int dir, const char *base, struct span content)
{
    char fresh[NAME_MAX + 1];
    int failure = 0;
    int used = snprintf(fresh, sizeof fresh, ".%s.new", base);
    if (used < 0 || (size_t)used >= sizeof fresh) {
        return ENAMETOOLONG;
    }
    if (!same_is_synced(dir, base, content)) {
        failure = write_beside(dir, fresh, content);
        if (failure == 0 && renameat(dir, fresh, dir, base) != 0) {
            failure = errno;
        }
        if (failure != 0) {
            (void)unlinkat(dir, fresh, 0);
        }
    }
    if (failure == 0 && fsync(dir) != 0) {
        failure = errno;
    }
    return failure;
}

int helper_file_replace(int dir, const char *name, struct span content)
{
    const char *base;
    int opened = directory_open(dir, name, &base);
    return opened < 0 ? errno : finish(opened, replace_in(opened, base, content));
}

int helper_file_slot(int dir, const char *name, int64_t offset, struct span content)
{
    int fd = openat(dir, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return errno;
    }
    int failure = write_at(fd, content, offset);
    if (failure == 0 && fdatasync(fd) != 0) {
        failure = errno;
    }
    return finish(fd, failure);
}

int helper_file_remove(int dir, const char *name)
{
    if (unlinkat(dir, name, 0) != 0 && errno != ENOENT) {
        return errno;
    }
    return fsync(dir) != 0 ? errno : 0;
}
