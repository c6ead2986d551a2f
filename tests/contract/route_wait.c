/* route_wait: the suite's cases of new connections that are let wait (hold_ms). */
#include "tests/check.h"
#include "tests/contract/route_contract.h"

static struct route_fixture *world;

static int ask(enum route_place from, enum route_protocol protocol, ipv4 address, uint16_t port)
{
    return route_contract_ask(world, from, protocol, address, port);
}

/* The table of all cases, its first backend (of weight 0: none), and for how long who is new waits.
 */
static int apply_wait(uint16_t weight, uint32_t hold_ms)
{
    struct route_table table;
    route_contract_table(world, 1, weight, 0, &table);
    table.services[0].hold_ms = hold_ms;
    return route_contract_apply(world, &table);
}

static void check_new_ones_wait(void)
{
    CHECK_INT_EQ(ask(PLACE_OUTSIDE, ROUTE_TCP, world->node_address, ROUTE_WORLD_PUBLISHED_TCP),
                 ROUTE_SILENT);
    CHECK_INT_EQ(ask(PLACE_NODE, ROUTE_TCP, ROUTE_WORLD_LOOPBACK, ROUTE_WORLD_PUBLISHED_TCP),
                 ROUTE_SILENT);
    CHECK_INT_EQ(ask(PLACE_FIRST, ROUTE_TCP, world->node_address, ROUTE_WORLD_PUBLISHED_TCP),
                 ROUTE_SILENT);
    CHECK_INT_EQ(ask(PLACE_NEIGHBOUR, ROUTE_TCP, world->service_address, ROUTE_WORLD_TCP_PORT),
                 ROUTE_SILENT);
}

/* Whether there is a backend or none: neither answered nor refused. What stands goes on, and so do
 * datagrams; the next table serves all. */
static void who_is_new_waits(void)
{
    world->reset(world->self);
    CHECK_INT_EQ(apply_wait(1, 0), 0);
    int stands = world->open(world->self, PLACE_OUTSIDE, ROUTE_TCP, world->node_address,
                             ROUTE_WORLD_PUBLISHED_TCP);
    CHECK_INT_EQ(apply_wait(1, 60000), 0);
    check_new_ones_wait();
    CHECK_INT_EQ(world->say(world->self, stands), 0);
    CHECK_INT_EQ(ask(PLACE_OUTSIDE, ROUTE_UDP, world->node_address, ROUTE_WORLD_PUBLISHED_UDP), 0);
    CHECK_INT_EQ(apply_wait(0, 60000), 0);
    CHECK_INT_EQ(ask(PLACE_OUTSIDE, ROUTE_TCP, world->node_address, ROUTE_WORLD_PUBLISHED_TCP),
                 ROUTE_SILENT);
    CHECK_INT_EQ(world->say(world->self, stands), 0);
    world->shut(world->self, stands);
    CHECK_INT_EQ(apply_wait(1, 0), 0);
    CHECK_INT_EQ(ask(PLACE_OUTSIDE, ROUTE_TCP, world->node_address, ROUTE_WORLD_PUBLISHED_TCP), 0);
    CHECK_INT_EQ(ask(PLACE_NEIGHBOUR, ROUTE_TCP, world->service_address, ROUTE_WORLD_TCP_PORT), 0);
}

/* Nobody comes to end it; then it is as without: by the backends, or refused. Who waits, and who
 * waits no more, is no change by others. */
static void a_wait_ends_by_itself(void)
{
    struct route_state state;
    world->reset(world->self);
    CHECK_INT_EQ(apply_wait(1, 1000), 0);
    CHECK_INT_EQ(route_contract_read(world, &state), 0);
    CHECK(!state.is_altered && !state.lacks_holds);
    CHECK_INT_EQ(ask(PLACE_OUTSIDE, ROUTE_TCP, world->node_address, ROUTE_WORLD_PUBLISHED_TCP), 0);
    CHECK_INT_EQ(route_contract_read(world, &state), 0);
    CHECK(state.is_present && !state.is_altered);
    CHECK_INT_EQ(apply_wait(0, 1000), 0);
    CHECK_INT_EQ(ask(PLACE_NODE, ROUTE_TCP, world->node_address, ROUTE_WORLD_PUBLISHED_TCP),
                 ROUTE_REFUSED);
}

static void a_boot_file_lets_nobody_wait(void)
{
    struct route_table table;
    world->reset(world->self);
    route_contract_table(world, 9, 1, 0, &table);
    table.services[0].hold_ms = 60000;
    CHECK_INT_EQ(route_contract_commit(world, &table), 0);
    world->reboot(world->self);
    CHECK_INT_EQ(ask(PLACE_OUTSIDE, ROUTE_TCP, world->node_address, ROUTE_WORLD_PUBLISHED_TCP), 0);
}

int route_wait_run(struct route_fixture *fixture, int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"who_is_new_waits", who_is_new_waits},
        {"a_wait_ends_by_itself", a_wait_ends_by_itself},
        {"a_boot_file_lets_nobody_wait", a_boot_file_lets_nobody_wait},
    };
    world = fixture;
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
