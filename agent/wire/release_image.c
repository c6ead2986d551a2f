/* release_image: the image by digest, and which of its platforms is this node's. */
#include <stdlib.h>

#include "agent/wire/release_parts.h"
#include "platform/base/text.h"

#define PLATFORMS_MAX 16

struct platform {
    char arch[ENGINE_ARCH_BYTES], variant[8];
    struct digest manifest, config;
};

struct platforms {
    struct digest index;
    struct platform list[PLATFORMS_MAX];
    size_t count;
};

/* repo@sha256:<64 hex>; the repository in the characters the engine allows. */
int release_read_image(const struct json_place *at, void *into, struct err *err)
{
    struct release_reading *reading = into;
    char *reference = reading->service->reference;
    int rc = json_copy(at, reference, ENGINE_REFERENCE_BYTES, err);
    if (rc != 0) {
        return rc;
    }
    char *digest = strstr(reference, "@sha256:");
    if (digest == NULL || digest == reference || !digest_parse(digest + 1, &reading->index)) {
        return json_error(at, ERR_VALUE, err,
                          "must be repository@sha256:<64 hex digits>; "
                          "'berth release build' resolves tags");
    }
    if (strspn(reference, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/:-") !=
        (size_t)(digest - reference)) {
        return json_error(at, ERR_VALUE, err, "has a character that no repository has");
    }
    reading->spec->image = arena_text(reading->arena, reference, strlen(reference));
    return reading->spec->image != NULL ? 0 : release_no_room(at, err);
}

/* "linux/arm/v7": this node must be one, and that image is taken. */
int release_read_platform(const struct json_place *at, void *into, struct err *err)
{
    struct release_reading *reading = into;
    const struct release_node *node = reading->node;
    const char *text = NULL;
    int rc = json_string(at, &text, err);
    if (rc != 0) {
        return rc;
    }
    const char *arch = text + strlen("linux/");
    if (strncmp(text, "linux/", strlen("linux/")) != 0 || arch[0] == '\0') {
        return json_error(at, ERR_VALUE, err, "must be like linux/arm64 or linux/arm/v7");
    }
    size_t len = strcspn(arch, "/");
    if (node->arch != NULL && (strlen(node->arch) != len || strncmp(arch, node->arch, len) != 0)) {
        return json_error(at, ERR_ARCHITECTURE, err,
                          "this node is linux/%s: remove it, or order "
                          "the release only to nodes of that platform",
                          node->arch);
    }
    reading->platform = arena_text(reading->arena, arch, strlen(arch));
    return reading->platform != NULL ? 0 : release_no_room(at, err);
}

/* Whether the service lets this platform's image be taken. */
static bool is_wanted(const struct platform *platform, const char *wanted)
{
    size_t len = strlen(platform->arch);
    if (wanted == NULL) {
        return true;
    }
    return strncmp(wanted, platform->arch, len) == 0 &&
           (wanted[len] == '\0' ||
            (wanted[len] == '/' &&
             (platform->variant[0] == '\0' || strcmp(wanted + len + 1, platform->variant) == 0)));
}

static int digest_read(const struct json_place *at, struct digest *digest, struct err *err)
{
    const char *text = NULL;
    int rc = json_string(at, &text, err);
    if (rc == 0 && !digest_parse(text, digest)) {
        rc = json_error(at, ERR_VALUE, err, "must be sha256: and 64 hex digits");
    }
    return rc;
}

static int read_index(const struct json_place *at, void *into, struct err *err)
{
    return digest_read(at, &((struct platforms *)into)->index, err);
}

static int read_arch(const struct json_place *at, void *into, struct err *err)
{
    struct platform *platform = into;
    return json_name(at, platform->arch, sizeof platform->arch, err);
}

static int read_variant(const struct json_place *at, void *into, struct err *err)
{
    struct platform *platform = into;
    return json_name(at, platform->variant, sizeof platform->variant, err);
}

static int read_manifest(const struct json_place *at, void *into, struct err *err)
{
    return digest_read(at, &((struct platform *)into)->manifest, err);
}

static int read_config(const struct json_place *at, void *into, struct err *err)
{
    return digest_read(at, &((struct platform *)into)->config, err);
}

static int read_list(const struct json_place *at, void *into, struct err *err)
{
    static const struct json_key keys[] = {{"arch", read_arch, NULL, true},
                                           {"variant", read_variant, NULL, false},
                                           {"manifest", read_manifest, NULL, true},
                                           {"config", read_config, NULL, true}};
    struct platforms *platforms = into;
    struct json_place step = {0};
    if (!json_is_array(at) || json_count(at) == 0 || json_count(at) > PLATFORMS_MAX) {
        return json_error(at, ERR_VALUE, err, "must be a list of 1 to %d platforms", PLATFORMS_MAX);
    }
    while (json_next(at, &step)) {
        int rc =
            json_read_object(&step, keys, COUNT_OF(keys), &platforms->list[platforms->count], err);
        if (rc != 0) {
            return rc;
        }
        platforms->count++;
    }
    return 0;
}

/* How well a platform fits: 0 not at all. An arm node runs what was built for an older variant. */
static int platform_fit(const struct platform *platform, const struct release_node *node)
{
    const char *variant = node->variant != NULL ? node->variant : "";
    if (node->arch == NULL) {
        return 1;
    }
    if (strcmp(platform->arch, node->arch) != 0) {
        return 0;
    }
    if (strcmp(platform->variant, variant) == 0) {
        return 100;
    }
    if (platform->variant[0] == '\0' || variant[0] == '\0') {
        return 50;
    }
    if (strcmp(node->arch, "arm") == 0 && platform->variant[0] == 'v' && variant[0] == 'v') {
        int built_for = atoi(platform->variant + 1);
        return built_for <= atoi(variant + 1) ? built_for : 0;
    }
    return strcmp(node->arch, "arm") == 0 ? 0 : 50;
}

int release_read_platforms(const struct json_place *at, void *into, struct err *err)
{
    static const struct json_key keys[] = {{"index", read_index, NULL, true},
                                           {"platforms", read_list, NULL, true}};
    struct release_reading *reading = into;
    const struct platform *best = NULL;
    struct platforms platforms = {0};
    int best_fit = 0;
    int rc = json_read_object(at, keys, COUNT_OF(keys), &platforms, err);
    if (rc != 0) {
        return rc;
    }
    if (!digest_is_equal(&platforms.index, &reading->index)) {
        return json_error(at, ERR_DIGEST, err, "its index is not the digest that image names");
    }
    for (size_t i = 0; i < platforms.count; i++) {
        int fit = is_wanted(&platforms.list[i], reading->platform)
                      ? platform_fit(&platforms.list[i], reading->node)
                      : 0;
        if (fit > best_fit) {
            best_fit = fit;
            best = &platforms.list[i];
        }
    }
    if (best == NULL) {
        return json_error(at, ERR_ARCHITECTURE, err, "the image has no platform %s%s%s",
                          reading->node->arch != NULL ? reading->node->arch : reading->platform,
                          reading->node->variant != NULL && reading->node->variant[0] ? "/" : "",
                          reading->node->variant != NULL ? reading->node->variant : "");
    }
    reading->service->manifest = best->manifest;
    reading->service->config = best->config;
    return 0;
}
