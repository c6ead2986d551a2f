/* ruleset: what a route table looks like as the text of one nftables table; pure. */
#ifndef PORTS_NFTABLES_RULESET_H
#define PORTS_NFTABLES_RULESET_H

#include "platform/base/span.h"
#include "platform/base/text.h"
#include "platform/route.h"
#include "platform/worker.h"

/* What one run of nft takes in: ROUTE_PAIRS_SURE pairs of port and backend, whatever they are. */
#define RULESET_BYTES_MAX  WORKER_INPUT_BYTES_MAX
#define RULESET_NODE_CHARS 63

/* Refuses what cannot be rendered: counts and weights over their limits, names and interfaces that
 * are not names, ports of 0, backends outside the pool, a pool that is no network. ERR_VALUE or
 * ERR_LIMIT, and the text says which service. */
NODISCARD int ruleset_check(const struct route_table *table, struct err *err);

/* ERR_LIMIT when the ruleset, replacing a table of another shape, is longer than RULESET_BYTES_MAX;
 * ERR_MEMORY. `table` has passed ruleset_check. */
NODISCARD int ruleset_check_size(const struct route_table *table, const char *node,
                                 struct err *err);

/* What not every kernel can: to forget connections that ended after ROUTE_FORGOTTEN_MS, and to let
 * new ones wait (hold_ms). */
#define RULESET_TIMEOUTS 1u
#define RULESET_HOLDS    2u

/* Appends a file for `nft -f` that makes this the node's table in a single transaction; a packet
 * meets the old rules or the new ones. It may be loaded any number of times and names no interface
 * that must exist. nft refuses it where the table holds a chain of one of our names and another
 * kind; after a removal it loads always. `table` has passed ruleset_check and `node` is a node
 * name. What is not among the abilities is left out. What does not fit shows as text->cut. */
void ruleset_render(const struct route_table *table, const char *node, unsigned abilities,
                    struct text *text);

/* Appends a file for `nft -c -f`, which changes nothing, that is refused where
 * RULESET_TIMEOUTS would be. */
void ruleset_render_probe(const char *node, struct text *text);

/* Appends a file for `nft -f` after which the node's table is not there, whether it was or not. */
void ruleset_render_removal(const char *node, struct text *text);

/* The name of the node's table, and of the chain in it that carries the generation. */
#define RULESET_TABLE_FMT        "berth-%s"
#define RULESET_GENERATION_CHAIN "generation"

/* Finds the generation in what `nft list table` printed of ours; false when there is none. */
bool ruleset_find_generation(struct span listing, uint64_t *generation);

/* Sets of these names hold who waits; their elements leave by themselves. */
#define RULESET_HOLD_SETS "hold-"

/* A number for what `nft list table` printed of ours, whatever its generation is, and who waits:
 * another one where anything else in it was added, removed or changed. Never 0. */
uint64_t ruleset_print(struct span listing);

/* True when that table is in force and its chains at the kernel's hooks are as many as ours. A load
 * keeps those that others have put there, without rules and with their policy. */
bool ruleset_has_own_hooks(struct span listing);

/* Writes "a.b.c.d"; the array is filled to its end at most. */
#define RULESET_ADDRESS_BYTES 16
void ruleset_render_address(ipv4 address, char text[RULESET_ADDRESS_BYTES]);

#endif
