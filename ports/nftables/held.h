/* held: which ports the processes of this machine have, as /proc/net tells. */
#ifndef PORTS_NFTABLES_HELD_H
#define PORTS_NFTABLES_HELD_H

#include "platform/base/span.h"
#include "platform/route.h"

/* True when this line of /proc/net/{tcp,udp} or, with is_v6, {tcp6,udp6} is a socket that waits on
 * `port` (a listening TCP one, a UDP one that is bound and not connected) at an address that
 * overlaps host_ip: the same one, or either of the two being "any". An IPv6 socket overlaps when it
 * is bound to :: (it may serve IPv4 as well; the kernel does not say here) or to a mapped IPv4
 * address. Lines of any other shape are false. */
bool held_line(struct span line, bool is_v6, enum route_protocol protocol, ipv4 host_ip,
               uint16_t port);

/* True when this line of /proc/net/sctp/eps is an endpoint that listens on `port`. Its addresses
 * are not looked at: an endpoint of any counts. */
bool held_endpoint(struct span line, uint16_t port);

/* Asks all tables of the protocol. Ports that are only translated to a container (Docker's without
 * its proxy, ours) have no socket and do not show. ERR_IO when the tables cannot be read;
 * ERR_REQUIRES where this kernel has no SCTP and cannot load it. */
NODISCARD int held_find(enum route_protocol protocol, ipv4 host_ip, uint16_t port, bool *held,
                        struct err *err);

#endif
