/* variables: a list that is searched from the front. */
#include "ports/app/berth/compose/variables.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

const struct variable *variables_find(const struct variables *variables, const char *name)
{
    for (size_t i = 0; i < variables->count; i++) {
        if (strcmp(variables->list[i].name, name) == 0) {
            return &variables->list[i];
        }
    }
    return NULL;
}

static struct variable *variable_new(struct variables *variables, const char *name)
{
    if (variables->count == variables->cap) {
        size_t cap = variables->cap == 0 ? 32 : variables->cap * 2;
        struct variable *list = reallocarray(variables->list, cap, sizeof *list);
        if (list == NULL) {
            return NULL;
        }
        variables->list = list;
        variables->cap = cap;
    }
    struct variable *variable = &variables->list[variables->count];
    *variable = (struct variable){.name = strdup(name)};
    variables->count += variable->name != NULL;
    return variable->name != NULL ? variable : NULL;
}

int variables_set(struct variables *variables, const char *name, const char *value,
                  const char *file, size_t line, struct err *err)
{
    struct variable *variable = (struct variable *)variables_find(variables, name);
    char *copy = strdup(value);
    bool is_new = variable == NULL;
    if (is_new && variables->count == VARIABLES_MAX) {
        free(copy);
        return err_set(err, ERR_LIMIT, "more than %d variables", VARIABLES_MAX);
    }
    if (copy != NULL && is_new) {
        variable = variable_new(variables, name);
    }
    if (copy == NULL || variable == NULL) {
        free(copy);
        return err_set(err, ERR_MEMORY, "no memory");
    }
    free(variable->value);
    variable->value = copy;
    variable->file = file;
    variable->line = line;
    return 0;
}

void variables_free(struct variables *variables)
{
    for (size_t i = 0; i < variables->count; i++) {
        free(variables->list[i].name);
        free(variables->list[i].value);
    }
    free(variables->list);
    *variables = (struct variables){0};
}
