/* Find: an image of this engine, by whatever it is called here; asks, and changes nothing. */
#ifndef PORTS_DOCKER_FIND_H
#define PORTS_DOCKER_FIND_H

#include "ports/docker/archive.h"
#include "ports/docker/call.h"
#include "ports/docker/identity.h"

/* Of an image in a message: enough to know it, too little to push out the cause beside it. */
#define DOCKER_SHOWN_BYTES 120

/* "repository@sha256:<12 hex>", the repository shortened in its middle. */
void docker_image_show(const char *reference, char shown[DOCKER_SHOWN_BYTES]);

typedef void (*docker_found)(struct docker_call *call);

/* The first member of the state of a call that finds. What `wanted` points at is copied here. */
struct docker_find {
    struct engine_wanted wanted;
    char reference[ENGINE_REFERENCE_BYTES];
    char tag[ENGINE_REFERENCE_BYTES];
    struct identity identity;
    struct engine_image image; /* what was found */
    char id[IDENTITY_ID_BYTES];
    docker_found found, missing; /* the one or the other, once; from there the call goes on */
    docker_found unlisted;       /* too many images to look through; NULL: ERR_LIMIT */
    /* private */
    char guesses[IDENTITY_GUESSES_MAX][IDENTITY_ID_BYTES];
    size_t guess_count, guess;
    unsigned known_proofs; /* of the list or an archive, which an inspect may not show */
    struct archive archive;
};

/* Fills it. ERR_LIMIT: a name is too long. */
NODISCARD int docker_find_init(struct docker_find *find, const struct engine_wanted *wanted,
                               docker_found found, docker_found missing, struct err *err);

/* The first request of a call; on failure the call is freed and never calls back. */
NODISCARD int docker_find_first(struct docker_call *call, struct err *err);

/* Asks from a step of a call; `reference` may be another than the one wanted (a mirror's). What is
 * not there is missing at once; nothing else is looked at. */
void docker_find_only(struct docker_call *call, const char *reference);

/* Gives what was found its tag, if one is wanted; then `tagged`. */
void docker_find_tag(struct docker_call *call, docker_found tagged);

#endif
