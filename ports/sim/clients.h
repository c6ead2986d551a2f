/* clients: who asks the published ports and service addresses, again and again. */
#ifndef PORTS_SIM_CLIENTS_H
#define PORTS_SIM_CLIENTS_H

#include "ports/sim/checker.h"

#define SIM_TARGETS_MAX 8

struct sim_target {
    enum route_protocol protocol;
    ipv4 address; /* SIM_NODE_ADDRESS, SIM_LOOPBACK or a service address */
    uint16_t port;
    struct sim_checker *checker; /* who judges the answers */
};

struct sim_clients {
    struct sim_world *world;
    struct sim_engine *engine;
    struct sim_route *route;
    struct sim_checker *checker;
    struct sim_target targets[SIM_TARGETS_MAX];
    size_t target_count;
    int64_t period_ms;
    uint64_t round; /* tells requests of this boot from those armed before it */
    uint32_t asked, answered, waited; /* waited: neither answered nor refused yet */
};

void sim_clients_init(struct sim_clients *clients, struct sim_checker *checker, int64_t period_ms);
/* The answers are judged by the checker given at the start, or by that of another app. */
void sim_clients_add(struct sim_clients *clients, enum route_protocol protocol, ipv4 address,
                     uint16_t port);
void sim_clients_add_to(struct sim_clients *clients, struct sim_checker *checker,
                        enum route_protocol protocol, ipv4 address, uint16_t port);
/* Begins to ask (anew); each target once a period. */
void sim_clients_start(struct sim_clients *clients);
/* Asks once; *backend is the address the table chose, 0 for none. */
bool sim_clients_ask(struct sim_clients *clients, const struct sim_target *target, ipv4 *backend);

#endif
