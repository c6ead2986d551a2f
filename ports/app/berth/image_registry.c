/* image_registry: a registry on this machine, asked by its HTTP API (OCI distribution 1.1). Nothing
 * is believed: each answer's own digest is computed. */
#include <stdio.h>

#include "agent/wire/json.h"
#include "ports/app/berth/ask.h"
#include "ports/app/berth/image.h"

#define ACCEPT                                                                                     \
    "application/vnd.oci.image.index.v1+json,"                                                     \
    "application/vnd.docker.distribution.manifest.list.v2+json,"                                   \
    "application/vnd.oci.image.manifest.v1+json,"                                                  \
    "application/vnd.docker.distribution.manifest.v2+json"

static const struct json_rules rules = {.bytes_max = ASK_BODY_BYTES_MAX};

/* GETs /v2/<path>/<kind>/<version> and gives the parsed body and its digest. */
static int registry_get(const struct image_source *source, const struct image_reference *reference,
                        const char *kind, const char *version, struct json_document *document,
                        struct digest *digest, struct err *err)
{
    char url[768];
    const char *host = reference->host;
    bool is_name = strncmp(host, "localhost", 9) == 0;
    (void)snprintf(url, sizeof url, "http://%s%s/v2/%s/%s/%s", is_name ? "127.0.0.1" : "",
                   is_name ? host + 9 : host, reference->path, kind, version);
    int rc = ask_get(source->ask, NULL, url, ACCEPT, err);
    if (rc != 0) {
        return err_wrap(err, rc, "ask the registry %s", host);
    }
    if (source->ask->status == 404) {
        return err_set(err, ERR_NOT_FOUND, "the registry %s has no such image; push it first",
                       host);
    }
    if (source->ask->status != 200) {
        return err_set(err, ERR_NETWORK, "the registry %s answers %d", host, source->ask->status);
    }
    struct span body = span_of(source->ask->body, source->ask->body_len);
    struct digest wanted;
    source->verify->ops->sha256(source->verify->self, body, digest);
    if (digest_parse(version, &wanted) && !digest_is_equal(&wanted, digest)) {
        return err_set(err, ERR_DIGEST, "the registry %s answers with another digest", host);
    }
    rc = json_parse(body, &rules, document, err);
    return rc == 0 ? 0 : err_wrap(err, rc, "the registry's answer");
}

/* A string at key1.key2, or at key1 where key2 is NULL; "" when it is not there. The text lives as
 * long as the document. */
static const char *text_at(const struct json_place *at, const char *key1, const char *key2)
{
    struct json_place first;
    struct json_place second;
    const char *text = "";
    if (!json_member(at, key1, &first)) {
        return text;
    }
    if (key2 == NULL) {
        (void)!json_string(&first, &text, NULL);
    } else if (json_member(&first, key2, &second)) {
        (void)!json_string(&second, &text, NULL);
    }
    return text;
}

/* What the config blob of a platform says: the facts, and the layers. */
static int config_read(const struct image_source *source, const struct json_place *root,
                       struct image *image, struct image_platform *platform, struct err *err)
{
    struct json_place config;
    struct json_place rootfs;
    struct json_place layers;
    struct image_facts facts = {0};
    char name[ENGINE_ARCH_BYTES + 16];
    int rc = 0;
    if (json_member(root, "rootfs", &rootfs) && json_member(&rootfs, "diff_ids", &layers) &&
        !image_chain(source->verify, &layers, &platform->chain)) {
        return err_set(err, ERR_VALUE, "the registry's answer is not understood: diff_ids");
    }
    if (json_member(root, "config", &config) && !json_is_null(&config)) {
        rc = image_facts_read(&config, &facts, err);
    }
    (void)snprintf(name, sizeof name, "%s%s%s", platform->arch,
                   platform->variant[0] != '\0' ? "/" : "", platform->variant);
    if (rc == 0 && image->platform_count > 0) {
        rc = image_facts_join(&image->facts, &facts, name, err);
    } else if (rc == 0) {
        image->facts = facts;
        facts = (struct image_facts){0};
    }
    image_facts_free(&facts);
    return rc;
}

/* A manifest and its config become a platform. `listed` is the entry of the index, NULL for a
 * single manifest, whose platform stands in its config. */
static int platform_read(const struct image_source *source, const struct image_reference *reference,
                         const struct json_place *listed, const struct json_place *manifest,
                         const struct digest *digest, struct image *image, struct err *err)
{
    struct image_platform *platform = &image->platforms[image->platform_count];
    struct json_document document;
    struct json_place root;
    if (image->platform_count == IMAGE_PLATFORMS_MAX) {
        return err_set(err, ERR_LIMIT, "more than %d platforms; choose with --platform",
                       IMAGE_PLATFORMS_MAX);
    }
    int rc = registry_get(source, reference, "blobs", text_at(manifest, "config", "digest"),
                          &document, &platform->config, err);
    if (rc != 0) {
        return rc;
    }
    root = json_root(&document);
    const char *arch = listed != NULL ? text_at(listed, "platform", "architecture")
                                      : text_at(&root, "architecture", NULL);
    const char *variant =
        listed != NULL ? text_at(listed, "platform", "variant") : text_at(&root, "variant", NULL);
    platform->manifest = *digest;
    if (!text_copy(platform->arch, sizeof platform->arch, arch) || platform->arch[0] == '\0' ||
        !text_copy(platform->variant, sizeof platform->variant,
                   strcmp(arch, "arm") == 0 ? variant : "")) {
        rc = err_set(err, ERR_VALUE, "the registry's answer is not understood");
    }
    rc = rc == 0 ? config_read(source, &root, image, platform, err) : rc;
    image->platform_count += rc == 0;
    json_free(&document);
    return rc;
}

/* One manifest of an index. */
static int listed_read(const struct image_source *source, const struct image_reference *reference,
                       const struct json_place *entry, struct image *image, struct err *err)
{
    struct json_document document;
    struct digest digest;
    if (!image_is_wanted(source, text_at(entry, "platform", "os"),
                         text_at(entry, "platform", "architecture"),
                         text_at(entry, "platform", "variant"))) {
        return 0;
    }
    int rc = registry_get(source, reference, "manifests", text_at(entry, "digest", NULL), &document,
                          &digest, err);
    if (rc != 0) {
        return rc;
    }
    struct json_place root = json_root(&document);
    rc = platform_read(source, reference, entry, &root, &digest, image, err);
    json_free(&document);
    return rc;
}

int image_ask_registry(const struct image_source *source, const struct image_reference *reference,
                       struct image *image, struct err *err)
{
    struct json_document document;
    struct json_place list;
    struct json_place step = {0};
    int rc = registry_get(source, reference, "manifests", reference->version, &document,
                          &image->index, err);
    if (rc != 0) {
        return rc;
    }
    struct json_place root = json_root(&document);
    if (!json_member(&root, "manifests", &list)) {
        rc = platform_read(source, reference, NULL, &root, &image->index, image, err);
    } else {
        while (rc == 0 && json_next(&list, &step)) {
            rc = listed_read(source, reference, &step, image, err);
        }
    }
    json_free(&document);
    return rc;
}
