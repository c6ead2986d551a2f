/* store: the calls of platform/store.h: queued, struck by faults, carried out one by one,
 * answered. */
#include "ports/sim/store_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "platform/base/text.h"

static int carry_out(struct sim_store *store, struct sim_store_call *call)
{
    struct span content = span_of(call->content, call->len);
    switch (call->kind) {
    case SIM_STORE_RECORD:
        return store_write_record(store, call->name, content, &call->err);
    case SIM_STORE_BLOB:
        return store_write_blob(store, call->name, content, &call->err);
    case SIM_STORE_REMOVE:
        return store_remove_blob(store, call->name, &call->err);
    }
    return err_set(&call->err, ERR_INTERNAL, "no such call");
}

static void release_call(struct sim_store_call *call)
{
    free(call->content);
    memset(call, 0, sizeof *call);
}

/* Events name their call by place and serial; NULL when that call is over. */
static struct sim_store_call *call_of(struct sim_store *store, uint64_t arg)
{
    struct sim_store_call *call = &store->calls[arg % SIM_STORE_PENDING_MAX];
    return call->is_used && call->serial == arg / SIM_STORE_PENDING_MAX ? call : NULL;
}

static void answer(void *self, uint64_t arg)
{
    struct sim_store *store = self;
    struct sim_store_call *call = call_of(store, arg);
    if (call == NULL) {
        return;
    }
    struct sim_store_call held = *call;
    release_call(call);
    if (held.agent != store->world->agents) {
        return;
    }
    sim_world_trace(store->world, "store   %s %s", held.name,
                    held.err.code != 0 ? held.err.text : "durable");
    store->world->answers++;
    held.done(held.ctx, held.err.code != 0 ? &held.err : NULL);
}

static void act(void *self, uint64_t arg)
{
    struct sim_store *store = self;
    struct sim_store_call *call = call_of(store, arg);
    struct sim_world *world = store->world;
    if (call == NULL || call->agent != world->agents) {
        return; /* sim_store_open decides what became of it */
    }
    store->budget = BUDGET_NONE;
    if (call->fate == SIM_FATE_CUT_WITHIN) {
        uint32_t steps = store_count_steps(store, call);
        store->budget = 1 + (uint32_t)sim_random(world, steps - 1);
    }
    int rc = 0;
    if (call->fate == SIM_FATE_FAIL) {
        rc = err_set(&call->err, ERR_STORE, "input/output error");
    } else {
        rc = carry_out(store, call);
        store->writes += rc == 0 ? 1 : 0;
    }
    if (rc != 0) {
        (void)err_wrap(&call->err, ERR_STORE, "write %s", call->name);
    } else if (call->fate == SIM_FATE_FAIL_LATE) {
        (void)err_set(&call->err, ERR_STORE, "write %s: input/output error", call->name);
    }
    if (call->fate == SIM_FATE_CUT_WITHIN || call->fate == SIM_FATE_CUT_AFTER) {
        sim_world_cut(world);
    } else {
        if (call->fate == SIM_FATE_KILL_AFTER) {
            sim_world_kill(world);
        }
        sim_world_at(world, world->now + sim_random_between(world, 0, 2), answer, store, arg);
    }
}

static bool is_name(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len < STORE_NAME_BYTES && name[0] != '.' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") == len;
}

static bool cut_suffix(char *name, const char *suffix)
{
    size_t len = strlen(name);
    size_t tail = strlen(suffix);
    if (len <= tail || strcmp(name + len - tail, suffix) != 0) {
        return false;
    }
    name[len - tail] = '\0';
    return true;
}

/* Accepted writes of documents that are not there yet, `name` aside. */
static size_t coming(const struct sim_store *store, enum sim_store_kind kind, const char *name)
{
    const char *suffix = kind == SIM_STORE_RECORD ? RECORD_SUFFIX : BLOB_SUFFIX;
    size_t count = 0;
    for (size_t i = 0; i < SIM_STORE_PENDING_MAX; i++) {
        const struct sim_store_call *call = &store->calls[i];
        char path[SIM_DISK_NAME_BYTES];
        if (call->is_used && call->kind == kind && strcmp(call->name, name) != 0) {
            store_file_name(path, call->name, suffix);
            count += sim_disk_find(store->disk, path) == SIM_DISK_NONE;
        }
    }
    return count;
}

