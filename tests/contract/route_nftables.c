/* The contract of the route over nftables, in a node and containers made of namespaces. */
#include "ports/linux/helper.h"
#include "tests/contract/route_world.h"

int main(int argc, char **argv)
{
    struct route_fixture fixture;
    static struct world world;
    if (argc == 2 && strcmp(argv[1], HELPER_ARGUMENT) == 0) {
        return helper_main(HELPER_FD);
    }
    world_init(&world, &fixture);
    int status = route_contract_run(&fixture, argc, argv);
    world_close(&world);
    return status;
}
