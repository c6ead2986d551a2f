/* address: which addresses, network and bridge belong to which app, by arithmetic alone. */
#ifndef AGENT_NODE_ADDRESS_H
#define AGENT_NODE_ADDRESS_H

#include "agent/limits.h"
#include "agent/wire/config.h"

/* The pool's first /21 holds the service addresses; each app then has a /21 of its own: LANES
 * blocks of 512, in each of which service s and replica n have a fixed place. */
#define ADDRESS_APP_BITS 21

/* How many apps fit the configured pool, at most APPS_MAX. */
uint8_t address_apps(const struct config *config);

ipv4 address_subnet(const struct config *config, uint8_t index);
ipv4 address_gateway(const struct config *config, uint8_t index);

/* number counts from 1. */
ipv4 address_replica(const struct config *config, uint8_t index, uint8_t lane, uint8_t service,
                     uint8_t number);
ipv4 address_service(const struct config *config, uint8_t index, uint8_t service);

/* The app and lane an address belongs to; false when it is no replica's. */
bool address_locate(const struct config *config, ipv4 address, uint8_t *index, uint8_t *lane);

/* "berth-" and eight hex characters: unique to node and app, short enough for an interface. */
void address_bridge(const struct config *config, const char *app, char name[16]);

/* "berth_<node>_<app>": no name has an underscore, so no two apps of any nodes share one. */
void address_network(const struct config *config, const char *app, char name[ENGINE_NAME_BYTES]);

/* "berth-<node>-<app>", as versions before named it; a network that exists keeps its name. */
void address_network_former(const struct config *config, const char *app,
                            char name[ENGINE_NAME_BYTES]);

#endif
