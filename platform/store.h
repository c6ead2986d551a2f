/* store: small durable documents, and an exact statement of what survives a power cut. */
#ifndef PLATFORM_STORE_H
#define PLATFORM_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/base/err.h"
#include "platform/base/span.h"

/* Names: [a-z0-9.-], at most this many bytes with the NUL, never starting with a dot. */
#define STORE_NAME_BYTES 80
/* A record is a slot on disk of 512 bytes; this is what is left for its content. */
#define STORE_RECORD_BYTES_MAX 480
/* A blob is written once and read whole. */
#define STORE_BLOB_BYTES_MAX 98304
#define STORE_RECORDS_MAX    64
#define STORE_BLOBS_MAX      128

/* err is NULL on success. */
typedef void (*store_done)(void *ctx, const struct err *err);

/* Called once for each document; `is_blob` tells the kind. The name is valid inside the call. */
typedef void (*store_found)(void *ctx, const char *name, bool is_blob);

/* Durability. After `done` without error the content survives a power cut at any later instant.
 * A cut before it leaves the content from before or the new one whole, never a mixture, also when
 * the medium tears writes at any byte; for a first write "before" is "not there". A document that
 * is found but whole in no generation is ERR_CORRUPT, which is not the same as ERR_NOT_FOUND.
 *
 * A failed write or sync is final for the document: its content is then unknown until it is read
 * again, and the port must reopen the file before it trusts it. Writes of one document are carried
 * out in the order of the calls; at most 8 are pending in all (ERR_BUSY above that).
 *
 * An asynchronous call that fails never calls back; one that succeeds calls back exactly once,
 * later. Content is copied by the call. */
struct store_ops {
    /* Reads a record (cap >= STORE_RECORD_BYTES_MAX suffices). May read the disk: used at start and
     * after a failed write. ERR_NOT_FOUND, ERR_CORRUPT, ERR_LIMIT (cap too small), ERR_STORE. */
    int (*record_read)(void *self, const char *name, void *data, size_t cap, size_t *len,
                       struct err *err);
    /* Overwrites a record: a preallocated, checksummed slot, never the newest valid one, then
     * fdatasync. */
    int (*record_write)(void *self, const char *name, struct span content, store_done done,
                        void *ctx, struct err *err);
    /* Reads a blob; checks its checksum. Same errors. */
    int (*blob_read)(void *self, const char *name, void *data, size_t cap, size_t *len,
                     struct err *err);
    /* Writes a blob that does not change once written; writing the same name again with the same
     * content is allowed and cheap. */
    int (*blob_write)(void *self, const char *name, struct span content, store_done done, void *ctx,
                      struct err *err);
    /* Removes a blob; durable at done; ERR_NOT_FOUND is success. */
    int (*blob_remove)(void *self, const char *name, store_done done, void *ctx, struct err *err);
    /* Names every document, damaged ones included, in no order. */
    int (*list)(void *self, store_found found, void *ctx, struct err *err);
};

struct store {
    const struct store_ops *ops;
    void *self;
};

#endif
