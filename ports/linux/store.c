/* linux_store: one write at a time through the helper, each to the slot that may be lost. */
#include "ports/linux/store.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ports/linux/slots.h"
#include "ports/linux/store_dir.h"

enum write_kind { WRITE_RECORD, WRITE_BLOB, WRITE_REMOVE };

/* One accepted call. A blob's bytes have their head before them. */
struct linux_store_write {
    struct linux_store_write *next;
    enum write_kind kind;
    char name[STORE_NAME_BYTES];
    store_done done;
    void *ctx;
    size_t len;
    uint8_t bytes[];
};

static int name_check(const char *name, struct err *err)
{
    return store_name_is_good(name)
               ? 0
               : err_set(err, ERR_VALUE, "\"%.80s\" is no document name (a-z 0-9 . -)", name);
}

static struct linux_store_record *record_find(struct linux_store *store, const char *name)
{
    for (size_t i = 0; i < store->record_count; i++) {
        if (strcmp(store->records[i].name, name) == 0) {
            return &store->records[i];
        }
    }
    return NULL;
}

static struct linux_store_record *record_add(struct linux_store *store, const char *name)
{
    if (store->record_count == STORE_RECORDS_MAX) {
        return NULL;
    }
    struct linux_store_record *record = &store->records[store->record_count++];
    *record = (struct linux_store_record){.is_known = false};
    memcpy(record->name, name, strlen(name) + 1);
    return record;
}

/* After a failed write a rename may have reached the cache alone. */
static int names_settle(struct linux_store *store, struct err *err)
{
    if (store->is_dir_doubtful) {
        if (fsync(store->dir_fd) != 0) {
            return err_set(err, ERR_STORE, "sync the state directory: %s", strerror(errno));
        }
        store->is_dir_doubtful = false;
    }
    return 0;
}

static int store_record_read(void *self, const char *name, void *data, size_t cap, size_t *len,
                             struct err *err)
{
    struct linux_store *store = self;
    uint8_t slots[SLOT_COUNT][SLOT_BYTES];
    struct slot_choice choice;
    int rc = name_check(name, err);
    if (rc != 0) {
        return rc;
    }
    rc = names_settle(store, err);
    if (rc == 0) {
        rc = store_record_load(store->dir_fd, name, slots, &choice, err);
    }
    if (rc != 0) {
        return rc;
    }
    if (choice.content.len > cap) {
        return err_set(err, ERR_LIMIT, "record %s has %zu bytes, more than %zu", name,
                       choice.content.len, cap);
    }
    *len = choice.content.len;
    if (*len > 0) {
        memcpy(data, choice.content.data, *len);
    }
    return 0;
}

static int store_blob_read(void *self, const char *name, void *data, size_t cap, size_t *len,
                           struct err *err)
{
    struct linux_store *store = self;
    char file[STORE_FILE_BYTES];
    size_t size = 0;
    bool is_longer = false;
    struct span content = {0};
    int rc = name_check(name, err);
    if (rc == 0) {
        rc = names_settle(store, err);
    }
    if (rc != 0) {
        return rc;
    }
    uint8_t *bytes = malloc(BLOB_HEAD_BYTES + STORE_BLOB_BYTES_MAX);
    if (bytes == NULL) {
        return err_set(err, ERR_MEMORY, "no memory to read blob %s", name);
    }
    store_file_name(file, name, true);
    rc = store_dir_read(store->dir_fd, file, STORE_FROM_CACHE, bytes,
                        BLOB_HEAD_BYTES + STORE_BLOB_BYTES_MAX, &size, &is_longer, err);
    if (rc == 0 && (is_longer || !blob_decode(span_of(bytes, size), &content))) {
        rc = err_set(err, ERR_CORRUPT, "blob %s is damaged", name);
    }
    if (rc == 0 && content.len > cap) {
        rc =
            err_set(err, ERR_LIMIT, "blob %s has %zu bytes, more than %zu", name, content.len, cap);
    }
    if (rc == 0) {
        *len = content.len;
        if (content.len > 0) {
            memcpy(data, content.data, content.len);
        }
    }
    free(bytes);
    return rc;
}

static void write_answered(void *ctx, const struct err *err, int status, struct span output);

