/* disk: two sides of every file and name, and what crosses from one to the other. */
#include "ports/sim/disk.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "platform/base/text.h"

#define SECTOR_BYTES 512
#define PIECE_BYTES  16

void sim_disk_init(struct sim_disk *disk, struct sim_world *world)
{
    memset(disk, 0, sizeof *disk);
    disk->world = world;
}

static void release_file(struct sim_file *file)
{
    free(file->seen);
    free(file->kept);
    memset(file, 0, sizeof *file);
}

void sim_disk_close(struct sim_disk *disk)
{
    for (size_t i = 0; i < SIM_DISK_FILES_MAX; i++) {
        release_file(&disk->files[i]);
    }
}

static struct sim_entry *find_entry(struct sim_disk *disk, const char *name)
{
    for (size_t i = 0; i < disk->entry_count; i++) {
        if (strcmp(disk->entries[i].name, name) == 0) {
            return &disk->entries[i];
        }
    }
    return NULL;
}

int sim_disk_find(const struct sim_disk *disk, const char *name)
{
    for (size_t i = 0; i < disk->entry_count; i++) {
        if (strcmp(disk->entries[i].name, name) == 0) {
            return disk->entries[i].seen;
        }
    }
    return SIM_DISK_NONE;
}

/* Frees files that no name leads to, and names that lead nowhere. */
static void collect(struct sim_disk *disk)
{
    bool is_named[SIM_DISK_FILES_MAX] = {false};
    size_t count = 0;
    for (size_t i = 0; i < disk->entry_count; i++) {
        struct sim_entry *entry = &disk->entries[i];
        if (entry->seen == SIM_DISK_NONE && entry->kept == SIM_DISK_NONE) {
            continue;
        }
        if (entry->seen != SIM_DISK_NONE) {
            is_named[entry->seen] = true;
        }
        if (entry->kept != SIM_DISK_NONE) {
            is_named[entry->kept] = true;
        }
        disk->entries[count++] = *entry;
    }
    disk->entry_count = count;
    for (size_t i = 0; i < SIM_DISK_FILES_MAX; i++) {
        if (disk->files[i].is_used && !is_named[i]) {
            release_file(&disk->files[i]);
        }
    }
}

static int check_writable(const struct sim_disk *disk, bool is_growing, struct err *err)
{
    if (disk->is_read_only) {
        return err_set(err, ERR_IO, "read-only file system");
    }
    if (is_growing && (disk->is_full || disk->world->now < disk->full_until)) {
        return err_set(err, ERR_STATE_FULL, "no space left on device");
    }
    return 0;
}

int sim_disk_create(struct sim_disk *disk, const char *name, int *file, struct err *err)
{
    int rc = check_writable(disk, true, err);
    if (rc != 0) {
        return rc;
    }
    assert(sim_disk_find(disk, name) == SIM_DISK_NONE);
    struct sim_entry *entry = find_entry(disk, name);
    if (entry == NULL) {
        if (disk->entry_count == SIM_DISK_FILES_MAX) {
            return err_set(err, ERR_STATE_FULL, "no inode left");
        }
        entry = &disk->entries[disk->entry_count++];
        bool fits = text_copy(entry->name, sizeof entry->name, name);
        assert(fits);
        entry->kept = SIM_DISK_NONE;
    }
    for (int i = 0; i < SIM_DISK_FILES_MAX; i++) {
        if (!disk->files[i].is_used) {
            disk->files[i].is_used = true;
            entry->seen = i;
            *file = i;
            return 0;
        }
    }
    return err_set(err, ERR_STATE_FULL, "no inode left");
}

static void resize(uint8_t **data, size_t *len, size_t wanted)
{
    if (wanted > *len) {
        uint8_t *grown = realloc(*data, wanted);
        assert(grown != NULL);
        memset(grown + *len, 0, wanted - *len);
        *data = grown;
    }
    *len = wanted;
}

int sim_disk_write(struct sim_disk *disk, int file, size_t at, struct span data, struct err *err)
{
    struct sim_file *target = &disk->files[file];
    assert(target->is_used && at + data.len <= SIM_DISK_FILE_BYTES_MAX);
    int rc = check_writable(disk, at + data.len > target->seen_len, err);
    if (rc != 0 || data.len == 0) {
        return rc;
    }
    if (at + data.len > target->seen_len) {
        resize(&target->seen, &target->seen_len, at + data.len);
    }
    memcpy(target->seen + at, data.data, data.len);
    if (target->dirty_from == target->dirty_to) {
        target->dirty_from = at;
        target->dirty_to = at + data.len;
    } else {
        target->dirty_from = at < target->dirty_from ? at : target->dirty_from;
        target->dirty_to = at + data.len > target->dirty_to ? at + data.len : target->dirty_to;
    }
    return 0;
}

struct span sim_disk_read(const struct sim_disk *disk, int file)
{
    return span_of(disk->files[file].seen, disk->files[file].seen_len);
}

