/* Uplink: how long a packet the way out of this machine takes. */
#ifndef PORTS_DOCKER_UPLINK_H
#define PORTS_DOCKER_UPLINK_H

#include <stdbool.h>

#include "platform/base/span.h"

#define UPLINK_NAME_BYTES 32

/* The bounds of an MTU for IPv4 (RFC 791: every link takes 68 bytes). */
#define UPLINK_MTU_MIN 68
#define UPLINK_MTU_MAX 65535

/* True when this line of /proc/net/route is a default route that is used; its interface. */
bool uplink_line(struct span line, char name[UPLINK_NAME_BYTES]);

/* The smallest MTU of the interfaces of the default routes in `routes` (/proc/net/route), by
 * `links`/<interface>/mtu (/sys/class/net); 0 where there is none, or none can be read. */
unsigned uplink_mtu(const char *routes, const char *links);

#endif