/* True when there is no place for one more document of that kind. */
static bool is_crowded(const struct sim_store *store, enum sim_store_kind kind, const char *name)
{
    const char *suffix = kind == SIM_STORE_RECORD ? RECORD_SUFFIX : BLOB_SUFFIX;
    char path[SIM_DISK_NAME_BYTES];
    size_t count = coming(store, kind, name);
    store_file_name(path, name, suffix);
    for (size_t i = 0; i < store->disk->entry_count; i++) {
        char other[SIM_DISK_NAME_BYTES];
        (void)text_copy(other, sizeof other, store->disk->entries[i].name);
        count += store->disk->entries[i].seen != SIM_DISK_NONE && cut_suffix(other, suffix) ? 1 : 0;
    }
    return kind != SIM_STORE_REMOVE && sim_disk_find(store->disk, path) == SIM_DISK_NONE &&
           count >= (kind == SIM_STORE_RECORD ? STORE_RECORDS_MAX : STORE_BLOBS_MAX);
}

static enum sim_op op_of(enum sim_store_kind kind)
{
    return kind == SIM_STORE_RECORD ? SIM_OP_RECORD_WRITE
           : kind == SIM_STORE_BLOB ? SIM_OP_BLOB_WRITE
                                    : SIM_OP_BLOB_REMOVE;
}

static int begin(struct sim_store *store, enum sim_store_kind kind, const char *name,
                 struct span content, store_done done, void *ctx, struct err *err)
{
    struct sim_world *world = store->world;
    size_t place = 0;
    if (!sim_world_is_live(world)) {
        return 0;
    }
    if (!is_name(name)) {
        return err_set(err, ERR_VALUE, "\"%s\" is no document's name", name);
    }
    if (content.len > (kind == SIM_STORE_RECORD ? STORE_RECORD_BYTES_MAX : STORE_BLOB_BYTES_MAX)) {
        return err_set(err, ERR_OVERSIZE, "%s is too large", name);
    }
    if (is_crowded(store, kind, name)) {
        return err_set(err, ERR_LIMIT, "too many documents");
    }
    while (place < SIM_STORE_PENDING_MAX && store->calls[place].is_used) {
        place++;
    }
    if (place == SIM_STORE_PENDING_MAX) {
        return err_set(err, ERR_BUSY, "too many writes are pending");
    }
    enum sim_fate fate = sim_faults_next(world, op_of(kind));
    if (fate == SIM_FATE_CUT_BEFORE) {
        sim_world_cut(world);
        return 0;
    }
    if (fate == SIM_FATE_KILL_BEFORE) {
        sim_world_kill(world);
        return 0;
    }
    struct sim_store_call *call = &store->calls[place];
    *call = (struct sim_store_call){.is_used = true, .kind = kind, .fate = fate,
                                    .agent = world->agents, .serial = ++store->serial,
                                    .len = content.len,
                                    .done = done, .ctx = ctx};
    (void)text_copy(call->name, sizeof call->name, name);
    call->content = malloc(content.len + 1);
    assert(call->content != NULL);
    if (content.len > 0) {
        memcpy(call->content, content.data, content.len);
    }
    sim_world_trace(world, "store   %s %s, %zu bytes", sim_op_word(op_of(kind)), name, content.len);
    store->busy_until = (store->busy_until > world->now ? store->busy_until : world->now) +
                        sim_random_between(world, 1, 8);
    sim_world_at(world, store->busy_until, act, store,
                 call->serial * SIM_STORE_PENDING_MAX + place);
    return 0;
}

static int record_write(void *self, const char *name, struct span content, store_done done,
                        void *ctx, struct err *err)
{
    return begin(self, SIM_STORE_RECORD, name, content, done, ctx, err);
}

static int blob_write(void *self, const char *name, struct span content, store_done done, void *ctx,
                      struct err *err)
{
    return begin(self, SIM_STORE_BLOB, name, content, done, ctx, err);
}

static int blob_remove(void *self, const char *name, store_done done, void *ctx, struct err *err)
{
    return begin(self, SIM_STORE_REMOVE, name, span_of(NULL, 0), done, ctx, err);
}

