/* engine: as much of a container engine as one agent and one app need, in a thread, on a socket. */
#ifndef TESTS_ALLOC_ENGINE_H
#define TESTS_ALLOC_ENGINE_H

#include <stdbool.h>
#include <stddef.h>

/* Serves on the unix socket `path` and, as the containers themselves, on TCP port `port` of every
 * address; `data_dir` is a folder it says its data is in. Ends with the process. */
bool fake_engine_start(const char *path, const char *data_dir, int port);

/* No image is there any more: the next start pulls. */
void fake_engine_forget_images(void);

/* How many containers run, and whether all of them are of the release. */
int fake_engine_running(const char *release_hex, bool *are_all);

/* Nothing is there any more. */
void fake_engine_reset(void);

#endif
