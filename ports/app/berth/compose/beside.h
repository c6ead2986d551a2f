/* beside: what stands beside the Compose file under a relative path. */
#ifndef PORTS_APP_BERTH_COMPOSE_BESIDE_H
#define PORTS_APP_BERTH_COMPOSE_BESIDE_H

#include <stdbool.h>
#include <stddef.h>

enum beside { BESIDE_NOTHING, BESIDE_EMPTY, BESIDE_DIRECTORY, BESIDE_FILE };

/* What stands at `relative`, seen from `dir` (NULL: nothing is looked for). Files that are no
 * regular ones (sockets, devices) count as files. */
enum beside beside_look(const char *dir, const char *relative);

/* The part of an absolute path behind the directory; NULL when it is not below it, or `dir` is NULL
 * or not absolute. "docker compose config" writes relative paths so. */
const char *beside_below(const char *dir, const char *path);

/* "./data/db" as "dir-data-db"; false when that is no name of a volume, or another path could give
 * the same. */
bool beside_name(const char *relative, char *name, size_t cap);

#endif
