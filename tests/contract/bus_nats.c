/* bus_nats: the bus's suite over nats-server, which refuses MQTT 5: the same open speaks 3.1.1. */
#include "tests/check.h"
#include "tests/contract/bus_real.h"

static struct bus_real real;

static void case_falls_back_inside_one_open(void)
{
    struct bus_party party = {
        .bus = real.fixture.bus, .pump = real.fixture.pump, .self = real.fixture.self};
    CHECK_INT_EQ(mosquitto_bus_protocol(real.buses[0]), 0);
    (void)bus_party_open(&party, "one");
    CHECK_INT_EQ(party.opened, 1);
    CHECK_INT_EQ(party.closed, 0);
    CHECK_INT_EQ(mosquitto_bus_protocol(real.buses[0]), 4);
    party.bus.ops->close(party.bus.self);
    CHECK_INT_EQ(mosquitto_bus_protocol(real.buses[0]), 0);
}

int main(int argc, char **argv)
{
    static const struct check_case own[] = {
        {"nats: falls back inside one open", case_falls_back_inside_one_open},
    };
    broker_nats(&real.broker);
    if (!broker_is_there(&real.broker)) {
        printf("nats-server is not installed: run tests/setup\n");
        return EXIT_FAILURE;
    }
    bus_real_open(&real);
    int status = check_run(own, 1, argc, argv);
    int contract = bus_contract_run(&real.fixture, argc, argv);
    if (!bus_real_close(&real)) {
        printf("something was left behind in %s\n", real.run_dir);
        return EXIT_FAILURE;
    }
    return argc > 1 ? status & contract : status | contract;
}
