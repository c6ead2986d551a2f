/* extends: services that are made of other services, of the same file or another. */
#ifndef PORTS_APP_BERTH_COMPOSE_EXTENDS_H
#define PORTS_APP_BERTH_COMPOSE_EXTENDS_H

#include "ports/app/berth/compose/loading.h"

/* Puts each service with `extends` over the one it names, through chains; relative paths of a
 * service of another file start in that file's folder. A circle, a service or file that is not
 * there, and a chain of more than PROJECT_DEPTH_MAX are findings. `root` is one filled-in file.
 * ERR_MEMORY, ERR_LIMIT, ERR_OVERSIZE. */
NODISCARD int extends_apply(const struct scope *scope, struct yaml_item *root);

#endif
