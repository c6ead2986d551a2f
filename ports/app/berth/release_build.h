/* release_build: a Compose project into an unsigned release file, for the verbs that make one. */
#ifndef PORTS_APP_BERTH_RELEASE_BUILD_H
#define PORTS_APP_BERTH_RELEASE_BUILD_H

#include "ports/app/berth/compose/open.h"
#include "ports/app/berth/image.h"
#include "ports/app/berth/login.h"

struct build_request {
    struct open_request open;
    const char *output;
    const char *shown; /* how the output is called in what is printed; NULL: by its path */
    uint64_t sequence, floor;
    bool is_built; /* the image is built first */
    struct image_source images;
    /* The highest sequence that is known of an app, 0 for none; NULL: nothing is known. */
    uint64_t (*used)(void *ctx, const char *app);
    void *ctx;
    /* private */
    const char *name_from;
    struct findings *findings;
};

/* getopt_long rows of a verb that builds, "f:" besides, and what takes them. */
#define RELEASE_BUILD_OPTIONS                                                                      \
    {"sequence", required_argument, NULL, 's'}, {"floor", required_argument, NULL, 'F'},           \
        {"build", no_argument, NULL, 'b'}, IMAGE_OPTIONS, OPEN_OPTIONS

/* What a request begins with; `places` is filled and outlives it. */
void release_build_init(struct build_request *request, struct login_places *places);
/* Notes one option with its optarg; ERR_USAGE also for an option that is none of these. */
NODISCARD int release_build_option(struct build_request *request, int option, struct err *err);
/* Notes the words after the options: the project's files. */
NODISCARD int release_build_files(struct build_request *request, int argc, char **argv,
                                  struct err *err);

/* Builds: findings go to standard error, what was chosen to standard output. A refused finding, and
 * an image that cannot be resolved, end it; the output is then not written. */
NODISCARD int release_build_run(struct build_request *request, struct err *err);

#endif
