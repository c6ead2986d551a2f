/* bus_mosquitto: the bus's suite over a real mosquitto, in MQTT 5. */
#include "tests/check.h"
#include "tests/contract/bus_real.h"

static struct bus_real real;

int main(int argc, char **argv)
{
    broker_mosquitto(&real.broker, BUS_OPEN_TOPIC "/#");
    if (!broker_is_there(&real.broker)) {
        printf("mosquitto is not installed: run tests/setup\n");
        return EXIT_FAILURE;
    }
    bus_real_open(&real);
    real.fixture.denied_topic = "elsewhere";
    real.fixture.has_will_at_takeover = true;
    int status = bus_contract_run(&real.fixture, argc, argv);
    if (!bus_real_close(&real)) {
        printf("something was left behind in %s\n", real.run_dir);
        status = EXIT_FAILURE;
    }
    return status;
}
