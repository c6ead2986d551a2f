/* store_dir: directory calls that the store needs when it starts and when it reads. */
#include "ports/linux/store_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LOCK_TRIES = 50, LOCK_WAIT_NS = 20000000 };

bool store_name_is_good(const char *name)
{
    size_t len = strnlen(name, STORE_NAME_BYTES);
    return len > 0 && len < STORE_NAME_BYTES && name[0] != '.' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") == len;
}

void store_file_name(char file[STORE_FILE_BYTES], const char *name, bool is_blob)
{
    (void)snprintf(file, STORE_FILE_BYTES, "%.*s%s", STORE_NAME_BYTES - 1, name,
                   is_blob ? ".b" : ".r");
}

static int lock_take(int dir_fd, const char *directory, struct err *err)
{
    const struct timespec wait = {.tv_nsec = LOCK_WAIT_NS};
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(dir_fd, LOCK_EX | LOCK_NB) == 0) {
            return 0;
        }
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return err_set(err, ERR_STORE, "lock %s: %s", directory, strerror(errno));
        }
        (void)nanosleep(&wait, NULL);
    }
    return err_set(err, ERR_BUSY, "another berthd already uses %s", directory);
}

/* A directory of its own descriptor, because reading moves the position. */
static DIR *dir_stream(int dir_fd, struct err *err)
{
    int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    if (stream == NULL) {
        (void)err_set(err, ERR_STORE, "read the state directory: %s", strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
    }
    return stream;
}

static bool has_end(const char *text, const char *end)
{
    size_t len = strlen(text);
    size_t end_len = strlen(end);
    return len > end_len && strcmp(text + len - end_len, end) == 0;
}

/* Temporary files of writes that never ended. */
static int leftovers_remove(int dir_fd, struct err *err)
{
    DIR *stream = dir_stream(dir_fd, err);
    if (stream == NULL) {
        return ERR_STORE;
    }
    const struct dirent *entry;
    while ((entry = readdir(stream)) != NULL) {
        if (entry->d_name[0] == '.' && has_end(entry->d_name, ".new")) {
            (void)unlinkat(dir_fd, entry->d_name, 0);
        }
    }
    closedir(stream);
    return 0;
}

/* The directory's own name, also when it was there: an agent may have made it and died before it
 * got here. Where the parent cannot be opened somebody else made it, who answers for its name. */
static int parent_sync(int dir_fd, const char *directory, bool is_new, struct err *err)
{
    int parent_fd = openat(dir_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent_fd < 0 && errno == EACCES && !is_new) {
        return 0;
    }
    int failure = parent_fd < 0 || fsync(parent_fd) != 0 ? errno : 0;
    if (parent_fd >= 0) {
        close(parent_fd);
    }
    return failure == 0
               ? 0
               : err_set(err, ERR_STORE, "sync the parent of %s: %s", directory, strerror(failure));
}

static int dir_prepare(int dir_fd, const char *directory, bool is_new, struct err *err)
{
    struct stat state;
    if (fstat(dir_fd, &state) == 0 && state.st_uid != 0 && state.st_uid != geteuid()) {
        return err_set(err, ERR_STORE, "%s belongs to user %u: give it to root (chown root)",
                       directory, (unsigned)state.st_uid);
    }
    if (fstat(dir_fd, &state) != 0 || ((state.st_mode & 077) != 0 && fchmod(dir_fd, 0700) != 0)) {
        return err_set(err, ERR_STORE, "make %s private (mode 0700): %s", directory,
                       strerror(errno));
    }
    int rc = lock_take(dir_fd, directory, err);
    if (rc == 0) {
        rc = leftovers_remove(dir_fd, err);
    }
    if (rc == 0 && fsync(dir_fd) != 0) {
        rc = err_set(err, ERR_STORE, "sync %s: %s", directory, strerror(errno));
    }
    return rc == 0 ? parent_sync(dir_fd, directory, is_new, err) : rc;
}

int store_dir_open(const char *directory, struct err *err)
{
    bool is_new = mkdir(directory, 0700) == 0;
    if (!is_new && errno != EEXIST) {
        return err_set(err, ERR_STORE, "make the state directory %s: %s", directory,
                       strerror(errno));
    }
    int dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd < 0) {
        return err_set(err, ERR_STORE, "open the state directory %s: %s", directory,
                       strerror(errno));
    }
    int rc = dir_prepare(dir_fd, directory, is_new, err);
    if (rc != 0) {
        close(dir_fd);
        return rc;
    }
    return dir_fd;
}

int store_dir_list(int dir_fd, store_found found, void *ctx, struct err *err)
{
    DIR *stream = dir_stream(dir_fd, err);
    if (stream == NULL) {
        return ERR_STORE;
    }
    const struct dirent *entry;
    while ((entry = readdir(stream)) != NULL) {
        char name[STORE_NAME_BYTES];
        bool is_blob = has_end(entry->d_name, ".b");
        size_t len = strlen(entry->d_name);
        if ((!is_blob && !has_end(entry->d_name, ".r")) || len - 2 >= sizeof name) {
            continue;
        }
        memcpy(name, entry->d_name, len - 2);
        name[len - 2] = '\0';
        if (store_name_is_good(name)) {
            found(ctx, name, is_blob);
        }
    }
    closedir(stream);
    return 0;
}

static int file_read(int fd, void *buf, size_t cap, size_t *len)
{
    *len = 0;
    while (*len < cap) {
        ssize_t got = pread(fd, (char *)buf + *len, cap - *len, (off_t)*len);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return errno;
        }
        if (got == 0) {
            break;
        }
        *len += (size_t)got;
    }
    return 0;
}

int store_dir_read(int dir_fd, const char *file, enum store_source source, void *buf, size_t cap,
                   size_t *len, bool *is_longer, struct err *err)
{
    bool is_medium = source == STORE_FROM_MEDIUM;
    struct stat state;
    int fd = openat(dir_fd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        return errno == ENOENT ? err_set(err, ERR_NOT_FOUND, "there is no %s", file)
                               : err_set(err, ERR_STORE, "open %s: %s", file, strerror(errno));
    }
    int failure = (is_medium && fdatasync(fd) != 0) || fstat(fd, &state) != 0 ? errno : 0;
    if (failure == 0) {
        if (is_medium) {
            (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
        }
        failure = file_read(fd, buf, cap, len);
        *is_longer = state.st_size > 0 && (uint64_t)state.st_size > *len;
    }
    close(fd);
    return failure == 0 ? 0 : err_set(err, ERR_STORE, "read %s: %s", file, strerror(failure));
}
