/* image_engine: an image that the container engine on this machine holds. The engine's Id is the
 * config digest on one image store and the manifest's or index's on another, so it only says which
 * image is exported; index, manifest and config are told apart by the bytes of the archive. */
#include <stdio.h>
#include <stdlib.h>

#include "agent/wire/json.h"
#include "platform/base/units.h"
#include "ports/app/berth/ask.h"
#include "ports/app/berth/image.h"
#include "ports/app/berth/image_export.h"

static const struct json_rules rules = {.bytes_max = ASK_BODY_BYTES_MAX, .values_max = 262144};

/* What is known of the image while it is asked for. */
struct engine_reading {
    const struct image_source *source;
    struct image_export archive;
    char id[160];
    struct digest offered; /* under which the repository offers it */
    bool is_offered;
    struct digest top; /* what the archive's own index names */
    bool has_top;
    struct image_platform platform;
    struct image_facts facts;
};

/* The digest of "repository@sha256:..." where that is the reference's repository. Docker's own
 * registry goes without a host in one engine's list and with it in another's. */
static bool repo_digest_read(const char *text, const struct image_reference *reference,
                             struct digest *digest)
{
    static const char *const hub[] = {"", "docker.io/", "docker.io/library/"};
    size_t len = strlen(reference->repository);
    for (size_t i = 0; i < (reference->host[0] == '\0' ? COUNT_OF(hub) : 1); i++) {
        size_t before = strlen(hub[i]);
        if (strncmp(text, hub[i], before) == 0 &&
            strncmp(text + before, reference->repository, len) == 0 && text[before + len] == '@' &&
            digest_parse(text + before + len + 1, digest)) {
            return true;
        }
    }
    return false;
}

/* The digest under which the repository offers the image; the one that the reference names, where
 * it names one. More than one is not guessed between: an image that was pushed has one of its own
 * besides, and nodes can pull only what the registry has. */
