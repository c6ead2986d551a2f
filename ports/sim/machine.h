/* machine: one simulated gateway: its disk, engine, kernel and clock, and what a power cut does to
 * them together. */
#ifndef PORTS_SIM_MACHINE_H
#define PORTS_SIM_MACHINE_H

#include "platform/clock.h"
#include "platform/entropy.h"
#include "platform/log.h"
#include "ports/sim/clients.h"
#include "ports/sim/files.h"
#include "ports/sim/prober.h"
#include "ports/sim/store.h"

struct sim_machine {
    struct sim_world world;
    struct sim_disk disk;
    struct sim_store store;
    struct sim_files files;
    struct sim_engine engine;
    struct sim_route route;
    struct sim_prober prober;
    struct sim_checker checker;
    struct sim_checker beside; /* of a second app; its app is empty where there is none */
    struct sim_clients clients;
};

/* A machine that is up for the first time, with one app to be watched and no clients yet. False
 * when there is no memory. It must not move in memory afterwards. */
bool sim_machine_init(struct sim_machine *machine, uint64_t seed, const char *app);
/* A second app is watched as well. */
void sim_machine_beside(struct sim_machine *machine, const char *app);
void sim_machine_close(struct sim_machine *machine);

/* The power comes back off_ms after a cut: what was not durable is lost or torn, the boot file is
 * loaded, the engine comes up. No agent runs yet. */
void sim_machine_boot(struct sim_machine *machine, int64_t off_ms);
/* The machine is suspended for so long: processes, clients and calls stand still, and the boot-time
 * clock goes on. */
void sim_machine_sleep(struct sim_machine *machine, int64_t for_ms);
/* A new life of the agent begins on a machine that has none. */
void sim_machine_agent(struct sim_machine *machine);

struct clock sim_clock_port(struct sim_world *world);
struct entropy sim_entropy_port(struct sim_world *world);
/* Lines go to the trace. */
struct log sim_log_port(struct sim_world *world);

#endif
