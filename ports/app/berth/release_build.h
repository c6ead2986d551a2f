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
    /* The sequence and digest of the release of an app that runs where this one goes, proven and
     * wanted; false: there is none. NULL: nothing is known. */
    bool (*proven)(void *ctx, const char *app, uint64_t *sequence, struct digest *digest);
    void *ctx;
    bool is_unchanged; /* by release_build_run: but for its sequence it is that one; not written */
    /* private */
    const char *name_from;
    struct findings *findings;
};

/* What a request begins with; `places` is filled and outlives it. */
void release_build_init(struct build_request *request, struct login_places *places);
/* Takes a verb's options and files; what is wrong is complained of. */
void release_build_given(struct build_request *request, struct given *given);

/* Builds: findings go to standard error, what was chosen to standard output. A refused finding, and
 * an image that cannot be resolved, end it; the output is then not written, nor is it where
 * is_unchanged. */
NODISCARD int release_build_run(struct build_request *request, struct err *err);

#endif