/* What is seen becomes what is kept. */
static void forget_unkept(struct sim_file *file)
{
    resize(&file->seen, &file->seen_len, file->kept_len);
    if (file->kept_len > 0) {
        memcpy(file->seen, file->kept, file->kept_len);
    }
    file->dirty_from = file->dirty_to = 0;
}

int sim_disk_sync(struct sim_disk *disk, int file, struct err *err)
{
    struct sim_file *target = &disk->files[file];
    if (sim_fate_is_error(sim_faults_next(disk->world, SIM_OP_FSYNC))) {
        target->dirty_from = target->dirty_to = 0;
        if (sim_random_one_in(disk->world, 2)) {
            forget_unkept(target);
        }
        return err_set(err, ERR_IO, "fdatasync: input/output error");
    }
    if (target->dirty_to > target->dirty_from) {
        if (target->seen_len > target->kept_len) {
            resize(&target->kept, &target->kept_len, target->seen_len);
        }
        memcpy(target->kept + target->dirty_from, target->seen + target->dirty_from,
               target->dirty_to - target->dirty_from);
        target->dirty_from = target->dirty_to = 0;
    }
    return 0;
}

int sim_disk_rename(struct sim_disk *disk, const char *from, const char *to, struct err *err)
{
    int rc = check_writable(disk, false, err);
    struct sim_entry *source = find_entry(disk, from);
    if (rc != 0) {
        return rc;
    }
    assert(source != NULL && source->seen != SIM_DISK_NONE);
    struct sim_entry *target = find_entry(disk, to);
    if (target == NULL) {
        if (disk->entry_count == SIM_DISK_FILES_MAX) {
            return err_set(err, ERR_STATE_FULL, "the directory is full");
        }
        target = &disk->entries[disk->entry_count++];
        bool fits = text_copy(target->name, sizeof target->name, to);
        assert(fits);
        target->kept = SIM_DISK_NONE;
    }
    target->seen = source->seen;
    source->seen = SIM_DISK_NONE;
    collect(disk);
    return 0;
}

int sim_disk_unlink(struct sim_disk *disk, const char *name, struct err *err)
{
    int rc = check_writable(disk, false, err);
    if (rc != 0) {
        return rc;
    }
    struct sim_entry *entry = find_entry(disk, name);
    if (entry != NULL) {
        entry->seen = SIM_DISK_NONE;
        collect(disk);
    }
    return 0;
}

int sim_disk_sync_directory(struct sim_disk *disk, struct err *err)
{
    if (sim_fate_is_error(sim_faults_next(disk->world, SIM_OP_FSYNC))) {
        return err_set(err, ERR_IO, "fsync of the directory: input/output error");
    }
    for (size_t i = 0; i < disk->entry_count; i++) {
        disk->entries[i].kept = disk->entries[i].seen;
    }
    collect(disk);
    return 0;
}

/* How the unsynced part of a file fares. */
enum tear { TEAR_NONE, TEAR_ALL, TEAR_PREFIX, TEAR_SECTORS, TEAR_PIECES, TEAR_COUNT };

static void keep_range(struct sim_file *file, size_t from, size_t to)
{
    if (to > from) {
        memcpy(file->kept + from, file->seen + from, to - from);
    }
}

static void tear_file(struct sim_world *world, struct sim_file *file)
{
    size_t from = file->dirty_from;
    size_t to = file->dirty_to;
    if (from == to) {
        return;
    }
    enum tear tear = (enum tear)sim_random(world, TEAR_COUNT);
    if (tear != TEAR_NONE && file->seen_len > file->kept_len) {
        resize(&file->kept, &file->kept_len, file->seen_len);
    }
    if (tear == TEAR_ALL) {
        keep_range(file, from, to);
    } else if (tear == TEAR_PREFIX) {
        keep_range(file, from, from + (size_t)sim_random(world, to - from + 1));
    } else if (tear != TEAR_NONE) {
        size_t unit = tear == TEAR_SECTORS ? SECTOR_BYTES : PIECE_BYTES;
        for (size_t at = from; at < to; at += unit) {
            if (sim_random_one_in(world, 2)) {
                keep_range(file, at, at + unit < to ? at + unit : to);
            }
        }
    }
}

void sim_disk_lose(struct sim_disk *disk)
{
    for (size_t i = 0; i < SIM_DISK_FILES_MAX; i++) {
        if (disk->files[i].is_used) {
            tear_file(disk->world, &disk->files[i]);
            forget_unkept(&disk->files[i]);
        }
    }
    for (size_t i = 0; i < disk->entry_count; i++) {
        struct sim_entry *entry = &disk->entries[i];
        if (entry->seen != entry->kept && sim_random_one_in(disk->world, 2)) {
            entry->kept = entry->seen;
        }
        entry->seen = entry->kept;
    }
    collect(disk);
}
