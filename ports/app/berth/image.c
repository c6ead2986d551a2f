/* image: references taken apart, and the choice of whom to ask. */
#include "ports/app/berth/image.h"

#include <stdio.h>

static bool host_is_here(const char *host)
{
    return strncmp(host, "127.", 4) == 0 || strncmp(host, "localhost:", 10) == 0 ||
           strcmp(host, "localhost") == 0;
}

/* The part before the first '/', when it is a host and not the beginning of a name. */
static size_t host_len(const char *text)
{
    size_t len = strcspn(text, "/");
    bool is_host =
        text[len] == '/' && (memchr(text, '.', len) != NULL || memchr(text, ':', len) != NULL ||
                             strncmp(text, "localhost/", 10) == 0);
    return is_host ? len : 0;
}

int image_reference_parse(const char *text, struct image_reference *reference, struct err *err)
{
    char name[ENGINE_REFERENCE_BYTES];
    *reference = (struct image_reference){.version = "latest"};
    if (!text_copy(name, sizeof name, text) || name[0] == '\0' ||
        name[strspn(name,
                    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/:@-")] !=
            '\0') {
        return err_set(err, ERR_VALUE, "is not the name of an image");
    }
    size_t host = host_len(name);
    char *digest = strchr(name, '@');
    if (digest != NULL) {
        *digest++ = '\0';
    }
    char *colon = strrchr(name + host, ':');
    if (colon != NULL) {
        *colon++ = '\0';
    }
    const char *version = digest != NULL ? digest : colon;
    bool fits =
        version == NULL || text_copy(reference->version, sizeof reference->version, version);
    fits = fits && text_copy(reference->repository, sizeof reference->repository, name) &&
           text_copy(reference->path, sizeof reference->path, name + host + (host > 0)) &&
           host < sizeof reference->host;
    if (!fits || reference->path[0] == '\0') {
        return err_set(err, ERR_VALUE, "is not the name of an image");
    }
    memcpy(reference->host, name, host);
    return 0;
}

bool image_is_wanted(const struct image_source *source, const char *os, const char *arch,
                     const char *variant)
{
    char plain[64];
    char exact[80];
    bool is_wanted = source->filter_count == 0 && strcmp(os, "linux") == 0;
    (void)snprintf(plain, sizeof plain, "%.15s/%.31s", os, arch);
    (void)snprintf(exact, sizeof exact, "%s/%.15s", plain, variant);
    for (size_t i = 0; i < source->filter_count; i++) {
        is_wanted |=
            strcmp(source->filters[i], plain) == 0 || strcmp(source->filters[i], exact) == 0;
    }
    return is_wanted;
}

/* Every platform that was asked for must be there. */
static int filters_check(const struct image_source *source, const struct image *image,
                         struct err *err)
{
    for (size_t i = 0; i < source->filter_count; i++) {
        struct image_source one = {.filters = {source->filters[i]}, .filter_count = 1};
        bool is_there = false;
        for (size_t j = 0; j < image->platform_count; j++) {
            is_there |= image_is_wanted(&one, "linux", image->platforms[j].arch,
                                        image->platforms[j].variant);
        }
        if (!is_there) {
            return err_set(err, ERR_ARCHITECTURE, "has no platform %s; build and push it",
                           source->filters[i]);
        }
    }
    if (image->platform_count == 0) {
        return err_set(err, ERR_ARCHITECTURE, "has no platform that runs linux");
    }
    return 0;
}

int image_resolve(const struct image_source *source, const char *text, struct image *image,
                  struct err *err)
{
    struct image_reference reference;
    char hex[DIGEST_HEX_BYTES];
    *image = (struct image){0};
    int rc = image_reference_parse(text, &reference, err);
    if (rc == 0 && !source->is_engine_only && host_is_here(reference.host)) {
        rc = image_ask_registry(source, &reference, image, err);
    } else if (rc == 0) {
        rc = image_ask_engine(source, text, &reference, image, err);
    }
    if (rc == 0) {
        rc = filters_check(source, image, err);
    }
    if (rc != 0) {
        return err_wrap(err, rc, "image %s", text);
    }
    digest_render(&image->index, hex);
    int len = snprintf(image->reference, sizeof image->reference, "%s@sha256:%s",
                       reference.repository, hex);
    return len > 0 && (size_t)len < sizeof image->reference
               ? 0
               : err_set(err, ERR_VALUE, "image %s: the name is too long", text);
}
