/* image_resolve: whom to ask for an image, in which order, and what to say when nobody has it. */
#include "ports/app/berth/image.h"

#include "platform/base/units.h"
#include <stdio.h>
#include <stdlib.h>

/* Every platform that was asked for must be there; all that are not are named at once. */
static int filters_check(const struct image_source *source, const struct image *image,
                         const struct text *found, struct err *err)
{
    char memory[256];
    struct text missing;
    text_init(&missing, memory, sizeof memory);
    for (size_t i = 0; i < source->filter_count; i++) {
        bool is_there = false;
        for (size_t j = 0; j < image->platform_count; j++) {
            is_there |= image_filter_fits(source->filters[i], "linux", image->platforms[j].arch,
                                          image->platforms[j].variant);
        }
        if (!is_there) {
            text_printf(&missing, "%s%s", missing.len > 0 ? ", " : "", source->filters[i]);
        }
    }
    if (missing.len == 0 && image->platform_count > 0) {
        return 0;
    }
    return err_set(err, ERR_ARCHITECTURE, "has no platform %s; it has %s%s; build and push it",
                   missing.len > 0 ? missing.data : "that runs linux",
                   found->len > 0 ? found->data : "none", found->cut ? " and more" : "");
}

/* What the registry could not say, the engine may: unless the answer was a wrong one. */
static bool is_engine_worth_asking(int rc)
{
    switch (rc) {
    case ERR_NOT_FOUND:
    case ERR_DENIED:
    case ERR_NETWORK:
    case ERR_TIMEOUT:
    case ERR_REGISTRY:
    case ERR_TLS:
    case ERR_CERTIFICATE:
        return true;
    default:
        return false;
    }
}

static int engine_instead(const struct image_source *source, const char *text,
                          const struct image_reference *reference, struct image *image, int rc,
                          struct err *err)
{
    char cause[ERR_TEXT_BYTES];
    struct err second = {0};
    if (!is_engine_worth_asking(rc)) {
        return rc;
    }
    (void)text_copy(cause, sizeof cause, err->text);
    image_free(image);
    *image = (struct image){0};
    if (image_ask_engine(source, text, reference, image, &second) != 0) {
        return second.code == ERR_NOT_FOUND
                   ? rc
                   : err_set(err, rc, "%s; nor from the engine: %s", cause, second.text);
    }
    if (image->note[0] == '\0') {
        text_shorten_printf(image->note, sizeof image->note,
                            "taken from the engine at %s, for its own platform only, because %s",
                            source->engine_socket, cause);
    }
    return 0;
}

static int image_find(const struct image_source *source, const char *text,
                      const struct image_reference *reference, struct image *image,
                      struct text *found, struct err *err)
{
    if (source->is_engine_only ||
        (reference->host[0] == '\0' && image_is_homemade(source, text, reference))) {
        return image_ask_engine(source, text, reference, image, err);
    }
    int rc = image_ask_registry(source, reference, image, found, err);
    return rc == 0 ? 0 : engine_instead(source, text, reference, image, rc, err);
}

static void found_fill(const struct image *image, struct text *found)
{
    for (size_t i = 0; found->len == 0 && i < image->platform_count; i++) {
        const struct image_platform *platform = &image->platforms[i];
        text_printf(found, "linux/%s%s%s", platform->arch, image_slash(platform->variant),
                    platform->variant);
    }
}

int image_resolve(const struct image_source *source, const char *text, struct image *image,
                  struct err *err)
{
    struct image_reference reference;
    char hex[DIGEST_HEX_BYTES];
    char named[TEXT_NAMED_BYTES];
    char memory[320];
    struct text found;
    struct err own;
    err = err != NULL ? err : &own;
    *image = (struct image){0};
    text_init(&found, memory, sizeof memory);
    int rc = image_reference_parse(text, &reference, err);
    rc = rc == 0 ? image_find(source, text, &reference, image, &found, err) : rc;
    if (rc == 0) {
        found_fill(image, &found);
        rc = filters_check(source, image, &found, err);
    }
    if (rc == 0) {
        digest_render(&image->index, hex);
        int len = snprintf(image->reference, sizeof image->reference, "%s@sha256:%s",
                           reference.repository, hex);
        if (len < 0 || (size_t)len >= sizeof image->reference) {
            rc = err_set(err, ERR_VALUE,
                         "the name is too long: %zu bytes with its digest are the "
                         "most",
                         sizeof image->reference - 1);
        }
    }
    if (rc != 0) {
        text_shorten_printf(err->text, sizeof err->text, "%s (image %s)", err->text,
                            text_named(named, text));
    }
    return rc;
}
