/* Hold: volumes without a name of ours are found again by a volume that points at them. The engine
 * cannot rename a volume; an empty one, named by whose it is, carries the other's name in a label.
 */
#ifndef PORTS_DOCKER_HOLD_H
#define PORTS_DOCKER_HOLD_H

#include "ports/docker/call.h"

#define DOCKER_UNNAMED_BYTES 65
#define HOLD_LABEL           "io.berth.holds"

/* Whose volume it is: of which app's service and replica, mounted where. */
struct docker_holder {
    const char *node, *app, *service, *replica;
    const char *target;
};

/* Puts the name of the volume that points; false when it does not fit `cap`. */
bool docker_hold_name(const struct docker_holder *holder, char *name, size_t cap);

/* Whether the engine has given that name itself: 64 hex digits. */
bool docker_is_unnamed(const char *name);

/* The next of a container's Mounts, after `last` (NULL: from the first), that is such a volume. */
const cJSON *docker_unnamed_next(const cJSON *mounts, const cJSON *last);

#endif
