/* ruleset: chains that stay and rules that are all replaced at once.
 *
 * No packet may meet half a table. The kernel decides once for each base chain it enters whether
 * the old or the new rules hold, but elements of a map, and a second base chain at the same hook,
 * are decided for again: replacing those lost connections under load. So the base chains are kept,
 * and every choice is made by rules alone. A chain whose declaration changes needs a new name. */
#include "ports/nftables/ruleset_private.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Before Docker's own rules of the same hooks, so that the order never depends on who came first.
 */
#define NAT_FIRST    "-105"
#define NAT_LAST     "95"
#define FILTER_FIRST "-10"
/* Before anything chooses. */
#define HOLD_FIRST "-110"

/* Like a chain, an object that changes needs a new name. The pause before the brace is nft's. */
#define TIMEOUTS_OBJECT                                                                            \
    "\tct timeout soon {\n"                                                                        \
    "\t\tprotocol tcp; l3proto ip; policy = { time_wait : 1, close : 1 };\n"                       \
    "\t}\n"
#define TIMEOUTS_RULE "meta l4proto tcp ct timeout set \"soon\""

_Static_assert(ROUTE_FORGOTTEN_MS == 1000, "the policy's second");

void ruleset_render_address(ipv4 address, char text[RULESET_ADDRESS_BYTES])
{
    (void)snprintf(text, RULESET_ADDRESS_BYTES, "%u.%u.%u.%u", address >> 24 & 255u,
                   address >> 16 & 255u, address >> 8 & 255u, address & 255u);
}

void ruleset_append_address(ipv4 address, struct text *text)
{
    char words[RULESET_ADDRESS_BYTES];
    ruleset_render_address(address, words);
    text_append(text, words);
}

static void rule(struct text *text, const char *words)
{
    text_printf(text, RULE "%s\n", words);
}

static void rules_generation(const struct rules *rules, struct text *text)
{
    text_printf(text, RULE "return comment \"generation %" PRIu64 "\"\n", rules->table->generation);
}

/* Whoever takes a container down looks its connections up and deletes them by address and port.
 * What ended is gone by then where it is forgotten within a second instead of two minutes, and so
 * is the chance to meet a client that has come back from the same port. */
