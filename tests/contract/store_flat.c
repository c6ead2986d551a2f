/* store_flat: the store's suite over a real file; damage and torn writes are made by hand, in a
 * mapping of it. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ports/flat/file.h"
#include "ports/flat/store.h"
#include "ports/linux/loop.h"
#include "tests/contract/store_contract.h"

enum { PAGE_BYTES = 4096, PAGES = 1024, FILE_BYTES = PAGE_BYTES * PAGES, TURNS_MAX = 3000 };

struct flat_world {
    struct linux_loop loop;
    struct flat_file file;
    struct flat_medium inner; /* the file */
    struct flat_store store;
    struct store_fixture fixture;
    bool is_failing; /* the next write goes half the way */
    char path[64];
    uint8_t *bytes; /* the file */
};

static int medium_read(void *self, uint64_t at, void *data, size_t len)
{
    const struct flat_medium *inner = &((struct flat_world *)self)->inner;
    return inner->ops->read(inner->self, at, data, len);
}

static int medium_write(void *self, uint64_t at, struct span data)
{
    struct flat_world *world = self;
    const struct flat_medium *inner = &world->inner;
    if (world->is_failing) {
        world->is_failing = false;
        (void)inner->ops->write(inner->self, at, span_of(data.data, data.len / 2));
        return EIO;
    }
    return inner->ops->write(inner->self, at, data);
}

static int medium_sync(void *self)
{
    const struct flat_medium *inner = &((struct flat_world *)self)->inner;
    return inner->ops->sync(inner->self);
}

static int medium_reopen(void *self)
{
    const struct flat_medium *inner = &((struct flat_world *)self)->inner;
    return inner->ops->reopen(inner->self);
}

static const struct flat_medium_ops medium_ops = {
    .read = medium_read, .write = medium_write, .sync = medium_sync, .reopen = medium_reopen};

static void world_pump(void *self)
{
    linux_loop_run_once(&((struct flat_world *)self)->loop, 5);
}

static void world_open(struct flat_world *world)
{
    struct err err;
    int rc = flat_file_init(&world->file, world->path, PAGE_BYTES, &err);
    if (rc == 0) {
        world->inner = flat_file_medium(&world->file);
        struct flat_medium medium = world->inner;
        medium.ops = &medium_ops;
        medium.self = world;
        rc = flat_store_init(&world->store, linux_loop_interface(&world->loop), medium, &err);
    }
    if (rc != 0) {
        printf("%s\n", err.text);
        abort();
    }
    world->fixture.store = flat_store_interface(&world->store);
}

static void world_close(struct flat_world *world)
{
    flat_store_close(&world->store);
    flat_file_close(&world->file);
}

static void world_reopen(void *self)
{
    world_close(self);
    world_open(self);
}

static void world_reset(void *self)
{
    struct flat_world *world = self;
    world_close(world);
    memset(world->bytes, 0, FILE_BYTES);
    world_open(world);
}

static void write_ended(void *ctx, const struct err *err)
{
    *(int *)ctx = err == NULL ? 1 : -1;
}

/* The document's pages on the medium. */
static uint8_t *cell_of(struct flat_world *world, bool is_blob, const char *name)
{
    const struct flat_cells *cells = &world->store.cells;
    const struct flat_cell *cell = flat_cell_find(&world->store.cells, is_blob, name);
    assert(cell != NULL);
    size_t index = (size_t)(cell - cells->at);
    return world->bytes + (FLAT_SUPERBLOCKS + FLAT_CELL_PAGES * index) * PAGE_BYTES;
}

/* Writes for real, then puts back what the cut would have kept from the medium. A first write of a
 * record writes both pages, one after the other: `bytes` may lie in the second. */
static void world_write_torn(void *self, const char *name, struct span content, size_t bytes)
{
    static uint8_t before[FILE_BYTES];
    struct flat_world *world = self;
    int state = 0;
    bool is_first = flat_cell_find(&world->store.cells, false, name) == NULL;
    memcpy(before, world->bytes, sizeof before);
    int rc = world->fixture.store.ops->record_write(world->fixture.store.self, name, content,
                                                    write_ended, &state, NULL);
    assert(rc == 0);
    (void)rc;
    for (int i = 0; i < TURNS_MAX && state == 0; i++) {
        world_pump(world);
    }
    assert(state == 1);
    uint8_t *cell = cell_of(world, false, name);
    size_t at = (size_t)(cell - world->bytes);
    /* Nothing outside the cell was touched, and of an overwritten one a page alone. */
    assert(memcmp(before, world->bytes, at) == 0);
    size_t end = at + FLAT_CELL_PAGES * PAGE_BYTES;
    assert(memcmp(before + end, world->bytes + end, FILE_BYTES - end) == 0);
    size_t changed = 0;
    for (size_t i = 0; i < FLAT_CELL_PAGES; i++) {
        size_t page = i * PAGE_BYTES;
        if (memcmp(before + at + page, cell + page, PAGE_BYTES) != 0) {
            size_t kept = bytes < PAGE_BYTES ? bytes : PAGE_BYTES;
            memcpy(cell + page + kept, before + at + page + kept, PAGE_BYTES - kept);
            bytes -= kept;
            changed++;
        }
    }
    assert(changed == (is_first ? 2 : 1));
    (void)changed;
    (void)is_first;
    world_reopen(world);
}

static void world_fail_next(void *self)
{
    ((struct flat_world *)self)->is_failing = true;
}

static void world_damage_all(void *self, const char *name, bool is_blob, size_t at)
{
    struct flat_world *world = self;
    const struct flat_cell *cell = flat_cell_find(&world->store.cells, is_blob, name);
    uint8_t *bytes = cell_of(world, is_blob, name);
    if (is_blob && at % 2 == 1) {
        world->bytes[(size_t)cell->extent.page * PAGE_BYTES + at % cell->extent.bytes] ^= 0x20;
        return;
    }
    for (size_t i = 0; i < FLAT_CELL_PAGES; i++) {
        bytes[i * PAGE_BYTES + FLAT_LABEL_BYTES + at % FLAT_SLOT_BYTES] ^= 0x20;
    }
}

static void world_damage_newest(void *self, const char *name, size_t at)
{
    struct flat_world *world = self;
    const struct flat_cell *cell = flat_cell_find(&world->store.cells, false, name);
    assert(cell != NULL);
    size_t newest = (cell->next + 1) % FLAT_CELL_PAGES;
    cell_of(world, false, name)[newest * PAGE_BYTES + at % FLAT_USED_BYTES] ^= 0x01;
}

static bool world_start(struct flat_world *world)
{
    int fd = mkstemp(world->path);
    if (fd < 0 || ftruncate(fd, FILE_BYTES) != 0 || linux_loop_init(&world->loop, NULL) != 0) {
        return false;
    }
    world->bytes = mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (world->bytes == MAP_FAILED) {
        return false;
    }
    world_open(world);
    return true;
}

int main(int argc, char **argv)
{
    static struct flat_world world = {
        .path = "/tmp/berth-flat-XXXXXX",
        .fixture =
            {
                .pump = world_pump,
                .reset = world_reset,
                .reopen = world_reopen,
                .write_torn = world_write_torn,
                .fail_next = world_fail_next,
                .damage_all = world_damage_all,
                .damage_newest = world_damage_newest,
                .self = &world,
            },
    };
    if (!world_start(&world)) {
        return EXIT_FAILURE;
    }
    int status = store_contract_run(&world.fixture, argc, argv);
    world_close(&world);
    linux_loop_close(&world.loop);
    (void)munmap(world.bytes, FILE_BYTES);
    (void)unlink(world.path);
    return status;
}
