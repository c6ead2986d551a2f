/* image: what an image reference stands for, by digest; asked once, when a release is built. */
#ifndef PORTS_APP_BERTH_IMAGE_H
#define PORTS_APP_BERTH_IMAGE_H

#include <stdbool.h>

#include "platform/base/text.h"
#include "platform/engine.h"
#include "platform/verify.h"
#include "ports/app/berth/image_facts.h"
#include "ports/app/berth/registry.h"
#include "ports/app/words/given.h"

#define IMAGE_PLATFORMS_MAX 16
#define IMAGE_FILTERS_MAX   8

struct ask;

struct image_platform {
    char arch[ENGINE_ARCH_BYTES], variant[8];
    struct digest manifest; /* the index where the engine does not tell them apart */
    struct digest config;
    struct digest chain; /* stands for the layers' diff ids (image_chain); none: not known */
};

struct image {
    char reference[ENGINE_REFERENCE_BYTES]; /* repository@sha256:<index> */
    struct digest index;
    struct image_platform platforms[IMAGE_PLATFORMS_MAX];
    size_t platform_count;
    struct image_facts facts; /* on the heap; see image_free */
    char note[512];           /* what an operator has to know of it; empty: nothing */
};

/* Whom to ask, and how. The registry that a reference names is asked first; where it cannot say, or
 * where the engine has an image of a name without a host that never was in a registry, the engine.
 */
struct image_source {
    struct ask *ask;
    const struct verify *verify;
    const char *engine_socket;
    bool is_engine_only;                    /* --engine: no registry is asked */
    bool is_for_here;                       /* the release goes to the node of this machine */
    const char *filters[IMAGE_FILTERS_MAX]; /* "linux/arm/v7"; none: every platform */
    size_t filter_count;
    struct registry_settings registry;
};

/* Takes the options of a verb that resolves images; they must live as long as the source. */
void image_given(struct image_source *source, struct given *given);

/* Resolves "[host[:port]/]name[:tag][@sha256:...]". The caller frees *image with image_free, on
 * failure too. The text begins with the cause and ends with the reference: ERR_ARCHITECTURE names
 * the platforms that are wanted and not there, and what is there; ERR_DIGEST; ERR_VALUE; and the
 * codes of registry_get and image_ask_engine. */
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

/* True when the filter ("linux/arm/v7") means this platform; without a variant any fits. */
bool image_filter_fits(const char *filter, const char *os, const char *arch, const char *variant);
/* What stands between an architecture and its variant: "/", or nothing where there is none. */
const char *image_slash(const char *variant);
/* True when the platform is wanted: it runs linux, and a filter names it or there is none. */
bool image_is_wanted(const struct image_source *source, const char *os, const char *arch,
                     const char *variant);

/* The variant as releases write it: arm64's only and amd64's first one are not written. */
const char *image_variant(const char *arch, const char *variant);

/* Adds a platform to the image. `facts` are taken or joined, and emptied. ERR_LIMIT,
 * ERR_DUPLICATE_KEY (the platform is there already), ERR_VALUE, ERR_MEMORY. */
NODISCARD int image_platform_add(struct image *image, const struct image_platform *platform,
                                 struct image_facts *facts, struct err *err);

/* Reads a config blob (OCI image-spec, config.md): the chain and facts of it. */
NODISCARD int image_config_read(const struct verify *verify, const struct json_place *root,
                                struct image_platform *platform, struct image_facts *facts,
                                struct err *err);

/* Asks the registry; fills index, platforms, facts. `found` gets what the index offers besides what
 * is wanted: "linux/amd64, linux/arm/v7". */
NODISCARD int image_ask_registry(const struct image_source *source,
                                 const struct image_reference *reference, struct image *image,
                                 struct text *found, struct err *err);

/* Asks the engine; fills index, the engine's own platform, facts and note. Its Id is never
 * believed, because it is another digest on another image store: what it exports is hashed here.
 * ERR_NOT_FOUND (no such image, no engine), ERR_ENGINE, ERR_VALUE (what it exports is not this
 * image). */
NODISCARD int image_ask_engine(const struct image_source *source, const char *text,
                               const struct image_reference *reference, struct image *image,
                               struct err *err);

/* True when the engine has the image and no registry of the reference's ever had it. */
bool image_is_homemade(const struct image_source *source, const char *text,
                       const struct image_reference *reference);

#endif
