/* pool: whether the pool lies over a route of this machine that is not ours; private to this room.
 */
#ifndef PORTS_NFTABLES_POOL_H
#define PORTS_NFTABLES_POOL_H

#include "platform/base/span.h"
#include "platform/base/text.h"
#include "platform/route.h"

/* A line of /proc/net/route: true when its route shares addresses with the pool, and then appended
 * as "10.1.0.0/16 of eth0". Not those of an app's bridge, those that refuse, and those of less than
 * eight bits, which are default routes in pieces. */
bool pool_line(struct span line, ipv4 pool, unsigned pool_bits, struct text *route);

/* Reads the main table; true with the first such route. What cannot be read has none. */
bool pool_find(ipv4 pool, unsigned pool_bits, struct text *route);

#endif
