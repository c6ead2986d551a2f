/* flat_disk: read from the cache, write to it, sync what was logged since the last sync. */
#include "tests/contract/flat_disk.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static int disk_read(void *self, uint64_t at, void *data, size_t len)
{
    const struct flat_disk *disk = self;
    if (at + len > disk->bytes) {
        return EIO;
    }
    memcpy(data, disk->cached + at, len);
    return 0;
}

static bool fails_now(struct flat_disk *disk)
{
    if (disk->countdown > 0 && --disk->countdown == 0) {
        disk->is_failing = true;
        return true;
    }
    return disk->is_failing && disk->is_repeating;
}

/* What was written since the last sync reaches the medium, or a part of it does. */
static void settle(struct flat_disk *disk, enum flat_remains remains)
{
    size_t from = disk->events;
    while (from > 0 && disk->log[from - 1].len > 0) {
        from--;
    }
    for (size_t i = from; i < disk->events && remains != FLAT_REMAINS_NONE; i++) {
        const struct flat_event *event = &disk->log[i];
        size_t len = remains == FLAT_REMAINS_ALL ? event->len : event->len / 2;
        memcpy(disk->durable + event->at, event->bytes, len);
    }
    assert(disk->events < FLAT_DISK_LOG);
    disk->log[disk->events++].len = 0;
}

static int disk_write(void *self, uint64_t at, struct span data)
{
    struct flat_disk *disk = self;
    bool is_failing = fails_now(disk);
    size_t len = is_failing ? data.len / 2 : data.len;
    assert(at + data.len <= disk->bytes && data.len > 0 && data.len <= FLAT_DISK_WRITE_BYTES);
    assert(disk->events < FLAT_DISK_LOG);
    memcpy(disk->cached + at, data.data, len);
    struct flat_event *event = &disk->log[disk->events++];
    event->at = at;
    event->len = len;
    memcpy(event->bytes, data.data, len);
    return is_failing ? EIO : 0;
}

static int disk_sync(void *self)
{
    struct flat_disk *disk = self;
    bool is_failing = fails_now(disk);
    settle(disk, is_failing ? disk->remains : FLAT_REMAINS_ALL);
    return is_failing ? EIO : 0;
}

/* Writes that no sync followed are carried out; what a failed one dropped stays dropped. */
static int disk_reopen(void *self)
{
    struct flat_disk *disk = self;
    if (disk->is_failing && disk->is_repeating) {
        return EIO;
    }
    settle(disk, disk->remains);
    memcpy(disk->cached, disk->durable, sizeof disk->cached);
    return 0;
}

struct flat_medium flat_disk_medium(struct flat_disk *disk)
{
    static const struct flat_medium_ops ops = {
        .read = disk_read, .write = disk_write, .sync = disk_sync, .reopen = disk_reopen};
    return (struct flat_medium){.ops = &ops,
                                .self = disk,
                                .name = "the disk",
                                .bytes = disk->bytes,
                                .page_bytes = FLAT_DISK_PAGE};
}

void flat_disk_cut(struct flat_disk *disk)
{
    memcpy(disk->cached, disk->durable, sizeof disk->cached);
    disk->events = 0;
    disk->countdown = 0;
    disk->is_failing = false;
    disk->is_repeating = false;
}
