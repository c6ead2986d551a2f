/* open: one project of the verb's options. */
#include "ports/app/berth/compose/open.h"

#include <stdio.h>
#include <stdlib.h>

#include "ports/app/berth/compose/project.h"
#include "ports/app/berth/compose/render.h"

static int word_keep(const char **list, size_t *count, const char *word, const char *what,
                     struct err *err)
{
    if (*count == OPEN_WORDS_MAX) {
        return err_set(err, ERR_USAGE, "at most %d times %s", OPEN_WORDS_MAX, what);
    }
    list[(*count)++] = word;
    return 0;
}

int open_option(struct open_request *request, int option, const char *argument, struct err *err)
{
    switch (option) {
    case 'f':
        return word_keep(request->files, &request->file_count, argument, "--file", err);
    case OPEN_ENV_FILE:
        return word_keep(request->env_files, &request->env_file_count, argument, "--env-file", err);
    case OPEN_PROFILE:
        return word_keep(request->profiles, &request->profile_count, argument, "--profile", err);
    case OPEN_NAME:
        request->name = argument;
        return 0;
    case OPEN_DIRECTORY:
        request->project_dir = argument;
        return 0;
    default:
        return err_set(err, ERR_NOTHING, "no such option");
    }
}

static const char *environment(void *ctx, const char *name)
{
    (void)ctx;
    return getenv(name);
}

int open_project(const struct open_request *request, struct findings *findings,
                 struct opened *opened, struct err *err)
{
    static const char *const origins[] = {[PROJECT_NAME_ASKED] = "--project-name",
                                          [PROJECT_NAME_ENV] = "COMPOSE_PROJECT_NAME",
                                          [PROJECT_NAME_FILE] = "the file's name",
                                          [PROJECT_NAME_DIR] = "the folder's name"};
    const struct project_request asked = {.files = request->files,
                                          .file_count = request->file_count,
                                          .env_files = request->env_files,
                                          .env_file_count = request->env_file_count,
                                          .profiles = request->profiles,
                                          .profile_count = request->profile_count,
                                          .project_dir = request->project_dir,
                                          .name = request->name,
                                          .env = environment};
    *opened = (struct opened){0};
    int rc = project_load(&asked, findings, &opened->project, err);
    if (rc != 0) {
        return rc;
    }
    opened->root = opened->project->root;
    opened->name = opened->project->name;
    opened->name_from = origins[opened->project->name_from];
    opened->dir = opened->project->dir;
    /* Of a file that could not be read its own findings say enough. */
    if (opened->root->child != NULL || findings_count(findings, FINDING_REFUSED) == 0) {
        render_check(opened->root, findings);
    }
    return 0;
}

void open_close(struct opened *opened)
{
    project_free(opened->project);
    *opened = (struct opened){0};
}
