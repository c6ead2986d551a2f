/* flat_disk: a medium in memory with a cache that a cut loses, a log of what was written, and
 * faults: what stands between ports/flat and the sum of all power cuts. */
#ifndef TESTS_CONTRACT_FLAT_DISK_H
#define TESTS_CONTRACT_FLAT_DISK_H

#include <stdbool.h>

#include "ports/flat/medium.h"

enum {
    FLAT_DISK_PAGE = 1024,
    FLAT_DISK_PAGES = 520,
    FLAT_DISK_BYTES = FLAT_DISK_PAGE * FLAT_DISK_PAGES,
    FLAT_DISK_LOG = 512,
    FLAT_DISK_WRITE_BYTES = 4096
};

/* What a failed sync leaves of the writes before it on the medium. */
enum flat_remains { FLAT_REMAINS_NONE, FLAT_REMAINS_HALF, FLAT_REMAINS_ALL, FLAT_REMAINS_COUNT };

/* One write or, with no bytes, a sync. */
struct flat_event {
    uint64_t at;
    size_t len;
    uint8_t bytes[FLAT_DISK_WRITE_BYTES];
};

struct flat_disk {
    uint8_t cached[FLAT_DISK_BYTES];  /* what reading tells */
    uint8_t durable[FLAT_DISK_BYTES]; /* what a cut leaves */
    uint64_t bytes;                   /* size it claims */
    int countdown;                    /* writes and syncs until one fails; 0: none does */
    bool is_repeating;                /* and all after it */
    bool is_failing;
    enum flat_remains remains;
    struct flat_event log[FLAT_DISK_LOG]; /* since it was last emptied */
    size_t events;
};

struct flat_medium flat_disk_medium(struct flat_disk *disk);

/* The power is cut and comes back: the cache is gone, and so are the log and faults. */
void flat_disk_cut(struct flat_disk *disk);

#endif
