/* flat_file_test: each call of the flat store's file answered otherwise: a transfer that is
 * interrupted or short goes on, one that gives nothing fails, and what fails at the beginning is
 * said and leaves nothing open. The calls are wrapped at the link. */
#include "ports/flat/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/base/units.h"
#include "tests/check.h"

/* The nth call of a name answers otherwise: an errno, or, of a transfer, so many bytes. */
static struct {
    const char *call;
    int countdown;
    int failure;
    ssize_t bytes;
} strike;

static int opened, closed, advised;

static bool strikes(const char *call)
{
    if (strike.call == NULL || strcmp(strike.call, call) != 0 || --strike.countdown != 0) {
        return false;
    }
    errno = strike.failure;
    return true;
}

int __real_open(const char *path, int flags, ...);
int __real_close(int fd);
int __real_fstat(int fd, struct stat *state);
int __real_flock(int fd, int operation);
int __real_fdatasync(int fd);
off_t __real_lseek(int fd, off_t at, int whence);
ssize_t __real_pread(int fd, void *data, size_t len, off_t at);
ssize_t __real_pwrite(int fd, const void *data, size_t len, off_t at);
int __wrap_open(const char *path, int flags, ...);
int __wrap_close(int fd);
int __wrap_fstat(int fd, struct stat *state);
int __wrap_flock(int fd, int operation);
int __wrap_fdatasync(int fd);
off_t __wrap_lseek(int fd, off_t at, int whence);
ssize_t __wrap_pread(int fd, void *data, size_t len, off_t at);
ssize_t __wrap_pwrite(int fd, const void *data, size_t len, off_t at);
int __wrap_posix_fadvise(int fd, off_t at, off_t len, int advice);

int __wrap_open(const char *path, int flags, ...)
{
    int fd = strikes("open") ? -1 : __real_open(path, flags);
    opened += fd >= 0;
    return fd;
}

int __wrap_close(int fd)
{
    closed++;
    return __real_close(fd);
}

int __wrap_fstat(int fd, struct stat *state)
{
    return strikes("fstat") ? -1 : __real_fstat(fd, state);
}

int __wrap_flock(int fd, int operation)
{
    return strikes("flock") ? -1 : __real_flock(fd, operation);
}

int __wrap_fdatasync(int fd)
{
    return strikes("fdatasync") ? -1 : __real_fdatasync(fd);
}

off_t __wrap_lseek(int fd, off_t at, int whence)
{
    return strikes("lseek") ? -1 : __real_lseek(fd, at, whence);
}

ssize_t __wrap_pread(int fd, void *data, size_t len, off_t at)
{
    if (strikes("pread")) {
        return strike.failure != 0 ? -1 : __real_pread(fd, data, (size_t)strike.bytes, at);
    }
    return __real_pread(fd, data, len, at);
}

ssize_t __wrap_pwrite(int fd, const void *data, size_t len, off_t at)
{
    if (strikes("pwrite")) {
        return strike.failure != 0 ? -1 : __real_pwrite(fd, data, (size_t)strike.bytes, at);
    }
    return __real_pwrite(fd, data, len, at);
}

int __wrap_posix_fadvise(int fd, off_t at, off_t len, int advice)
{
    (void)fd;
    advised += at == 0 && len == 0 && advice == POSIX_FADV_DONTNEED;
    return 0;
}

enum { BYTES = 4096 };

static char folder[] = "/tmp/berth-flat-XXXXXX";
static char path[64];

static void strike_at(const char *call, int nth, int failure, ssize_t bytes)
{
    strike.call = call;
    strike.countdown = nth;
    strike.failure = failure;
    strike.bytes = bytes;
}

static void file_make(void)
{
    (void)snprintf(path, sizeof path, "%s/flat", folder);
    int fd = __real_open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && ftruncate(fd, BYTES) == 0);
    (void)__real_close(fd);
    strike.call = NULL;
    opened = closed = advised = 0;
}

