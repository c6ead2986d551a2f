/* paths: names of files put together and cleaned. */
#ifndef PORTS_APP_BERTH_COMPOSE_PATHS_H
#define PORTS_APP_BERTH_COMPOSE_PATHS_H

#include <stdbool.h>

/* True when something has the name, be it a link to nothing. */
bool paths_is_there(const char *path);

/* Each gives text of the caller's to free, or NULL without memory, and asks the disk nothing. */

/* Without ".", empty parts and "x/..": "./a//b/../c" is "a/c", "" is ".". */
char *paths_clean(const char *path);

/* The path as seen from `dir`: cleaned; an absolute one stays. */
char *paths_join(const char *dir, const char *path);

/* What stands before the last part: "." for a name alone, "/" for "/x". */
char *paths_folder(const char *path);

#endif
