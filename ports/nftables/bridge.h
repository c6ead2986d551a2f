/* bridge: what the kernel must be told about an app's bridge so that every caller is served. */
#ifndef PORTS_NFTABLES_BRIDGE_H
#define PORTS_NFTABLES_BRIDGE_H

#include <stdbool.h>
#include <stddef.h>

#define BRIDGE_NAME_BYTES    16
#define BRIDGE_SETTING_BYTES 64

/* True when the bridge exists and packets from 127.0.0.1 may not yet leave through it; `setting`
 * then holds what sysctl is to be given. Reads one file of /proc; does not block. */
bool bridge_needs_localnet(const char *bridge, char setting[BRIDGE_SETTING_BYTES]);

/* True when this machine does not forward at all; `setting` as above. */
bool bridge_needs_forwarding(char setting[BRIDGE_SETTING_BYTES]);

/* Lets each port of the bridge send a packet back where it came from, for a container that calls
 * its own service. Only ports that do not do so yet are written. The write waits for the kernel's
 * network lock, a moment, once for each new container. A bridge that does not exist has no ports.
 * Returns how many ports still refuse. */
size_t bridge_open_hairpin(const char *bridge);

#endif
