/* ruleset: chains that stay and rules that are all replaced at once.
 *
 * No packet may meet half a table. The kernel decides once for each base chain it enters whether
 * the old or the new rules hold, but elements of a map, and a second base chain at the same hook,
 * are decided for again: replacing those lost connections under load. So the base chains are kept,
 * and every choice is made by rules alone. A chain whose declaration changes needs a new name. */
#include "ports/nftables/ruleset.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Before Docker's own rules of the same hooks, so that the order never depends on who came first.
 */
#define NAT_FIRST    "-105"
#define NAT_LAST     "95"
#define FILTER_FIRST "-10"

/* What the chains are rendered from. */
struct rules {
    const struct route_table *table;
    char pool[RULESET_ADDRESS_BYTES + 4]; /* "198.18.0.0/15" */
};

void ruleset_render_address(ipv4 address, char text[RULESET_ADDRESS_BYTES])
{
    (void)snprintf(text, RULESET_ADDRESS_BYTES, "%u.%u.%u.%u", address >> 24 & 255u,
                   address >> 16 & 255u, address >> 8 & 255u, address & 255u);
}

static void rule_begin(struct text *text, const char *piece)
{
    text_printf(text, "        %s", piece);
}

static void rule(struct text *text, const char *words)
{
    text_printf(text, "        %s\n", words);
}

/* What tells a packet to a published port: its destination and its port. */
static void render_port_match(const struct route_port *port, struct text *text)
{
    if (port->host_ip == 0) {
        rule_begin(text, "fib daddr type local");
    } else {
        char address[RULESET_ADDRESS_BYTES];
        ruleset_render_address(port->host_ip, address);
        rule_begin(text, "ip daddr ");
        text_append(text, address);
    }
    text_printf(text, " %s dport %u", port->protocol == ROUTE_TCP ? "tcp" : "udp", port->host_port);
}

static void render_service_match(const struct route_service *service, struct text *text)
{
    char address[RULESET_ADDRESS_BYTES];
    ruleset_render_address(service->address, address);
    rule_begin(text, "ip daddr ");
    text_append(text, address);
}

/* `port` is NULL for the service address, where ports stay as they are. */
static void render_target(const struct route_backend *backend, const struct route_port *port,
                          struct text *text)
{
    char address[RULESET_ADDRESS_BYTES];
    ruleset_render_address(backend->address, address);
    text_printf(text, "dnat to %s", address);
    if (port != NULL) {
        text_printf(text, ":%u", port->container_port);
    }
    text_append(text, "\n");
}

/* A chain with one rule a backend: taken with its share of what those before it left over. */
static void render_shares(const struct route_service *service, const struct route_port *port,
                          unsigned number, struct text *text)
{
    unsigned left = 0;
    for (size_t i = 0; i < service->backend_count; i++) {
        left += service->backends[i].weight;
    }
    text_printf(text, "    chain to-%u {\n", number);
    for (size_t i = 0; i < service->backend_count; i++) {
        rule_begin(text, "");
        if (port != NULL) { /* nft wants to see what the port is one of */
            text_printf(text, "ip protocol %s ", port->protocol == ROUTE_TCP ? "tcp" : "udp");
        }
        if (i + 1 < service->backend_count) {
            text_printf(text, "numgen random mod %u < %u ", left, service->backends[i].weight);
        }
        render_target(&service->backends[i], port, text);
        left -= service->backends[i].weight;
    }
    text_append(text, "    }\n");
}

