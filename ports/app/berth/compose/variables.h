/* variables: names and values, as an environment file or a shell gives them. */
#ifndef PORTS_APP_BERTH_COMPOSE_VARIABLES_H
#define PORTS_APP_BERTH_COMPOSE_VARIABLES_H

#include <stddef.h>

#include "platform/base/err.h"

/* Variables of one project; more is ERR_LIMIT. */
#define VARIABLES_MAX 4096

struct variable {
    char *name, *value; /* never NULL */
    const char *file;   /* where it was set last, or NULL; not owned */
    size_t line;
};

/* Starts zeroed; the order is that of first setting. */
struct variables {
    struct variable *list;
    size_t count, cap;
};

/* The variable, or NULL. */
const struct variable *variables_find(const struct variables *variables, const char *name);

/* Sets or replaces one; texts are copied. ERR_MEMORY, ERR_LIMIT. */
NODISCARD int variables_set(struct variables *variables, const char *name, const char *value,
                            const char *file, size_t line, struct err *err);

void variables_free(struct variables *variables);

#endif