static int repo_digest_find(const struct json_place *list, const struct image_reference *reference,
                            struct engine_reading *reading, struct err *err)
{
    struct json_place step = {0};
    struct digest wanted;
    struct digest digest;
    bool is_named = digest_parse(reference->version, &wanted);
    while (json_next(list, &step)) {
        const char *text = NULL;
        if (json_string(&step, &text, NULL) != 0 || !repo_digest_read(text, reference, &digest) ||
            (is_named && !digest_is_equal(&digest, &wanted))) {
            continue;
        }
        if (reading->is_offered && !digest_is_equal(&digest, &reading->offered)) {
            char hex[DIGEST_HEX_BYTES];
            digest_render(&digest, hex);
            return err_set(
                err, ERR_CONFLICT,
                "the engine knows it under several digests of its repository, and which of "
                "them the registry has is not known here: ask the registry (leave --engine "
                "out), or name the digest, for example @sha256:%s",
                hex);
        }
        reading->offered = digest;
        reading->is_offered = true;
    }
    return 0;
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

/* GET /images/NAME/json. */
static int inspect(struct engine_reading *reading, const char *text,
                   const struct image_reference *reference, struct err *err)
{
    const struct image_source *source = reading->source;
    struct json_document document;
    struct json_place list;
    char url[ENGINE_REFERENCE_BYTES + 64];
    (void)snprintf(url, sizeof url, "http://engine/images/%s/json", text);
    int rc = ask_get(source->ask, source->engine_socket, url, NULL, err);
    if (rc != 0) {
        return err_wrap(err, ERR_NOT_FOUND, "no engine answers at %s", source->engine_socket);
    }
    if (source->ask->status == 404) {
        return err_set(err, ERR_NOT_FOUND,
                       "the engine at %s has no such image; pull it there first",
                       source->engine_socket);
    }
    if (source->ask->status != 200) {
        return err_set(err, ERR_ENGINE, "the engine at %s answers %d", source->engine_socket,
                       source->ask->status);
    }
    rc = json_parse(span_of(source->ask->body, source->ask->body_len), &rules, &document, err);
    if (rc != 0) {
        return err_wrap(err, rc, "the engine's answer");
    }
    struct json_place root = json_root(&document);
    if (json_member(&root, "RepoDigests", &list)) {
        rc = repo_digest_find(&list, reference, reading, err);
    }
    bool is_id = text_copy(reading->id, sizeof reading->id, member_text(&root, "Id")) &&
                 reading->id[strspn(reading->id, "abcdefghijklmnopqrstuvwxyz0123456789:")] == '\0';
    if (rc == 0 && !is_id) {
        rc = err_set(err, ERR_VALUE, "the engine's answer is not understood: Id");
    }
    json_free(&document);
    return rc;
}

static bool piece_take(void *ctx, int status, struct span piece)
{
    struct engine_reading *reading = ctx;
    return status != 200 || image_export_take(&reading->archive, piece);
}

/* GET /images/ID/get: minutes for a large image, but never silence: the engine may gather it before
 * its first byte. */
static int export(struct engine_reading *reading, struct err *err)
{
    const struct image_source *source = reading->source;
    char url[256];
    (void)snprintf(url, sizeof url, "http://engine/images/%s/get", reading->id);
    struct curl_ask question = {.method = "GET",
                                .url = url,
                                .socket_path = source->engine_socket,
                                .piece = piece_take,
                                .ctx = reading,
                                .body_bytes_max = 1};
    int rc = ask_question(source->ask, &question, err);
    if (rc == ERR_CANCELLED) {
        return err_set(err, reading->archive.trouble.code, "%s", reading->archive.trouble.text);
    }
    if (rc == 0 && source->ask->status != 200) {
        rc = err_set(err, ERR_ENGINE, "it answers %d", source->ask->status);
    }
    if (rc == 0 && !image_export_is_whole(&reading->archive)) {
        rc = err_set(err, ERR_NETWORK, "its archive ends too early");
    }
    return rc == 0 ? 0
                   : err_wrap(err, rc, "the engine at %s does not export the image",
                              source->engine_socket);
}

/* -- the archive ------------------------------------------------------------------------------- */

static bool document_open(const struct image_export_entry *entry, struct json_document *document)
{
    return entry != NULL &&
           json_parse(span_of(entry->data, entry->len), &rules, document, NULL) == 0;
}

/* A config that says it is for linux; its digest is that of its bytes. */
static int config_take(struct engine_reading *reading, const struct image_export_entry *config,
                       struct err *err)
{
    struct json_document document;
    struct image_platform *platform = &reading->platform;
    if (!document_open(config, &document)) {
        return err_set(err, ERR_VALUE, "the engine's archive holds no config of the image");
    }
    struct json_place root = json_root(&document);
    const char *arch = member_text(&root, "architecture");
    int rc = 0;
    if (strcmp(member_text(&root, "os"), "linux") != 0 || arch[0] == '\0' ||
        !text_copy(platform->arch, sizeof platform->arch, arch) ||
        !text_copy(platform->variant, sizeof platform->variant,
                   image_variant(arch, member_text(&root, "variant")))) {
        rc = err_set(err, ERR_ARCHITECTURE, "is for %.40s/%.40s, not for linux",
                     member_text(&root, "os"), arch);
    }
    platform->config = config->digest;
    rc = rc == 0 ? image_config_read(reading->source->verify, &root, platform, &reading->facts, err)
                 : rc;
    json_free(&document);
    return rc;
}

/* The config that a manifest of the archive names; NULL where it is none, or its config not there.
 */
static const struct image_export_entry *config_of(const struct engine_reading *reading,
                                                  const struct image_export_entry *manifest)
{
    const struct image_export_entry *entry = NULL;
    struct json_document document;
    struct json_place config;
    struct digest digest;
    if (!document_open(manifest, &document)) {
        return NULL;
    }
    struct json_place root = json_root(&document);
    if (json_member(&root, "config", &config) &&
        digest_parse(member_text(&config, "digest"), &digest)) {
        entry = image_export_blob(&reading->archive, &digest);
    }
    json_free(&document);
    return entry;
}

/* The manifest below an index or manifest of the archive whose config is `config`; NULL: none. */
static const struct image_export_entry *manifest_find(const struct engine_reading *reading,
                                                      const struct image_export_entry *entry,
                                                      const struct image_export_entry *config,
                                                      int depth)
{
    const struct image_export_entry *found = NULL;
    struct json_document document;
    struct json_place list;
    struct json_place step = {0};
    if (entry == NULL || depth == 0) {
        return NULL;
    }
    if (config_of(reading, entry) == config) {
        return entry;
    }
    if (!document_open(entry, &document)) {
        return NULL;
    }
    struct json_place root = json_root(&document);
    if (json_member(&root, "manifests", &list)) {
        struct digest digest;
        while (found == NULL && json_next(&list, &step)) {
            if (digest_parse(member_text(&step, "digest"), &digest)) {
                found = manifest_find(reading, image_export_blob(&reading->archive, &digest),
                                      config, depth - 1);
            }
        }
    }
    json_free(&document);
    return found;
}

/* manifest.json: [{"Config": "blobs/sha256/<hex>" or "<hex>.json"}]. The one image of the archive.
 */
static int config_find(const struct engine_reading *reading,
                       const struct image_export_entry **config, struct err *err)
{
    struct json_document document;
    struct json_place first = {0};
    *config = NULL;
    if (!document_open(image_export_named(&reading->archive, "manifest.json"), &document)) {
        return err_set(err, ERR_VALUE, "the engine's archive has no manifest.json");
    }
    struct json_place root = json_root(&document);
    size_t count = json_count(&root);
    if (count == 1 && json_next(&root, &first)) {
        *config = image_export_named(&reading->archive, member_text(&first, "Config"));
    }
    json_free(&document);
    return *config != NULL ? 0
                           : err_set(err, ERR_VALUE,
                                     "the engine's archive holds %zu images, or not the config of "
                                     "the one",
                                     count);
}

/* index.json: what the archive itself is named by. */
static void top_find(struct engine_reading *reading)
{
    struct json_document document;
    struct json_place list;
    struct json_place first = {0};
    if (!document_open(image_export_named(&reading->archive, "index.json"), &document)) {
        return;
    }
    struct json_place root = json_root(&document);
    reading->has_top = json_member(&root, "manifests", &list) && json_next(&list, &first) &&
                       digest_parse(member_text(&first, "digest"), &reading->top);
    json_free(&document);
}

/* Whatever the engine calls the image must be one of the digests that were computed. */
static int identity_check(const struct engine_reading *reading, struct err *err)
{
    struct digest id;
    const struct image_platform *platform = &reading->platform;
    bool is_known =
        digest_parse(reading->id, &id) &&
        (digest_is_equal(&id, &platform->config) || digest_is_equal(&id, &platform->manifest) ||
         image_export_blob(&reading->archive, &id) != NULL ||
         (reading->has_top && digest_is_equal(&id, &reading->top)));
    return is_known ? 0
                    : err_set(err, ERR_VALUE,
                              "cannot tell which of its digests the engine's Id %.80s is: push the "
                              "image to a registry and build from there",
                              reading->id);
}

static int archive_read(struct engine_reading *reading, struct image *image, struct err *err)
{
    const struct image_export_entry *config = NULL;
    int rc = config_find(reading, &config, err);
    rc = rc == 0 ? config_take(reading, config, err) : rc;
    if (rc != 0) {
        return rc;
    }
    top_find(reading);
    /* The registry's own manifest, where the store keeps it; a made one says nothing about it. */
    const struct image_export_entry *offered =
        reading->is_offered ? image_export_blob(&reading->archive, &reading->offered) : NULL;
    const struct image_export_entry *manifest = manifest_find(reading, offered, config, 4);
    image->index = reading->is_offered ? reading->offered
                   : reading->has_top  ? reading->top
                                       : config->digest;
    if (manifest == NULL && !reading->is_offered && reading->has_top) {
        manifest =
            manifest_find(reading, image_export_blob(&reading->archive, &reading->top), config, 4);
    }
    reading->platform.manifest = manifest != NULL ? manifest->digest : image->index;
    rc = identity_check(reading, err);
    return rc == 0 ? image_platform_add(image, &reading->platform, &reading->facts, err) : rc;
}

/* Some engines say a digest of the repository for what never left this machine, too. */
static void note_write(const struct engine_reading *reading, struct image *image)
{
    static const char remedy[] = "give it to each node first ('docker save' here, 'docker load' "
                                 "there), or push it and build "
                                 "again";
    if (reading->source->is_for_here) {
        text_shorten_printf(image->note, sizeof image->note,
                            "taken from the engine of this machine, where it is to run; another "
                            "node has to get it first");
    } else if (!reading->is_offered) {
        text_shorten_printf(image->note, sizeof image->note,
                            "no registry has it, so that no node can pull it: %s", remedy);
    } else if (reading->source->is_engine_only) {
        text_shorten_printf(
            image->note, sizeof image->note,
            "taken from the engine at %s, for its own platform only; its registry was "
            "not asked: where that has not got it, %s",
            reading->source->engine_socket, remedy);
    }
}

int image_ask_engine(const struct image_source *source, const char *text,
                     const struct image_reference *reference, struct image *image, struct err *err)
{
    struct engine_reading *reading = calloc(1, sizeof *reading);
    if (reading == NULL) {
        return err_set(err, ERR_MEMORY, "no memory for what the engine says");
    }
    reading->source = source;
    image_export_open(&reading->archive, source->verify);
    int rc = inspect(reading, text, reference, err);
    rc = rc == 0 ? export(reading, err) : rc;
    rc = rc == 0 ? archive_read(reading, image, err) : rc;
    if (rc == 0) {
        note_write(reading, image);
    }
    image_facts_free(&reading->facts);
    image_export_close(&reading->archive);
    free(reading);
    return rc;
}

bool image_is_homemade(const struct image_source *source, const char *text,
                       const struct image_reference *reference)
{
    struct engine_reading reading = {.source = source};
    return inspect(&reading, text, reference, NULL) == 0 && !reading.is_offered;
}
