/* files_sim: the suite over the simulated keeper of files. */
#include <stdlib.h>

#include "ports/sim/machine.h"
#include "tests/contract/files_contract.h"

#define VOLUME SIM_VOLUMES_DIRECTORY "/v/_data"

struct place {
    struct sim_machine machine;
    struct files_fixture fixture;
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
}

static void fail_next(void *self)
{
    struct place *place = self;
    place->machine.world.faults.of[SIM_OP_BLOB_WRITE] = SIM_FAULT(1, 1, SIM_FATE_FAIL);
}

static void clear(void *self)
{
    struct place *place = self;
    place->machine.files.volume_count = 0;
}

static bool volume_see(void *self, const char *path, char *content, size_t cap)
{
    struct place *place = self;
    struct sim_seed_volume *volume = sim_seed_volume(&place->machine.files, VOLUME);
    const struct sim_seed_file *file = sim_seed_find(&volume->now, path);
    if (file != NULL) {
        (void)text_copy(content, cap, file->head);
    }
    return file != NULL;
}

static void volume_write(void *self, const char *path, const char *content)
{
    struct place *place = self;
    sim_seed_write(sim_seed_volume(&place->machine.files, VOLUME), path, content);
}

int main(int argc, char **argv)
{
    static struct place place;
    if (!sim_machine_init(&place.machine, 1, "app")) {
        return EXIT_FAILURE;
    }
    sim_machine_agent(&place.machine);
    place.fixture = (struct files_fixture){.files = sim_files_port(&place.machine.files),
                                           .pump = pump,
                                           .reopen = reopen,
                                           .fail_next = fail_next,
                                           .volume = VOLUME,
                                           .clear = clear,
                                           .volume_see = volume_see,
                                           .volume_write = volume_write,
                                           .self = &place};
    int status = files_contract_run(&place.fixture, argc, argv);
    sim_machine_close(&place.machine);
    return status;
}
