/* store_sim: the store's suite over the simulated disk; damage is done to both sides of its
 * files. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ports/sim/machine.h"
#include "ports/sim/slots.h"
#include "tests/contract/store_contract.h"

#define TURNS_MAX 1000

struct place {
    struct sim_machine machine;
    struct store_fixture fixture;
};

static void pump(void *self)
{
    struct place *place = self;
    sim_world_run_until(&place->machine.world, place->machine.world.now + 1);
}

static void reopen(void *self)
{
    struct place *place = self;
    sim_world_kill(&place->machine.world);
    sim_machine_agent(&place->machine);
    place->fixture.store = sim_store_port(&place->machine.store);
}

static void reset(void *self)
{
    struct place *place = self;
    sim_machine_close(&place->machine);
    if (!sim_machine_init(&place->machine, 1, "app")) {
        abort();
    }
    place->fixture.store = sim_store_port(&place->machine.store);
}

static int file_of(struct place *place, const char *name, bool is_blob)
{
    char path[SIM_DISK_NAME_BYTES];
    (void)snprintf(path, sizeof path, "%s.%s", name, is_blob ? "blob" : "rec");
    return sim_disk_find(&place->machine.disk, path);
}

/* Makes these the durable bytes of a file, and what is seen of it. */
static void put_bytes(struct place *place, int file, size_t at, struct span data)
{
    int rc = sim_disk_write(&place->machine.disk, file, at, data, NULL);
    rc = rc != 0 ? rc : sim_disk_sync(&place->machine.disk, file, NULL);
    assert(rc == 0);
    (void)rc;
}

static void written(void *ctx, const struct err *err)
{
    *(int *)ctx = err == NULL ? 1 : -1;
}

/* Writes for real, then puts back what a cut would have left. */
static void write_torn(void *self, const char *name, struct span content, size_t bytes)
{
    struct place *place = self;
    struct sim_disk *disk = &place->machine.disk;
    uint8_t before[SIM_SLOTS * SIM_SLOT_BYTES];
    int file = file_of(place, name, false);
    int state = 0;
    if (file != SIM_DISK_NONE) {
        memcpy(before, sim_disk_read(disk, file).data, sizeof before);
    }
    int rc = place->fixture.store.ops->record_write(place->fixture.store.self, name, content,
                                                    written, &state, NULL);
    for (int i = 0; rc == 0 && i < TURNS_MAX && state == 0; i++) {
        pump(place);
    }
    assert(state == 1);
    if (file == SIM_DISK_NONE) {
        struct span whole = sim_disk_read(disk, file_of(place, name, false));
        if (bytes < whole.len) {
            reset(place);
        }
    } else {
        struct span after = sim_disk_read(disk, file);
        size_t slot = memcmp(before, after.data, SIM_SLOT_BYTES) != 0 ? 0 : SIM_SLOT_BYTES;
        size_t from = bytes < SIM_SLOT_BYTES ? bytes : SIM_SLOT_BYTES;
        put_bytes(place, file, slot + from, span_of(before + slot + from, SIM_SLOT_BYTES - from));
    }
    reopen(place);
}

static void fail_next(void *self)
{
    struct place *place = self;
    place->machine.world.faults.of[SIM_OP_FSYNC] = SIM_FAULT(1, 1, SIM_FATE_FAIL);
}

static void flip(struct place *place, int file, size_t at, uint8_t mask)
{
    uint8_t byte = sim_disk_read(&place->machine.disk, file).data[at] ^ mask;
    put_bytes(place, file, at, span_of(&byte, 1));
}

static void damage_all(void *self, const char *name, bool is_blob, size_t at)
{
    struct place *place = self;
    int file = file_of(place, name, is_blob);
    assert(file != SIM_DISK_NONE);
    if (is_blob) {
        flip(place, file, at % sim_disk_read(&place->machine.disk, file).len, 0x20);
        return;
    }
    for (size_t slot = 0; slot < SIM_SLOTS; slot++) {
        flip(place, file, slot * SIM_SLOT_BYTES + at % SIM_SLOT_BYTES, 0x20);
    }
}

static void damage_newest(void *self, const char *name, size_t at)
{
    struct place *place = self;
    int file = file_of(place, name, false);
    assert(file != SIM_DISK_NONE);
    size_t newest = 0;
    uint64_t highest = 0;
    for (size_t slot = 0; slot < SIM_SLOTS; slot++) {
        struct span all = sim_disk_read(&place->machine.disk, file);
        struct sim_slot read =
            sim_slot_decode(span_of(all.data + slot * SIM_SLOT_BYTES, SIM_SLOT_BYTES));
        if (read.state == SIM_SLOT_WHOLE && read.sequence > highest) {
            highest = read.sequence;
            newest = slot;
        }
    }
    flip(place, file, newest * SIM_SLOT_BYTES + at % SIM_SLOT_BYTES, 0x01);
}

int main(int argc, char **argv)
{
    struct place *place = calloc(1, sizeof *place);
    if (place == NULL || !sim_machine_init(&place->machine, 1, "app")) {
        return EXIT_FAILURE;
    }
    place->fixture = (struct store_fixture){.store = sim_store_port(&place->machine.store),
                                            .pump = pump,
                                            .reset = reset,
                                            .reopen = reopen,
                                            .write_torn = write_torn,
                                            .fail_next = fail_next,
                                            .damage_all = damage_all,
                                            .damage_newest = damage_newest,
                                            .self = place};
    int status = store_contract_run(&place->fixture, argc, argv);
    sim_machine_close(&place->machine);
    free(place);
    return status;
}
