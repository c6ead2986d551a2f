/* engine_proxy: a unix socket that leads to the engine's, and can be taken away. */
#ifndef TESTS_CONTRACT_ENGINE_PROXY_H
#define TESTS_CONTRACT_ENGINE_PROXY_H

#include <stdbool.h>
#include <sys/types.h>

/* A child that forwards connections from `path` to `target` until it is stopped, which cuts them
 * all and leaves no socket behind. Returns its process id, or -1. */
pid_t engine_proxy_start(const char *path, const char *target);
void engine_proxy_stop(pid_t child, const char *path);

#endif
