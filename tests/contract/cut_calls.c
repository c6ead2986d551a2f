/* cut_calls: the calls of the C library that change a medium, linked in their place (-Wl,--wrap):
 * carried out on real files, recorded, and failed on demand. Nothing is synced for real. */
#include "tests/contract/cut_calls.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/contract/cut_disk.h"

static struct cut_disk *current;

struct cut_disk *cut_current(void)
{
    return current;
}

/* --- the medium's folder --- */

static void folder_empty(const char *path)
{
    char entry_path[400];
    DIR *stream = opendir(path);
    const struct dirent *entry;
    while (stream != NULL && (entry = readdir(stream)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        (void)snprintf(entry_path, sizeof entry_path, "%s/%s", path, entry->d_name);
        if (entry->d_type == DT_DIR) {
            folder_empty(entry_path);
            (void)rmdir(entry_path);
        } else {
            (void)__real_unlinkat(AT_FDCWD, entry_path, 0);
        }
    }
    if (stream != NULL) {
        closedir(stream);
    }
}

void cut_folder_empty(const char *path)
{
    folder_empty(path);
}

static void bytes_put(int fd, const struct cut_file *file)
{
    for (size_t done = 0; done < file->len;) {
        ssize_t put = __real_pwrite(fd, file->bytes + done, file->len - done, (off_t)done);
        assert(put > 0);
        done += (size_t)put;
    }
    int failed = ftruncate(fd, (off_t)file->len);
    assert(failed == 0);
    (void)failed;
}

static void path_of(const struct cut_disk *disk, const struct cut_name *name, char *path,
                    size_t cap)
{
    (void)snprintf(path, cap, "%s/%s%s", disk->path, name->folder == CUT_STATE ? "state/" : "",
                   name->name);
}

/* Names in CUT_STATE are there only where that folder is. */
static void image_unpack(struct cut_disk *disk)
{
    char path[400];
    struct stat state;
    folder_empty(disk->path);
    bool has_state = cut_image_find(&disk->base, CUT_TOP, "state") >= 0;
    (void)snprintf(path, sizeof path, "%s/state", disk->path);
    int failed = has_state ? __real_mkdir(path, 0700) : 0;
    assert(failed == 0);
    disk->folders[CUT_STATE] = has_state && stat(path, &state) == 0 ? state.st_ino : 0;
    failed = stat(disk->path, &state);
    assert(failed == 0);
    (void)failed;
    disk->folders[CUT_TOP] = state.st_ino;
    for (size_t i = 0; i < disk->base.name_count; i++) {
        const struct cut_name *name = &disk->base.names[i];
        if (name->file == CUT_NO_FILE || (name->folder == CUT_STATE && !has_state)) {
            continue;
        }
        path_of(disk, name, path, sizeof path);
        int fd = __real_open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        assert(fd >= 0 && fstat(fd, &state) == 0);
        bytes_put(fd, &disk->base.files[name->file]);
        disk->inodes[name->file] = state.st_ino;
        close(fd);
    }
}

struct cut_disk *cut_begin(const char *path, const struct cut_image *image, size_t page_bytes)
{
    struct cut_disk *disk = calloc(1, sizeof *disk);
    assert(disk != NULL);
    (void)snprintf(disk->path, sizeof disk->path, "%s", path);
    disk->page_bytes = page_bytes;
    for (size_t i = 0; i < image->name_count; i++) {
        const struct cut_name *name = &image->names[i];
        const struct cut_file *file = name->file < 0 ? NULL : &image->files[name->file];
        const void *bytes = file == NULL ? NULL : file->bytes != NULL ? file->bytes : (void *)"";
        cut_image_add(&disk->base, name->folder, name->name, bytes, file == NULL ? 0 : file->len);
    }
    disk->file_count = disk->base.file_count;
    image_unpack(disk);
    current = disk;
    return disk;
}

void cut_end(void)
{
    current = NULL;
}

void cut_disk_free(struct cut_disk *disk)
{
    current = current == disk ? NULL : current;
    for (size_t i = 0; i < disk->events; i++) {
        free(disk->log[i].bytes);
    }
    cut_image_free(&disk->base);
    free(disk);
}

/* --- faults --- */

void cut_strike(struct cut_disk *disk, int countdown, int failure, bool is_repeating,
                enum cut_remains remains)
{
    disk->countdown = countdown;
    disk->failure = failure;
    disk->is_repeating = is_repeating;
    disk->remains = remains;
    disk->is_dead = false;
    disk->has_struck = false;
}

void cut_die(struct cut_disk *disk, int countdown)
{
    cut_strike(disk, countdown, EIO, true, CUT_REMAINS_NONE);
    disk->is_dead = true;
}

void cut_heal(struct cut_disk *disk)
{
    disk->countdown = 0;
    disk->is_dead = false;
}

enum strike { STRIKE_NONE, STRIKE_FAIL, STRIKE_DEAD };

static enum strike strike_next(struct cut_disk *disk)
{
    if (disk->countdown == 0) {
        return STRIKE_NONE;
    }
    if (disk->countdown > 1) {
        disk->countdown--;
        return STRIKE_NONE;
    }
    disk->has_struck = true;
    disk->countdown = disk->is_repeating ? 1 : 0;
    return disk->is_dead ? STRIKE_DEAD : STRIKE_FAIL;
}

/* True when the call that is made now fails, with errno set. */
static bool fails(struct cut_disk *disk)
{
    enum strike strike = disk == NULL ? STRIKE_NONE : strike_next(disk);
    if (strike == STRIKE_NONE || (strike == STRIKE_FAIL && disk->failure == 0)) {
        return false;
    }
    errno = disk->failure;
    return true;
}

/* --- the log --- */

static struct cut_event *event_add(struct cut_disk *disk, enum cut_kind kind)
{
    assert(disk->events < CUT_EVENTS);
    struct cut_event *event = &disk->log[disk->events++];
    *event = (struct cut_event){.kind = kind, .file = CUT_NO_FILE};
    return event;
}

/* The folder that fd is, or CUT_FOLDERS. */
static enum cut_folder folder_of(const struct cut_disk *disk, int fd)
{
    struct stat state;
    enum cut_folder folder = CUT_TOP;
    int failed = fd == AT_FDCWD ? -1 : fstat(fd, &state);
    while (folder < CUT_FOLDERS && (failed != 0 || disk->folders[folder] != state.st_ino)) {
        folder++;
    }
    return folder;
}

static int file_of_inode(const struct cut_disk *disk, ino_t inode)
{
    for (size_t i = 0; i < disk->file_count; i++) {
        if (disk->inodes[i] == inode) {
            return (int)i;
        }
    }
    return CUT_NO_FILE;
}

static int file_of(const struct cut_disk *disk, int fd)
{
    struct stat state;
    return fstat(fd, &state) == 0 ? file_of_inode(disk, state.st_ino) : CUT_NO_FILE;
}

static int file_at(const struct cut_disk *disk, int dir, const char *name)
{
    struct stat state;
    return fstatat(dir, name, &state, AT_SYMLINK_NOFOLLOW) == 0 ? file_of_inode(disk, state.st_ino)
                                                                : CUT_NO_FILE;
}

static void made(struct cut_disk *disk, int dir, const char *name, int fd)
{
    struct stat state;
    struct cut_event *event = event_add(disk, CUT_MAKE);
    event->folder = folder_of(disk, dir);
    assert(event->folder < CUT_FOLDERS && fstat(fd, &state) == 0);
    (void)snprintf(event->name, sizeof event->name, "%s", name);
    assert(disk->file_count < CUT_FILES);
    event->file = (int)disk->file_count++;
    disk->inodes[event->file] = state.st_ino;
}

/* --- the calls --- */

int __wrap_open(const char *path, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    int mode = (flags & O_CREAT) != 0 ? va_arg(list, int) : 0;
    va_end(list);
    return fails(current) ? -1 : __real_open(path, flags, mode);
}

int __wrap_openat(int dir, const char *path, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    int mode = (flags & O_CREAT) != 0 ? va_arg(list, int) : 0;
    va_end(list);
    if (fails(current)) {
        return -1;
    }
    bool is_new = current != NULL && (flags & O_CREAT) != 0 && faccessat(dir, path, F_OK, 0) != 0;
    int fd = __real_openat(dir, path, flags, mode);
    if (is_new && fd >= 0) {
        made(current, dir, path, fd);
    }
    return fd;
}

ssize_t __wrap_pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    struct cut_disk *disk = current;
    enum strike strike = disk == NULL ? STRIKE_NONE : strike_next(disk);
    errno = strike != STRIKE_NONE ? disk->failure : 0;
    if (strike == STRIKE_DEAD || (strike == STRIKE_FAIL && disk->failure == EINTR)) {
        return -1;
    }
    size_t part = strike == STRIKE_FAIL ? len / 2 : len; /* an error may come after some bytes */
    ssize_t put = __real_pwrite(fd, bytes, part, at);
    if (disk != NULL && put > 0) {
        struct cut_event *event = event_add(disk, CUT_WRITE);
        event->file = file_of(disk, fd);
        assert(event->file != CUT_NO_FILE);
        event->at = (size_t)at;
        event->len = (size_t)put;
        event->bytes = malloc((size_t)put);
        assert(event->bytes != NULL);
        memcpy(event->bytes, bytes, (size_t)put);
    }
    errno = strike == STRIKE_FAIL ? disk->failure : errno;
    return strike == STRIKE_FAIL && disk->failure != 0 ? -1 : put;
}

