/* firewall: the static accept for the pool in DOCKER-USER, the chain the engine leaves to others.
 */
#ifndef PORTS_NFTABLES_FIREWALL_H
#define PORTS_NFTABLES_FIREWALL_H

#include "platform/base/span.h"
#include "platform/route.h"
#include "ports/nftables/ruleset.h"

#define FIREWALL_CHAIN    "DOCKER-USER"
#define FIREWALL_ARGS_MAX 12

/* The accept has two halves: packets to the pool, and the answers from it (without which Docker's
 * isolation drops what a container on another bridge asked for). Bits of a mask. */
enum firewall_rule { FIREWALL_TO_POOL, FIREWALL_FROM_POOL, FIREWALL_RULE_COUNT };

/* One command line of iptables, in memory of its own. */
struct firewall_command {
    const char *args[FIREWALL_ARGS_MAX];
    size_t count;
    char pool[RULESET_ADDRESS_BYTES + 4];
};

/* Fills `command` with `-w <verb> DOCKER-USER ...` for this half; verb is "-I" or "-D". */
void firewall_command(enum firewall_rule rule, const char *verb, ipv4 pool, unsigned pool_bits,
                      struct firewall_command *command);

/* Which halves are in force in what `iptables -S DOCKER-USER` printed: a rule after an
 * unconditional RETURN, DROP or REJECT is not. Returns the mask. */
unsigned firewall_find(struct span listing, ipv4 pool, unsigned pool_bits);

/* What `iptables -S FORWARD` printed says of packets to other hosts: POLICY or HOOK when they are
 * dropped before DOCKER-USER, if there is one, is asked; LEGACY when only part of the rules is
 * seen; else NONE. */
enum route_obstacle firewall_obstacle(struct span listing, bool has_hook);

#endif
