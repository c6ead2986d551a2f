/* cells: find, learn, write; and the gaps of the blob area. */
#include "ports/flat/cells.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "platform/base/crc.h"
#include "ports/flat/format.h"

static uint64_t page_at(const struct flat_cells *cells, uint64_t page)
{
    return page * cells->medium.page_bytes;
}

static uint64_t cell_page(const struct flat_cells *cells, const struct flat_cell *cell, size_t page)
{
    size_t index = (size_t)(cell - cells->at);
    return page_at(cells, FLAT_SUPERBLOCKS + index * FLAT_CELL_PAGES + page);
}

static uint64_t extent_end(const struct flat_cells *cells, const struct flat_extent *extent)
{
    uint32_t page_bytes = cells->medium.page_bytes;
    return extent->page + ((uint64_t)extent->bytes + page_bytes - 1) / page_bytes;
}

static int medium_failed(const struct flat_cells *cells, const char *what, int failure,
                         struct err *err)
{
    return err_set(err, ERR_STORE, "%s %s: %s", what, cells->medium.name, strerror(failure));
}

static int view_read(const struct flat_cells *cells, const struct flat_cell *cell,
                     struct flat_cell_view *view, struct err *err)
{
    uint8_t bytes[FLAT_CELL_PAGES][FLAT_USED_BYTES];
    for (size_t i = 0; i < FLAT_CELL_PAGES; i++) {
        int failure = cells->medium.ops->read(cells->medium.self, cell_page(cells, cell, i),
                                              bytes[i], FLAT_USED_BYTES);
        if (failure != 0) {
            return medium_failed(cells, "read", failure, err);
        }
    }
    flat_cell_decode((const uint8_t(*)[FLAT_USED_BYTES])bytes, view);
    return 0;
}

static bool extent_is_inside(const struct flat_cells *cells, const struct flat_extent *extent)
{
    return extent->page >= FLAT_BLOB_AREA && extent->bytes <= STORE_BLOB_BYTES_MAX &&
           extent_end(cells, extent) <= cells->pages;
}

/* A damaged cell keeps its name, or gets one by its place, so that it is listed and not reused. */
static int cell_learn(struct flat_cells *cells, struct flat_cell *cell, struct err *err)
{
    struct flat_cell_view view;
    int rc = view_read(cells, cell, &view, err);
    if (rc != 0) {
        return rc;
    }
    uint64_t sequence = view.sequence > cell->sequence ? view.sequence : cell->sequence;
    bool is_blob = cell >= cells->at + STORE_RECORDS_MAX;
    *cell = (struct flat_cell){.next = view.next, .sequence = sequence};
    if (view.is_whole && view.newest.kind != FLAT_FREE) {
        memcpy(cell->name, view.newest.name, sizeof cell->name);
        cell->extent = view.newest.extent;
        cell->is_corrupt = view.newest.kind != (is_blob ? FLAT_BLOB : FLAT_RECORD) ||
                           (is_blob && !extent_is_inside(cells, &cell->extent));
    } else if (view.is_corrupt) {
        memcpy(cell->name, view.label, sizeof cell->name);
        cell->is_corrupt = true;
    }
    if (cell->is_corrupt) {
        cell->extent = (struct flat_extent){.page = FLAT_BLOB_AREA};
    }
    if (cell->is_corrupt && cell->name[0] == '\0') {
        (void)snprintf(cell->name, sizeof cell->name, "nameless-%d", (int)(cell - cells->at));
    }
    return 0;
}

int flat_cells_settle(struct flat_cells *cells, struct err *err)
{
    if (!cells->is_doubtful) {
        return 0;
    }
    int failure = cells->medium.ops->reopen(cells->medium.self);
    if (failure != 0) {
        return medium_failed(cells, "reopen", failure, err);
    }
    for (size_t i = 0; i < FLAT_CELLS; i++) {
        int rc = cells->at[i].is_doubtful ? cell_learn(cells, &cells->at[i], err) : 0;
        if (rc != 0) {
            return rc;
        }
    }
    cells->is_doubtful = false;
    return 0;
}

