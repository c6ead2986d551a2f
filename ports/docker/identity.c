/* Identity: comparing digests, wherever an engine writes them. */
#include "ports/docker/identity.h"

#include "platform/base/text.h"

struct identity identity_of(const struct engine_wanted *wanted)
{
    struct identity identity = {.manifest = wanted->manifest, .config = wanted->config};
    const char *at = strchr(wanted->reference, '@');
    if (at != NULL) {
        (void)digest_parse(at + 1, &identity.index);
    }
    return identity;
}

static bool is_signed(const struct digest *shown, const struct digest *one)
{
    return !digest_is_none(one) && digest_is_equal(shown, one);
}

static unsigned proof_of(const struct identity *identity, const char *text)
{
    struct digest shown;
    if (!digest_parse(text, &shown)) {
        return 0;
    }
    return (is_signed(&shown, &identity->index) ? ENGINE_PROOF_INDEX : 0) |
           (is_signed(&shown, &identity->manifest) ? ENGINE_PROOF_MANIFEST : 0) |
           (is_signed(&shown, &identity->config) ? ENGINE_PROOF_CONFIG : 0);
}

/* "repository@sha256:..." -> "sha256:..." */
static const char *digest_in(const char *reference)
{
    const char *at = strchr(reference, '@');
    return at != NULL ? at + 1 : "";
}

unsigned identity_proofs(const struct identity *identity, const cJSON *image)
{
    const cJSON *item;
    unsigned proofs = proof_of(identity, reply_text_at(image, "Id")) |
                      proof_of(identity, reply_text_at(image, "Descriptor.digest"));
    cJSON_ArrayForEach(item, reply_at(image, "RepoDigests"))
    {
        const char *text = cJSON_GetStringValue(item);
        proofs |= text != NULL ? proof_of(identity, digest_in(text)) : 0;
    }
    cJSON_ArrayForEach(item, reply_at(image, "Manifests"))
    {
        if (reply_is_true_at(item, "Available")) {
            proofs |= proof_of(identity, reply_text_at(item, "Descriptor.digest"));
        }
    }
    return proofs;
}

bool identity_is_whole(const cJSON *image)
{
    return reply_at(image, "RootFS") == NULL ||
           cJSON_GetArraySize(reply_at(image, "RootFS.Layers")) > 0;
}

bool identity_find(const struct identity *identity, const cJSON *images, char id[IDENTITY_ID_BYTES])
{
    const cJSON *image;
    cJSON_ArrayForEach(image, images)
    {
        if (identity_proofs(identity, image) != 0 &&
            text_copy(id, IDENTITY_ID_BYTES, reply_text_at(image, "Id"))) {
            return true;
        }
    }
    return false;
}

/* The last component of a name: "host:5000/a/web:1" and "b/web@sha256:..." -> "web". */
static struct span last_name(const char *reference)
{
    const char *slash = strrchr(reference, '/');
    const char *name = slash != NULL ? slash + 1 : reference;
    return span_of(name, strcspn(name, ":@"));
}

static bool is_namesake(const struct engine_wanted *wanted, const cJSON *image)
{
    const cJSON *tag;
    cJSON_ArrayForEach(tag, reply_at(image, "RepoTags"))
    {
        const char *text = cJSON_GetStringValue(tag);
        if (text != NULL && (span_is_equal(last_name(text), last_name(wanted->reference)) ||
                             (wanted->tag != NULL && strcmp(text, wanted->tag) == 0))) {
            return true;
        }
    }
    return false;
}

/* A pull by digest leaves its reference among the tags: its manifest is the registry's own. */
static bool is_pulled(const cJSON *image)
{
    const cJSON *tag;
    cJSON_ArrayForEach(tag, reply_at(image, "RepoTags"))
    {
        const char *text = cJSON_GetStringValue(tag);
        if (text != NULL && strchr(text, '@') != NULL) {
            return true;
        }
    }
    return false;
}

/* On the containerd image store an Id is the digest of a manifest, and stands there as such. */
static bool is_manifest_id(const cJSON *image)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, reply_at(image, "RepoDigests"))
    {
        const char *text = cJSON_GetStringValue(item);
        if (text != NULL && strcmp(digest_in(text), reply_text_at(image, "Id")) == 0) {
            return true;
        }
    }
    return false;
}

size_t identity_guess(const struct engine_wanted *wanted, const cJSON *images,
                      char ids[IDENTITY_GUESSES_MAX][IDENTITY_ID_BYTES])
{
    const cJSON *image;
    size_t count = 0;
    cJSON_ArrayForEach(image, images)
    {
        if (count < IDENTITY_GUESSES_MAX && is_manifest_id(image) && !is_pulled(image) &&
            is_namesake(wanted, image) &&
            text_copy(ids[count], IDENTITY_ID_BYTES, reply_text_at(image, "Id"))) {
            count++;
        }
    }
    return count;
}
