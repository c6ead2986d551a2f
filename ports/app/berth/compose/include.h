/* include: other Compose projects taken into this one. */
#ifndef PORTS_APP_BERTH_COMPOSE_INCLUDE_H
#define PORTS_APP_BERTH_COMPOSE_INCLUDE_H

#include "ports/app/berth/compose/loading.h"

/* The Compose files that led here, so that a circle is seen. */
struct include_chain {
    const struct include_chain *outer;
    const char *path; /* absolute */
    size_t depth;
};

/* Takes services, networks, volumes, secrets, configs and models of each project that the file's
 * `include` names into `root`, and the key away (14-include): paths in it start in its own folder
 * or `project_directory`, its `.env` or `env_file` gives defaults. What both define differently is
 * a finding, as is a circle and more than PROJECT_DEPTH_MAX projects in each other. ERR_MEMORY,
 * ERR_LIMIT, ERR_OVERSIZE. */
NODISCARD int include_apply(const struct scope *scope, struct yaml_item *root,
                            const struct include_chain *chain);

/* Makes one filled-in file whole: its services extended, what it includes taken in. */
NODISCARD int include_file(const struct scope *scope, struct yaml_item *root,
                           const struct include_chain *chain);

#endif
