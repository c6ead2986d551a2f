/* project_files: where the project begins: its files, its folder, its variables. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "platform/base/units.h"
#include "ports/app/berth/compose/paths.h"
#include "ports/app/berth/compose/project_private.h"

struct finding_files {
    struct scope *scope;
    struct project_files *files;
    char here[PATH_MAX]; /* the process's folder */
};

void project_files_free(struct project_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        free(files->list[i]);
    }
    files->count = 0;
}

/* Takes the name over. */
static int file_add(struct finding_files *finding, char *name)
{
    struct loading *loading = finding->scope->loading;
    if (name == NULL) {
        return loading_no_memory(loading);
    }
    if (finding->files->count == PROJECT_FILES_MAX) {
        free(name);
        return err_set(loading->err, ERR_LIMIT, "more than %d Compose files", PROJECT_FILES_MAX);
    }
    finding->files->list[finding->files->count++] = name;
    return 0;
}

/* The first of the names that is in the folder, others with a note. `shown_dir` is how people know
 * the folder, NULL for the process's own. */
static int first_add(struct finding_files *finding, const char *dir, const char *shown_dir,
                     const char *const *names, size_t count)
{
    const char *first = NULL;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        char *path = paths_join(dir, names[i]);
        bool is_there = path != NULL && paths_is_there(path);
        if (path == NULL) {
            rc = loading_no_memory(finding->scope->loading);
        } else if (is_there && first != NULL) {
            findings_add_at(finding->scope->loading->findings, FINDING_NOTE, names[i], 0, NULL,
                            NULL, "not read: %s stands beside it", first);
        } else if (is_there) {
            first = names[i];
            rc =
                file_add(finding, shown_dir == NULL ? strdup(first) : paths_join(shown_dir, first));
        }
        free(path);
    }
    return rc;
}

/* compose.yaml here or in a folder above, and the override beside it. */
static int files_search(struct finding_files *finding)
{
    static const char *const names[] = {"compose.yaml", "compose.yml", "docker-compose.yml",
                                        "docker-compose.yaml"};
    static const char *const overrides[] = {"compose.override.yml", "compose.override.yaml",
                                            "docker-compose.override.yml",
                                            "docker-compose.override.yaml"};
    char *dir = strdup(finding->here);
    int rc = 0;
    while (dir != NULL && rc == 0) {
        const char *shown = strcmp(dir, finding->here) == 0 ? NULL : dir;
        rc = first_add(finding, dir, shown, names, COUNT_OF(names));
        if (rc != 0 || finding->files->count > 0) {
            rc = rc == 0 ? first_add(finding, dir, shown, overrides, COUNT_OF(overrides)) : rc;
            free(dir);
            return rc;
        }
        char *above = strcmp(dir, "/") == 0 ? NULL : paths_folder(dir);
        free(dir);
        dir = above;
    }
    free(dir);
    return rc != 0 ? rc
                   : err_set(finding->scope->loading->err, ERR_NOT_FOUND,
                             "no compose.yaml here or in a folder above; name the file");
}

/* COMPOSE_FILE=one:two */
static int files_split(struct finding_files *finding, const char *list)
{
    const char *separator = scope_find(finding->scope, "COMPOSE_PATH_SEPARATOR");
    separator = separator != NULL && separator[0] != '\0' ? separator : ":";
    int rc = 0;
    while (rc == 0 && *list != '\0') {
        const char *end = strstr(list, separator);
        size_t len = end != NULL ? (size_t)(end - list) : strlen(list);
        rc = len > 0 ? file_add(finding, strndup(list, len)) : 0;
        list += len + (end != NULL ? strlen(separator) : 0);
    }
    return rc;
}

