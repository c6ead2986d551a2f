/* route_sim: the route's suite over the simulated kernel table. Who asks makes no difference there:
 * the table is the only thing on the way. */
#include <stdlib.h>

#include "ports/sim/machine.h"
#include "tests/contract/route_contract.h"

#define POOL        0xC6120000u /* 198.18.0.0 */
#define PATIENCE_MS 3000

struct place {
    struct sim_machine machine;
    struct route_fixture fixture;
    bool is_loaded;
    unsigned asked, failed;
};

static int number_of(const struct place *place, ipv4 backend)
{
    for (int i = 0; i < ROUTE_WORLD_BACKENDS; i++) {
        if (place->fixture.backends[i] == backend) {
            return i;
        }
    }
    return ROUTE_REFUSED;
}

static void ask_all(struct place *place)
{
    const ipv4 addresses[] = {SIM_NODE_ADDRESS, SIM_LOOPBACK, place->fixture.service_address};
    for (size_t i = 0; i < COUNT_OF(addresses); i++) {
        uint16_t port = i == 2 ? ROUTE_WORLD_TCP_PORT : 8080;
        if (sim_route_choose(&place->machine.route, ROUTE_TCP, addresses[i], port) == 0) {
            place->failed++;
        }
    }
    place->asked++;
}

static void pump(void *self)
{
    struct place *place = self;
    if (place->is_loaded) {
        ask_all(place);
    }
    sim_world_run_until(&place->machine.world, place->machine.world.now + 1);
    if (place->is_loaded) {
        ask_all(place);
    }
}

static void reset(void *self)
{
    struct place *place = self;
    sim_machine_close(&place->machine);
    if (!sim_machine_init(&place->machine, 1, "shop")) {
        abort();
    }
    place->machine.route.eyes.is_open = true;
}

static int open_one(void *self, enum route_place from, enum route_protocol protocol, ipv4 address,
                    uint16_t port)
{
    struct place *place = self;
    struct sim_world *sim = &place->machine.world;
    mono_ms until = sim->now + PATIENCE_MS;
    (void)from;
    while (sim_route_waits(&place->machine.route, protocol, address, port)) {
        if (sim->now >= until) {
            return ROUTE_SILENT;
        }
        sim_world_run_until(sim, sim->now + 1);
    }
    int flow = sim_route_open(&place->machine.route, protocol, address, port);
    return flow < 0 ? ROUTE_REFUSED : flow;
}

static int say(void *self, int handle)
{
    struct place *place = self;
    ipv4 backend = sim_route_say(&place->machine.route, handle);
    return backend == 0 ? ROUTE_BROKEN : number_of(place, backend);
}

static void shut(void *self, int handle)
{
    struct place *place = self;
    sim_route_shut(&place->machine.route, handle);
}

static void load_start(void *self)
{
    struct place *place = self;
    place->is_loaded = true;
    place->asked = place->failed = 0;
}

static void load_stop(void *self, unsigned *asked, unsigned *failed)
{
    struct place *place = self;
    place->is_loaded = false;
    *asked = place->asked;
    *failed = place->failed;
}

static void flush(void *self)
{
    struct place *place = self;
    sim_route_flush(&place->machine.route);
}

static void spoil(void *self)
{
    struct place *place = self;
    sim_route_spoil(&place->machine.route);
}

static void reboot(void *self)
{
    struct place *place = self;
    sim_machine_boot(&place->machine, 1000);
    sim_machine_agent(&place->machine);
}

static void hold(void *self, enum route_protocol protocol, ipv4 host_ip, uint16_t port)
{
    struct place *place = self;
    sim_route_hold(&place->machine.route, protocol, host_ip, port);
}

static void release(void *self)
{
    struct place *place = self;
    place->machine.route.held_count = 0;
}

int main(int argc, char **argv)
{
    struct place *place = calloc(1, sizeof *place);
    if (place == NULL || !sim_machine_init(&place->machine, 1, "shop")) {
        return EXIT_FAILURE;
    }
    place->fixture = (struct route_fixture){
        .route = sim_route_port(&place->machine.route),
        .pool = POOL,
        .pool_bits = 15,
        .service_address = POOL + 5,
        .node_address = SIM_NODE_ADDRESS,
        .bridge = "sim0",
        .backends = {POOL + 2064, POOL + 2065},
        .self = place,
        .pump = pump,
        .reset = reset,
        .open = open_one,
        .say = say,
        .shut = shut,
        .load_start = load_start,
        .load_stop = load_stop,
        .flush = flush,
        .spoil = spoil,
        .reboot = reboot,
        .hold = hold,
        .release = release,
    };
    int status = route_contract_run(&place->fixture, argc, argv);
    sim_machine_close(&place->machine);
    free(place);
    return status;
}
