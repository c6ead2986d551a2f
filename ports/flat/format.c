/* format: open what is ours, format what is empty, refuse the rest. */
#include "ports/flat/format.h"

#include <stdio.h>
#include <string.h>

static int failed(const struct flat_medium *medium, const char *what, int failure, struct err *err)
{
    return err_set(err, ERR_STORE, "%s %s: %s", what, medium->name, strerror(failure));
}

static int size_check(const struct flat_medium *medium, struct err *err)
{
    uint32_t page = medium->page_bytes;
    if (page < FLAT_PAGE_BYTES_MIN || page > FLAT_PAGE_BYTES_MAX || (page & (page - 1)) != 0) {
        return err_set(err, ERR_VALUE, "pages of %u bytes: choose a power of two, %d to %d",
                       (unsigned)page, FLAT_PAGE_BYTES_MIN, FLAT_PAGE_BYTES_MAX);
    }
    uint64_t least = flat_pages_min(page) * page;
    if (medium->bytes < least) {
        return err_set(err, ERR_DISK_SPACE,
                       "%s is too small: %llu bytes, with pages of %u at least %llu: give it more, "
                       "or smaller pages",
                       medium->name, (unsigned long long)medium->bytes, (unsigned)page,
                       (unsigned long long)least);
    }
    return 0;
}

/* The remedy is the same for all that is not ours. */
static int refuse(const struct flat_medium *medium, int code, const char *why, struct err *err)
{
    return err_set(err, code,
                   "the medium %s: name another, or lose what it holds: dd if=/dev/zero bs=%u "
                   "count=%d conv=notrunc of=%s",
                   why, (unsigned)medium->page_bytes, FLAT_BLOB_AREA, medium->name);
}

static int geometry_check(const struct flat_medium *medium, const struct flat_geometry *geometry,
                          struct err *err)
{
    char why[96];
    if (geometry->version != FLAT_VERSION || geometry->record_cells != STORE_RECORDS_MAX ||
        geometry->blob_cells != STORE_BLOBS_MAX) {
        (void)snprintf(why, sizeof why, "is of version %u (%u and %u cells), this berthd reads %d",
                       geometry->version, geometry->record_cells, geometry->blob_cells,
                       FLAT_VERSION);
        return refuse(medium, ERR_VERSION, why, err);
    }
    if (geometry->page_bytes != medium->page_bytes) {
        (void)snprintf(why, sizeof why, "was made with pages of %u bytes, not %u",
                       (unsigned)geometry->page_bytes, (unsigned)medium->page_bytes);
        return refuse(medium, ERR_VERSION, why, err);
    }
    if (geometry->pages > medium->bytes / medium->page_bytes ||
        geometry->pages < flat_pages_min(medium->page_bytes)) {
        (void)snprintf(why, sizeof why, "was made with %llu pages and has %llu now",
                       (unsigned long long)geometry->pages,
                       (unsigned long long)(medium->bytes / medium->page_bytes));
        return refuse(medium, ERR_DISK_SPACE, why, err);
    }
    return 0;
}

/* True when nobody wrote here but, perhaps, our own superblock with a cut in the middle. */
static int empty_check(const struct flat_medium *medium, const uint8_t *ours, bool *is_empty,
                       struct err *err)
{
    uint8_t bytes[FLAT_PAGE_BYTES_MIN];
    *is_empty = true;
    uint64_t end = (uint64_t)FLAT_BLOB_AREA * medium->page_bytes;
    for (uint64_t at = 0; at < end && *is_empty; at += sizeof bytes) {
        int failure = medium->ops->read(medium->self, at, bytes, sizeof bytes);
        if (failure != 0) {
            return failed(medium, "read", failure, err);
        }
        size_t in_page = (size_t)(at % medium->page_bytes);
        for (size_t i = 0; at / medium->page_bytes < FLAT_SUPERBLOCKS && i < sizeof bytes; i++) {
            bool is_ours = in_page == 0 && i < FLAT_SUPERBLOCK_BYTES && bytes[i] == ours[i];
            bytes[i] = is_ours || bytes[i] == 0xff ? 0 : bytes[i]; /* or erased to be ours */
        }
        *is_empty = flat_is_zero(bytes, sizeof bytes);
    }
    return 0;
}

static int superblocks_write(const struct flat_medium *medium, const struct flat_geometry *geometry,
                             const bool is_good[FLAT_SUPERBLOCKS], struct err *err)
{
    uint8_t bytes[FLAT_SUPERBLOCK_BYTES];
    flat_superblock_encode(bytes, geometry);
    for (size_t i = 0; i < FLAT_SUPERBLOCKS; i++) {
        if (is_good[i]) {
            continue;
        }
        int failure =
            medium->ops->write(medium->self, i * medium->page_bytes, span_of(bytes, sizeof bytes));
        failure = failure != 0 ? failure : medium->ops->sync(medium->self);
        if (failure != 0) {
            return failed(medium, "write the superblock of", failure, err);
        }
    }
    return 0;
}

int flat_format_open(const struct flat_medium *medium, uint64_t *pages, struct err *err)
{
    struct flat_geometry found = {.version = 0};
    bool is_good[FLAT_SUPERBLOCKS] = {false};
    bool is_ours = false;
    bool is_torn = false;
    int rc = size_check(medium, err);
    for (size_t i = 0; rc == 0 && i < FLAT_SUPERBLOCKS; i++) {
        uint8_t bytes[FLAT_SUPERBLOCK_BYTES];
        int failure = medium->ops->read(medium->self, i * medium->page_bytes, bytes, sizeof bytes);
        rc = failure != 0 ? failed(medium, "read", failure, err) : 0;
        enum flat_superblock state =
            rc == 0 ? flat_superblock_decode(bytes, &found) : FLAT_SUPERBLOCK_NONE;
        is_good[i] = state == FLAT_SUPERBLOCK_WHOLE;
        is_ours = is_ours || is_good[i];
        is_torn = is_torn || state == FLAT_SUPERBLOCK_TORN;
    }
    if (rc == 0 && is_ours) {
        rc = geometry_check(medium, &found, err);
    } else if (rc == 0) {
        bool is_empty = false;
        uint8_t ours[FLAT_SUPERBLOCK_BYTES];
        uint64_t most = medium->bytes / medium->page_bytes;
        found = (struct flat_geometry){.version = FLAT_VERSION,
                                       .record_cells = STORE_RECORDS_MAX,
                                       .blob_cells = STORE_BLOBS_MAX,
                                       .page_bytes = medium->page_bytes,
                                       .pages = most < UINT32_MAX ? most : UINT32_MAX};
        flat_superblock_encode(ours, &found);
        rc = empty_check(medium, ours, &is_empty, err);
        if (rc == 0 && !is_empty) {
            rc = is_torn ? refuse(medium, ERR_CORRUPT, "has a damaged superblock", err)
                         : refuse(medium, ERR_EXISTS, "holds something else", err);
        }
    }
    if (rc == 0) {
        rc = superblocks_write(medium, &found, is_good, err);
    }
    *pages = found.pages;
    return rc;
}
