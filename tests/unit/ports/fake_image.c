/* fake_image: in the place of image_resolve.c, every image is there, for amd64, or for armv7 where
 * its tag says so. */
#include <stdio.h>

#include "ports/app/berth/image.h"

int image_resolve(const struct image_source *source, const char *reference, struct image *image,
                  struct err *err)
{
    (void)source;
    *image = (struct image){.platform_count = 1};
    if (strcmp(reference, "gone") == 0) {
        return err_set(err, ERR_NOT_FOUND, "image gone: push it first");
    }
    memset(image->index.bytes, 0x11, DIGEST_BYTES);
    memset(image->platforms[0].manifest.bytes, 0x22, DIGEST_BYTES);
    memset(image->platforms[0].config.bytes, 0x33, DIGEST_BYTES);
    (void)snprintf(image->platforms[0].arch, ENGINE_ARCH_BYTES, "amd64");
    if (strstr(reference, "armhf") != NULL) {
        (void)snprintf(image->platforms[0].arch, ENGINE_ARCH_BYTES, "arm");
        (void)snprintf(image->platforms[0].variant, sizeof image->platforms[0].variant, "v7");
    }
    (void)snprintf(image->reference, sizeof image->reference,
                   "web@sha256:1111111111111111111111111111111111111111111111111111111111111111");
    return 0;
}
