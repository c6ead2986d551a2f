/* ruleset_choose: where a service address or a published port leads.
 *
 * Ports that lead to the same place share one chain: those that keep their number (the service
 * address does, too), and those with one container port. */
#include <stddef.h>

#include "ports/nftables/ruleset_private.h"

/* The place in a service's list of targets that stands before its ports. */
#define AT_ADDRESS 0

/* What tells a packet to a published port: its destination and its port. */
static void render_port_match(const struct route_port *port, struct text *text)
{
    if (port->host_ip == 0) {
        text_append(text, RULE "fib daddr type local");
    } else {
        text_append(text, RULE "ip daddr ");
        ruleset_append_address(port->host_ip, text);
    }
    text_printf(text, " %s dport %u", route_protocol_word(port->protocol), port->host_port);
}

static void render_service_match(const struct route_service *service, struct text *text)
{
    text_append(text, RULE "ip daddr ");
    ruleset_append_address(service->address, text);
}

/* Target 0 is the service address, target n the port n - 1. NULL where ports stay as they are. */
static const struct route_port *port_changed(const struct route_service *service, size_t target)
{
    const struct route_port *port = &service->ports[target - (target > AT_ADDRESS)];
    return target == AT_ADDRESS || port->host_port == port->container_port ? NULL : port;
}

static bool is_target(const struct route_service *service, size_t target)
{
    return target > AT_ADDRESS || service->address != 0;
}

/* The first target that leads to the same place: itself where it is the first. */
static size_t target_first(const struct route_service *service, size_t target)
{
    const struct route_port *port = port_changed(service, target);
    for (size_t i = 0; i < target; i++) {
        const struct route_port *other = port_changed(service, i);
        bool is_same = port == NULL ? other == NULL
                                    : other != NULL && other->protocol == port->protocol &&
                                          other->container_port == port->container_port;
        if (is_target(service, i) && is_same) {
            return i;
        }
    }
    return target;
}

/* How many chains the service has up to, and without, this target. */
static unsigned chains_before(const struct route_service *service, size_t target)
{
    unsigned count = 0;
    for (size_t i = 0; service->backend_count > 1 && i < target; i++) {
        count += is_target(service, i) && target_first(service, i) == i;
    }
    return count;
}

/* `port` is NULL where ports stay as they are. */
static void render_target(const struct route_backend *backend, const struct route_port *port,
                          struct text *text)
{
    text_append(text, "dnat to ");
    ruleset_append_address(backend->address, text);
    if (port != NULL) {
        text_printf(text, ":%u", port->container_port);
    }
    text_append(text, "\n");
}

static unsigned divisor_of(unsigned a, unsigned b)
{
    while (b != 0) {
        unsigned rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* A chain with one rule a backend: taken with its share of what those before it left over. */
static void render_shares(const struct route_service *service, const struct route_port *port,
                          unsigned number, struct text *text)
{
    unsigned left = 0;
    unsigned divisor = 0;
    for (size_t i = 0; i < service->backend_count; i++) {
        left += service->backends[i].weight;
        divisor = divisor_of(service->backends[i].weight, divisor);
    }
    text_printf(text, "\tchain to-%u {\n", number);
    for (size_t i = 0; i < service->backend_count; i++) {
        unsigned weight = service->backends[i].weight;
        text_append(text, RULE);
        if (port != NULL) { /* nft wants to see what the port is one of */
            text_printf(text, "ip protocol %s ", route_protocol_word(port->protocol));
        }
        if (i + 1 < service->backend_count) {
            text_printf(text, "numgen random mod %u < %u ", left / divisor, weight / divisor);
        }
        render_target(&service->backends[i], port, text);
        left -= weight;
    }
    text_append(text, CHAIN_END);
}

/* To its only backend or to the chain of its shares, which are numbered from `base` on. */
static void render_choice(const struct route_service *service, size_t target, unsigned base,
                          struct text *text)
{
    if (target == AT_ADDRESS) {
        render_service_match(service, text);
    } else {
        render_port_match(&service->ports[target - 1], text);
    }
    text_append(text, " ");
    if (service->backend_count == 1) {
        render_target(&service->backends[0], port_changed(service, target), text);
    } else {
        text_printf(text, "goto to-%u\n",
                    base + chains_before(service, target_first(service, target)));
    }
}

/* Chains are numbered through the table, so that a later table uses them again. */
void ruleset_choose_rules(const struct rules *rules, struct text *text)
{
    unsigned base = 0;
    for (size_t i = 0; i < rules->table->service_count; i++) {
        const struct route_service *service = &rules->table->services[i];
        for (size_t j = 0; service->backend_count > 0 && j <= service->port_count; j++) {
            if (is_target(service, j)) {
                render_choice(service, j, base, text);
            }
        }
        base += chains_before(service, service->port_count + 1);
    }
}

void ruleset_choose_chains(const struct rules *rules, struct text *text)
{
    unsigned number = 0;
    for (size_t i = 0; i < rules->table->service_count; i++) {
        const struct route_service *service = &rules->table->services[i];
        for (size_t j = 0; service->backend_count > 1 && j <= service->port_count; j++) {
            if (is_target(service, j) && target_first(service, j) == j) {
                render_shares(service, port_changed(service, j), number++, text);
            }
        }
    }
}

static void render_refusal(const struct route_service *service, struct text *text)
{
    static const char unreachable[] = "reject with icmp type port-unreachable";
    static const char reset[] = "reject with tcp reset";
    if (service->address != 0) {
        render_service_match(service, text);
        text_printf(text, " ip protocol tcp %s\n", reset);
        render_service_match(service, text);
        text_printf(text, " %s\n", unreachable);
    }
    for (size_t i = 0; i < service->port_count; i++) {
        render_port_match(&service->ports[i], text);
        text_printf(text, " %s\n", service->ports[i].protocol == ROUTE_TCP ? reset : unreachable);
    }
}

void ruleset_refuse_rules(const struct rules *rules, struct text *text)
{
    for (size_t i = 0; i < rules->table->service_count; i++) {
        if (rules->table->services[i].backend_count == 0) {
            render_refusal(&rules->table->services[i], text);
        }
    }
}
