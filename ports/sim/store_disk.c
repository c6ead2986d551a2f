/* store_disk: records in two slots written in turn, blobs by rename; each disk step can be the last
 * one before the power goes. */
#include "ports/sim/store_private.h"

#include <stdio.h>
#include <string.h>

#include "platform/base/text.h"

#define REPLACE_STEPS 5 /* disk steps of replace_file */

/* One disk step; ERR_CANCELLED when the power goes before it. */
static int spend(struct sim_store *store, struct err *err)
{
    if (store->budget == BUDGET_NONE) {
        return 0;
    }
    if (store->budget == 0) {
        return err_set(err, ERR_CANCELLED, "the power went");
    }
    store->budget--;
    return 0;
}

static int step_write(struct sim_store *store, int file, size_t at, struct span data,
                      struct err *err)
{
    int rc = spend(store, err);
    return rc != 0 ? rc : sim_disk_write(store->disk, file, at, data, err);
}

static int step_sync(struct sim_store *store, int file, struct err *err)
{
    int rc = spend(store, err);
    return rc != 0 ? rc : sim_disk_sync(store->disk, file, err);
}

static int step_sync_directory(struct sim_store *store, struct err *err)
{
    int rc = spend(store, err);
    return rc != 0 ? rc : sim_disk_sync_directory(store->disk, err);
}

void store_file_name(char target[SIM_DISK_NAME_BYTES], const char *name, const char *suffix)
{
    (void)snprintf(target, SIM_DISK_NAME_BYTES, "%s%s", name, suffix);
}

/* Writes a whole new file in the place of `name`: the old one or the new one is there after a
 * cut. */
static int replace_file(struct sim_store *store, const char *name, struct span head,
                        struct span content, struct err *err)
{
    int file = SIM_DISK_NONE;
    int rc = sim_disk_unlink(store->disk, TEMPORARY, err);
    rc = rc != 0 ? rc : spend(store, err);
    rc = rc != 0 ? rc : sim_disk_create(store->disk, TEMPORARY, &file, err);
    rc = rc != 0 ? rc : sim_disk_write(store->disk, file, 0, head, err);
    rc = rc != 0 ? rc : step_write(store, file, head.len, content, err);
    rc = rc != 0 ? rc : step_sync(store, file, err);
    rc = rc != 0 ? rc : spend(store, err);
    rc = rc != 0 ? rc : sim_disk_rename(store->disk, TEMPORARY, name, err);
    return rc != 0 ? rc : step_sync_directory(store, err);
}

struct sim_slot store_read_slot(const struct sim_store *store, int file, int number)
{
    struct span all = sim_disk_read(store->disk, file);
    size_t from = (size_t)number * SIM_SLOT_BYTES;
    if (all.len <= from) {
        return (struct sim_slot){.state = SIM_SLOT_EMPTY};
    }
    size_t len = all.len - from < SIM_SLOT_BYTES ? all.len - from : SIM_SLOT_BYTES;
    return sim_slot_decode(span_of(all.data + from, len));
}

/* Finds the newest whole slot anew. */
void store_look_at_record(const struct sim_store *store, int file, struct sim_record *record)
{
    record->newest = -1;
    for (int i = 0; i < SIM_SLOTS; i++) {
        struct sim_slot slot = store_read_slot(store, file, i);
        if (slot.state == SIM_SLOT_WHOLE &&
            (record->newest < 0 || slot.sequence > record->sequence)) {
            record->newest = i;
            record->sequence = slot.sequence;
        }
    }
    record->is_confirmed = false;
}

/* The port's notes on a record whose file is there; NULL when there are too many. */
struct sim_record *store_record_of(struct sim_store *store, const char *name, int file)
{
    for (size_t i = 0; i < store->record_count; i++) {
        if (strcmp(store->records[i].name, name) == 0) {
            return &store->records[i];
        }
    }
    if (store->record_count == STORE_RECORDS_MAX) {
        return NULL;
    }
    struct sim_record *record = &store->records[store->record_count++];
    memset(record, 0, sizeof *record);
    (void)text_copy(record->name, sizeof record->name, name);
    store_look_at_record(store, file, record);
    return record;
}

