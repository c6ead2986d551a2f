/* store_watch: each call by its name, its file and its flags. */
#include "tests/unit/ports/store_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "platform/base/units.h"

struct store_watch watch;

/* What says nothing of a call is not tried with it: only data comes short, only a lock is held. */
static bool suits(const struct otherwise *way, const char *name)
{
    bool is_data = strncmp(name, "pread", 5) == 0 || strncmp(name, "read", 4) == 0 ||
                   strncmp(name, "pwrite", 6) == 0;
    bool is_name = strncmp(name, "mkdir", 5) == 0 || strncmp(name, "open", 4) == 0 ||
                   strncmp(name, "unlink", 6) == 0;
    return way->oddity != ODD_ERROR    ? is_data
           : way->error == EIO         ? true
           : way->error == EINTR       ? is_data || strncmp(name, "flock", 5) == 0
           : way->error == EWOULDBLOCK ? strncmp(name, "flock", 5) == 0
                                       : is_name;
}

static bool is_odd(void)
{
    return watch.is_watching && watch.calls == watch.turn;
}

/* Writes the call down; true when it is to do otherwise. The last errno is set then. */
bool watch_call(const char *fmt, ...)
{
    if (!watch.is_watching) {
        return false;
    }
    bool is_otherwise = watch.calls == watch.turn;
    watch.is_suited = watch.is_suited || (is_otherwise && suits(watch.way, fmt));
    if (watch.turn == CALLS_NONE || watch.calls >= watch.turn) {
        char line[256];
        va_list args;
        va_start(args, fmt);
        (void)vsnprintf(line, sizeof line, fmt, args);
        va_end(args);
        text_printf(watch.out, "  %s%s%s\n", line, is_otherwise ? ": " : "",
                    is_otherwise ? watch.way->word : "");
    }
    watch.calls++;
    if (is_otherwise && watch.way->oddity == ODD_ERROR) {
        errno = watch.way->error;
    }
    return is_otherwise && watch.way->oddity == ODD_ERROR;
}

const char *watch_name(int fd)
{
    return fd >= 0 && fd < FDS_MAX ? watch.names[fd] : "?";
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static const char *flag_words(int flags)
{
    static char words[64];
    static const struct {
        int flag;
        const char *word;
    } rows[] = {{O_DIRECTORY, " dir"},     {O_CREAT, " creat"},       {O_EXCL, " excl"},
                {O_NOFOLLOW, " nofollow"}, {O_NONBLOCK, " nonblock"}, {O_CLOEXEC, " cloexec"}};
    (void)snprintf(words, sizeof words, "%s", (flags & O_ACCMODE) == O_RDONLY ? "r" : "w");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        size_t len = strlen(words);
        if ((flags & rows[i].flag) == rows[i].flag) {
            (void)snprintf(words + len, sizeof words - len, "%s", rows[i].word);
        }
    }
    return words;
}

static int note_fd(int fd, const char *name)
{
    if (fd >= 0 && fd < FDS_MAX) {
        (void)snprintf(watch.names[fd], sizeof watch.names[fd], "%s", name);
    }
    return fd;
}

/* NOLINTBEGIN: the linker gives these names. */
int __real_open(const char *path, int flags, ...);
int __real_openat(int dir, const char *path, int flags, ...);
int __real_mkdir(const char *path, mode_t mode);
int __real_fstat(int fd, struct stat *state);
int __real_fchmod(int fd, mode_t mode);
int __real_flock(int fd, int operation);
int __real_fsync(int fd);
int __real_fdatasync(int fd);
int __real_close(int fd);
ssize_t __real_pread(int fd, void *data, size_t len, off_t at);
ssize_t __real_pwrite(int fd, const void *data, size_t len, off_t at);
ssize_t __real_read(int fd, void *data, size_t len);
int __real_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __real_unlinkat(int dir, const char *name, int flags);
int __real_posix_fadvise(int fd, off_t at, off_t len, int advice);

int __wrap_open(const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...);
int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_fstat(int fd, struct stat *state);
int __wrap_fchmod(int fd, mode_t mode);
int __wrap_flock(int fd, int operation);
int __wrap_fsync(int fd);
int __wrap_fdatasync(int fd);
int __wrap_close(int fd);
ssize_t __wrap_pread(int fd, void *data, size_t len, off_t at);
ssize_t __wrap_pwrite(int fd, const void *data, size_t len, off_t at);
ssize_t __wrap_read(int fd, void *data, size_t len);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __wrap_unlinkat(int dir, const char *name, int flags);
int __wrap_posix_fadvise(int fd, off_t at, off_t len, int advice);
int __wrap_nanosleep(const struct timespec *wait, struct timespec *left);

