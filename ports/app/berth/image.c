/* image: references taken apart, and the choice of whom to ask. */
#include "ports/app/berth/image.h"

#include <stdio.h>
#include <stdlib.h>

#include "platform/base/units.h"

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
                    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/:@-[]")] !=
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
    if (!fits || reference->path[0] == '\0' || reference->version[0] == '\0') {
        return err_set(err, ERR_VALUE, "is not the name of an image");
    }
    memcpy(reference->host, name, host);
    return 0;
}

const char *image_variant(const char *arch, const char *variant)
{
    bool is_only = (strcmp(arch, "arm64") == 0 && strcmp(variant, "v8") == 0) ||
                   (strcmp(arch, "amd64") == 0 && strcmp(variant, "v1") == 0);
    return is_only ? "" : variant;
}

/* "linux/arm/v7" against a platform; without a variant any fits. */
static bool filter_fits(const char *filter, const char *os, const char *arch, const char *variant)
{
    char parts[96];
    char *rest = parts;
    if (!text_copy(parts, sizeof parts, filter)) {
        return false;
    }
    const char *wanted_os = strsep(&rest, "/");
    const char *wanted_arch = rest != NULL ? strsep(&rest, "/") : "";
    return strcmp(wanted_os, os) == 0 && strcmp(wanted_arch, arch) == 0 &&
           (rest == NULL || strcmp(image_variant(arch, rest), image_variant(arch, variant)) == 0);
}

bool image_is_wanted(const struct image_source *source, const char *os, const char *arch,
                     const char *variant)
{
    bool is_wanted = source->filter_count == 0 && strcmp(os, "linux") == 0;
    for (size_t i = 0; i < source->filter_count; i++) {
        is_wanted |= filter_fits(source->filters[i], os, arch, variant);
    }
    return is_wanted;
}

bool image_option(struct image_source *source, int option, const char *value, int *rc,
                  struct err *err)
{
    struct registry_settings *registry = &source->registry;
    *rc = 0;
    switch (option) {
    case 'p':
        if (source->filter_count == IMAGE_FILTERS_MAX) {
            *rc = err_set(err, ERR_USAGE, "at most %d times --platform", IMAGE_FILTERS_MAX);
        } else if (strncmp(value, "linux/", 6) != 0 || value[6] == '\0' || strlen(value) >= 64) {
            *rc = err_set(err, ERR_USAGE,
                          "--platform is written linux/ARCH or linux/ARCH/VARIANT, for example "
                          "linux/arm/v7");
        } else {
            source->filters[source->filter_count++] = value;
        }
        return true;
    case 'e':
        source->engine_socket = value;
        source->is_engine_only = true;
        return true;
    case 'C':
        registry->ca_file = value;
        return true;
    case 'W':
        registry->speed_seconds = atoi(value);
        if (registry->speed_seconds < 1 || registry->speed_seconds > 3600) {
            *rc = err_set(err, ERR_USAGE, "--patience is 1 to 3600 seconds");
        }
        return true;
    case 'P':
        if (registry->plain_host_count == REGISTRY_PLAIN_HOSTS_MAX) {
            *rc =
                err_set(err, ERR_USAGE, "at most %d times --plain-http", REGISTRY_PLAIN_HOSTS_MAX);
        } else {
            registry->plain_hosts[registry->plain_host_count++] = value;
        }
        return true;
    default:
        return false;
    }
}

static const char *slash_of(const char *variant)
{
    return variant[0] != '\0' ? "/" : "";
}

int image_platform_add(struct image *image, const struct image_platform *platform,
                       struct image_facts *facts, struct err *err)
{
    char name[ENGINE_ARCH_BYTES + 16];
    int rc = 0;
    (void)snprintf(name, sizeof name, "%s%s%s", platform->arch, slash_of(platform->variant),
                   platform->variant);
    for (size_t i = 0; i < image->platform_count; i++) {
        if (strcmp(image->platforms[i].arch, platform->arch) == 0 &&
            strcmp(image->platforms[i].variant, platform->variant) == 0) {
            return err_set(err, ERR_DUPLICATE_KEY,
                           "the index lists linux/%s twice, and nodes could run either; build it "
                           "again with one of each",
                           name);
        }
    }
    if (image->platform_count == IMAGE_PLATFORMS_MAX) {
        return err_set(err, ERR_LIMIT, "has more than %d platforms; choose with --platform",
                       IMAGE_PLATFORMS_MAX);
    }
    if (image->platform_count == 0) {
        image->facts = *facts;
        *facts = (struct image_facts){0};
    } else {
        rc = image_facts_join(&image->facts, facts, name, err);
    }
    if (rc == 0) {
        image->platforms[image->platform_count++] = *platform;
    }
    return rc;
}

int image_config_read(const struct verify *verify, const struct json_place *root,
                      struct image_platform *platform, struct image_facts *facts, struct err *err)
{
    struct json_place config;
    struct json_place rootfs;
    struct json_place layers;
    *facts = (struct image_facts){0};
    if (!json_member(root, "rootfs", &rootfs) || !json_member(&rootfs, "diff_ids", &layers)) {
        return err_set(err, ERR_VALUE, "is not a container image: its config names no layers");
    }
    if (json_count(&layers) > 0 && !image_chain(verify, &layers, &platform->chain)) {
        return err_set(err, ERR_VALUE, "its config is not understood: rootfs.diff_ids");
    }
    return json_member(root, "config", &config) && !json_is_null(&config)
               ? image_facts_read(&config, facts, err)
               : 0;
}

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
            is_there |= filter_fits(source->filters[i], "linux", image->platforms[j].arch,
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
        text_printf(found, "linux/%s%s%s", platform->arch, slash_of(platform->variant),
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
