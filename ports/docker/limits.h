/* Limits: what a container was given at create, kept in a label, and what it has now. */
#ifndef PORTS_DOCKER_LIMITS_H
#define PORTS_DOCKER_LIMITS_H

#include "platform/base/text.h"
#include "platform/engine.h"
#include "ports/docker/reply.h"

#define LIMITS_LABEL "io.berth.limits"

struct docker;

/* Appends the label's value: memory in bytes, processors in billionths, shares, processes (0:
 * none), and memory with swap as an engine defaults it. */
void limits_label(const struct engine_spec *spec, struct text *text);

/* False: an inspected container has other limits than its label says. Without the label, as earlier
 * versions made it, true. */
bool limits_are_kept(const struct docker *docker, const cJSON *json);

/* Appends members of an update that give an inspected container its limits again, each with a comma
 * in front. A limit that nobody asked for cannot be taken away: it becomes one that limits nothing
 * on this machine. */
void limits_render(const struct docker *docker, const cJSON *json, struct text *text);

#endif