struct flat_cell *flat_cell_find(struct flat_cells *cells, bool is_blob, const char *name)
{
    size_t from = is_blob ? STORE_RECORDS_MAX : 0;
    size_t to = is_blob ? FLAT_CELLS : STORE_RECORDS_MAX;
    for (size_t i = from; i < to; i++) {
        if (strcmp(cells->at[i].name, name) == 0) {
            return &cells->at[i];
        }
    }
    return NULL;
}

int flat_cell_read(struct flat_cells *cells, const struct flat_cell *cell, struct flat_page *page,
                   struct err *err)
{
    struct flat_cell_view view;
    int rc = view_read(cells, cell, &view, err);
    if (rc == 0 && (!view.is_whole || view.newest.kind != FLAT_RECORD)) {
        rc = err_set(err, ERR_CORRUPT, "record %s is damaged in both pages", cell->name);
    }
    if (rc == 0) {
        *page = view.newest;
    }
    return rc;
}

static int bytes_write(struct flat_cells *cells, uint64_t at, struct span bytes, struct err *err)
{
    const char *what = "write";
    int failure = cells->medium.ops->write(cells->medium.self, at, bytes);
    if (failure == 0) {
        what = "sync";
        failure = cells->medium.ops->sync(cells->medium.self);
    }
    if (failure == 0) {
        return 0;
    }
    cells->is_doubtful = true;
    return medium_failed(cells, what, failure, err);
}

int flat_cell_write(struct flat_cells *cells, struct flat_cell *cell, struct flat_page *page,
                    struct err *err)
{
    uint8_t bytes[FLAT_USED_BYTES];
    page->sequence = ++cell->sequence; /* used, whether it reaches the medium or not */
    flat_page_encode(bytes, page);
    int rc =
        bytes_write(cells, cell_page(cells, cell, cell->next), span_of(bytes, sizeof bytes), err);
    if (rc != 0) {
        cell->is_doubtful = true;
        return rc;
    }
    bool is_free = page->kind == FLAT_FREE;
    memcpy(cell->name, is_free ? (const char[STORE_NAME_BYTES]){0} : page->name, sizeof cell->name);
    cell->next = (cell->next + 1) % FLAT_CELL_PAGES;
    cell->is_corrupt = false;
    cell->extent = page->extent;
    return 0;
}

int flat_extent_find(const struct flat_cells *cells, struct flat_extent *extent, struct err *err)
{
    extent->page = FLAT_BLOB_AREA;
    for (size_t i = STORE_RECORDS_MAX; i < FLAT_CELLS; i++) {
        const struct flat_extent *other = &cells->at[i].extent;
        bool is_used = cells->at[i].name[0] != '\0' && other->bytes > 0;
        if (is_used && other->page < extent_end(cells, extent) &&
            extent->page < extent_end(cells, other)) {
            extent->page = (uint32_t)extent_end(cells, other);
            i = STORE_RECORDS_MAX - 1; /* it moved on: ask all of them again */
        }
    }
    return extent_end(cells, extent) <= cells->pages
               ? 0
               : err_set(err, ERR_STATE_FULL, "%s has no gap for a blob of %u bytes",
                         cells->medium.name, (unsigned)extent->bytes);
}

int flat_extent_read(const struct flat_cells *cells, const struct flat_cell *cell, void *data,
                     struct err *err)
{
    const struct flat_extent *extent = &cell->extent;
    int failure = cells->medium.ops->read(cells->medium.self, page_at(cells, extent->page), data,
                                          extent->bytes);
    if (failure != 0) {
        return medium_failed(cells, "read", failure, err);
    }
    return crc32c(0, data, extent->bytes) == extent->crc
               ? 0
               : err_set(err, ERR_CORRUPT, "blob %s is damaged", cell->name);
}

int flat_extent_write(struct flat_cells *cells, const struct flat_extent *extent, size_t from,
                      struct span part, struct err *err)
{
    assert(from + part.len <= extent->bytes);
    return bytes_write(cells, page_at(cells, extent->page) + from, part, err);
}

int flat_cells_open(struct flat_cells *cells, struct flat_medium medium, struct err *err)
{
    memset(cells, 0, sizeof *cells);
    cells->medium = medium;
    int rc = flat_format_open(&medium, &cells->pages, err);
    for (size_t i = 0; rc == 0 && i < FLAT_CELLS; i++) {
        rc = cell_learn(cells, &cells->at[i], err);
    }
    return rc;
}
