/* Render: what we ask the engine to make, as its JSON. Pure. */
#ifndef PORTS_DOCKER_RENDER_H
#define PORTS_DOCKER_RENDER_H

#include "platform/base/text.h"
#include "platform/engine.h"

/* Longest body; a release is at most 48 KiB, and escaping makes it longer. */
#define RENDER_BYTES_MAX (160u * 1024u)

/* The body of POST /containers/create. Deterministic: one spec, one text. A text that is cut did
 * not fit and must not be sent. */
void render_container(const struct engine_spec *spec, struct text *text);

/* The body of POST /networks/create: a bridge without published ports or aliases of ours. */
void render_network(const struct engine_network *network, struct text *text);

/* The body of POST /containers/{id}/exec: no terminal, no input. */
void render_exec(const char *const *argv, size_t count, struct text *text);

/* "name=value" strings as an object. */
void render_options(struct engine_strings options, struct text *text);

/* "198.18.0.2" of a number. */
void render_address(ipv4 address, struct text *text);

#endif
