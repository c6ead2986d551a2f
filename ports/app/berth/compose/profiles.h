/* profiles: the services that take part. */
#ifndef PORTS_APP_BERTH_COMPOSE_PROFILES_H
#define PORTS_APP_BERTH_COMPOSE_PROFILES_H

#include "ports/app/berth/compose/loading.h"

/* Leaves out services none of whose profiles is active (--profile, else COMPOSE_PROFILES; "*" is
 * all), each with a note, and what is wrong in them is a note, too; a service without profiles
 * always takes part. What remains and needs one that is left out, or that is nowhere, is a finding,
 * or a note where the need is `required: false`; such a `depends_on` is taken away. ERR_MEMORY. */
NODISCARD int profiles_apply(const struct scope *scope, struct yaml_item *root);

#endif
