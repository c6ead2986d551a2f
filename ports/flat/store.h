/* flat_store: documents on one medium without a filesystem; the worked example of a port. */
#ifndef PORTS_FLAT_STORE_H
#define PORTS_FLAT_STORE_H

#include "platform/loop.h"
#include "platform/store.h"
#include "ports/flat/cells.h"
#include "ports/flat/medium.h"

#define FLAT_STORE_PENDING_MAX 8
/* No turn of the loop writes and syncs more than this. */
#define FLAT_STORE_STEP_BYTES 4096

struct flat_write;

/* private: owned by the caller, used through the functions below. */
struct flat_store {
    struct loop loop;
    struct loop_timer timer; /* armed while a write waits */
    size_t pending;
    struct flat_write *writes; /* oldest first; only that one is under way */
    struct flat_cells cells;
};

/* Opens the documents of `medium`, which is formatted when it is empty: everything before its blob
 * area is zero. It is never written to when it is too small (ERR_DISK_SPACE), of another version or
 * page size (ERR_VERSION), damaged in both superblocks (ERR_CORRUPT) or something else's
 * (ERR_EXISTS); the text then names the remedy. ERR_VALUE: bad page size; ERR_STORE. The medium
 * must stay valid and `store` must not move until flat_store_close. May block. */
NODISCARD int flat_store_init(struct flat_store *store, struct loop loop, struct flat_medium medium,
                              struct err *err);

/* Closes; what is pending is dropped, and one write may have been carried out in part. The medium
 * is the caller's. Not from inside a callback. */
void flat_store_close(struct flat_store *store);

/* The interface; valid until flat_store_close. Writes are carried out from the loop, at most
 * FLAT_STORE_STEP_BYTES and one sync a turn, so a turn blocks as long as the medium does for that.
 * Names that break the rule are ERR_VALUE, content above its limit is ERR_OVERSIZE; a document too
 * many (ERR_LIMIT) and a full medium (ERR_STATE_FULL) are answered. */
struct store flat_store_interface(struct flat_store *store);

#endif