static int file_submit(struct linux_store *store, enum helper_op op, const char *file,
                       struct span content, int64_t offset, struct err *err)
{
    struct linux_worker_job job = {
        .op = op,
        .texts = &file,
        .text_count = 1,
        .content = content,
        .number = offset,
        .dir_fd = store->dir_fd,
    };
    return linux_worker_submit(store->worker, &job, write_answered, store, err);
}

static int record_start(struct linux_store *store, const struct linux_store_write *write,
                        struct err *err)
{
    char file[STORE_FILE_BYTES];
    uint8_t bytes[SLOT_FILE_BYTES] = {0};
    struct linux_store_record *record = record_find(store, write->name);
    assert(record != NULL);
    if (!record->is_known) {
        int rc = names_settle(store, err);
        if (rc == 0) {
            rc = store_record_learn(store->dir_fd, record, err);
        }
        if (rc != 0) {
            return rc;
        }
    }
    store_file_name(file, record->name, false);
    slot_encode(bytes, record->sequence + 1, span_of(write->bytes, write->len));
    if (record->is_fresh) {
        return file_submit(store, HELPER_REPLACE, file, span_of(bytes, sizeof bytes), 0, err);
    }
    return file_submit(store, HELPER_SLOT, file, span_of(bytes, SLOT_BYTES),
                       (int64_t)record->next * SLOT_STRIDE, err);
}

static int write_start(struct linux_store *store, struct err *err)
{
    const struct linux_store_write *write = store->writes;
    char file[STORE_FILE_BYTES];
    int rc;
    store_file_name(file, write->name, true);
    if (write->kind == WRITE_RECORD) {
        rc = record_start(store, write, err);
    } else {
        rc = file_submit(store, write->kind == WRITE_BLOB ? HELPER_REPLACE : HELPER_REMOVE, file,
                         span_of(write->bytes, write->len), 0, err);
    }
    store->is_started = rc == 0;
    return rc;
}

static struct linux_store_write *write_take(struct linux_store *store)
{
    struct linux_store_write *write = store->writes;
    store->writes = write->next;
    store->pending--;
    store->is_started = false;
    return write;
}

/* The first write is over: tells its caller, then starts the next that can be started. */
static void write_answered(void *ctx, const struct err *err, int status, struct span output)
{
    struct linux_store *store = ctx;
    struct linux_store_write *write = write_take(store);
    struct err failure;
    (void)output;
    bool is_written = err == NULL && status == 0;
    if (write->kind == WRITE_RECORD) {
        struct linux_store_record *record = record_find(store, write->name);
        assert(record != NULL);
        store_record_settle(record, is_written);
    }
    if (!is_written) {
        store->is_dir_doubtful = true;
        bool is_full = err == NULL && (status == ENOSPC || status == EDQUOT);
        (void)err_set(&failure, is_full ? ERR_STATE_FULL : ERR_STORE, "write %s: %s", write->name,
                      err != NULL ? err->text : strerror(status));
    }
    store->is_settling = true;
    write->done(write->ctx, is_written ? NULL : &failure);
    free(write);
    while (store->writes != NULL && !store->is_started) {
        if (write_start(store, &failure) != 0) {
            write = write_take(store);
            write->done(write->ctx, &failure);
            free(write);
        }
    }
    store->is_settling = false;
}

static int write_add(struct linux_store *store, enum write_kind kind, const char *name,
                     struct span content, store_done done, void *ctx, struct err *err)
{
    size_t head = kind == WRITE_BLOB ? BLOB_HEAD_BYTES : 0;
    struct linux_store_write *write = malloc(sizeof *write + head + content.len);
    if (write == NULL) {
        return err_set(err, ERR_MEMORY, "no memory to write %s", name);
    }
    *write = (struct linux_store_write){
        .kind = kind, .done = done, .ctx = ctx, .len = head + content.len};
    memcpy(write->name, name, strlen(name) + 1);
    if (kind == WRITE_BLOB) {
        blob_encode(write->bytes, content);
    }
    if (content.len > 0) {
        memcpy(write->bytes + head, content.data, content.len);
    }
    struct linux_store_write **end = &store->writes;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = write;
    store->pending++;
    if (store->is_started || store->is_settling) {
        return 0;
    }
    assert(store->writes == write);
    int rc = write_start(store, err);
    if (rc != 0) {
        free(write_take(store));
    }
    return rc;
}

