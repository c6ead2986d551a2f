/* image: what an image reference stands for, by digest; asked once, when a release is built. */
#ifndef PORTS_APP_BERTH_IMAGE_H
#define PORTS_APP_BERTH_IMAGE_H

#include <stdbool.h>

#include "platform/base/text.h"
#include "platform/engine.h"
#include "platform/verify.h"
#include "ports/app/berth/image_facts.h"

#define IMAGE_PLATFORMS_MAX 16
#define IMAGE_FILTERS_MAX   8

struct ask;

struct image_platform {
    char arch[ENGINE_ARCH_BYTES], variant[8];
    struct digest manifest, config;
    struct digest chain; /* stands for the layers' diff ids (image_chain); none: not known */
};

struct image {
    char reference[ENGINE_REFERENCE_BYTES]; /* repository@sha256:<index> */
    struct digest index;
    struct image_platform platforms[IMAGE_PLATFORMS_MAX];
    size_t platform_count;
    struct image_facts facts; /* on the heap; see image_free */
};

/* Where to ask. A registry on this machine (localhost or 127.x.x.x) is asked itself, by plain HTTP;
 * everything else is asked of the container engine, which must have pulled it. */
struct image_source {
    struct ask *ask;
    const struct verify *verify;
    const char *engine_socket;
    bool is_engine_only;
    const char *filters[IMAGE_FILTERS_MAX]; /* "linux/arm/v7"; none: every platform */
    size_t filter_count;
};

/* Resolves "[host[:port]/]name[:tag][@sha256:...]". The caller frees *image with image_free, on
 * failure too. ERR_NOT_FOUND says what to do; ERR_ARCHITECTURE when a wanted platform is missing;
 * ERR_DIGEST, ERR_VALUE, and ask_get's codes. */
NODISCARD int image_resolve(const struct image_source *source, const char *reference,
                            struct image *image, struct err *err);

/* Frees what an image holds on the heap; harmless twice and on a zeroed one. */
void image_free(struct image *image);

/* A reference taken apart. */
struct image_reference {
    char host[128];       /* empty: none */
    char repository[256]; /* with the host, without tag and digest */
    char path[256];       /* without the host */
    char version[136];    /* tag or sha256:...; "latest" where none is said */
};

NODISCARD int image_reference_parse(const char *text, struct image_reference *reference,
                                    struct err *err);

/* True when the platform is wanted. */
bool image_is_wanted(const struct image_source *source, const char *os, const char *arch,
                     const char *variant);

/* Each way of asking fills index and platforms. */
NODISCARD int image_ask_engine(const struct image_source *source, const char *text,
                               const struct image_reference *reference, struct image *image,
                               struct err *err);
NODISCARD int image_ask_registry(const struct image_source *source,
                                 const struct image_reference *reference, struct image *image,
                                 struct err *err);

#endif