static int synced(int fd)
{
    struct cut_disk *disk = current;
    if (disk == NULL) {
        return 0;
    }
    bool is_failing = fails(disk);
    enum cut_folder folder = folder_of(disk, fd);
    if (folder < CUT_FOLDERS) {
        if (!is_failing) { /* a folder's changes wait for the next one */
            event_add(disk, CUT_SYNC_FOLDER)->folder = folder;
        }
        return is_failing ? -1 : 0;
    }
    int file = file_of(disk, fd);
    if (file != CUT_NO_FILE && !(is_failing && disk->is_dead)) {
        struct cut_event *event = event_add(disk, is_failing ? CUT_SYNC_FAILED : CUT_SYNC);
        event->file = file;
        event->remains = disk->remains;
    }
    return is_failing ? -1 : 0;
}

int __wrap_fsync(int fd)
{
    return synced(fd);
}

int __wrap_fdatasync(int fd)
{
    return synced(fd);
}

/* What is not dirty is dropped: the next read tells what is on the medium. */
int __wrap_posix_fadvise(int fd, off_t at, off_t len, int advice)
{
    int file = current == NULL ? CUT_NO_FILE : file_of(current, fd);
    (void)at;
    (void)len;
    if (file == CUT_NO_FILE || advice != POSIX_FADV_DONTNEED) {
        return 0;
    }
    for (size_t i = 0; i < current->events; i++) {
        const struct cut_event *event = &current->log[i];
        bool is_settled = event->kind != CUT_WRITE || event->file != file;
        for (size_t j = i + 1; j < current->events && !is_settled; j++) {
            const struct cut_event *sync = &current->log[j];
            is_settled =
                (sync->kind == CUT_SYNC || sync->kind == CUT_SYNC_FAILED) && sync->file == file;
        }
        if (!is_settled) {
            return 0; /* dirty */
        }
    }
    char path[32];
    struct cut_file durable;
    cut_file_durable(current, file, &durable);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int writable = __real_open(path, O_RDWR | O_CLOEXEC);
    assert(writable >= 0);
    bytes_put(writable, &durable);
    close(writable);
    free(durable.bytes);
    return 0;
}