static int write_check(const struct linux_store *store, const char *name, size_t len, size_t most,
                       struct err *err)
{
    int rc = name_check(name, err);
    if (rc == 0 && len > most) {
        rc = err_set(err, ERR_OVERSIZE, "document %s has %zu bytes, at most %zu", name, len, most);
    }
    if (rc == 0 && store->pending >= LINUX_STORE_PENDING_MAX) {
        rc = err_set(err, ERR_BUSY, "%zu documents wait to be written already", store->pending);
    }
    return rc;
}

static int store_record_write(void *self, const char *name, struct span content, store_done done,
                              void *ctx, struct err *err)
{
    struct linux_store *store = self;
    int rc = write_check(store, name, content.len, STORE_RECORD_BYTES_MAX, err);
    if (rc != 0) {
        return rc;
    }
    if (record_find(store, name) == NULL && record_add(store, name) == NULL) {
        return err_set(err, ERR_LIMIT, "more than %d records", STORE_RECORDS_MAX);
    }
    return write_add(store, WRITE_RECORD, name, content, done, ctx, err);
}

/* Blobs beside the one named, and whether that one is there. */
struct blob_count {
    const char *name;
    bool is_there;
    size_t others;
};

static void blob_counted(void *ctx, const char *name, bool is_blob)
{
    struct blob_count *count = ctx;
    if (is_blob && strcmp(name, count->name) == 0) {
        count->is_there = true;
    } else if (is_blob) {
        count->others++;
    }
}

/* Writes that wait are counted as new ones: at the limit this may refuse a little early. */
static int blob_room_check(struct linux_store *store, const char *name, struct err *err)
{
    struct blob_count count = {.name = name};
    int rc = store_dir_list(store->dir_fd, blob_counted, &count, err);
    for (const struct linux_store_write *at = store->writes; at != NULL; at = at->next) {
        count.others += at->kind == WRITE_BLOB;
    }
    if (rc == 0 && !count.is_there && count.others >= STORE_BLOBS_MAX) {
        rc = err_set(err, ERR_LIMIT, "more than %d blobs", STORE_BLOBS_MAX);
    }
    return rc;
}

static int store_blob_write(void *self, const char *name, struct span content, store_done done,
                            void *ctx, struct err *err)
{
    struct linux_store *store = self;
    int rc = write_check(store, name, content.len, STORE_BLOB_BYTES_MAX, err);
    if (rc == 0) {
        rc = blob_room_check(store, name, err);
    }
    return rc != 0 ? rc : write_add(store, WRITE_BLOB, name, content, done, ctx, err);
}

static int store_blob_remove(void *self, const char *name, store_done done, void *ctx,
                             struct err *err)
{
    struct linux_store *store = self;
    int rc = write_check(store, name, 0, 0, err);
    return rc != 0 ? rc : write_add(store, WRITE_REMOVE, name, span_of(NULL, 0), done, ctx, err);
}

static int store_list(void *self, store_found found, void *ctx, struct err *err)
{
    const struct linux_store *store = self;
    return store_dir_list(store->dir_fd, found, ctx, err);
}

/* Counts records beyond the table too, so that init can refuse them. */
struct record_scan {
    struct linux_store *store;
    bool is_over;
};

static void record_scanned(void *ctx, const char *name, bool is_blob)
{
    struct record_scan *scan = ctx;
    if (!is_blob && store_name_is_good(name) && record_add(scan->store, name) == NULL) {
        scan->is_over = true;
    }
}

int linux_store_init(struct linux_store *store, struct linux_worker *worker, const char *directory,
                     struct err *err)
{
    memset(store, 0, sizeof *store);
    store->worker = worker;
    int dir_fd = store_dir_open(directory, err);
    if (dir_fd < 0) {
        return dir_fd;
    }
    store->dir_fd = dir_fd;
    struct record_scan scan = {.store = store};
    int rc = store_dir_list(dir_fd, record_scanned, &scan, err);
    if (rc == 0 && scan.is_over) {
        rc = err_set(err, ERR_LIMIT, "%s holds more than %d records", directory, STORE_RECORDS_MAX);
    }
    if (rc != 0) {
        close(dir_fd);
    }
    return rc;
}

void linux_store_close(struct linux_store *store)
{
    while (store->writes != NULL) {
        free(write_take(store));
    }
    close(store->dir_fd);
    store->dir_fd = -1;
}

struct store linux_store_interface(struct linux_store *store)
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
