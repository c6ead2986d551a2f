/* prober_sim: the prober's suite asked of one simulated container after the other. */
#include <stdlib.h>
#include <string.h>

#include "ports/sim/machine.h"
#include "tests/contract/prober_contract.h"

#define PEER_ADDRESS    0xC6120805u /* 198.18.8.5 */
#define FAR_ADDRESS     0x0A000001u
#define STARTED_LONG_MS 60000

struct place {
    struct sim_machine machine;
    struct prober_fixture fixture;
};

static void pump(void *self)
{
    struct place *place = self;
    sim_world_run_until(&place->machine.world, place->machine.world.now + 1);
}

/* Several peers that differ on the wire only are one and the same to a simulated app. */
static int status_of(enum prober_peer peer)
{
    switch ((int)peer) {
    case PROBER_PEER_REDIRECTS:
        return 302;
    case PROBER_PEER_MISSES:
        return 404;
    case PROBER_PEER_BREAKS:
        return 500;
    case PROBER_PEER_OUT_OF_RANGE:
        return 999;
    case PROBER_PEER_SILENT:
    case PROBER_PEER_DRIPS:
        return SIM_STATUS_SILENT;
    case PROBER_PEER_BABBLES:
    case PROBER_PEER_MUMBLES:
    case PROBER_PEER_IS_MODERN:
    case PROBER_PEER_LONG_HEAD:
    case PROBER_PEER_HALF:
    case PROBER_PEER_EMPTY:
    case PROBER_PEER_RESETS:
        return SIM_STATUS_FOREIGN;
    default:
        return 0;
    }
}

static void make_peer(void *self, enum prober_peer peer, ipv4 *address, uint16_t *port)
{
    struct place *place = self;
    struct sim_engine *engine = &place->machine.engine;
    struct sim_app *app = &engine->images[0].app;
    *app = sim_app_well();
    app->status = status_of(peer);
    if (peer == PROBER_PEER_STALLED) {
        app->hang_after_ms = 0;
    } else if (peer == PROBER_PEER_REFUSES) {
        app->listen_after_ms = SIM_NEVER;
    }
    struct sim_container *container = &engine->containers[0];
    memset(container, 0, sizeof *container);
    container->is_used = true;
    container->seen.state = ENGINE_RUNNING;
    container->seen.address = PEER_ADDRESS;
    container->started_at = place->machine.world.now - STARTED_LONG_MS;
    *address = peer == PROBER_PEER_NO_ROUTE ? FAR_ADDRESS : PEER_ADDRESS;
    *port = 80;
}

int main(int argc, char **argv)
{
    static const struct digest config = {{1}};
    struct sim_app app = sim_app_well();
    struct place *place = calloc(1, sizeof *place);
    if (place == NULL || !sim_machine_init(&place->machine, 1, "app")) {
        return EXIT_FAILURE;
    }
    (void)sim_engine_add_image(&place->machine.engine, "peer", &config, &app);
    place->machine.engine.networks[0] = (struct sim_network){
        .is_used = true, .name = "near", .subnet = PEER_ADDRESS & ~255u, .prefix_bits = 24};
    place->fixture = (struct prober_fixture){
        .prober = sim_prober_port(&place->machine.prober),
        .pump = pump,
        .peer = make_peer,
        .self = place,
    };
    int status = prober_contract_run(&place->fixture, argc, argv);
    sim_machine_close(&place->machine);
    free(place);
    return status;
}
