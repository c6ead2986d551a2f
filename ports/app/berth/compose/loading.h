/* loading: what the files that read a project share. Private to them. */
#ifndef PORTS_APP_BERTH_COMPOSE_LOADING_H
#define PORTS_APP_BERTH_COMPOSE_LOADING_H

#include "ports/app/berth/compose/interpolate.h"
#include "ports/app/berth/compose/project.h"

struct loading {
    const struct project_request *request;
    struct project *project;
    struct findings *findings;
    size_t reads;       /* files read so far, again ones counted */
    size_t values_left; /* of PROJECT_VALUES_MAX */
    size_t filled_left; /* of PROJECT_FILLED_MAX */
    struct err *err;
};

/* Where files are read from: a folder, and the variables that hold there. An included project has a
 * scope of its own, whose variables the outer ones win over. */
struct scope {
    struct loading *loading;
    const struct scope *outer; /* NULL: the project itself */
    const char *dir;           /* absolute, of project->dirs */
    bool is_filled_late;       /* a file's services are filled in when they are taken */
    struct variables variables;
};

/* A variable as it holds in a scope (ctx): the process's environment, the project's name, the outer
 * scopes' variables, its own. */
const char *scope_find(void *ctx, const char *name);

/* Where a file that is to be read is named: an item of the tree, or NULL, and the path to it. */
struct naming {
    const struct yaml_item *item;
    const char *path;
};

/* Reads a whole file into *content (the caller's, terminated). `shown` is its name for people, and
 * *kept the copy that outlives the tree. What cannot be read is a finding where it is named, and
 * *content then NULL. ERR_MEMORY, ERR_LIMIT. */
NODISCARD int loading_read(struct loading *loading, const char *path, const char *shown,
                           struct naming naming, char **content, size_t *len, const char **kept);

/* Reads one Compose file as a tree of a map, not filled in yet; NULL after a finding. */
NODISCARD int loading_parse(const struct scope *scope, const char *path, const char *shown,
                            struct naming naming, struct yaml_item **root);

/* The same, filled in with the scope's variables. */
NODISCARD int loading_file(const struct scope *scope, const char *path, const char *shown,
                           struct naming naming, struct yaml_item **root);

/* Adds the variables of an environment file to the scope's. With `is_optional` a file that is not
 * there is none. */
NODISCARD int loading_env(struct scope *scope, const char *path, const char *shown,
                          struct naming naming, bool is_optional);

/* A folder, kept once as long as the project. NULL, and err set: ERR_MEMORY, ERR_LIMIT. */
const char *loading_dir(struct loading *loading, const char *dir);

/* Says of each key of a map that is none of `known` (NULL-terminated) and no extension. */
void loading_keys(const struct loading *loading, const struct yaml_item *map, const char *path,
                  const char *const *known);

int loading_no_memory(const struct loading *loading);

#endif
