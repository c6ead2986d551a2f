/* linux_reach: whether this machine has a way to an address on one of its own links. */
#ifndef PORTS_LINUX_REACH_H
#define PORTS_LINUX_REACH_H

#include <stdbool.h>
#include <stddef.h>

#include "platform/engine.h"

#define REACH_WHY_BYTES 64

/* Asked when a connection did not come about in time: 0, or why that is this machine's doing, with
 * words. ERR_NETWORK: the interface that has the address in its network is down (then packets go
 * elsewhere, by the default route, and nobody answers). ERR_WIRING: there is no such interface (a
 * bridge that is gone), or nobody answers for the address on the link: there it is the kernel that
 * answers, whatever its processes do. What cannot be found out counts as reachable. Does not block.
 */
int linux_reach(ipv4 address, char why[REACH_WHY_BYTES]);

/* What a table in the form of /proc/net/arp says of an address: false when it was asked for on the
 * link and nobody has answered; true also when it is not in the table, or in a line that is not
 * whole. */
bool reach_is_answered(const char *table, ipv4 address);

#endif
