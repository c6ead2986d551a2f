/* address: the arithmetic of the pool. */
#include "agent/node/address.h"

#include <stdio.h>
#include <string.h>

#include "platform/base/crc.h"
#include "platform/base/law.h"

#define APP_ADDRESSES  2048u
#define LANE_ADDRESSES 512u
#define FIRST_REPLICA  16u
#define FIRST_SERVICE  256u
#define SERVICE_PLACES 16u

_Static_assert(LANES *LANE_ADDRESSES == APP_ADDRESSES, "lanes fill an app's network");
_Static_assert(SERVICE_PLACES >= SERVICES_MAX && SERVICE_PLACES >= REPLICAS_MAX, "places suffice");
_Static_assert(FIRST_REPLICA + SERVICE_PLACES * REPLICAS_MAX < LANE_ADDRESSES - 1,
               "a lane never reaches the broadcast address");
_Static_assert(FIRST_SERVICE + APPS_MAX * SERVICE_PLACES <= APP_ADDRESSES, "service addresses fit");

uint8_t address_apps(const struct config *config)
{
    uint64_t blocks = (UINT64_C(1) << (32 - config->pool_bits)) / APP_ADDRESSES;
    uint64_t apps = blocks > 0 ? blocks - 1 : 0;
    return (uint8_t)(apps < APPS_MAX ? apps : APPS_MAX);
}

ipv4 address_subnet(const struct config *config, uint8_t index)
{
    return config->pool + APP_ADDRESSES * (index + 1u);
}

ipv4 address_gateway(const struct config *config, uint8_t index)
{
    LAW(BOUNDED, index < APPS_MAX);
    return address_subnet(config, index) + 1u;
}

ipv4 address_replica(const struct config *config, uint8_t index, uint8_t lane, uint8_t service,
                     uint8_t number)
{
    return address_subnet(config, index) + LANE_ADDRESSES * lane + FIRST_REPLICA +
           SERVICE_PLACES * service + (number - 1u);
}

ipv4 address_service(const struct config *config, uint8_t index, uint8_t service)
{
    LAW(BOUNDED, index < APPS_MAX);
    return config->pool + FIRST_SERVICE + SERVICE_PLACES * index + service;
}

bool address_locate(const struct config *config, ipv4 address, uint8_t *index, uint8_t *lane)
{
    uint32_t block = (address - config->pool) / APP_ADDRESSES; /* below the pool: a large one */
    uint32_t within = (address - config->pool) % APP_ADDRESSES;
    if (block == 0 || block > address_apps(config) || within % LANE_ADDRESSES < FIRST_REPLICA) {
        return false; /* block 0 is the services' */
    }
    *index = (uint8_t)(block - 1);
    *lane = (uint8_t)(within / LANE_ADDRESSES);
    return true;
}

void address_bridge(const struct config *config, const char *app, char name[16])
{
    uint32_t crc = crc32c(0, config->node, strlen(config->node));
    crc = crc32c(crc, "/", 1);
    crc = crc32c(crc, app, strlen(app));
    (void)snprintf(name, 16, "berth-%08x", crc);
}

void address_network(const struct config *config, const char *app, char name[ENGINE_NAME_BYTES])
{
    (void)snprintf(name, ENGINE_NAME_BYTES, "berth_%s_%s", config->node, app);
}

void address_network_former(const struct config *config, const char *app,
                            char name[ENGINE_NAME_BYTES])
{
    (void)snprintf(name, ENGINE_NAME_BYTES, "berth-%s-%s", config->node, app);
}