/* Where a service address or a published port leads: to its only backend or to its shares. */
static void render_choice(const struct route_service *service, const struct route_port *port,
                          unsigned number, struct text *text)
{
    if (service->backend_count == 0) {
        return;
    }
    if (port != NULL) {
        render_port_match(port, text);
    } else {
        render_service_match(service, text);
    }
    text_append(text, " ");
    if (service->backend_count == 1) {
        render_target(&service->backends[0], port, text);
    } else {
        text_printf(text, "goto to-%u\n", number);
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

static void rules_generation(const struct rules *rules, struct text *text)
{
    text_printf(text, "        return comment \"generation %" PRIu64 "\"\n",
                rules->table->generation);
}

/* What is chosen is numbered through the table, so that a later table uses the chains again. */
static void rules_choose(const struct rules *rules, struct text *text)
{
    unsigned number = 0;
    for (size_t i = 0; i < rules->table->service_count; i++) {
        const struct route_service *service = &rules->table->services[i];
        if (service->address != 0) {
            render_choice(service, NULL, number++, text);
        }
        for (size_t j = 0; j < service->port_count; j++) {
            render_choice(service, &service->ports[j], number++, text);
        }
    }
}

static void render_all_shares(const struct route_table *table, struct text *text)
{
    unsigned number = 0;
    for (size_t i = 0; i < table->service_count; i++) {
        const struct route_service *service = &table->services[i];
        unsigned from = number;
        number += (unsigned)service->port_count + (service->address != 0 ? 1u : 0u);
        if (service->backend_count < 2) {
            continue;
        }
        if (service->address != 0) {
            render_shares(service, NULL, from++, text);
        }
        for (size_t j = 0; j < service->port_count; j++) {
            render_shares(service, &service->ports[j], from++, text);
        }
    }
}

static void rules_refuse(const struct rules *rules, struct text *text)
{
    for (size_t i = 0; i < rules->table->service_count; i++) {
        if (rules->table->services[i].backend_count == 0) {
            render_refusal(&rules->table->services[i], text);
        }
    }
}

/* route_localnet makes the bridges a way to 127.0.0.1; this closes it for everyone else. */
static void rules_guard(const struct rules *rules, struct text *text)
{
    (void)rules;
    rule(text, "iifname != \"lo\" ip daddr 127.0.0.0/8 drop");
    rule(text, "iifname != \"lo\" ip saddr 127.0.0.0/8 drop");
}

/* A service address is for containers: another host that routes the pool here finds no way in. */
static void rules_prerouting(const struct rules *rules, struct text *text)
{
    text_printf(text, "        ip saddr %s jump choose\n", rules->pool);
    text_printf(text, "        ip daddr != %s jump choose\n", rules->pool);
}

static void rules_node(const struct rules *rules, struct text *text)
{
    (void)rules;
    rule(text, "jump choose");
}

/* Answers must come back this way: to 127.0.0.1, and between neighbours on one bridge. */
static void rules_postrouting(const struct rules *rules, struct text *text)
{
    text_printf(text, "        ip saddr 127.0.0.0/8 ip daddr %s oifname != \"lo\" masquerade\n",
                rules->pool);
    text_printf(text, "        ip saddr %s ip daddr %s ct status dnat masquerade\n", rules->pool,
                rules->pool);
}

static void rules_input(const struct rules *rules, struct text *text)
{
    (void)rules;
    rule(text, "ct state new jump refuse");
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

/* A backend that goes on with a connection which was forgotten meets a reset: picked up in the
 * middle it could reach its old client by the engine's own masquerade. */
static void render_answers(const struct route_table *table, const char *pool, struct text *text)
{
    bool has_any = false;
    for (size_t i = 0; i < table->service_count; i++) {
        for (size_t j = 0; j < table->services[i].port_count; j++) {
            if (!is_first_of_its_port(table, i, j)) {
                continue;
            }
            if (!has_any) {
                text_printf(text, "        ip saddr %s tcp sport {", pool);
            }
            text_printf(text, "%s%u", has_any ? ", " : " ",
                        table->services[i].ports[j].container_port);
            has_any = true;
        }
    }
    if (has_any) {
        text_append(text, " } ct state new tcp flags & (syn | rst) == 0 reject with tcp reset\n");
    }
}

static void render_closed_bridges(const struct route_table *table, struct text *text)
{
    for (size_t i = 0; i < table->service_count; i++) {
        const char *bridge = table->services[i].bridge;
        bool is_repeated = bridge[0] == '\0';
        for (size_t j = 0; j < i && !is_repeated; j++) {
            is_repeated = strcmp(table->services[j].bridge, bridge) == 0;
        }
        if (!is_repeated) {
            text_printf(text,
                        "        iifname != \"%s\" oifname \"%s\" reject with icmp type "
                        "admin-prohibited\n",
                        bridge, bridge);
        }
    }
}

/* The accept in the engine's firewall opens the whole pool; what nobody published is closed again
 * here. */
static void rules_forward(const struct rules *rules, struct text *text)
{
    rule(text, "ct state new jump refuse");
    render_answers(rules->table, rules->pool, text);
    rule(text, "ct status dnat accept");
    rule(text, "ct state established,related accept");
    text_printf(text, "        ip daddr != %s accept\n", rules->pool);
    text_printf(text, "        ip saddr != %s reject with icmp type admin-prohibited\n",
                rules->pool);
    render_closed_bridges(rules->table, text);
}

/* What goes to this machine itself is refused at its input: refused here, a datagram's sender would
 * read "not permitted". */
static void rules_output(const struct rules *rules, struct text *text)
{
    (void)rules;
    rule(text, "oifname != \"lo\" ct state new jump refuse");
}

#define CHAIN_BASE(type, hook, priority)                                                           \
    "type " type " hook " hook " priority " priority "; policy accept;"

/* In an order in which each chain stands before those that jump to it. */
static const struct {
    const char *name, *base; /* base: empty for a chain that is only jumped to */
    void (*rules)(const struct rules *rules, struct text *text);
} chains[] = {
    {RULESET_GENERATION_CHAIN, "", rules_generation},
    {"choose", "", rules_choose},
    {"refuse", "", rules_refuse},
    {"guard", CHAIN_BASE("filter", "prerouting", "-300"), rules_guard},
    {"prerouting", CHAIN_BASE("nat", "prerouting", NAT_FIRST), rules_prerouting},
    {"output", CHAIN_BASE("nat", "output", NAT_FIRST), rules_node},
    {"postrouting", CHAIN_BASE("nat", "postrouting", NAT_LAST), rules_postrouting},
    {"filter-input", CHAIN_BASE("filter", "input", FILTER_FIRST), rules_input},
    {"filter-forward", CHAIN_BASE("filter", "forward", FILTER_FIRST), rules_forward},
    {"filter-output", CHAIN_BASE("filter", "output", FILTER_FIRST), rules_output},
};

void ruleset_render(const struct route_table *table, const char *node, struct text *text)
{
    struct rules rules = {.table = table};
    char address[RULESET_ADDRESS_BYTES];
    assert(text_is_name(node, RULESET_NODE_CHARS));
    ruleset_render_address(table->pool, address);
    (void)snprintf(rules.pool, sizeof rules.pool, "%s/%u", address, table->pool_bits);
    text_printf(text, "table ip " RULESET_TABLE_FMT " {\n", node);
    for (size_t i = 0; i < COUNT_OF(chains); i++) {
        text_printf(text, "    chain %s {\n", chains[i].name);
        if (chains[i].base[0] != '\0') {
            rule(text, chains[i].base);
        }
        text_append(text, "    }\n");
    }
    text_printf(text, "}\nflush table ip " RULESET_TABLE_FMT "\n", node);
    text_printf(text, "table ip " RULESET_TABLE_FMT " {\n", node);
    render_all_shares(table, text);
    for (size_t i = 0; i < COUNT_OF(chains); i++) {
        text_printf(text, "    chain %s {\n", chains[i].name);
        chains[i].rules(&rules, text);
        text_append(text, "    }\n");
    }
    text_append(text, "}\n");
}

void ruleset_render_removal(const char *node, struct text *text)
{
    assert(text_is_name(node, RULESET_NODE_CHARS));
    text_printf(text, "table ip " RULESET_TABLE_FMT "\n", node);
    text_printf(text, "delete table ip " RULESET_TABLE_FMT "\n", node);
}

bool ruleset_find_generation(struct span listing, uint64_t *generation)
{
    static const char before[] = "comment \"generation ";
    size_t at = 0;
    while (at + sizeof before - 1 <= listing.len &&
           memcmp(listing.data + at, before, sizeof before - 1) != 0) {
        at++;
    }
    at += sizeof before - 1;
    uint64_t value = 0;
    size_t digits = 0;
    for (; at < listing.len && listing.data[at] >= '0' && listing.data[at] <= '9'; at++) {
        unsigned digit = listing.data[at] - (unsigned)'0';
        if (value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
        digits++;
    }
    if (digits == 0 || at >= listing.len || listing.data[at] != '"') {
        return false;
    }
    *generation = value;
    return true;
}
