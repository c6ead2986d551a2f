/* flat_file: pread, pwrite, fdatasync, and what it takes to believe a read after a failure. */
#include "ports/flat/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int file_read(void *self, uint64_t at, void *data, size_t len)
{
    const struct flat_file *file = self;
    for (size_t done = 0; done < len;) {
        ssize_t got = pread(file->fd, (char *)data + done, len - done, (off_t)(at + done));
        if (got == 0 || (got < 0 && errno != EINTR)) {
            return got == 0 ? EIO : errno;
        }
        done += got > 0 ? (size_t)got : 0;
    }
    return 0;
}

static int file_write(void *self, uint64_t at, struct span data)
{
    const struct flat_file *file = self;
    for (size_t done = 0; done < data.len;) {
        ssize_t put = pwrite(file->fd, data.data + done, data.len - done, (off_t)(at + done));
        if (put == 0 || (put < 0 && errno != EINTR)) {
            return put == 0 ? EIO : errno;
        }
        done += put > 0 ? (size_t)put : 0;
    }
    return 0;
}

/* A character device that has no cache refuses to be synced, and needs none. */
static int fd_sync(int fd)
{
    return fdatasync(fd) == 0 || errno == EINVAL ? 0 : errno;
}

static int file_sync(void *self)
{
    const struct flat_file *file = self;
    return fd_sync(file->fd);
}

/* The kernel tells a failed write-back once and then calls the page clean: only a read past its
 * cache tells the truth. */
static int file_reopen(void *self)
{
    struct flat_file *file = self;
    if (file->fd >= 0) {
        close(file->fd);
    }
    file->fd = open(file->path, O_RDWR | O_CLOEXEC);
    int failure = file->fd < 0 ? errno : fd_sync(file->fd);
    if (failure == 0) {
        (void)posix_fadvise(file->fd, 0, 0, POSIX_FADV_DONTNEED);
    }
    return failure;
}

/* A device's size is where its end is. */
static int size_learn(struct flat_file *file, struct err *err)
{
    struct stat state;
    if (fstat(file->lock_fd, &state) != 0) {
        return err_set(err, ERR_STORE, "look at %s: %s", file->path, strerror(errno));
    }
    if (!S_ISREG(state.st_mode) && !S_ISBLK(state.st_mode) && !S_ISCHR(state.st_mode)) {
        return err_set(err, ERR_STORE, "%s is neither a file nor a device", file->path);
    }
    off_t end = lseek(file->lock_fd, 0, SEEK_END);
    if (end < 0) {
        return err_set(err, ERR_STORE, "find the size of %s: %s", file->path, strerror(errno));
    }
    file->bytes = (uint64_t)end;
    return 0;
}

int flat_file_init(struct flat_file *file, const char *path, uint32_t page_bytes, struct err *err)
{
    *file = (struct flat_file){.path = path, .fd = -1, .page_bytes = page_bytes};
    file->lock_fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (file->lock_fd < 0) {
        return errno == ENOENT ? err_set(err, ERR_NOT_FOUND,
                                         "there is no %s: make it (fallocate -l 16M), or name a "
                                         "partition",
                                         path)
                               : err_set(err, ERR_STORE, "open %s: %s", path, strerror(errno));
    }
    int rc = flock(file->lock_fd, LOCK_EX | LOCK_NB) == 0 ? 0
             : errno == EWOULDBLOCK ? err_set(err, ERR_BUSY, "another berthd already uses %s", path)
                                    : err_set(err, ERR_STORE, "lock %s: %s", path, strerror(errno));
    if (rc == 0) {
        rc = size_learn(file, err);
    }
    int failure = rc == 0 ? file_reopen(file) : 0;
    if (failure != 0) {
        rc = err_set(err, ERR_STORE, "open and sync %s: %s", path, strerror(failure));
    }
    if (rc != 0) {
        flat_file_close(file);
    }
    return rc;
}

void flat_file_close(struct flat_file *file)
{
    if (file->fd >= 0) {
        close(file->fd);
    }
    if (file->lock_fd >= 0) {
        close(file->lock_fd);
    }
    file->fd = -1;
    file->lock_fd = -1;
}

struct flat_medium flat_file_medium(struct flat_file *file)
{
    static const struct flat_medium_ops ops = {
        .read = file_read, .write = file_write, .sync = file_sync, .reopen = file_reopen};
    return (struct flat_medium){.ops = &ops,
                                .self = file,
                                .name = file->path,
                                .bytes = file->bytes,
                                .page_bytes = file->page_bytes};
}
