/* linux_store: documents in one directory, written by the helper, read here. */
#ifndef PORTS_LINUX_STORE_H
#define PORTS_LINUX_STORE_H

#include <stdbool.h>

#include "platform/store.h"
#include "ports/linux/store_record.h"
#include "ports/linux/worker.h"

#define LINUX_STORE_PENDING_MAX 8

struct linux_store_write;

/* private: owned by the caller, used through the functions below. */
struct linux_store {
    struct linux_worker *worker;
    int dir_fd;           /* also holds the lock; lent to the helper with each write */
    bool is_dir_doubtful; /* a write failed: names may not be on the medium yet */
    bool is_started;      /* the first of `writes` is with the helper */
    bool is_settling;     /* inside its answer */
    size_t pending;
    struct linux_store_write *writes; /* oldest first */
    size_t record_count;
    struct linux_store_record records[STORE_RECORDS_MAX];
};

/* Opens the documents of `directory`, which is made (mode 0700) when only its last part is missing,
 * removes what an interrupted write left, and locks it until linux_store_close and the end of the
 * last write. Waits up to a second for the lock: a helper of a dead agent may still finish a
 * write. ERR_BUSY: another agent holds it; ERR_STORE; ERR_LIMIT: more records than
 * STORE_RECORDS_MAX. `store` must not move. Reads the disk. */
NODISCARD int linux_store_init(struct linux_store *store, struct linux_worker *worker,
                               const char *directory, struct err *err);

/* Closes; what is pending is dropped. The worker must be closed first, or nothing be pending. */
void linux_store_close(struct linux_store *store);

/* The interface; valid until linux_store_close. Names that break the rule are ERR_VALUE, content
 * above its limit is ERR_OVERSIZE, and one document too many is ERR_LIMIT. */
struct store linux_store_interface(struct linux_store *store);

#endif
