/* prober: platform/prober.h asked of the simulated containers. */
#ifndef PORTS_SIM_PROBER_H
#define PORTS_SIM_PROBER_H

#include "platform/prober.h"
#include "ports/sim/engine.h"

struct sim_probe {
    bool is_used;
    uint32_t agent;
    uint64_t serial;
    enum sim_fate fate;
    struct prober_request request;
    prober_done done;
    void *ctx;
    struct err err;
};

struct sim_prober {
    struct sim_world *world;
    struct sim_engine *engine;
    struct sim_probe probes[PROBER_PENDING_MAX];
    uint64_t serial;
    mono_ms cut_off_until; /* until then this machine cannot even ask */
};

void sim_prober_init(struct sim_prober *prober, struct sim_world *world, struct sim_engine *engine);
/* The power was cut: nothing is pending. */
void sim_prober_lose(struct sim_prober *prober);
struct prober sim_prober_port(struct sim_prober *prober);

#endif
