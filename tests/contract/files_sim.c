/* files_sim: the suite over the simulated keeper of files. */
#include <stdlib.h>

#include "ports/sim/machine.h"
#include "tests/contract/files_contract.h"

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
                                           .self = &place};
    int status = files_contract_run(&place.fixture, argc, argv);
    sim_machine_close(&place.machine);
    return status;
}
