/* open: the files that a verb was given as one project, judged key by key. */
#ifndef PORTS_APP_BERTH_COMPOSE_OPEN_H
#define PORTS_APP_BERTH_COMPOSE_OPEN_H

#include "ports/app/berth/compose/findings.h"
#include "ports/app/words/given.h"
#include "ports/yaml/tree.h"

#define OPEN_WORDS_MAX 32

/* What the verbs that read Compose files take: FILE..., -f, --env-file, --profile, --project-name,
 * --project-directory. Without a file Compose's own search finds one. */
struct open_request {
    const char *files[OPEN_WORDS_MAX], *env_files[OPEN_WORDS_MAX], *profiles[OPEN_WORDS_MAX];
    size_t file_count, env_file_count, profile_count;
    const char *project_dir, *name;
};

/* Takes them from a verb's options and arguments; more than OPEN_WORDS_MAX of one are complained
 * of. */
void open_given(struct open_request *request, struct given *given);

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