/* What is seen in the newest slot may never have reached the medium (a sync that failed, then a new
 * agent): write the same bytes again and sync, before the other slot is touched. */
int store_confirm(struct sim_store *store, int file, struct sim_record *record, struct err *err)
{
    if (record->newest < 0 || record->is_confirmed) {
        return 0;
    }
    uint8_t bytes[SIM_SLOT_BYTES];
    size_t at = (size_t)record->newest * SIM_SLOT_BYTES;
    memcpy(bytes, sim_disk_read(store->disk, file).data + at, SIM_SLOT_BYTES);
    int rc = step_write(store, file, at, span_of(bytes, sizeof bytes), err);
    rc = rc != 0 ? rc : step_sync(store, file, err);
    if (rc != 0) {
        record->is_suspect = true;
        return rc;
    }
    record->is_confirmed = true;
    return 0;
}

static int first_write(struct sim_store *store, const char *path, struct span content,
                       struct err *err)
{
    uint8_t slots[SIM_SLOTS * SIM_SLOT_BYTES] = {0};
    sim_slot_encode(slots, 1, content);
    return replace_file(store, path, span_of(NULL, 0), span_of(slots, sizeof slots), err);
}

int store_write_record(struct sim_store *store, const char *name, struct span content,
                        struct err *err)
{
    char path[SIM_DISK_NAME_BYTES];
    store_file_name(path, name, RECORD_SUFFIX);
    int file = sim_disk_find(store->disk, path);
    if (file == SIM_DISK_NONE) {
        return first_write(store, path, content, err);
    }
    struct sim_record *record = store_record_of(store, name, file);
    if (record == NULL) {
        return err_set(err, ERR_LIMIT, "too many records");
    }
    if (record->is_suspect) {
        store_look_at_record(store, file, record);
        record->is_suspect = false;
    }
    int rc = store_confirm(store, file, record, err);
    if (rc != 0) {
        return rc;
    }
    uint8_t slot[SIM_SLOT_BYTES];
    int target = record->newest == 0 ? 1 : 0;
    sim_slot_encode(slot, record->sequence + 1, content);
    rc = step_write(store, file, (size_t)target * SIM_SLOT_BYTES, span_of(slot, sizeof slot), err);
    rc = rc != 0 ? rc : step_sync(store, file, err);
    if (rc != 0) {
        record->is_suspect = true;
        return rc;
    }
    record->newest = target;
    record->sequence++;
    record->is_confirmed = true;
    return 0;
}

int store_write_blob(struct sim_store *store, const char *name, struct span content,
                      struct err *err)
{
    char path[SIM_DISK_NAME_BYTES];
    struct span found;
    store_file_name(path, name, BLOB_SUFFIX);
    int file = sim_disk_find(store->disk, path);
    if (file != SIM_DISK_NONE && sim_blob_decode(sim_disk_read(store->disk, file), &found) &&
        span_is_equal(found, content)) {
        return step_sync_directory(store, err);
    }
    uint8_t head[SIM_BLOB_HEAD_BYTES];
    sim_blob_encode(head, content);
    return replace_file(store, path, span_of(head, sizeof head), content, err);
}

int store_remove_blob(struct sim_store *store, const char *name, struct err *err)
{
    char path[SIM_DISK_NAME_BYTES];
    store_file_name(path, name, BLOB_SUFFIX);
    int rc = spend(store, err);
    rc = rc != 0 ? rc : sim_disk_unlink(store->disk, path, err);
    return rc != 0 ? rc : step_sync_directory(store, err);
}

/* How many disk steps the call will take: where the power can go within it. */
uint32_t store_count_steps(struct sim_store *store, const struct sim_store_call *call)
{
    char path[SIM_DISK_NAME_BYTES];
    store_file_name(path, call->name, RECORD_SUFFIX);
    int file = sim_disk_find(store->disk, path);
    if (call->kind == SIM_STORE_REMOVE) {
        return 2;
    }
    if (call->kind == SIM_STORE_BLOB || file == SIM_DISK_NONE) {
        return REPLACE_STEPS;
    }
    const struct sim_record *record = store_record_of(store, call->name, file);
    return record != NULL && record->is_confirmed && !record->is_suspect ? 2 : 4;
}
