/* bus_real: the suite's fixture over libmosquitto, plain TCP and a real broker. */
#ifndef TESTS_CONTRACT_BUS_REAL_H
#define TESTS_CONTRACT_BUS_REAL_H

#include "ports/linux/loop.h"
#include "ports/mosquitto/bus.h"
#include "tests/contract/broker.h"
#include "tests/contract/bus_contract.h"
#include "tests/contract/tcp_stream.h"

struct bus_real {
    struct broker broker;
    struct linux_loop loop;
    struct tcp_stream streams[2];
    struct mosquitto_bus *buses[2];
    char run_dir[64];
    struct bus_fixture fixture;
};

/* Starts the broker that was prepared and puts two buses before it. */
void bus_real_open(struct bus_real *real);
/* Ends all of it; false when something was left in run_dir, or a descriptor open. */
bool bus_real_close(struct bus_real *real);

#endif
