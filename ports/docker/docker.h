/* docker_engine: platform/engine.h by the Docker Engine API (1.41 and later) over a unix socket. */
#ifndef PORTS_DOCKER_DOCKER_H
#define PORTS_DOCKER_DOCKER_H

#include "platform/engine.h"
#include "platform/http.h"
#include "platform/loop.h"
#include "platform/registry.h"
#include "platform/worker.h"

/* Calls under way at the same time; one more is ERR_BUSY. */
#define DOCKER_PENDING_MAX 64

struct docker;

/* Makes an engine that speaks to the socket at `socket_path` (copied). Nothing is sent before the
 * first call: an engine that is absent, comes later, restarts or changes its version is met with
 * the next one. The interfaces are copied and must outlive it. ERR_MEMORY, ERR_VALUE (path too
 * long). */
NODISCARD int docker_engine_new(const char *socket_path, const struct loop *loop,
                                const struct http *http, const struct worker *worker,
                                struct docker **docker, struct err *err);

/* Frees it and the calls under way, which never call back. The HTTP client and the worker must
 * have been closed before, so that they cannot answer. NULL is allowed. */
void docker_engine_free(struct docker *docker);

/* Pulls ask it for the ways to a repository from now on; copied, must outlive the port. Without it
 * only the registry itself is asked, without credentials. */
void docker_engine_use_registry(struct docker *docker, const struct registry *registry);

/* The interface; valid until docker_engine_free. */
struct engine docker_engine_interface(struct docker *docker);

#endif
