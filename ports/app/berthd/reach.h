/* reach: the way to the fleet: a secured stream, MQTT on it, the node's uplink; and a lower bound
 * of the time for machines without a clock. */
#ifndef BERTHD_REACH_H
#define BERTHD_REACH_H

#include "agent/node/uplink.h"
#include "ports/app/berthd/house.h"
#include "ports/mbedtls/tls.h"
#include "ports/mosquitto/bus.h"

/* Zeroed before reach_open; must not move until reach_close. Without a broker in the configuration
 * every call does nothing. */
struct reach {
    struct house *house;
    struct mbedtls_tls *tls;
    struct mosquitto_bus *bus;
    bool is_open;
    wall_ms saved_time; /* in the store */
    wall_ms newest;     /* proven by certificates, as seen last */
    mono_ms save_at;
    struct uplink uplink;
};

/* Prepares; connects at the first step. `config`, `house` and `conductor` outlive it. Reads the
 * lower bound of the time that was saved. ERR_MEMORY, ERR_VALUE. */
NODISCARD int reach_open(struct reach *reach, const struct config *config, struct house *house,
                         struct conductor *conductor, uplink_document document, void *ctx,
                         struct err *err);
void reach_close(struct reach *reach);

/* Call after each conductor_step and when reach_deadline has passed. */
void reach_step(struct reach *reach, mono_ms now);
mono_ms reach_deadline(const struct reach *reach);

/* Tells the fleet that the node leaves, and whether that was heard (or cannot be). */
void reach_leave(struct reach *reach);
bool reach_has_left(const struct reach *reach);

#endif
