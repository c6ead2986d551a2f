/* datagrams: a flow of datagrams never ends by itself, so it is moved when its backend goes. */
#include "ports/nftables/datagrams.h"

static bool has_datagrams(const struct route_service *service)
{
    for (size_t i = 0; i < service->port_count; i++) {
        if (service->ports[i].protocol == ROUTE_UDP) {
            return true;
        }
    }
    return false;
}

static bool has_backend(const struct route_table *table, ipv4 address)
{
    for (size_t i = 0; i < table->service_count; i++) {
        const struct route_service *service = &table->services[i];
        for (size_t j = 0; has_datagrams(service) && j < service->backend_count; j++) {
            if (service->backends[j].address == address) {
                return true;
            }
        }
    }
    return false;
}

void datagrams_leave(struct nftables_route *route, const struct route_table *table)
{
    size_t count = 0;
    for (size_t i = 0; i < route->datagram_count; i++) {
        if (!has_backend(table, route->datagrams[i])) {
            route->datagrams[count++] = route->datagrams[i];
        }
    }
    route->datagram_count = count;
}

bool datagrams_next(struct nftables_route *route, ipv4 *backend)
{
    if (route->datagram_count == 0) {
        return false;
    }
    *backend = route->datagrams[--route->datagram_count];
    return true;
}

void datagrams_remember(struct nftables_route *route, const struct route_table *table)
{
    route->datagram_count = 0;
    for (size_t i = 0; i < table->service_count; i++) {
        const struct route_service *service = &table->services[i];
        for (size_t j = 0; has_datagrams(service) && j < service->backend_count; j++) {
            if (route->datagram_count < NFTABLES_DATAGRAM_MAX) {
                route->datagrams[route->datagram_count++] = service->backends[j].address;
            }
        }
    }
}
