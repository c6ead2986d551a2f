/* linux_files: pieces and trees in one directory, and trees in volumes, written by the helper. */
#ifndef PORTS_LINUX_FILES_H
#define PORTS_LINUX_FILES_H

#include <limits.h>

#include "platform/files.h"
#include "ports/linux/worker.h"

#define LINUX_FILES_PENDING_MAX 8

struct linux_files;

/* private: one accepted call; free when `files` is NULL. */
struct linux_files_call {
    struct linux_files *files;
    files_done done;
    files_seeded seeded; /* of a seed, in place of `done` */
    void *ctx;
    char name[FILES_PIECE_NAME_BYTES];
};

/* private: owned by the caller, used through the functions below. */
struct linux_files {
    struct linux_worker *worker;
    int dir_fd;
    char path[PATH_MAX];
    struct linux_files_call calls[LINUX_FILES_PENDING_MAX];
};

/* Opens `<state_dir>/files`, which is made (0755, so that what is mounted of it can be read) when
 * it is missing, and removes what an interrupted call left. The state directory is there and locked
 * (linux_store_init). `files` must not move. ERR_STORE, ERR_LIMIT (the path is too long). */
NODISCARD int linux_files_init(struct linux_files *files, struct linux_worker *worker,
                               const char *state_dir, struct err *err);

/* Closes, and removes the directory when it is empty; the worker must be closed first, or nothing
 * be pending. */
void linux_files_close(struct linux_files *files);

/* The interface; valid until linux_files_close. A name that breaks the rule is ERR_VALUE. */
struct files linux_files_interface(struct linux_files *files);

#endif
