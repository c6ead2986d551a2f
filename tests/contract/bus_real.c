/* bus_real: two buses on one loop; hooks that stop, kill and start the broker. */
#include "tests/contract/bus_real.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void real_pump(void *self)
{
    struct bus_real *real = self;
    linux_loop_run_once(&real->loop, 5);
}

static void real_break(void *self)
{
    struct bus_real *real = self;
    tcp_stream_break(&real->streams[0]);
}

static void real_freeze(void *self)
{
    struct bus_real *real = self;
    broker_freeze(&real->broker);
}

static void real_thaw(void *self)
{
    struct bus_real *real = self;
    broker_thaw(&real->broker);
}

static void real_kill(void *self)
{
    struct bus_real *real = self;
    broker_kill(&real->broker);
}

static void real_revive(void *self)
{
    struct bus_real *real = self;
    broker_start(&real->broker);
}

void bus_real_open(struct bus_real *real)
{
    struct err err;
    (void)snprintf(real->run_dir, sizeof real->run_dir, "/tmp/berth-bus.XXXXXX");
    if (mkdtemp(real->run_dir) == NULL || linux_loop_init(&real->loop, &err) != 0) {
        abort();
    }
    broker_start(&real->broker);
    for (size_t i = 0; i < 2; i++) {
        tcp_stream_init(&real->streams[i], linux_loop_interface(&real->loop), real->broker.port);
        struct mosquitto_bus_settings settings = {
            .loop = linux_loop_interface(&real->loop),
            .stream = tcp_stream_interface(&real->streams[i]),
            .run_dir = real->run_dir,
        };
        if (mosquitto_bus_new(&settings, &real->buses[i], &err) != 0) {
            abort();
        }
    }
    real->fixture = (struct bus_fixture){
        .bus = mosquitto_bus_interface(real->buses[0]),
        .other = mosquitto_bus_interface(real->buses[1]),
        .pump = real_pump,
        .break_link = real_break,
        .freeze = real_freeze,
        .kill = real_kill,
        .revive = real_revive,
        .partition = real_freeze,
        .mend = real_thaw,
        .self = real,
    };
}

bool bus_real_close(struct bus_real *real)
{
    for (size_t i = 0; i < 2; i++) {
        mosquitto_bus_free(real->buses[i]);
    }
    linux_loop_close(&real->loop);
    broker_close(&real->broker);
    return rmdir(real->run_dir) == 0;
}