/* The first call of a transfer of ten bytes answers so. */
static const struct {
    int failure;
    ssize_t bytes;
    int want;
} transfers[] = {{0, 3, 0},     {0, 9, 0},           {EINTR, 0, 0},      {0, 0, EIO},
                 {EIO, 0, EIO}, {ENOSPC, 0, ENOSPC}, {EAGAIN, 0, EAGAIN}};

static void case_transfers(void)
{
    struct flat_file file;
    file_make();
    CHECK_INT_EQ(flat_file_init(&file, path, 512, NULL), 0);
    struct flat_medium medium = flat_file_medium(&file);
    for (size_t i = 0; i < COUNT_OF(transfers); i++) {
        char back[11] = {0};
        char text[11] = "0123456789";
        text[0] = (char)('a' + (int)i);
        uint64_t at = 700 + 100 * i;
        strike_at("pwrite", 1, transfers[i].failure, transfers[i].bytes);
        CHECK_INT_EQ(medium.ops->write(medium.self, at, span_text(text)), transfers[i].want);
        strike.call = NULL;
        CHECK_INT_EQ(medium.ops->write(medium.self, at, span_text(text)), 0);
        strike_at("pread", 1, transfers[i].failure, transfers[i].bytes);
        CHECK_INT_EQ(medium.ops->read(medium.self, at, back, 10), transfers[i].want);
        if (transfers[i].want == 0) {
            CHECK_STR_EQ(back, text);
        }
        strike.call = NULL;
        memset(back, 0, sizeof back);
        CHECK_INT_EQ(medium.ops->read(medium.self, at - 1, back, 10), 0);
        CHECK(back[0] == '\0' && memcmp(back + 1, text, 9) == 0);
    }
    char beyond[2];
    CHECK_INT_EQ(medium.ops->read(medium.self, BYTES - 1, beyond, 1), 0);
    CHECK_INT_EQ(medium.ops->read(medium.self, BYTES - 1, beyond, 2), EIO);
    CHECK_INT_EQ(medium.ops->write(medium.self, 0, span_of(NULL, 0)), 0);
    flat_file_close(&file);
    CHECK_INT_EQ(opened, closed);
}

/* A device without a cache refuses to be synced; anything else that does is a failure. */
static void case_sync(void)
{
    struct flat_file file;
    file_make();
    CHECK_INT_EQ(flat_file_init(&file, path, 512, NULL), 0);
    struct flat_medium medium = flat_file_medium(&file);
    CHECK_INT_EQ(medium.ops->sync(medium.self), 0);
    strike_at("fdatasync", 1, EINVAL, 0);
    CHECK_INT_EQ(medium.ops->sync(medium.self), 0);
    strike_at("fdatasync", 1, EIO, 0);
    CHECK_INT_EQ(medium.ops->sync(medium.self), EIO);
    CHECK_INT_EQ(advised, 1);
    CHECK_INT_EQ(medium.ops->reopen(medium.self), 0);
    CHECK_INT_EQ(advised, 2);
    strike_at("fdatasync", 1, EIO, 0);
    CHECK_INT_EQ(medium.ops->reopen(medium.self), EIO);
    strike_at("open", 1, ENXIO, 0);
    CHECK_INT_EQ(medium.ops->reopen(medium.self), ENXIO);
    CHECK_INT_EQ(advised, 2); /* the cache is let go only of what was written out */
    CHECK_INT_EQ(file.fd, -1);
    strike.call = NULL;
    CHECK_INT_EQ(medium.ops->reopen(medium.self), 0);
    flat_file_close(&file);
    flat_file_close(&file);
    CHECK_INT_EQ(opened, closed);
}