static mode_t mode_of(int flags, va_list args)
{
    return (flags & O_CREAT) != 0 ? (mode_t)va_arg(args, int) : 0;
}

int __wrap_open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    return watch_call("open %s %s", base_of(path), flag_words(flags))
               ? -1
               : note_fd(__real_open(path, flags, mode), base_of(path));
}

int __wrap_openat(int dir, const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    char words[80];
    (void)snprintf(words, sizeof words, "%s", flag_words(flags));
    return watch_call("openat %s %s %s %o", dir == AT_FDCWD ? "cwd" : watch_name(dir), path, words,
                      mode)
               ? -1
               : note_fd(__real_openat(dir, path, flags, mode), path);
}

int __wrap_mkdir(const char *path, mode_t mode)
{
    return watch_call("mkdir %s %o", base_of(path), mode) ? -1 : __real_mkdir(path, mode);
}

int __wrap_fstat(int fd, struct stat *state)
{
    return watch_call("fstat %s", watch_name(fd)) ? -1 : __real_fstat(fd, state);
}

int __wrap_fchmod(int fd, mode_t mode)
{
    return watch_call("fchmod %s %o", watch_name(fd), mode) ? -1 : __real_fchmod(fd, mode);
}

int __wrap_flock(int fd, int operation)
{
    return watch_call("flock %s %s", watch_name(fd),
                      operation == (LOCK_EX | LOCK_NB) ? "ex nb" : "?")
               ? -1
               : __real_flock(fd, operation);
}

int __wrap_fsync(int fd)
{
    return watch_call("fsync %s", watch_name(fd)) ? -1 : __real_fsync(fd);
}

int __wrap_fdatasync(int fd)
{
    return watch_call("fdatasync %s", watch_name(fd)) ? -1 : __real_fdatasync(fd);
}

/* Closed in any case, as Linux does. */
int __wrap_close(int fd)
{
    char name[64];
    (void)snprintf(name, sizeof name, "%s", watch_name(fd));
    int rc = __real_close(fd);
    return watch_call("close %s", name) ? -1 : rc;
}

ssize_t __wrap_pread(int fd, void *data, size_t len, off_t at)
{
    bool is_short = is_odd() && watch.way->oddity == ODD_SHORT;
    bool is_nothing = is_odd() && watch.way->oddity == ODD_NOTHING;
    if (watch_call("pread %s %zu at %lld", watch_name(fd), len, (long long)at)) {
        return -1;
    }
    return is_nothing ? 0 : __real_pread(fd, data, is_short ? 7 : len, at);
}

ssize_t __wrap_read(int fd, void *data, size_t len)
{
    bool is_short = is_odd() && watch.way->oddity == ODD_SHORT;
    bool is_nothing = is_odd() && watch.way->oddity == ODD_NOTHING;
    if (watch_call("read %s %zu", watch_name(fd), len)) {
        return -1;
    }
    return is_nothing ? 0 : __real_read(fd, data, is_short ? 7 : len);
}

ssize_t __wrap_pwrite(int fd, const void *data, size_t len, off_t at)
{
    bool is_short = is_odd() && watch.way->oddity == ODD_SHORT;
    bool is_nothing = is_odd() && watch.way->oddity == ODD_NOTHING;
    if (watch_call("pwrite %s %zu at %lld", watch_name(fd), len, (long long)at)) {
        return -1;
    }
    return is_nothing ? 0 : __real_pwrite(fd, data, is_short ? 7 : len, at);
}

int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    return watch_call("renameat %s/%s %s/%s", watch_name(from_dir), from, watch_name(to_dir), to)
               ? -1
               : __real_renameat(from_dir, from, to_dir, to);
}

int __wrap_unlinkat(int dir, const char *name, int flags)
{
    return watch_call("unlinkat %s %s %d", watch_name(dir), name, flags)
               ? -1
               : __real_unlinkat(dir, name, flags);
}

/* What a real file system says of it is told, not asked. */
int __wrap_posix_fadvise(int fd, off_t at, off_t len, int advice)
{
    (void)watch_call("fadvise %s %lld+%lld %s", watch_name(fd), (long long)at, (long long)len,
                     advice == POSIX_FADV_DONTNEED ? "dontneed" : "?");
    return 0;
}

int __wrap_nanosleep(const struct timespec *wait, struct timespec *left)
{
    (void)left;
    (void)watch_call("nanosleep %lld ns", (long long)wait->tv_sec * 1000000000 + wait->tv_nsec);
    return 0;
}
/* NOLINTEND */
