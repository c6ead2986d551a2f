/* cells: what is known of each document's two pages, and the one way to write them. */
#ifndef PORTS_FLAT_CELLS_H
#define PORTS_FLAT_CELLS_H

#include "ports/flat/layout.h"
#include "ports/flat/medium.h"

struct flat_cell {
    char name[STORE_NAME_BYTES]; /* "": free */
    bool is_doubtful;            /* a write failed: to be read again before it is believed */
    bool is_corrupt;             /* whole in no page */
    size_t next;                 /* page to write */
    uint64_t sequence;           /* highest that was written, tried or seen */
    struct flat_extent extent;   /* of a blob */
};

/* private to this port */
struct flat_cells {
    struct flat_medium medium;
    uint64_t pages;   /* of the medium, as it was formatted */
    bool is_doubtful; /* some cell is, or what is cached of the medium */
    struct flat_cell at[FLAT_CELLS];
};

/* Opens or formats the medium as format.h says, then reads all cells. */
NODISCARD int flat_cells_open(struct flat_cells *cells, struct flat_medium medium, struct err *err);

/* After a failure: reopens the medium and reads doubtful cells again. ERR_STORE. */
NODISCARD int flat_cells_settle(struct flat_cells *cells, struct err *err);

/* The document's cell, or for the name "" a free one; NULL when there is none. */
struct flat_cell *flat_cell_find(struct flat_cells *cells, bool is_blob, const char *name);

/* Reads a record's newest page. ERR_CORRUPT, ERR_STORE. */
NODISCARD int flat_cell_read(struct flat_cells *cells, const struct flat_cell *cell,
                             struct flat_page *page, struct err *err);

/* Writes `page`, with the cell's next sequence, over the page that may be lost, and syncs.
 * ERR_STORE: the cell is then doubtful. */
NODISCARD int flat_cell_write(struct flat_cells *cells, struct flat_cell *cell,
                              struct flat_page *page, struct err *err);

/* Sets extent->page to the first gap of the blob area for extent->bytes that holds no blob's
 * content. ERR_STATE_FULL. */
NODISCARD int flat_extent_find(const struct flat_cells *cells, struct flat_extent *extent,
                               struct err *err);

/* Reads a blob's content into data, which has room for extent.bytes, and checks it. ERR_CORRUPT,
 * ERR_STORE. */
NODISCARD int flat_extent_read(const struct flat_cells *cells, const struct flat_cell *cell,
                               void *data, struct err *err);

/* Writes a part of a blob's content, `from` its start, and syncs. ERR_STORE. */
NODISCARD int flat_extent_write(struct flat_cells *cells, const struct flat_extent *extent,
                                size_t from, struct span part, struct err *err);

#endif
