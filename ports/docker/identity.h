/* Identity: which of the digests that were signed for an image an engine shows for one of its own.
 * Pure; both image stores of Docker (what an Id means differs) and podman. */
#ifndef PORTS_DOCKER_IDENTITY_H
#define PORTS_DOCKER_IDENTITY_H

#include "platform/engine.h"
#include "ports/docker/reply.h"

#define IDENTITY_ID_BYTES 80
/* Images of the same repository whose content is looked into before an image counts as missing. */
#define IDENTITY_GUESSES_MAX 4

/* What was signed; none: not known. */
struct identity {
    struct digest index, manifest, config;
};

/* The index is what `reference` ends in, if it names a digest. */
struct identity identity_of(const struct engine_wanted *wanted);

/* ENGINE_PROOF_* that an inspect's answer, or an entry of the list of images, shows: its Id,
 * its Descriptor, the digests of its repositories, and the manifests of its index that are here. */
unsigned identity_proofs(const struct identity *identity, const cJSON *image);

/* False for an image whose name is here and whose layers are not: what a broken load leaves. */
bool identity_is_whole(const cJSON *image);

/* The Id of the first image of GET /images/json that shows a signed digest; false: there is none.
 */
bool identity_find(const struct identity *identity, const cJSON *images,
                   char id[IDENTITY_ID_BYTES]);

/* Ids of images that have the last name of `reference` or the tag `tag`, and show only a manifest
 * that the engine made itself, as the containerd image store does when it loads what a classic
 * store has saved: such an image can still have the signed config. At most IDENTITY_GUESSES_MAX. */
size_t identity_guess(const struct engine_wanted *wanted, const cJSON *images,
                      char ids[IDENTITY_GUESSES_MAX][IDENTITY_ID_BYTES]);

#endif
