/* ruleset_check: what may stand in a table at all; rendering trusts it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ports/nftables/ruleset.h"

#define WEIGHT_MAX 1000

static uint32_t pool_mask(unsigned bits)
{
    return bits == 0 ? 0 : UINT32_MAX << (32u - bits);
}

/* An interface name that is safe in a rule and in a path of /proc and /sys. */
static bool bridge_is_name(const char *bridge)
{
    size_t len = strnlen(bridge, 16);
    if (len == 16 || bridge[0] == '.') {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        char c = bridge[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            c != '-' && c != '_' && c != '.') {
            return false;
        }
    }
    return true;
}

/* Addresses of the pool that stand for clients, and are nobody's. */
static bool is_own(const struct route_table *table, ipv4 address)
{
    uint32_t offset = address - table->pool;
    return offset >= ROUTE_OWN_NODE && offset <= ROUTE_OWN_LAST;
}

static int service_check(const struct route_table *table, const struct route_service *service,
                         struct err *err)
{
    uint32_t mask = pool_mask(table->pool_bits);
    if (!text_is_name(service->app, 63) || !text_is_name(service->service, 63) ||
        !bridge_is_name(service->bridge)) {
        return err_set(err, ERR_VALUE, "an app, service or bridge is not named by a name");
    }
    if (service->port_count > ROUTE_PORTS_MAX || service->backend_count > ROUTE_BACKENDS_MAX) {
        return err_set(err, ERR_LIMIT, "%s/%s has too many ports or backends", service->app,
                       service->service);
    }
    if (service->hold_ms > ROUTE_HOLD_MS_MAX) {
        return err_set(err, ERR_LIMIT, "%s/%s lets connections wait for %u ms, at most %d",
                       service->app, service->service, service->hold_ms, ROUTE_HOLD_MS_MAX);
    }
    for (size_t i = 0; i < service->port_count; i++) {
        const struct route_port *port = &service->ports[i];
        if (port->host_port == 0 || port->container_port == 0 ||
            (unsigned)port->protocol > ROUTE_SCTP) {
            return err_set(err, ERR_VALUE, "%s/%s publishes something that is not a port",
                           service->app, service->service);
        }
    }
    for (size_t i = 0; i < service->backend_count; i++) {
        const struct route_backend *backend = &service->backends[i];
        if (backend->weight < 1 || backend->weight > WEIGHT_MAX) {
            return err_set(err, ERR_VALUE, "%s/%s has a backend of weight %u (1 to %d)",
                           service->app, service->service, backend->weight, WEIGHT_MAX);
        }
        if ((backend->address & mask) != table->pool || is_own(table, backend->address)) {
            return err_set(err, ERR_VALUE, "%s/%s has a backend outside the pool", service->app,
                           service->service);
        }
    }
    return 0;
}

int ruleset_check(const struct route_table *table, struct err *err)
{
    if (table->service_count > ROUTE_SERVICES_MAX) {
        return err_set(err, ERR_LIMIT, "%zu services, at most %d", table->service_count,
                       ROUTE_SERVICES_MAX);
    }
    if (table->pool_bits < 1 || table->pool_bits > 32 ||
        (table->pool & ~pool_mask(table->pool_bits)) != 0 || table->pool == 0) {
        return err_set(err, ERR_VALUE, "the pool is not a network");
    }
    for (size_t i = 0; i < table->service_count; i++) {
        int rc = service_check(table, &table->services[i], err);
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

int ruleset_check_size(const struct route_table *table, const char *node, struct err *err)
{
    struct text text;
    char *data = malloc(RULESET_BYTES_MAX);
    if (data == NULL) {
        return err_set(err, ERR_MEMORY, "no memory for the ruleset");
    }
    text_init(&text, data, RULESET_BYTES_MAX);
    ruleset_render_removal(node, &text);
    ruleset_render(table, node, RULESET_TIMEOUTS, &text); /* holds that do not fit are left out */
    free(data);
    if (text.cut) {
        return err_set(err, ERR_LIMIT,
                       "the ruleset of all apps is longer than %d bytes: fewer published ports or "
                       "fewer replicas make it shorter",
                       RULESET_BYTES_MAX);
    }
    return 0;
}
