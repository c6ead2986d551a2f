/* ruleset_sources: as whom a container sees a client whose answers must come back this way: one
 * that asked 127.0.0.1, and a neighbour on one bridge.
 *
 * Not as the bridge, which a masquerade would take: this machine's direct connections to a
 * container have that address, too. A server keeps a connection that it closed for a minute;
 * another one from the same address and port looks like a stray of it where their numbers do not go
 * on from each other, and waits a second for its next try. They go on for a client that asks again
 * where it asked before. So clients that asked elsewhere get another address. */
#include "ports/nftables/ruleset_private.h"

_Static_assert(ROUTE_OWN_NODE + ROUTE_PORTS_MAX <= ROUTE_OWN_NEIGHBOURS, "addresses suffice");

/* How many ports of the service before this one lead to the same place. */
static unsigned ports_beside(const struct route_service *service, size_t port)
{
    const struct route_port *asked = &service->ports[port];
    unsigned count = 0;
    for (size_t i = 0; i < port; i++) {
        count += service->ports[i].protocol == asked->protocol &&
                 service->ports[i].container_port == asked->container_port;
    }
    return count;
}

static void render_node(const struct rules *rules, const struct route_port *port, unsigned offset,
                        struct text *text)
{
    text_printf(text, RULE "ip saddr 127.0.0.0/8 ip daddr %s oifname != \"lo\" ", rules->pool);
    if (port != NULL) {
        text_printf(text, "ip protocol %s ct original proto-dst %u ",
                    route_protocol_word(port->protocol), port->host_port);
    }
    text_append(text, "snat to ");
    ruleset_append_address(rules->table->pool + ROUTE_OWN_NODE + offset, text);
    text_append(text, "\n");
}

/* One of a range of addresses, the same one for a neighbour each time. */
static void render_neighbours(const struct rules *rules, const char *asked, ipv4 first, ipv4 last,
                              struct text *text)
{
    text_printf(text, RULE "ip saddr %s ip daddr %s ct status dnat ct original ip daddr %s%s",
                rules->pool, rules->pool, asked, rules->pool);
    text_append(text, " snat to ");
    ruleset_append_address(rules->table->pool + first, text);
    text_append(text, "-");
    ruleset_append_address(rules->table->pool + last, text);
    text_append(text, " persistent\n");
}

void ruleset_sources_rules(const struct rules *rules, struct text *text)
{
    for (size_t i = 0; i < rules->table->service_count; i++) {
        const struct route_service *service = &rules->table->services[i];
        for (size_t j = 0; j < service->port_count; j++) {
            unsigned beside = ports_beside(service, j);
            if (beside > 0) {
                render_node(rules, &service->ports[j], beside, text);
            }
        }
    }
    render_node(rules, NULL, 0, text);
    render_neighbours(rules, "", ROUTE_OWN_NEIGHBOURS, ROUTE_OWN_PUBLISHED - 1, text);
    render_neighbours(rules, "!= ", ROUTE_OWN_PUBLISHED, ROUTE_OWN_LAST, text);
    text_printf(text, RULE "ip saddr %s ip daddr != %s tcp flags & (syn | rst) == 0 jump pick-up\n",
                rules->pool, rules->pool);
}
