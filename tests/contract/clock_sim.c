/* clock_sim: the clock's suite over virtual time. */
#include <stdlib.h>

#include "ports/sim/machine.h"
#include "tests/contract/clock_contract.h"

struct place {
    struct sim_machine machine;
    struct clock_fixture fixture;
};

static void pass(void *self, int64_t ms)
{
    struct place *place = self;
    sim_world_run_until(&place->machine.world, place->machine.world.now + ms);
}

static void restart(void *self)
{
    struct place *place = self;
    sim_world_kill(&place->machine.world);
    sim_machine_agent(&place->machine);
    place->fixture.clock = sim_clock_port(&place->machine.world);
}

static void reboot(void *self)
{
    struct place *place = self;
    sim_machine_boot(&place->machine, 1000);
    sim_machine_agent(&place->machine);
    place->fixture.clock = sim_clock_port(&place->machine.world);
}

int main(int argc, char **argv)
{
    struct place *place = calloc(1, sizeof *place);
    if (place == NULL || !sim_machine_init(&place->machine, 1, "app")) {
        return EXIT_FAILURE;
    }
    place->fixture = (struct clock_fixture){.clock = sim_clock_port(&place->machine.world),
                                            .pass = pass,
                                            .restart = restart,
                                            .reboot = reboot,
                                            .self = place};
    int status = clock_contract_run(&place->fixture, argc, argv);
    sim_machine_close(&place->machine);
    free(place);
    return status;
}
