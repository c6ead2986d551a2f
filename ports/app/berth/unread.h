/* unread: documents at the broker that no verb can read: named by every verb that meets them, shown
 * and cleared by one. */
#ifndef PORTS_APP_BERTH_UNREAD_H
#define PORTS_APP_BERTH_UNREAD_H

#include "agent/fleet/mirror.h"

/* The exit status of a verb that shows a fleet in which something is not as it should be. */
#define FLEET_EXIT_AMISS 3

/* Says on stderr how many there are, and of the first ones which and why; nothing when there are
 * none. What lies on no topic of this version is the verb's alone to show. */
void unread_say(const struct mirror *mirror);

#endif
