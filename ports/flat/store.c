/* flat_store: a queue of writes, and a step of the oldest in each turn of the loop. */
#include "ports/flat/store.h"

#include <stdlib.h>
#include <string.h>

#include "platform/base/crc.h"

/* One accepted call. */
struct flat_write {
    struct flat_write *next;
    enum flat_kind kind; /* FLAT_FREE: removes a blob */
    char name[STORE_NAME_BYTES];
    store_done done;
    void *ctx;
    bool is_begun;
    struct flat_cell *cell;
    size_t pages_left; /* of the cell, to be written: 0 is the end */
    struct flat_extent extent;
    size_t written; /* of a blob's content */
    size_t len;
    uint8_t bytes[];
};

static int name_check(const char *name, struct err *err)
{
    size_t len = strnlen(name, STORE_NAME_BYTES);
    bool is_good = len > 0 && len < STORE_NAME_BYTES && name[0] != '.' &&
                   strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") == len;
    return is_good ? 0
                   : err_set(err, ERR_VALUE, "\"%.80s\" is no document name (a-z 0-9 . -)", name);
}

/* The cell of a document that is to be read. */
static int cell_of(struct flat_store *store, bool is_blob, const char *name,
                   struct flat_cell **cell, struct err *err)
{
    int rc = name_check(name, err);
    if (rc == 0) {
        rc = flat_cells_settle(&store->cells, err);
    }
    if (rc != 0) {
        return rc;
    }
    *cell = flat_cell_find(&store->cells, is_blob, name);
    if (*cell == NULL) {
        return err_set(err, ERR_NOT_FOUND, "there is no %s %s", is_blob ? "blob" : "record", name);
    }
    return (*cell)->is_corrupt
               ? err_set(err, ERR_CORRUPT, "%s is damaged in both pages of its cell", name)
               : 0;
}

static int length_check(const char *name, size_t len, size_t cap, struct err *err)
{
    return len <= cap ? 0
                      : err_set(err, ERR_LIMIT, "%s has %zu bytes, more than %zu", name, len, cap);
}

static int store_record_read(void *self, const char *name, void *data, size_t cap, size_t *len,
                             struct err *err)
{
    struct flat_store *store = self;
    struct flat_cell *cell = NULL;
    struct flat_page page;
    int rc = cell_of(store, false, name, &cell, err);
    if (rc == 0) {
        rc = flat_cell_read(&store->cells, cell, &page, err);
    }
    if (rc == 0) {
        rc = length_check(name, page.len, cap, err);
    }
    if (rc == 0) {
        *len = page.len;
        memcpy(data, page.content, page.len);
    }
    return rc;
}

static int store_blob_read(void *self, const char *name, void *data, size_t cap, size_t *len,
                           struct err *err)
{
    struct flat_store *store = self;
    struct flat_cell *cell = NULL;
    int rc = cell_of(store, true, name, &cell, err);
    if (rc == 0) {
        rc = length_check(name, cell->extent.bytes, cap, err);
    }
    if (rc == 0) {
        rc = flat_extent_read(&store->cells, cell, data, err);
    }
    if (rc == 0) {
        *len = cell->extent.bytes;
    }
    return rc;
}

/* Equal checksums are not equal contents: it is read. */
static bool blob_is_there(struct flat_store *store, const struct flat_write *write)
{
    const struct flat_cell *cell = write->cell;
    if (cell->is_corrupt || cell->extent.bytes != write->len ||
        cell->extent.crc != write->extent.crc) {
        return false;
    }
    uint8_t *data = malloc(write->len + 1);
    bool is_same = data != NULL && flat_extent_read(&store->cells, cell, data, NULL) == 0 &&
                   memcmp(data, write->bytes, write->len) == 0;
    free(data);
    return is_same;
}

/* Finds a cell, and a place for a blob's content. A cell that changes hands, at a first write or a
 * removal, is written in both pages: then one blank page tells a first write that was cut from a
 * document that is damaged, and no damage brings a removed one back. */
static int write_begin(struct flat_store *store, struct flat_write *write, struct err *err)
{
    bool is_blob = write->kind != FLAT_RECORD;
    int rc = flat_cells_settle(&store->cells, err);
    if (rc != 0) {
        return rc;
    }
    write->is_begun = true;
    write->cell = flat_cell_find(&store->cells, is_blob, write->name);
    write->pages_left = write->cell == NULL || write->kind == FLAT_FREE ? FLAT_CELL_PAGES : 1;
    if (write->cell == NULL && write->kind == FLAT_FREE) {
        write->pages_left = 0; /* not there, which is success */
        return 0;
    }
    if (write->kind == FLAT_BLOB) {
        write->extent = (struct flat_extent){.bytes = (uint32_t)write->len,
                                             .crc = crc32c(0, write->bytes, write->len)};
        if (write->cell != NULL && blob_is_there(store, write)) {
            write->pages_left = 0;
            return 0;
        }
        rc = flat_extent_find(&store->cells, &write->extent, err);
    }
    if (rc == 0 && write->cell == NULL) {
        write->cell = flat_cell_find(&store->cells, is_blob, "");
        rc = write->cell != NULL ? 0
             : is_blob           ? err_set(err, ERR_LIMIT, "more than %d blobs", STORE_BLOBS_MAX)
                       : err_set(err, ERR_LIMIT, "more than %d records", STORE_RECORDS_MAX);
    }
    return rc;
}

