/* image_engine: what the container engine on this machine knows about an image it has pulled. */
#include <stdio.h>

#include "agent/wire/json.h"
#include "ports/app/berth/ask.h"
#include "ports/app/berth/image.h"

/* The digest under which this repository offers the image. */
static bool repo_digest_find(const struct json_place *list, const char *repository,
                             struct digest *digest)
{
    struct json_place step = {0};
    size_t len = strlen(repository);
    while (json_next(list, &step)) {
        const char *text = NULL;
        if (json_string(&step, &text, NULL) == 0 && strncmp(text, repository, len) == 0 &&
            text[len] == '@' && digest_parse(text + len + 1, digest)) {
            return true;
        }
    }
    return false;
}

static const char *member_text(const struct json_place *at, const char *key)
{
    struct json_place member;
    const char *text = "";
    if (json_member(at, key, &member)) {
        (void)!json_string(&member, &text, NULL);
    }
    return text;
}

static int facts_read(const struct image_source *source, const struct json_place *root,
                      struct image *image, struct err *err)
{
    struct json_place config;
    struct json_place rootfs;
    struct json_place layers;
    if (json_member(root, "RootFS", &rootfs) && json_member(&rootfs, "Layers", &layers) &&
        !image_chain(source->verify, &layers, &image->platforms[0].chain)) {
        return err_set(err, ERR_VALUE, "the engine's answer is not understood: RootFS.Layers");
    }
    return json_member(root, "Config", &config) ? image_facts_read(&config, &image->facts, err) : 0;
}

static int answer_read(const struct image_source *source, const struct json_place *root,
                       const struct image_reference *reference, struct image *image,
                       struct err *err)
{
    struct json_place list;
    struct image_platform *platform = &image->platforms[0];
    if (!json_member(root, "RepoDigests", &list) ||
        !repo_digest_find(&list, reference->repository, &image->index)) {
        return err_set(err, ERR_NOT_FOUND,
                       "has no digest, because it never was in a registry; push "
                       "it, so that nodes can pull it");
    }
    if (!digest_parse(member_text(root, "Id"), &platform->config) ||
        !text_copy(platform->arch, sizeof platform->arch, member_text(root, "Architecture")) ||
        !text_copy(platform->variant, sizeof platform->variant, member_text(root, "Variant"))) {
        return err_set(err, ERR_VALUE, "the engine's answer is not understood");
    }
    if (strcmp(platform->arch, "arm") != 0) {
        platform->variant[0] = '\0';
    }
    platform->manifest = image->index;
    image->platform_count = 1;
    return facts_read(source, root, image, err);
}

int image_ask_engine(const struct image_source *source, const char *text,
                     const struct image_reference *reference, struct image *image, struct err *err)
{
    static const struct json_rules rules = {.bytes_max = ASK_BODY_BYTES_MAX};
    struct json_document document;
    char url[ENGINE_REFERENCE_BYTES + 64];
    (void)snprintf(url, sizeof url, "http://engine/images/%s/json", text);
    int rc = ask_get(source->ask, source->engine_socket, url, NULL, err);
    if (rc != 0) {
        return err_wrap(err, rc, "ask the engine at %s", source->engine_socket);
    }
    if (source->ask->status == 404) {
        return err_set(err, ERR_NOT_FOUND,
                       "the engine at %s has no such image; pull it there first",
                       source->engine_socket);
    }
    if (source->ask->status != 200) {
        return err_set(err, ERR_ENGINE, "the engine answers %d", source->ask->status);
    }
    rc = json_parse(span_of(source->ask->body, source->ask->body_len), &rules, &document, err);
    if (rc != 0) {
        return err_wrap(err, rc, "the engine's answer");
    }
    struct json_place root = json_root(&document);
    rc = answer_read(source, &root, reference, image, err);
    json_free(&document);
    return rc;
}
