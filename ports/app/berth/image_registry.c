/* image_registry: an image of a registry: its index, manifests and configs (OCI image-spec 1.1,
 * Docker's schema 2). Nothing is believed: each answer's own digest is computed. */
#include <stdio.h>

#include "agent/wire/json.h"
#include "ports/app/berth/ask.h"
#include "ports/app/berth/image.h"

#define ACCEPT                                                                                     \
    "application/vnd.oci.image.index.v1+json,"                                                     \
    "application/vnd.docker.distribution.manifest.list.v2+json,"                                   \
    "application/vnd.oci.image.manifest.v1+json,"                                                  \
    "application/vnd.docker.distribution.manifest.v2+json"

static const struct json_rules rules = {.bytes_max = ASK_BODY_BYTES_MAX, .values_max = 262144};

/* One question to the registry about one image. */
struct reading {
    const struct image_source *source;
    struct registry registry;
    struct image *image;
    struct text *found;
};

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

/* GETs a manifest or blob and gives the parsed body and its digest, which must be the one that was
 * asked for by digest, and the one that the registry says in its header. */
static int document_get(struct reading *reading, const char *kind, const char *version,
                        struct json_document *document, struct digest *digest, struct err *err)
{
    const struct verify *verify = reading->source->verify;
    const char *host = reading->registry.host;
    char header[128];
    struct digest wanted;
    int rc = registry_get(&reading->registry, kind, version,
                          strcmp(kind, "manifests") == 0 ? ACCEPT : "*/*", err);
    if (rc != 0) {
        return rc;
    }
    const struct ask *ask = reading->registry.ask;
    struct span body = span_of(ask->body, ask->body_len);
    verify->ops->sha256(verify->self, body, digest);
    bool is_wrong = digest_parse(version, &wanted) && !digest_is_equal(&wanted, digest);
    if (strcmp(kind, "manifests") == 0 &&
        curl_answer_header(&ask->answer, "Docker-Content-Digest", 0, header, sizeof header) &&
        digest_parse(header, &wanted)) {
        is_wrong |= !digest_is_equal(&wanted, digest);
    }
    if (is_wrong) {
        return err_set(
            err, ERR_DIGEST,
            "the registry %s answers with another digest than %.80s: what it sent is not "
            "used; a proxy in between, or the registry's storage, changed it",
            host, digest_parse(version, &wanted) ? version : header);
    }
    rc = json_parse(body, &rules, document, err);
    return rc == 0 ? 0
                   : err_wrap(err, rc, "the registry %s does not answer with a manifest or config",
                              host);
}

/* What is no image of today, by its name. */
static int kind_check(const struct json_place *root, struct err *err)
{
    struct json_place member;
    int64_t schema = 2;
    if (json_member(root, "schemaVersion", &member) &&
        json_integer(&member, 0, INT32_MAX, &schema, NULL) != 0) {
        schema = 0;
    }
    if (schema == 1) {
        return err_set(
            err, ERR_SCHEMA,
            "is of Docker's manifest schema 1, which engines of today do not pull; build "
            "and push it again with one of them");
    }
    if (schema != 2) {
        return err_set(err, ERR_SCHEMA, "has a manifest of an unknown schema version");
    }
    return 0;
}

static int manifest_check(const struct json_place *manifest, struct err *err)
{
    struct digest config;
    const char *type = text_at(manifest, "config", "mediaType");
    int rc = kind_check(manifest, err);
    if (rc != 0) {
        return rc;
    }
    if (type[0] != '\0' && strcmp(type, "application/vnd.oci.image.config.v1+json") != 0 &&
        strcmp(type, "application/vnd.docker.container.image.v1+json") != 0) {
        return err_set(err, ERR_VALUE, "is not a container image, but %.100s", type);
    }
    if (!digest_parse(text_at(manifest, "config", "digest"), &config)) {
        return err_set(err, ERR_VALUE,
                       "has a manifest that names no config by sha256: it is no container image");
    }
    return 0;
}

static void found_note(struct text *found, const char *os, const char *arch, const char *variant)
{
    if (strcmp(os, "unknown") != 0) {
        text_printf(found, "%s%.20s/%.20s%s%.10s", found->len > 0 ? ", " : "", os, arch,
                    variant[0] != '\0' ? "/" : "", variant);
    }
}

/* The platform's config is read; `listed` is the index's word for the platform, which counts more
 * than the config's, as engines have it: NULL where the index says nothing. */