static int hand_out(const char *name, struct span content, void *data, size_t cap, size_t *len,
                    struct err *err)
{
    if (content.len > cap) {
        return err_set(err, ERR_LIMIT, "%s has %zu bytes, there is room for %zu", name,
                       content.len, cap);
    }
    if (content.len > 0) {
        memcpy(data, content.data, content.len);
    }
    *len = content.len;
    return 0;
}

static int record_read(void *self, const char *name, void *data, size_t cap, size_t *len,
                       struct err *err)
{
    struct sim_store *store = self;
    char path[SIM_DISK_NAME_BYTES];
    if (!is_name(name)) {
        return err_set(err, ERR_VALUE, "\"%s\" is no document's name", name);
    }
    store_file_name(path, name, RECORD_SUFFIX);
    int file = sim_disk_find(store->disk, path);
    if (file == SIM_DISK_NONE) {
        return err_set(err, ERR_NOT_FOUND, "there is no %s", name);
    }
    struct sim_record *record = store_record_of(store, name, file);
    if (record == NULL) {
        return err_set(err, ERR_LIMIT, "too many records");
    }
    if (record->is_suspect) {
        store_look_at_record(store, file, record);
        record->is_suspect = false;
        store->budget = BUDGET_NONE;
        int rc = store_confirm(store, file, record, err);
        if (rc != 0) {
            return err_wrap(err, ERR_STORE, "read %s", name);
        }
    }
    if (record->newest < 0) {
        return err_set(err, ERR_CORRUPT, "%s is whole in no generation", name);
    }
    return hand_out(name, store_read_slot(store, file, record->newest).content, data, cap, len,
                    err);
}

static int blob_read(void *self, const char *name, void *data, size_t cap, size_t *len,
                     struct err *err)
{
    struct sim_store *store = self;
    char path[SIM_DISK_NAME_BYTES];
    struct span content;
    if (!is_name(name)) {
        return err_set(err, ERR_VALUE, "\"%s\" is no document's name", name);
    }
    store_file_name(path, name, BLOB_SUFFIX);
    int file = sim_disk_find(store->disk, path);
    if (file == SIM_DISK_NONE) {
        return err_set(err, ERR_NOT_FOUND, "there is no %s", name);
    }
    if (!sim_blob_decode(sim_disk_read(store->disk, file), &content)) {
        return err_set(err, ERR_CORRUPT, "%s is damaged", name);
    }
    return hand_out(name, content, data, cap, len, err);
}

static int list(void *self, store_found found, void *ctx, struct err *err)
{
    struct sim_store *store = self;
    (void)err;
    for (size_t i = 0; i < store->disk->entry_count; i++) {
        const struct sim_entry *entry = &store->disk->entries[i];
        char name[SIM_DISK_NAME_BYTES];
        if (entry->seen == SIM_DISK_NONE || entry->name[0] == '.') {
            continue;
        }
        (void)text_copy(name, sizeof name, entry->name);
        if (cut_suffix(name, RECORD_SUFFIX)) {
            found(ctx, name, false);
        } else if (cut_suffix(name, BLOB_SUFFIX)) {
            found(ctx, name, true);
        }
    }
    return 0;
}

void sim_store_init(struct sim_store *store, struct sim_world *world, struct sim_disk *disk)
{
    memset(store, 0, sizeof *store);
    store->world = world;
    store->disk = disk;
    store->budget = BUDGET_NONE;
}

void sim_store_close(struct sim_store *store)
{
    for (size_t i = 0; i < SIM_STORE_PENDING_MAX; i++) {
        release_call(&store->calls[i]);
    }
}

void sim_store_open(struct sim_store *store)
{
    /* The helper died with the agent: what it had been given last is done or not. */
    for (size_t i = 0; i < SIM_STORE_PENDING_MAX; i++) {
        struct sim_store_call *call = &store->calls[i];
        if (call->is_used && sim_random_one_in(store->world, 2)) {
            (void)carry_out(store, call);
        }
        release_call(call);
    }
    store->record_count = 0;
    store->budget = BUDGET_NONE;
    store->busy_until = 0;
}

struct store sim_store_port(struct sim_store *store)
{
    static const struct store_ops ops = {
        .record_read = record_read,
        .record_write = record_write,
        .blob_read = blob_read,
        .blob_write = blob_write,
        .blob_remove = blob_remove,
        .list = list,
    };
    return (struct store){.ops = &ops, .self = store};
}
