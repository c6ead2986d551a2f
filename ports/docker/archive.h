/* Archive: which configs the images of an archive have that the engine gives (GET /images/X/get).
 * Pure: bytes in, in pieces; nothing but manifest.json is kept. */
#ifndef PORTS_DOCKER_ARCHIVE_H
#define PORTS_DOCKER_ARCHIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/base/span.h"

#define ARCHIVE_BLOCK_BYTES    512
#define ARCHIVE_MANIFEST_BYTES 8192 /* of one image and its layers; more is not read */

/* Zeroed before the first piece; private. */
struct archive {
    uint8_t block[ARCHIVE_BLOCK_BYTES];
    size_t block_len;
    uint64_t left; /* of the entry's content, padding included */
    bool is_manifest, has_manifest, is_cut;
    uint64_t manifest_left;
    char manifest[ARCHIVE_MANIFEST_BYTES];
    size_t manifest_len;
};

void archive_feed(struct archive *archive, struct span piece);

/* Whether an image of the archive has this config, by the engine's own manifest.json. False for an
 * archive that ends early, is none, or has a manifest.json beyond ARCHIVE_MANIFEST_BYTES. */
bool archive_has_config(const struct archive *archive, const struct digest *config, bool *is_short);

#endif
