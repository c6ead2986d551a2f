/* eyes: hints of simulated engines and kernels, as unkind as real ones: lost, late, told twice, and
 * lies. */
#ifndef PORTS_SIM_EYES_H
#define PORTS_SIM_EYES_H

#include "ports/sim/world.h"

typedef void (*sim_hint)(void *ctx);

struct sim_eyes {
    struct sim_world *world;
    bool is_open;        /* hints come at all; false: all are lost, and polling is all there is */
    uint32_t lost_in;    /* one of so many is lost; 0: none */
    uint32_t double_in;  /* one of so many comes twice; 0: none */
    int64_t late_ms;     /* each comes up to so much later */
    unsigned seen, told; /* what happened, and what was told of it */
    sim_hint hint;
    void *ctx;
    uint32_t agent; /* that watches */
};

/* The agent of now watches; hint NULL: it does not any more. */
void sim_eyes_watch(struct sim_eyes *eyes, sim_hint hint, void *ctx);
/* Something happened. Or nothing at all: a lie is told the same way. */
void sim_eyes_see(struct sim_eyes *eyes);

#endif
