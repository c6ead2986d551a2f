/* project: the order in which a project comes together. */
#include "ports/app/berth/compose/project_private.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "ports/app/berth/compose/config_env.h"
#include "ports/app/berth/compose/include.h"
#include "ports/app/berth/compose/merge.h"
#include "ports/app/berth/compose/paths.h"
#include "ports/app/berth/compose/profiles.h"
#include "ports/app/berth/compose/service_env.h"

void project_free(struct project *project)
{
    if (project == NULL) {
        return;
    }
    yaml_tree_free(project->root);
    free(project->dir);
    for (size_t i = 0; i < project->file_count; i++) {
        free(project->files[i]);
    }
    for (size_t i = 0; i < project->dir_count; i++) {
        free(project->dirs[i]);
    }
    variables_free(&project->variables);
    free(project);
}

char *project_path(const struct project_request *request, const struct yaml_item *item,
                   const char *path)
{
    const char *home = path[0] == '~' && (path[1] == '\0' || path[1] == '/') && request->env != NULL
                           ? request->env(request->ctx, "HOME")
                           : NULL;
    if (home != NULL && home[0] == '/') {
        path += path[1] == '/' ? 2 : 1;
        return paths_join(home, path);
    }
    return paths_join(item->dir != NULL ? item->dir : ".", path);
}

bool project_path_is_relative(const char *path)
{
    return path[0] == '.' && (path[1] == '\0' || path[1] == '/' ||
                              (path[1] == '.' && (path[2] == '\0' || path[2] == '/')));
}

/* Reads the files as they stand; one that cannot be read is passed over after its finding. */
static int roots_parse(struct scope *scope, const struct project_files *files,
                       struct yaml_item **roots, char **paths, size_t *count)
{
    char here[PATH_MAX];
    int rc = 0;
    if (getcwd(here, sizeof here) == NULL) {
        return err_set(scope->loading->err, ERR_IO, "this folder is gone");
    }
    for (size_t i = 0; rc == 0 && i < files->count; i++) {
        const struct naming none = {.path = NULL};
        const char *name = files->list[i];
        bool is_stdin = strcmp(name, "-") == 0;
        char *path = is_stdin ? strdup(name) : paths_join(here, name);
        rc = path == NULL
                 ? loading_no_memory(scope->loading)
                 : loading_parse(scope, path, is_stdin ? "stdin" : name, none, &roots[*count]);
        paths[*count] = path;
        if (rc == 0 && roots[*count] != NULL) {
            ++*count;
        } else {
            free(path);
        }
    }
    return rc;
}

/* Fills one file in, makes it whole, and puts it over those before it; `over` is taken. */
static int root_add(struct scope *scope, struct yaml_item *over, const char *path)
{
    const struct lookup lookup = {.find = scope_find, .ctx = scope};
    const struct include_chain chain = {.path = path, .depth = 1};
    const struct merge_place place = {0};
    struct loading *loading = scope->loading;
    int rc =
        interpolate_tree(over, &lookup, &loading->filled_left, loading->findings, loading->err);
    rc = rc == 0 ? include_file(scope, over, &chain) : rc;
    if (rc != 0) {
        yaml_tree_free(over);
        return rc;
    }
    return merge_trees(loading->project->root, over, place, false, loading->findings, loading->err);
}

static int roots_merge(struct scope *scope, struct yaml_item **roots, char *const *paths,
                       size_t count)
{
    struct project *project = scope->loading->project;
    int rc = 0;
    if (count == 0) {
        return 0;
    }
    project->root = yaml_item_new(roots[0], YAML_TREE_MAP, NULL, NULL);
    if (project->root == NULL) {
        return loading_no_memory(scope->loading);
    }
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = root_add(scope, roots[i], paths[i]);
        roots[i] = NULL;
    }
    rc = rc == 0 ? merge_unique(project->root, scope->loading->err) : rc;
    rc = rc == 0 ? profiles_apply(scope, project->root) : rc;
    rc = rc == 0 ? service_env_apply(scope, project->root) : rc;
    return rc == 0 ? config_env_apply(scope, project->root) : rc;
}

static int project_read(struct scope *scope, struct project_files *files)
{
    struct yaml_item *roots[PROJECT_FILES_MAX] = {NULL};
    char *paths[PROJECT_FILES_MAX] = {NULL};
    size_t count = 0;
    int rc = project_files_find(scope, files);
    if (rc == 0) {
        scope->dir = loading_dir(scope->loading, scope->loading->project->dir);
        rc = scope->dir != NULL ? 0 : scope->loading->err->code;
    }
    rc = rc == 0 ? roots_parse(scope, files, roots, paths, &count) : rc;
    if (rc == 0) {
        project_name_set(scope, roots, count);
        rc = roots_merge(scope, roots, paths, count);
    }
    for (size_t i = 0; i < count; i++) {
        yaml_tree_free(roots[i]);
        free(paths[i]);
    }
    return rc;
}

/* A tree that nothing was read into is an empty map. */
static int root_ensure(struct loading *loading)
{
    const struct yaml_item none = {.line = 0};
    if (loading->project->root == NULL) {
        loading->project->root = yaml_item_new(&none, YAML_TREE_MAP, NULL, NULL);
    }
    return loading->project->root != NULL ? findings_status(loading->findings, loading->err)
                                          : loading_no_memory(loading);
}

int project_load(const struct project_request *request, struct findings *findings,
                 struct project **made, struct err *err)
{
    struct err unheard = {0};
    struct project_files files = {.count = 0};
    struct loading loading = {.request = request,
                              .project = calloc(1, sizeof *loading.project),
                              .findings = findings,
                              .values_left = PROJECT_VALUES_MAX,
                              .filled_left = PROJECT_FILLED_MAX,
                              .err = err != NULL ? err : &unheard};
    struct scope scope = {.loading = &loading};
    *made = NULL;
    if (loading.project == NULL) {
        return loading_no_memory(&loading);
    }
    int rc = project_read(&scope, &files);
    rc = rc == 0 ? root_ensure(&loading) : rc;
    project_files_free(&files);
    if (rc != 0) {
        project_free(loading.project);
        return rc;
    }
    *made = loading.project;
    return 0;
}
