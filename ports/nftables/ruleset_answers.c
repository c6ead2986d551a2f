/* ruleset_answers: a backend that answers on a connection which the kernel does not know any more.
 *
 * When an engine takes a container down it looks its connections up and deletes them by address
 * and port. A client that has reused its port in between loses the entry of its new connection, to
 * another container. The answer of that one is taken up where it can be told which port it was
 * asked at; what comes from no backend, or goes to a client whose address this machine changed,
 * meets a reset. Dropping it would heal nothing: the client waits, and does not ask again. */
#include "ports/nftables/ruleset_private.h"

/* The pick-up is one rule a container port: that of the first port published there for clients on
 * other hosts. */
static bool is_picked_up(const struct route_service *service, size_t port)
{
    const struct route_port *asked = &service->ports[port];
    if (asked->protocol != ROUTE_TCP || asked->host_ip >> 24 == 127) {
        return false;
    }
    for (size_t i = 0; i < port; i++) {
        const struct route_port *earlier = &service->ports[i];
        if (earlier->protocol == ROUTE_TCP && earlier->host_ip >> 24 != 127 &&
            earlier->container_port == asked->container_port) {
            return false;
        }
    }
    return true;
}

static bool has_pick_up(const struct route_service *service)
{
    for (size_t i = 0; service->backend_count > 0 && i < service->port_count; i++) {
        if (is_picked_up(service, i)) {
            return true;
        }
    }
    return false;
}

void ruleset_pick_up_chains(const struct rules *rules, struct text *text)
{
    for (size_t i = 0; i < rules->table->service_count; i++) {
        const struct route_service *service = &rules->table->services[i];
        if (!has_pick_up(service)) {
            continue;
        }
        text_printf(text, "\tchain from-%u {\n", (unsigned)i);
        for (size_t j = 0; j < service->port_count; j++) {
            const struct route_port *port = &service->ports[j];
            if (!is_picked_up(service, j)) {
                continue;
            }
            text_printf(text, RULE "tcp sport %u ", port->container_port);
            if (port->host_ip == 0) {
                text_append(text, "masquerade to ");
            } else {
                text_append(text, "snat to ");
                ruleset_append_address(port->host_ip, text);
            }
            text_printf(text, ":%u\n", port->host_port);
        }
        text_append(text, CHAIN_END);
    }
}

/* A rule a backend, with `words` after its address and the service's number where asked. */
static void render_each_backend(const struct rules *rules, const char *words, bool is_numbered,
                                struct text *text)
{
    for (size_t i = 0; i < rules->table->service_count; i++) {
        const struct route_service *service = &rules->table->services[i];
        for (size_t j = 0; has_pick_up(service) && j < service->backend_count; j++) {
            text_append(text, RULE "ip saddr ");
            ruleset_append_address(service->backends[j].address, text);
            text_append(text, words);
            if (is_numbered) {
                text_printf(text, "%u", (unsigned)i);
            }
            text_append(text, "\n");
        }
    }
}

/* A backend of two services is looked for in both, hence no goto. */
void ruleset_pick_up_rules(const struct rules *rules, struct text *text)
{
    render_each_backend(rules, " jump from-", true, text);
}

/* True for a TCP port that no earlier entry of the table has as its container port. */
static bool is_first_of_its_port(const struct route_table *table, size_t service, size_t port)
{
    const struct route_port *asked = &table->services[service].ports[port];
    for (size_t i = 0; i <= service; i++) {
        size_t count = i == service ? port : table->services[i].port_count;
        for (size_t j = 0; j < count; j++) {
            const struct route_port *earlier = &table->services[i].ports[j];
            if (earlier->protocol == ROUTE_TCP &&
                earlier->container_port == asked->container_port) {
                return false;
            }
        }
    }
    return asked->protocol == ROUTE_TCP;
}

void ruleset_answer_rules(const struct rules *rules, struct text *text)
{
    text_printf(text, RULE "ip daddr %s goto stray\n", rules->pool);
    render_each_backend(rules, " accept", false, text);
    text_append(text, RULE "goto stray\n");
}

/* Answers alone, by the ports they come from: a container's own connections go on. */
void ruleset_stray_rules(const struct rules *rules, struct text *text)
{
    const struct route_table *table = rules->table;
    bool has_any = false;
    for (size_t i = 0; i < table->service_count; i++) {
        for (size_t j = 0; j < table->services[i].port_count; j++) {
            if (is_first_of_its_port(table, i, j)) {
                text_printf(text, "%s%u", has_any ? ", " : RULE "tcp sport { ",
                            table->services[i].ports[j].container_port);
                has_any = true;
            }
        }
    }
    if (has_any) {
        text_append(text, " } reject with tcp reset\n");
    }
}
