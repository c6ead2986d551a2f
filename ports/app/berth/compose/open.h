/* open: the files that a verb was given as one project, judged key by key. */
#ifndef PORTS_APP_BERTH_COMPOSE_OPEN_H
#define PORTS_APP_BERTH_COMPOSE_OPEN_H

#include "ports/app/berth/compose/findings.h"
#include "ports/yaml/tree.h"

#define OPEN_WORDS_MAX 32

/* What the verbs that read Compose files take: FILE..., -f, --env-file, --profile, --project-name,
 * --project-directory. Without a file Compose's own search finds one. */
struct open_request {
    const char *files[OPEN_WORDS_MAX], *env_files[OPEN_WORDS_MAX], *profiles[OPEN_WORDS_MAX];
    size_t file_count, env_file_count, profile_count;
    const char *project_dir, *name;
};

/* getopt_long rows for these options, to be put into a verb's table, and what takes them. */
#define OPEN_OPTIONS                                                                               \
    {"file", required_argument, NULL, 'f'}, {"env-file", required_argument, NULL, OPEN_ENV_FILE},  \
        {"profile", required_argument, NULL, OPEN_PROFILE},                                        \
        {"project-name", required_argument, NULL, OPEN_NAME},                                      \
    {                                                                                              \
        "project-directory", required_argument, NULL, OPEN_DIRECTORY                               \
    }
enum { OPEN_ENV_FILE = 1000, OPEN_PROFILE, OPEN_NAME, OPEN_DIRECTORY };

/* Notes one option; ERR_USAGE when there are too many, ERR_NOTHING when it is none of these. */
NODISCARD int open_option(struct open_request *request, int option, const char *argument,
                          struct err *err);

struct opened {
    struct project *project; /* private */
    const struct yaml_item *root;
    const char *name, *name_from, *dir;
};

/* Reads the project and judges its keys; findings may then be refused. The caller closes it, on
 * failure too. */
NODISCARD int open_project(const struct open_request *request, struct findings *findings,
                           struct opened *opened, struct err *err);
void open_close(struct opened *opened);

#endif
