/* config_env: configs that say `environment`. */
#ifndef PORTS_APP_BERTH_COMPOSE_CONFIG_ENV_H
#define PORTS_APP_BERTH_COMPOSE_CONFIG_ENV_H

#include "ports/app/berth/compose/loading.h"

/* Gives each config of the project that names a variable the variable's value as its `content`; one
 * that is not set is a finding. ERR_MEMORY. */
NODISCARD int config_env_apply(const struct scope *scope, struct yaml_item *root);

#endif
