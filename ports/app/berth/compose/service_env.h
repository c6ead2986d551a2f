/* service_env: what a service's environment is at last: its env_file, its environment, ours. */
#ifndef PORTS_APP_BERTH_COMPOSE_SERVICE_ENV_H
#define PORTS_APP_BERTH_COMPOSE_SERVICE_ENV_H

#include "ports/app/berth/compose/loading.h"

/* Gives names without a value in `environment` of each service the value that they have in the
 * scope; where it has none they stay. ERR_MEMORY. */
NODISCARD int service_env_inherit(const struct scope *scope, struct yaml_item *root);

/* Works `env_file` of each service into its `environment`, which wins, and makes that a map of
 * texts: names without a value anywhere are dropped, with a note. ERR_MEMORY, ERR_LIMIT,
 * ERR_OVERSIZE. */
NODISCARD int service_env_apply(const struct scope *scope, struct yaml_item *root);

#endif
