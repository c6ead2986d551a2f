/* describe: what a node will do with each service of a project, and why; for people and as JSON. */
#ifndef PORTS_APP_BERTH_COMPOSE_DESCRIBE_H
#define PORTS_APP_BERTH_COMPOSE_DESCRIBE_H

#include <stdio.h>

#include "ports/app/berth/compose/render.h"

/* One service, after render_plan took it. `payload` is what render_plan wrote. */
struct description {
    const struct yaml_item *service;
    const struct plan_service *plan;
    const struct text *payload;
    const struct image *image; /* NULL: not asked */
};

/* Lines for people, each with two blanks before it. */
NODISCARD int describe_print(const struct description *description, FILE *stream, struct err *err);

/* One object: name, image, order, reason, gate{kind,from,...}, ports[], mounts[], devices[],
 * powers[], replicas. */
NODISCARD int describe_print_json(const struct description *description, FILE *stream,
                                  struct err *err);

#endif
