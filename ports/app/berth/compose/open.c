/* open: one project of the verb's options. */
#include "ports/app/berth/compose/open.h"

#include <stdio.h>
#include <stdlib.h>

#include "ports/app/berth/compose/project.h"
#include "ports/app/berth/compose/render.h"

void open_given(struct open_request *request, struct given *given)
{
    request->file_count = given_list(given, "file", request->files, OPEN_WORDS_MAX);
    for (size_t i = 0; i < given->argument_count; i++) {
        if (request->file_count == OPEN_WORDS_MAX) {
            given_complain(given, "at most %d files", OPEN_WORDS_MAX);
            break;
        }
        request->files[request->file_count++] = given->arguments[i];
    }
    request->env_file_count = given_list(given, "env-file", request->env_files, OPEN_WORDS_MAX);
    request->profile_count = given_list(given, "profile", request->profiles, OPEN_WORDS_MAX);
    request->name = given_value(given, "project-name");
    request->project_dir = given_value(given, "project-directory");
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
