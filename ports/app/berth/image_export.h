/* image_export: what a container engine says of an image when it gives the image itself: the
 * archive of GET /images/NAME/get, read as it comes. Each digest is that of the bytes, never a
 * name. */
#ifndef PORTS_APP_BERTH_IMAGE_EXPORT_H
#define PORTS_APP_BERTH_IMAGE_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform/verify.h"

/* A JSON document of the archive is at most this long, and all of them together. */
#define IMAGE_EXPORT_DOCUMENT_BYTES_MAX 8388608
#define IMAGE_EXPORT_BYTES_MAX          67108864

struct image_export_entry {
    char name[160];
    char *data; /* terminated */
    size_t len;
    struct digest digest; /* of data */
};

struct image_export {
    const struct verify *verify;
    struct image_export_entry *entries; /* regular files that begin with '{' or '[' */
    size_t count;
    /* private: where in the archive we are */
    unsigned char header[512];
    size_t header_len;
    struct image_export_entry current;
    uint64_t left, padding; /* bytes of the member that are still to come */
    size_t kept_bytes;
    bool is_kept, is_first, is_over;
    struct err trouble; /* code 0: none */
};

/* Begins an empty one. Closed by image_export_close. */
void image_export_open(struct image_export *archive, const struct verify *verify);
void image_export_close(struct image_export *archive);

/* Takes the next bytes; false, with archive->trouble, when they are no tar archive (ERR_SYNTAX),
 * hold more documents than we keep (ERR_OVERSIZE), or memory is short. */
bool image_export_take(struct image_export *archive, struct span piece);

/* True when the archive came to its end. */
bool image_export_is_whole(const struct image_export *archive);

/* By name, by digest; NULL when it is not there. */
const struct image_export_entry *image_export_named(const struct image_export *archive,
                                                    const char *name);
const struct image_export_entry *image_export_blob(const struct image_export *archive,
                                                   const struct digest *digest);

#endif