int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    struct cut_disk *disk = current;
    if (disk == NULL) {
        return __real_renameat(from_dir, from, to_dir, to);
    }
    if (fails(disk)) {
        return -1;
    }
    int file = file_at(disk, from_dir, from);
    int over = file_at(disk, to_dir, to);
    int rc = __real_renameat(from_dir, from, to_dir, to);
    if (rc == 0) {
        struct cut_event *event = event_add(disk, CUT_RENAME);
        event->file = file;
        event->folder = folder_of(disk, to_dir);
        assert(file != CUT_NO_FILE && event->folder == folder_of(disk, from_dir));
        (void)snprintf(event->name, sizeof event->name, "%s", from);
        (void)snprintf(event->to, sizeof event->to, "%s", to);
        if (over != CUT_NO_FILE) {
            disk->inodes[over] = 0;
        }
    }
    return rc;
}

int __wrap_unlinkat(int dir, const char *name, int flags)
{
    struct cut_disk *disk = current;
    if (disk == NULL) {
        return __real_unlinkat(dir, name, flags);
    }
    if (fails(disk)) {
        return -1;
    }
    int file = file_at(disk, dir, name);
    int rc = __real_unlinkat(dir, name, flags);
    if (rc == 0) {
        struct cut_event *event = event_add(disk, CUT_UNLINK);
        event->folder = folder_of(disk, dir);
        (void)snprintf(event->name, sizeof event->name, "%s", name);
        if (file != CUT_NO_FILE) {
            disk->inodes[file] = 0;
        }
    }
    return rc;
}

int __wrap_mkdir(const char *path, mode_t mode)
{
    struct cut_disk *disk = current;
    struct stat state;
    if (fails(disk)) {
        return -1;
    }
    int rc = __real_mkdir(path, mode);
    if (rc == 0 && disk != NULL && stat(path, &state) == 0) {
        struct cut_event *event = event_add(disk, CUT_MAKE);
        event->folder = CUT_TOP;
        (void)snprintf(event->name, sizeof event->name, "state");
        disk->folders[CUT_STATE] = state.st_ino;
    }
    return rc;
}
