/* mosquitto_bus: platform/bus.h by libmosquitto, over any stream. */
#ifndef PORTS_MOSQUITTO_BUS_H
#define PORTS_MOSQUITTO_BUS_H

#include "platform/bus.h"
#include "platform/loop.h"
#include "platform/stream.h"

struct mosquitto_bus_settings {
    struct loop loop;
    struct stream stream;
    /* An existing directory in which nobody else can rename what this user made (its own, or a
     * sticky one); the unix socket between libmosquitto and the pump is there for a moment, in a
     * 0700 directory in it. At most 70 bytes. */
    const char *run_dir;
};

struct mosquitto_bus;

/* Initialises the library and prepares. ERR_MEMORY, ERR_VALUE (run_dir). */
NODISCARD int mosquitto_bus_new(const struct mosquitto_bus_settings *settings,
                                struct mosquitto_bus **bus, struct err *err);
/* Closes and frees; no callback follows. */
void mosquitto_bus_free(struct mosquitto_bus *bus);

/* The interface; valid until mosquitto_bus_free. */
struct bus mosquitto_bus_interface(struct mosquitto_bus *bus);

/* The MQTT version of the present session: 5, 4 (3.1.1), or 0 without one. */
int mosquitto_bus_protocol(const struct mosquitto_bus *bus);

#endif