/* A process without an input has a descriptor 0 that is a file's like any other. */
static void case_descriptor_zero(void)
{
    struct flat_file file;
    file_make();
    (void)__real_close(0);
    CHECK_INT_EQ(flat_file_init(&file, path, 512, NULL), 0);
    CHECK_INT_EQ(file.lock_fd, 0);
    flat_file_close(&file);
    CHECK_INT_EQ(opened, closed);
    CHECK_INT_EQ(flat_file_init(&file, path, 512, NULL), 0);
    int lock_fd = dup(file.lock_fd);
    CHECK_INT_EQ(dup2(file.fd, 0), 0);
    (void)__real_close(file.fd);
    file.lock_fd = lock_fd;
    file.fd = 0;
    struct flat_medium medium = flat_file_medium(&file);
    CHECK_INT_EQ(medium.ops->reopen(medium.self), 0);
    CHECK_INT_EQ(opened, closed + 2);
    flat_file_close(&file);
    CHECK_INT_EQ(opened, closed);
    (void)__real_open("/dev/null", O_RDONLY); /* an input again */
}

static void case_beginning(void)
{
    static const struct {
        const char *call;
        int nth, failure, code;
        const char *text; /* %s: the path */
    } rows[] = {
        {"open", 1, ENOENT, ERR_NOT_FOUND,
         "there is no %s: make it (fallocate -l 16M), or name a partition"},
        {"open", 1, EACCES, ERR_STORE, "open %s: Permission denied"},
        {"flock", 1, EWOULDBLOCK, ERR_BUSY, "another berthd already uses %s"},
        {"flock", 1, EIO, ERR_STORE, "lock %s: Input/output error"},
        {"fstat", 1, EIO, ERR_STORE, "look at %s: Input/output error"},
        {"lseek", 1, ESPIPE, ERR_STORE, "find the size of %s: Illegal seek"},
        {"open", 2, EIO, ERR_STORE, "open and sync %s: Input/output error"},
        {"fdatasync", 1, EIO, ERR_STORE, "open and sync %s: Input/output error"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct flat_file file;
        struct err err = {0};
        char want[160];
        size_t len = strcspn(rows[i].text, "%");
        file_make();
        strike_at(rows[i].call, rows[i].nth, rows[i].failure, 0);
        CHECK_INT_EQ(flat_file_init(&file, path, 512, &err), rows[i].code);
        (void)snprintf(want, sizeof want, "%.*s%s%s", (int)len, rows[i].text, path,
                       rows[i].text + len + 2);
        CHECK_STR_EQ(err.text, want);
        CHECK_INT_EQ(opened, closed);
        CHECK(file.fd == -1 && file.lock_fd == -1);
    }
}

static void case_kinds(void)
{
    struct flat_file file;
    struct flat_file other;
    struct err err = {0};
    char fifo[64];
    file_make();
    CHECK_INT_EQ(flat_file_init(&file, path, 512, &err), 0);
    struct flat_medium medium = flat_file_medium(&file);
    CHECK_INT_EQ(medium.bytes, BYTES);
    CHECK_INT_EQ(medium.page_bytes, 512);
    CHECK_STR_EQ(medium.name, path);
    CHECK_INT_EQ(flat_file_init(&other, path, 512, &err), ERR_BUSY);
    flat_file_close(&file);
    CHECK_INT_EQ(flat_file_init(&other, path, 512, &err), 0);
    flat_file_close(&other);
    (void)snprintf(fifo, sizeof fifo, "%s/fifo", folder);
    CHECK_INT_EQ(mkfifo(fifo, 0600), 0);
    CHECK_INT_EQ(flat_file_init(&file, fifo, 512, &err), ERR_STORE);
    CHECK_CONTAINS(err.text, "is neither a file nor a device");
    CHECK_INT_EQ(flat_file_init(&file, folder, 512, &err), ERR_STORE);
    CHECK_CONTAINS(err.text, "Is a directory");
    CHECK_INT_EQ(opened, closed);
    (void)unlink(fifo);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"transfers", case_transfers},
                                              {"sync", case_sync},
                                              {"beginning", case_beginning},
                                              {"descriptor zero", case_descriptor_zero},
                                              {"kinds", case_kinds}};
    if (mkdtemp(folder) == NULL) {
        return EXIT_FAILURE;
    }
    int status = check_run(cases, COUNT_OF(cases), argc, argv);
    (void)unlink(path);
    (void)rmdir(folder);
    return status;
}
