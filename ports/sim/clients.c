/* clients: a new connection each time, through the kernel's table, to whatever runs there. */
#include "ports/sim/clients.h"

#include <assert.h>
#include <string.h>

void sim_clients_init(struct sim_clients *clients, struct sim_checker *checker, int64_t period_ms)
{
    memset(clients, 0, sizeof *clients);
    clients->world = checker->world;
    clients->engine = checker->engine;
    clients->route = checker->route;
    clients->checker = checker;
    clients->period_ms = period_ms;
}

void sim_clients_add(struct sim_clients *clients, enum route_protocol protocol, ipv4 address,
                     uint16_t port)
{
    sim_clients_add_to(clients, clients->checker, protocol, address, port);
}

void sim_clients_add_to(struct sim_clients *clients, struct sim_checker *checker,
                        enum route_protocol protocol, ipv4 address, uint16_t port)
{
    assert(clients->target_count < SIM_TARGETS_MAX);
    clients->targets[clients->target_count++] =
        (struct sim_target){protocol, address, port, checker};
}

bool sim_clients_ask(struct sim_clients *clients, const struct sim_target *target, ipv4 *backend)
{
    *backend = sim_route_choose(clients->route, target->protocol, target->address, target->port);
    struct sim_container *container =
        *backend != 0 ? sim_engine_at(clients->engine, *backend) : NULL;
    return container != NULL && sim_container_is_ready(clients->engine, container);
}

static void ask_all(void *self, uint64_t round)
{
    struct sim_clients *clients = self;
    if (round != clients->round) {
        return;
    }
    for (size_t i = 0; i < clients->target_count; i++) {
        const struct sim_target *target = &clients->targets[i];
        ipv4 backend;
        if (sim_route_waits(clients->route, target->protocol, target->address, target->port)) {
            clients->asked++;
            clients->waited++;
            continue;
        }
        bool is_answered = sim_clients_ask(clients, &clients->targets[i], &backend);
        clients->asked++;
        clients->answered += is_answered ? 1 : 0;
        sim_checker_request(clients->targets[i].checker, backend, is_answered);
    }
    sim_world_at(clients->world, clients->world->now + clients->period_ms, ask_all, clients, round);
}

void sim_clients_start(struct sim_clients *clients)
{
    clients->round++;
    sim_world_at(clients->world, clients->world->now + clients->period_ms, ask_all, clients,
                 clients->round);
}