static void rules_timeouts(const struct rules *rules, struct text *text)
{
    if ((rules->abilities & RULESET_TIMEOUTS) != 0) {
        rule(text, TIMEOUTS_RULE);
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
    text_printf(text, RULE "ip saddr %s jump choose\n", rules->pool);
    text_printf(text, RULE "ip daddr != %s jump choose\n", rules->pool);
}

static void rules_node(const struct rules *rules, struct text *text)
{
    (void)rules;
    rule(text, "jump choose");
}

static void rules_input(const struct rules *rules, struct text *text)
{
    (void)rules;
    rule(text, "ct state new jump refuse");
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
                        RULE "iifname != \"%s\" oifname \"%s\" reject with icmp type "
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
    text_printf(text, RULE "ip saddr %s ct state new tcp flags & (syn | rst) == 0 jump answers\n",
                rules->pool);
    rule(text, "ct state new ct status dnat jump timeouts");
    rule(text, "ct status dnat accept");
    rule(text, "ct state established,related accept");
    text_printf(text, RULE "ip daddr != %s accept\n", rules->pool);
    text_printf(text, RULE "ip saddr != %s reject with icmp type admin-prohibited\n", rules->pool);
    render_closed_bridges(rules->table, text);
}

/* What goes to this machine itself is refused at its input: refused here, a datagram's sender would
 * read "not permitted". */
static void rules_output(const struct rules *rules, struct text *text)
{
    (void)rules;
    rule(text, "oifname != \"lo\" ct state new jump refuse");
    rule(text, "ct state new ct status dnat jump timeouts");
}

#define CHAIN_BASE(type, hook, priority)                                                           \
    "type " type " hook " hook " priority " priority "; policy accept;"

/* In an order in which each chain stands before those that jump to it. */
static const struct {
    const char *name, *base; /* base: empty for a chain that is only jumped to */
    void (*rules)(const struct rules *rules, struct text *text);
} chains[] = {
    {RULESET_GENERATION_CHAIN, "", rules_generation},
    {"timeouts", "", rules_timeouts},
    {"choose", "", ruleset_choose_rules},
    {"refuse", "", ruleset_refuse_rules},
    {"stray", "", ruleset_stray_rules},
    {"answers", "", ruleset_answer_rules},
    {"pick-up", "", ruleset_pick_up_rules},
    {"hold", "", ruleset_hold_rules},
    {"guard", CHAIN_BASE("filter", "prerouting", "-300"), rules_guard},
    {"hold-prerouting", CHAIN_BASE("filter", "prerouting", HOLD_FIRST), ruleset_hold_hook_rules},
    {"hold-output", CHAIN_BASE("filter", "output", HOLD_FIRST), ruleset_hold_hook_rules},
    {"prerouting", CHAIN_BASE("nat", "prerouting", NAT_FIRST), rules_prerouting},
    {"output", CHAIN_BASE("nat", "output", NAT_FIRST), rules_node},
    {"postrouting", CHAIN_BASE("nat", "postrouting", NAT_LAST), ruleset_sources_rules},
    {"filter-input", CHAIN_BASE("filter", "input", FILTER_FIRST), rules_input},
    {"filter-forward", CHAIN_BASE("filter", "forward", FILTER_FIRST), rules_forward},
    {"filter-output", CHAIN_BASE("filter", "output", FILTER_FIRST), rules_output},
};

static void render_declarations(const struct rules *rules, const char *node, struct text *text)
{
    text_printf(text, "table ip " RULESET_TABLE_FMT " {\n", node);
    if ((rules->abilities & RULESET_TIMEOUTS) != 0) {
        text_append(text, TIMEOUTS_OBJECT);
    }
    ruleset_hold_sets(rules, text);
    for (size_t i = 0; i < COUNT_OF(chains); i++) {
        text_printf(text, CHAIN_BEGIN, chains[i].name);
        if (chains[i].base[0] != '\0') {
            rule(text, chains[i].base);
        }
        text_append(text, CHAIN_END);
    }
    text_append(text, "}\n");
}

void ruleset_render(const struct route_table *table, const char *node, unsigned abilities,
                    struct text *text)
{
    struct rules rules = {.table = table, .abilities = abilities};
    char address[RULESET_ADDRESS_BYTES];
    assert(text_is_name(node, RULESET_NODE_CHARS));
    ruleset_render_address(table->pool, address);
    (void)snprintf(rules.pool, sizeof rules.pool, "%s/%u", address, table->pool_bits);
    render_declarations(&rules, node, text);
    text_printf(text, "flush table ip " RULESET_TABLE_FMT "\n", node);
    text_printf(text, "table ip " RULESET_TABLE_FMT " {\n", node);
    ruleset_choose_chains(&rules, text);
    ruleset_pick_up_chains(&rules, text);
    for (size_t i = 0; i < COUNT_OF(chains); i++) {
        text_printf(text, CHAIN_BEGIN, chains[i].name);
        chains[i].rules(&rules, text);
        text_append(text, CHAIN_END);
    }
    text_append(text, "}\n");
    ruleset_hold_elements(&rules, node, text);
}

void ruleset_render_probe(const char *node, struct text *text)
{
    assert(text_is_name(node, RULESET_NODE_CHARS));
    text_printf(text,
                "table ip " RULESET_TABLE_FMT " {\n" TIMEOUTS_OBJECT CHAIN_BEGIN RULE TIMEOUTS_RULE
                "\n" CHAIN_END "}\n",
                node, "timeouts");
}

void ruleset_render_removal(const char *node, struct text *text)
{
    assert(text_is_name(node, RULESET_NODE_CHARS));
    text_printf(text, "table ip " RULESET_TABLE_FMT "\n", node);
    text_printf(text, "delete table ip " RULESET_TABLE_FMT "\n", node);
}

/* Where the digits of the generation begin; the listing's end when there are none. */
static size_t generation_at(struct span listing)
{
    static const char before[] = "comment \"generation ";
    size_t at = 0;
    while (at + sizeof before - 1 <= listing.len &&
           memcmp(listing.data + at, before, sizeof before - 1) != 0) {
        at++;
    }
    return at + sizeof before - 1 <= listing.len ? at + sizeof before - 1 : listing.len;
}

bool ruleset_find_generation(struct span listing, uint64_t *generation)
{
    size_t at = generation_at(listing);
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

/* Behind the set of those who wait that begins here; `at` itself where none does. */
static size_t hold_set_end(struct span listing, size_t at)
{
    static const char begin[] = "\n\tset " RULESET_HOLD_SETS;
    static const char end[] = "\n\t}";
    if (at + sizeof begin - 1 > listing.len ||
        memcmp(listing.data + at, begin, sizeof begin - 1) != 0) {
        return at;
    }
    const void *found = memmem(listing.data + at + 1, listing.len - at - 1, end, sizeof end - 1);
    return found == NULL ? listing.len
                         : (size_t)((const uint8_t *)found - listing.data) + sizeof end - 1;
}

uint64_t ruleset_print(struct span listing)
{
    uint64_t print = UINT64_C(0xcbf29ce484222325);
    size_t from = generation_at(listing);
    size_t to = from;
    while (to < listing.len && listing.data[to] >= '0' && listing.data[to] <= '9') {
        to++;
    }
    for (size_t i = 0; i < listing.len; i++) {
        for (size_t end = hold_set_end(listing, i); end > i; end = hold_set_end(listing, i)) {
            i = end;
        }
        if (i < listing.len && (i < from || i >= to)) {
            print = (print ^ listing.data[i]) * UINT64_C(0x100000001b3); /* FNV-1a */
        }
    }
    return print | 1u;
}

static size_t words_count(struct span listing, const char *words)
{
    size_t len = strlen(words);
    size_t count = 0;
    for (size_t at = 0; at + len <= listing.len; at++) {
        count += memcmp(listing.data + at, words, len) == 0;
    }
    return count;
}

bool ruleset_has_own_hooks(struct span listing)
{
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(chains); i++) {
        count += chains[i].base[0] != '\0';
    }
    size_t found = words_count(listing, "\n\t\ttype filter hook") +
                   words_count(listing, "\n\t\ttype nat hook") +
                   words_count(listing, "\n\t\ttype route hook");
    return found == count && words_count(listing, "\n\tflags ") == 0;
}
