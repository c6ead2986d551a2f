/* firewall: words of iptables, written and read back. */
#include "ports/nftables/firewall.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const char *const to_pool[] = {"-d", NULL, "-j", "ACCEPT"};
static const char *const from_pool[] = {
    "-s", NULL, "-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED", "-j", "ACCEPT"};

static const struct {
    const char *const *words; /* NULL stands for the pool */
    size_t count;
} rules[FIREWALL_RULE_COUNT] = {
    [FIREWALL_TO_POOL] = {to_pool, COUNT_OF(to_pool)},
    [FIREWALL_FROM_POOL] = {from_pool, COUNT_OF(from_pool)},
};

static void command_add(struct firewall_command *command, const char *word)
{
    assert(command->count < FIREWALL_ARGS_MAX);
    command->args[command->count++] = word;
}

void firewall_command(enum firewall_rule rule, const char *verb, ipv4 pool, unsigned pool_bits,
                      struct firewall_command *command)
{
    char address[RULESET_ADDRESS_BYTES];
    command->count = 0;
    ruleset_render_address(pool, address);
    (void)snprintf(command->pool, sizeof command->pool, "%s/%u", address, pool_bits);
    command_add(command, "-w");
    command_add(command, verb);
    command_add(command, FIREWALL_CHAIN);
    for (size_t i = 0; i < rules[rule].count; i++) {
        const char *word = rules[rule].words[i];
        command_add(command, word == NULL ? command->pool : word);
    }
}

/* Takes the next line off `rest`, without its newline; false at the end. */
static bool line_next(struct span *rest, struct span *line)
{
    if (rest->len == 0) {
        return false;
    }
    const uint8_t *end = memchr(rest->data, '\n', rest->len);
    size_t len = end == NULL ? rest->len : (size_t)(end - rest->data);
    *line = span_of(rest->data, len);
    size_t used = end == NULL ? len : len + 1;
    *rest = span_of(rest->data + used, rest->len - used);
    return true;
}

/* The line by which iptables -S shows this half. */
static void rule_line(enum firewall_rule rule, ipv4 pool, unsigned pool_bits, struct text *text)
{
    struct firewall_command command;
    firewall_command(rule, "-A", pool, pool_bits, &command);
    for (size_t i = 1; i < command.count; i++) {
        text_printf(text, "%s%s", i == 1 ? "" : " ", command.args[i]);
    }
}

static bool line_ends_chain(struct span line)
{
    static const char *const ends[] = {"RETURN", "DROP", "REJECT"};
    static const char before[] = "-A " FIREWALL_CHAIN " -j ";
    if (line.len < sizeof before - 1 || memcmp(line.data, before, sizeof before - 1) != 0) {
        return false;
    }
    struct span target = span_of(line.data + sizeof before - 1, line.len - sizeof before + 1);
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        size_t len = strlen(ends[i]);
        if (target.len >= len && memcmp(target.data, ends[i], len) == 0) {
            return true;
        }
    }
    return false;
}

unsigned firewall_find(struct span listing, ipv4 pool, unsigned pool_bits)
{
    unsigned found = 0;
    struct span line;
    while (line_next(&listing, &line) && !line_ends_chain(line)) {
        for (unsigned rule = 0; rule < FIREWALL_RULE_COUNT; rule++) {
            char data[128];
            struct text text;
            text_init(&text, data, sizeof data);
            rule_line((enum firewall_rule)rule, pool, pool_bits, &text);
            if (!text.cut && span_is_equal(line, span_text(data))) {
                found |= 1u << rule;
            }
        }
    }
    return found;
}

/* What iptables over nf_tables says of the other one. */
#define LEGACY_WORDS "iptables-legacy tables present"

static bool line_begins(struct span line, const char *words)
{
    size_t len = strlen(words);
    return line.len >= len && memcmp(line.data, words, len) == 0;
}

/* "-A FORWARD -j DROP", with nothing that it would be asked of. */
static bool line_stops_all(struct span line)
{
    return line_begins(line, "-A FORWARD -j DROP") || line_begins(line, "-A FORWARD -j REJECT");
}

enum route_obstacle firewall_obstacle(struct span listing, bool has_hook)
{
    bool has_dropping_policy = false;
    bool is_stopped = false; /* whatever comes to the line looked at */
    bool is_hooked = false;
    bool is_legacy = false;
    struct span line;
    while (line_next(&listing, &line)) {
        is_legacy |= memmem(line.data, line.len, LEGACY_WORDS, sizeof LEGACY_WORDS - 1) != NULL;
        has_dropping_policy |= span_is_equal(line, span_text("-P FORWARD DROP"));
        is_stopped |= line_stops_all(line);
        is_hooked |= has_hook && !is_stopped &&
                     span_is_equal(line, span_text("-A FORWARD -j " FIREWALL_CHAIN));
    }
    if (!is_hooked && (has_dropping_policy || is_stopped)) {
        return has_hook ? ROUTE_OBSTACLE_HOOK : ROUTE_OBSTACLE_POLICY;
    }
    return is_legacy ? ROUTE_OBSTACLE_LEGACY : ROUTE_OBSTACLE_NONE;
}
