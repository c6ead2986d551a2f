/* linux_files: what is under its name in the directory is whole; the helper sees to that. */
#include "ports/linux/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ports/linux/helper_seed.h"

#define LEFT_BYTES 512

#define TREE_LEN  (FILES_TREE_NAME_BYTES - 1)
#define PIECE_LEN (FILES_PIECE_NAME_BYTES - 1)

static bool is_name(const char *name, size_t len)
{
    return strlen(name) == len && strspn(name, "0123456789abcdef") == len;
}

static bool is_any_name(const char *name)
{
    return is_name(name, PIECE_LEN) || is_name(name, TREE_LEN);
}

/* What the helper left alone in a volume, as far as it fits: the last name is whole. How many names
 * there are besides. */
static size_t left_read(const struct linux_files *files, char left[LEFT_BYTES])
{
    int fd = openat(files->dir_fd, HELPER_SEED_LEFT, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t got = fd >= 0 ? read(fd, left, LEFT_BYTES - 1) : 0;
    char rest[LEFT_BYTES];
    size_t more = 0;
    left[got > 0 ? got : 0] = '\0';
    char *end = strrchr(left, '\n');
    off_t at = end != NULL ? end - left + 1 : 0;
    left[at] = '\0';
    while (fd >= 0 && (got = pread(fd, rest, sizeof rest, at)) > 0) {
        at += got;
        for (ssize_t i = 0; i < got; i++) {
            more += rest[i] == '\n';
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    return more;
}

static void call_answer(const struct linux_files_call *call, const struct err *err)
{
    char left[LEFT_BYTES] = "";
    size_t more = 0;
    if (call->seeded == NULL) {
        call->done(call->ctx, err);
        return;
    }
    if (err == NULL) {
        more = left_read(call->files, left);
    }
    (void)unlinkat(call->files->dir_fd, HELPER_SEED_LEFT, 0);
    call->seeded(call->ctx, err, left, more);
}

static void answered(void *ctx, const struct err *err, int status, struct span output)
{
    struct linux_files_call call = *(struct linux_files_call *)ctx;
    struct err failure;
    (void)output;
    ((struct linux_files_call *)ctx)->files = NULL;
    if (err != NULL || status != 0) {
        int code = err != NULL                            ? ERR_STORE
                   : status == ENOSPC || status == EDQUOT ? ERR_STATE_FULL
                   : status == ENOENT                     ? ERR_NOT_FOUND
                   : status == EBADMSG                    ? ERR_CORRUPT
                                                          : ERR_STORE;
        (void)err_set(&failure, code, "file %.16s: %s%s", call.name,
                      err != NULL ? err->text : strerror(status),
                      call.seeded != NULL && status == EROFS
                          ? " (the engine's volumes are not among the unit's ReadWritePaths)"
                          : "");
        err = &failure;
    }
    call_answer(&call, err);
}

static int call_submit(struct linux_files *files, const struct linux_worker_job *job,
                       const struct linux_files_call *wanted, struct err *err)
{
    for (size_t i = 0; i < LINUX_FILES_PENDING_MAX; i++) {
        struct linux_files_call *call = &files->calls[i];
        if (call->files != NULL) {
            continue;
        }
        *call = *wanted;
        call->files = files;
        (void)snprintf(call->name, sizeof call->name, "%s", job->texts[0]);
        int rc = linux_worker_submit(files->worker, job, answered, call, err);
        if (rc != 0) {
            call->files = NULL;
        }
        return rc;
    }
    return err_set(err, ERR_BUSY, "too many files are being written");
}

static int submit(struct linux_files *files, enum helper_op op, const char *name,
                  struct span content, files_done done, void *ctx, struct err *err)
{
    size_t most = op == HELPER_TREE ? FILES_RECIPE_BYTES_MAX : FILES_PIECE_BYTES_MAX;
    if (!(op != HELPER_REPLACE && is_name(name, TREE_LEN)) &&
        !(op != HELPER_TREE && is_name(name, PIECE_LEN))) {
        return err_set(err, ERR_VALUE, "no name of a file: %.64s", name);
    }
    if (content.len > most) {
        return err_set(err, ERR_OVERSIZE, "a file of %zu bytes, at most %zu", content.len, most);
    }
    const struct linux_worker_job job = {
        .op = op, .texts = &name, .text_count = 1, .content = content, .dir_fd = files->dir_fd};
    return call_submit(files, &job, &(struct linux_files_call){.done = done, .ctx = ctx}, err);
}

static bool files_has(void *self, const char *name)
{
    const struct linux_files *files = self;
    return is_any_name(name) && faccessat(files->dir_fd, name, F_OK, 0) == 0;
}

static int files_list(void *self, files_found found, void *ctx, struct err *err)
{
    const struct linux_files *files = self;
    int fd = openat(files->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry = NULL;
    if (stream == NULL) {
        int rc = err_set(err, ERR_STORE, "read %s: %s", files->path, strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return rc;
    }
    while ((entry = readdir(stream)) != NULL) {
        if (is_any_name(entry->d_name)) {
            found(ctx, entry->d_name);
        }
    }
    closedir(stream);
    return 0;
}

static int files_put(void *self, const char *piece, struct span content, files_done done, void *ctx,
                     struct err *err)
{
    return submit(self, HELPER_REPLACE, piece, content, done, ctx, err);
}

static int files_make(void *self, const char *tree, struct span recipe, files_done done, void *ctx,
                      struct err *err)
{
    return submit(self, HELPER_TREE, tree, recipe, done, ctx, err);
}

static int files_seed(void *self, const struct files_seed *seed, files_seeded done, void *ctx,
                      struct err *err)
{
    struct linux_files *files = self;
    const char *texts[] = {seed->tree, seed->volume, seed->owner};
    const struct linux_worker_job job = {.op = HELPER_SEED,
                                         .texts = texts,
                                         .text_count = seed->owner != NULL ? 3 : 2,
                                         .content = seed->recipe,
                                         .dir_fd = files->dir_fd};
    if (!is_name(seed->tree, TREE_LEN) || seed->volume[0] != '/') {
        return err_set(err, ERR_VALUE, "no tree or no volume: %.64s", seed->tree);
    }
    return call_submit(files, &job, &(struct linux_files_call){.seeded = done, .ctx = ctx}, err);
}

static int files_remove(void *self, const char *name, files_done done, void *ctx, struct err *err)
{
    return submit(self, HELPER_PRUNE, name, span_of(NULL, 0), done, ctx, err);
}

static const char *files_directory(void *self)
{
    return ((const struct linux_files *)self)->path;
}

int linux_files_init(struct linux_files *files, struct linux_worker *worker, const char *state_dir,
                     struct err *err)
{
    memset(files, 0, sizeof *files);
    files->worker = worker;
    int len = snprintf(files->path, sizeof files->path, "%s/files", state_dir);
    if (len < 0 || (size_t)len >= sizeof files->path) {
        return err_set(err, ERR_LIMIT, "the path of the state directory is too long");
    }
    bool is_made = mkdir(files->path, 0755) == 0 ? chmod(files->path, 0755) == 0 : errno == EEXIST;
    files->dir_fd = is_made ? open(files->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (files->dir_fd < 0) {
        return err_set(err, ERR_STORE, "open %s: %s", files->path, strerror(errno));
    }
    return 0;
}

void linux_files_close(struct linux_files *files)
{
    close(files->dir_fd);
    files->dir_fd = -1;
    (void)rmdir(files->path); /* an empty one goes: a self-test leaves nothing behind */
}

struct files linux_files_interface(struct linux_files *files)
{
    static const struct files_ops ops = {
        .has = files_has,
        .put = files_put,
        .make = files_make,
        .seed = files_seed,
        .remove = files_remove,
        .list = files_list,
        .directory = files_directory,
    };
    return (struct files){.ops = &ops, .self = files};
}
