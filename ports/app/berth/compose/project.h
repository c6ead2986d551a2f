/* project: a Compose project as it is meant, of all its files: read, filled in, merged. */
#ifndef PORTS_APP_BERTH_COMPOSE_PROJECT_H
#define PORTS_APP_BERTH_COMPOSE_PROJECT_H

#include "ports/app/berth/compose/findings.h"
#include "ports/app/berth/compose/variables.h"

#define PROJECT_NAME_BYTES 64
/* Files of one project (Compose and environment files), how often they are read, bytes of each,
 * values of all together and the bytes of those with variables, and how deep extends and include
 * may lead. */
#define PROJECT_FILES_MAX      64
#define PROJECT_READS_MAX      1024
#define PROJECT_FILE_BYTES_MAX 1048576
#define PROJECT_VALUES_MAX     100000
#define PROJECT_FILLED_MAX     8388608
#define PROJECT_DEPTH_MAX      16

/* What the operator asks for; texts outlive the project. Zero fields are what Compose takes then:
 * COMPOSE_FILE or compose.yaml (.yml, docker-compose.yml, .yaml) here or in a folder above, with
 * the override beside it; COMPOSE_ENV_FILES or .env in the project's folder; COMPOSE_PROFILES;
 * COMPOSE_PROJECT_NAME, the files' `name`, or the folder's name. */
struct project_request {
    const char *const *files;
    size_t file_count;
    const char *const *env_files;
    size_t env_file_count;
    const char *const *profiles;
    size_t profile_count;
    const char *project_dir; /* relative paths start here; NULL: the first file's folder */
    const char *name;
    const char *(*env)(void *ctx, const char *name); /* the process's environment */
    void *ctx;
};

enum project_name_from {
    PROJECT_NAME_ASKED,
    PROJECT_NAME_ENV,
    PROJECT_NAME_FILE,
    PROJECT_NAME_DIR
};

/* The tree is a map. In it, `include`, `extends`, `env_file` and `profiles` are worked in and gone;
 * services outside the active profiles are gone; `environment` of a service is a map of texts
 * (never null), quoted as far as the tree goes. Everything else has the form that the files gave
 * it. Texts are filled in; in `environment`, "$(node.name)" and "$(node.label.x)" are for the
 * node, and "$$(" is its escape (interpolate.h). `version` and `x-` keys are there. */
struct project {
    struct yaml_item *root;
    char name[PROJECT_NAME_BYTES];
    enum project_name_from name_from;
    char *dir;                      /* absolute; the project's folder */
    char *files[PROJECT_FILES_MAX]; /* as they were named, in the order of reading; items point here
                                     */
    size_t file_count;
    char *dirs[PROJECT_FILES_MAX]; /* absolute folders that items point at */
    size_t dir_count;
    struct variables
        variables; /* of .env and --env-file; the process's environment wins over them */
};

/* Reads a project. 0, and *made (the caller's, project_free), even where findings are refused: the
 * tree then lacks what could not be read. An error only where reading cannot go on: ERR_MEMORY,
 * ERR_NOT_FOUND (no Compose file anywhere), ERR_LIMIT and ERR_OVERSIZE (of the whole project). */
NODISCARD int project_load(const struct project_request *request, struct findings *findings,
                           struct project **made, struct err *err);
void project_free(struct project *project);

/* The absolute form of a path that stands in an item: "." , ".." and "~" resolved as Compose does,
 * from the folder of the item's own file (item->dir); a path that is absolute stays. The caller
 * frees it; NULL without memory. */
char *project_path(const struct project_request *request, const struct yaml_item *item,
                   const char *path);

/* True for a path that says it starts in the file's folder: ".", "..", "./x", "../x". A bare "x/y"
 * does not: in the short form of volumes that is no path. */
bool project_path_is_relative(const char *path);

#endif
