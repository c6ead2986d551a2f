/* project_private: the parts of finding a project, for project.c. */
#ifndef PORTS_APP_BERTH_COMPOSE_PROJECT_PRIVATE_H
#define PORTS_APP_BERTH_COMPOSE_PROJECT_PRIVATE_H

#include "ports/app/berth/compose/loading.h"

/* The Compose files of a request, as they are named for people; the list and its texts are the
 * caller's (project_files_free). */
struct project_files {
    char *list[PROJECT_FILES_MAX];
    size_t count;
};

/* Which files: those of the request, of COMPOSE_FILE, or the ones that are found. Sets the
 * project's dir and reads its environment files into its variables on the way. ERR_NOT_FOUND,
 * ERR_LIMIT, ERR_MEMORY, ERR_IO. */
NODISCARD int project_files_find(struct scope *scope, struct project_files *files);
void project_files_free(struct project_files *files);

/* Sets the project's name by the request, the environment, the files' `name` or the folder, and
 * where it comes from. A name that is none is a finding. */
void project_name_set(struct scope *scope, struct yaml_item *const *roots, size_t count);

#endif