static int config_add(struct reading *reading, const struct json_place *listed,
                      const struct json_place *manifest, struct image_platform *platform,
                      struct err *err)
{
    struct json_document document;
    struct image_facts facts = {0};
    int rc = document_get(reading, "blobs", text_at(manifest, "config", "digest"), &document,
                          &platform->config, err);
    if (rc != 0) {
        return rc;
    }
    struct json_place root = json_root(&document);
    const struct json_place *from = listed != NULL ? listed : &root;
    const char *os = text_at(from, "os", NULL);
    const char *arch = text_at(from, "architecture", NULL);
    const char *variant = image_variant(arch, text_at(from, "variant", NULL));
    if (listed == NULL) {
        found_note(reading->found, os, arch, variant);
    }
    if (!image_is_wanted(reading->source, os, arch, variant)) {
        json_free(&document);
        return 0;
    }
    if (!text_copy(platform->arch, sizeof platform->arch, arch) || arch[0] == '\0' ||
        !text_copy(platform->variant, sizeof platform->variant, variant)) {
        rc = err_set(err, ERR_VALUE, "has a platform that is not understood: %.40s/%.40s", arch,
                     variant);
    }
    rc = rc == 0 ? image_config_read(reading->source->verify, &root, platform, &facts, err) : rc;
    rc = rc == 0 ? image_platform_add(reading->image, platform, &facts, err) : rc;
    image_facts_free(&facts);
    json_free(&document);
    return rc;
}

/* Attestations stand among the platforms as "unknown/unknown", or say what they refer to. */
static bool is_attestation(const struct json_place *entry)
{
    return strcmp(text_at(entry, "platform", "os"), "unknown") == 0 ||
           text_at(entry, "annotations", "vnd.docker.reference.type")[0] != '\0';
}

/* One manifest of an index. */
static int listed_read(struct reading *reading, const struct json_place *entry, struct err *err)
{
    struct json_place place;
    struct json_document document;
    struct image_platform platform = {0};
    bool is_listed = json_member(entry, "platform", &place) && json_is_object(&place);
    if (is_attestation(entry)) {
        return 0;
    }
    if (is_listed) {
        const char *os = text_at(&place, "os", NULL);
        const char *arch = text_at(&place, "architecture", NULL);
        const char *variant = image_variant(arch, text_at(&place, "variant", NULL));
        found_note(reading->found, os, arch, variant);
        if (!image_is_wanted(reading->source, os, arch, variant)) {
            return 0;
        }
    }
    if (!digest_parse(text_at(entry, "digest", NULL), &platform.manifest)) {
        return err_set(err, ERR_VALUE,
                       "has an index that names a manifest without a sha256 digest");
    }
    int rc = document_get(reading, "manifests", text_at(entry, "digest", NULL), &document,
                          &platform.manifest, err);
    if (rc != 0) {
        return rc;
    }
    struct json_place root = json_root(&document);
    struct json_place list;
    rc = json_member(&root, "manifests", &list)
             ? err_set(err, ERR_VALUE, "has an index inside its index, which no node could follow")
             : manifest_check(&root, err);
    rc = rc == 0 ? config_add(reading, is_listed ? &place : NULL, &root, &platform, err) : rc;
    json_free(&document);
    return rc;
}

/* A single manifest: which platform it is stands in its config. */
static int single_read(struct reading *reading, const struct json_place *manifest, struct err *err)
{
    struct image_platform platform = {.manifest = reading->image->index};
    int rc = manifest_check(manifest, err);
    return rc == 0 ? config_add(reading, NULL, manifest, &platform, err) : rc;
}

static int root_read(struct reading *reading, const struct image_reference *reference,
                     struct err *err)
{
    struct json_document document;
    struct json_place list;
    struct json_place step = {0};
    int rc = document_get(reading, "manifests", reference->version, &document,
                          &reading->image->index, err);
    if (rc != 0) {
        return rc;
    }
    struct json_place root = json_root(&document);
    rc = kind_check(&root, err);
    if (rc == 0 && !json_member(&root, "manifests", &list)) {
        rc = single_read(reading, &root, err);
    } else {
        while (rc == 0 && json_next(&list, &step)) {
            rc = listed_read(reading, &step, err);
        }
    }
    json_free(&document);
    return rc;
}

int image_ask_registry(const struct image_source *source, const struct image_reference *reference,
                       struct image *image, struct text *found, struct err *err)
{
    struct reading reading = {.source = source, .image = image, .found = found};
    int rc = registry_open(&reading.registry, source->ask, &source->registry, reference->host,
                           reference->path, err);
    rc = rc == 0 ? root_read(&reading, reference, err) : rc;
    registry_close(&reading.registry);
    return rc;
}
