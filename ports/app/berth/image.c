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

bool image_filter_fits(const char *filter, const char *os, const char *arch, const char *variant)
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
        is_wanted |= image_filter_fits(source->filters[i], os, arch, variant);
    }
    return is_wanted;
}

void image_given(struct image_source *source, struct given *given)
{
    struct registry_settings *registry = &source->registry;
    const char *engine = given_value(given, "engine");
    source->filter_count = given_list(given, "platform", source->filters, IMAGE_FILTERS_MAX);
    source->is_engine_only = engine != NULL;
    source->engine_socket = engine != NULL ? engine : source->engine_socket;
    registry->ca_file = given_value(given, "ca");
    registry->speed_seconds =
        (int)given_number(given, "patience", (uint64_t)registry->speed_seconds);
    registry->plain_host_count =
        given_list(given, "plain-http", registry->plain_hosts, REGISTRY_PLAIN_HOSTS_MAX);
}

const char *image_slash(const char *variant)
{
    return variant[0] != '\0' ? "/" : "";
}

int image_platform_add(struct image *image, const struct image_platform *platform,
                       struct image_facts *facts, struct err *err)
{
    char name[ENGINE_ARCH_BYTES + 16];
    int rc = 0;
    (void)snprintf(name, sizeof name, "%s%s%s", platform->arch, image_slash(platform->variant),
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
