/* datagrams: which backends that took datagrams have left the table; private to this room. */
#ifndef PORTS_NFTABLES_DATAGRAMS_H
#define PORTS_NFTABLES_DATAGRAMS_H

#include "ports/nftables/route.h"

/* Keeps of the backends remembered those that `table` no longer has. */
void datagrams_leave(struct nftables_route *route, const struct route_table *table);

/* Takes one of those off the list; false when there is none. */
bool datagrams_next(struct nftables_route *route, ipv4 *backend);

/* Remembers the backends of all services with a UDP port, NFTABLES_DATAGRAM_MAX at most. */
void datagrams_remember(struct nftables_route *route, const struct route_table *table);

#endif