/* The content first, then the cell that makes it a document. */
static int write_step(struct flat_store *store, struct flat_write *write, struct err *err)
{
    if (write->kind == FLAT_BLOB && write->written < write->len) {
        size_t part = write->len - write->written;
        part = part < FLAT_STORE_STEP_BYTES ? part : FLAT_STORE_STEP_BYTES;
        struct span bytes = span_of(write->bytes + write->written, part);
        int rc = flat_extent_write(&store->cells, &write->extent, write->written, bytes, err);
        write->written += part;
        return rc;
    }
    struct flat_page page = {.kind = write->kind, .extent = write->extent};
    memcpy(page.name, write->name, sizeof page.name);
    if (write->kind == FLAT_RECORD) {
        page.len = (uint16_t)write->len;
        memcpy(page.content, write->bytes, write->len);
    }
    write->pages_left--;
    return flat_cell_write(&store->cells, write->cell, &page, err);
}

static void turn(void *ctx)
{
    struct flat_store *store = ctx;
    struct flat_write *write = store->writes;
    struct err failure;
    int rc = 0;
    if (!write->is_begun) {
        rc = write_begin(store, write, &failure);
    }
    if (rc == 0 && write->pages_left > 0) {
        rc = write_step(store, write, &failure);
    }
    bool is_over = rc != 0 || write->pages_left == 0;
    if (is_over) {
        store->writes = write->next;
        store->pending--;
    }
    if (store->writes != NULL) { /* before the answer, in which a call may arm it too */
        store->loop.ops->arm(store->loop.self, &store->timer,
                             store->loop.ops->now(store->loop.self), turn, store);
    }
    if (is_over) {
        if (rc != 0) {
            (void)err_wrap(&failure, rc, "write %s", write->name);
        }
        write->done(write->ctx, rc == 0 ? NULL : &failure);
        free(write);
    }
}

static int write_add(struct flat_store *store, enum flat_kind kind, const char *name,
                     struct span content, store_done done, void *ctx, struct err *err)
{
    size_t most = kind == FLAT_RECORD ? STORE_RECORD_BYTES_MAX : STORE_BLOB_BYTES_MAX;
    int rc = name_check(name, err);
    if (rc != 0) {
        return rc;
    }
    if (content.len > most) {
        return err_set(err, ERR_OVERSIZE, "document %s has %zu bytes, at most %zu", name,
                       content.len, most);
    }
    if (store->pending >= FLAT_STORE_PENDING_MAX) {
        return err_set(err, ERR_BUSY, "%zu documents wait to be written already", store->pending);
    }
    struct flat_write *write = malloc(sizeof *write + content.len);
    if (write == NULL) {
        return err_set(err, ERR_MEMORY, "no memory to write %s", name);
    }
    *write = (struct flat_write){.kind = kind, .done = done, .ctx = ctx, .len = content.len};
    memcpy(write->name, name, strlen(name) + 1);
    if (content.len > 0) {
        memcpy(write->bytes, content.data, content.len);
    }
    struct flat_write **end = &store->writes;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = write;
    if (store->pending++ == 0) {
        store->loop.ops->arm(store->loop.self, &store->timer,
                             store->loop.ops->now(store->loop.self), turn, store);
    }
    return 0;
}

static int store_record_write(void *self, const char *name, struct span content, store_done done,
                              void *ctx, struct err *err)
{
    return write_add(self, FLAT_RECORD, name, content, done, ctx, err);
}

static int store_blob_write(void *self, const char *name, struct span content, store_done done,
                            void *ctx, struct err *err)
{
    return write_add(self, FLAT_BLOB, name, content, done, ctx, err);
}

static int store_blob_remove(void *self, const char *name, store_done done, void *ctx,
                             struct err *err)
{
    return write_add(self, FLAT_FREE, name, span_of(NULL, 0), done, ctx, err);
}

static int store_list(void *self, store_found found, void *ctx, struct err *err)
{
    struct flat_store *store = self;
    int rc = flat_cells_settle(&store->cells, err);
    for (size_t i = 0; rc == 0 && i < FLAT_CELLS; i++) {
        if (store->cells.at[i].name[0] != '\0') {
            found(ctx, store->cells.at[i].name, i >= STORE_RECORDS_MAX);
        }
    }
    return rc;
}

int flat_store_init(struct flat_store *store, struct loop loop, struct flat_medium medium,
                    struct err *err)
{
    memset(store, 0, sizeof *store);
    store->loop = loop;
    return flat_cells_open(&store->cells, medium, err);
}

void flat_store_close(struct flat_store *store)
{
    store->loop.ops->disarm(store->loop.self, &store->timer);
    while (store->writes != NULL) {
        struct flat_write *write = store->writes;
        store->writes = write->next;
        free(write);
    }
    store->pending = 0;
}

struct store flat_store_interface(struct flat_store *store)
{
    static const struct store_ops ops = {
        .record_read = store_record_read,
        .record_write = store_record_write,
        .blob_read = store_blob_read,
        .blob_write = store_blob_write,
        .blob_remove = store_blob_remove,
        .list = store_list,
    };
    return (struct store){.ops = &ops, .self = store};
}
