/* ruleset_hold: whose new connections wait, neither answered nor refused.
 *
 * A first packet that is dropped before anything chooses or refuses is sent again by its client.
 * The elements of sets say whose, and leave by themselves: the wait ends in the kernel when nobody
 * comes to end it. Elements are decided for again in mid-replacement, which costs such a client one
 * more try. */
#include "ports/nftables/ruleset_private.h"

static const struct {
    const char *name, *type;
} sets[] = {{RULESET_HOLD_SETS "address", "ipv4_addr"},
            {RULESET_HOLD_SETS "port", "inet_service"},
            {RULESET_HOLD_SETS "endpoint", "ipv4_addr . inet_service"}};

enum { SET_ADDRESS, SET_PORT, SET_ENDPOINT };

static bool has_holds(const struct rules *rules)
{
    for (size_t i = 0; (rules->abilities & RULESET_HOLDS) != 0 && i < rules->table->service_count;
         i++) {
        if (rules->table->services[i].hold_ms > 0) {
            return true;
        }
    }
    return false;
}

void ruleset_hold_sets(const struct rules *rules, struct text *text)
{
    for (size_t i = 0; has_holds(rules) && i < COUNT_OF(sets); i++) {
        text_printf(text, "\tset %s {\n\t\ttype %s; flags timeout;\n\t}\n", sets[i].name,
                    sets[i].type);
    }
}

/* One command an element: nobody has to count commas, and an equal one is added once. */
static void render_element(const char *node, int set, ipv4 address, uint16_t port, uint32_t hold_ms,
                           struct text *text)
{
    text_printf(text, "add element ip " RULESET_TABLE_FMT " %s { ", node, sets[set].name);
    if (set != SET_PORT) {
        ruleset_append_address(address, text);
    }
    if (set == SET_ENDPOINT) {
        text_append(text, " . ");
    }
    if (set != SET_ADDRESS) {
        text_printf(text, "%u", port);
    }
    text_printf(text, " timeout %us }\n", (unsigned)((hold_ms + 999) / 1000));
}

void ruleset_hold_elements(const struct rules *rules, const char *node, struct text *text)
{
    for (size_t i = 0; has_holds(rules) && i < COUNT_OF(sets); i++) {
        text_printf(text, "flush set ip " RULESET_TABLE_FMT " %s\n", node, sets[i].name);
    }
    for (size_t i = 0; has_holds(rules) && i < rules->table->service_count; i++) {
        const struct route_service *service = &rules->table->services[i];
        if (service->hold_ms == 0) {
            continue;
        }
        if (service->address != 0) {
            render_element(node, SET_ADDRESS, service->address, 0, service->hold_ms, text);
        }
        for (size_t j = 0; j < service->port_count; j++) {
            const struct route_port *port = &service->ports[j];
            if (port->protocol == ROUTE_TCP) {
                render_element(node, port->host_ip == 0 ? SET_PORT : SET_ENDPOINT, port->host_ip,
                               port->host_port, service->hold_ms, text);
            }
        }
    }
}

void ruleset_hold_rules(const struct rules *rules, struct text *text)
{
    if (has_holds(rules)) {
        text_append(text,
                    RULE "ip daddr @" RULESET_HOLD_SETS "address drop\n" RULE
                         "fib daddr type local tcp dport @" RULESET_HOLD_SETS "port drop\n" RULE
                         "ip daddr . tcp dport @" RULESET_HOLD_SETS "endpoint drop\n");
    }
}

void ruleset_hold_hook_rules(const struct rules *rules, struct text *text)
{
    if (has_holds(rules)) {
        text_append(text, RULE "tcp flags & (syn | ack) == syn jump hold\n");
    }
}
