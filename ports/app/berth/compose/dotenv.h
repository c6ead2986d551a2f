/* dotenv: environment files as Compose reads them: .env, --env-file, a service's env_file. */
#ifndef PORTS_APP_BERTH_COMPOSE_DOTENV_H
#define PORTS_APP_BERTH_COMPOSE_DOTENV_H

#include "ports/app/berth/compose/interpolate.h"
#include "ports/app/berth/compose/variables.h"

#define DOTENV_BYTES_MAX 1048576

/* How one file is read. */
struct dotenv {
    const char *file; /* for findings; outlives the variables */
    bool is_raw;      /* NAME=value as it stands, comments at the line's beginning only */
    const struct lookup *lookup; /* what wins over the file's own variables in ${NAME}, and gives
                                  * names without a value theirs */
    struct findings *findings;
};

/* Adds the file's variables; later ones win. A quoted value may span lines; unquoted and "double
 * quoted" ones are filled in, 'single quoted' are as they stand; " #" begins a comment. What cannot
 * be read is a finding with its line, and the reading goes on behind it where that is certain.
 * ERR_MEMORY, ERR_LIMIT, ERR_OVERSIZE. */
NODISCARD int dotenv_parse(const struct dotenv *dotenv, struct span text,
                           struct variables *variables, struct err *err);

#endif