/* The folder of the project, absolute: said, of the first file, or the process's. */
static int dir_set(struct finding_files *finding)
{
    struct loading *loading = finding->scope->loading;
    const char *said = loading->request->project_dir;
    const char *first = finding->files->count > 0 ? finding->files->list[0] : "-";
    char *folder = said != NULL              ? strdup(said)
                   : strcmp(first, "-") == 0 ? strdup(".")
                                             : paths_folder(first);
    char *dir = folder != NULL ? paths_join(finding->here, folder) : NULL;
    free(folder);
    if (dir == NULL) {
        return loading_no_memory(loading);
    }
    free(loading->project->dir);
    loading->project->dir = dir;
    return 0;
}

static bool is_true(const char *text)
{
    static const char *const words[] = {"1", "t", "T", "TRUE", "true", "True"};
    for (size_t i = 0; text != NULL && i < COUNT_OF(words); i++) {
        if (strcmp(text, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* An environment file that was asked for. */
static int asked_read(struct finding_files *finding, const char *name)
{
    const struct naming none = {.path = NULL};
    char *path = paths_join(finding->here, name);
    int rc = path != NULL ? loading_env(finding->scope, path, name, none, false)
                          : loading_no_memory(finding->scope->loading);
    free(path);
    return rc;
}

/* COMPOSE_ENV_FILES=one,two */
static int asked_split(struct finding_files *finding, const char *list)
{
    int rc = 0;
    while (rc == 0 && *list != '\0') {
        size_t len = strcspn(list, ",");
        char *name = strndup(list, len);
        rc = name == NULL ? loading_no_memory(finding->scope->loading)
             : len > 0    ? asked_read(finding, name)
                          : 0;
        free(name);
        list += len + (list[len] == ',');
    }
    return rc;
}

/* The project's variables: files that were asked for, else .env in the folder. */
static int variables_read(struct finding_files *finding, const char *dir)
{
    struct scope *scope = finding->scope;
    const struct project_request *request = scope->loading->request;
    const struct naming none = {.path = NULL};
    const char *list = scope_find(scope, "COMPOSE_ENV_FILES");
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < request->env_file_count; i++) {
        rc = asked_read(finding, request->env_files[i]);
    }
    if (request->env_file_count > 0) {
        return rc;
    }
    if (list != NULL && list[0] != '\0') {
        return asked_split(finding, list);
    }
    if (is_true(scope_find(scope, "COMPOSE_DISABLE_ENV_FILE"))) {
        return 0;
    }
    char *path = paths_join(dir, ".env");
    char *folder = request->project_dir != NULL ? strdup(request->project_dir)
                   : finding->files->count > 0  ? paths_folder(finding->files->list[0])
                                                : strdup(".");
    char *shown = folder != NULL ? paths_join(folder, ".env") : NULL;
    rc = path != NULL && shown != NULL ? loading_env(scope, path, shown, none, true)
                                       : loading_no_memory(scope->loading);
    free(path);
    free(folder);
    free(shown);
    return rc;
}

/* Without files: the variables here may name them. */
static int files_choose(struct finding_files *finding)
{
    int rc = variables_read(finding, finding->here);
    const char *list = rc == 0 ? scope_find(finding->scope, "COMPOSE_FILE") : NULL;
    if (rc != 0) {
        return rc;
    }
    return list != NULL && list[0] != '\0' ? files_split(finding, list) : files_search(finding);
}

int project_files_find(struct scope *scope, struct project_files *files)
{
    struct finding_files finding = {.scope = scope, .files = files};
    const struct project_request *request = scope->loading->request;
    struct project *project = scope->loading->project;
    int rc = 0;
    if (getcwd(finding.here, sizeof finding.here) == NULL) {
        return err_set(scope->loading->err, ERR_IO, "this folder: %s", strerror(errno));
    }
    for (size_t i = 0; rc == 0 && i < request->file_count; i++) {
        rc = file_add(&finding, strdup(request->files[i]));
    }
    if (rc == 0 && request->file_count == 0) {
        rc = files_choose(&finding);
    }
    rc = rc == 0 ? dir_set(&finding) : rc;
    if (rc == 0 && (request->file_count > 0 || strcmp(finding.here, project->dir) != 0)) {
        rc = variables_read(&finding, project->dir);
    }
    return rc;
}
