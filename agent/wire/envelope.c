/* envelope: DSSE. The signatures are checked over the very bytes that are parsed afterwards. */
#include "agent/wire/envelope.h"

#include <stdio.h>
#include <string.h>

#include "agent/wire/base64.h"
#include "agent/wire/json.h"
#include "platform/base/law.h"
#include "platform/base/text.h"
#include "platform/base/units.h"

struct parts {
    const char *type, *payload;
    struct json_place signatures;
};

static int read_type(const struct json_place *at, void *into, struct err *err)
{
    return json_string(at, &((struct parts *)into)->type, err);
}

static int read_payload(const struct json_place *at, void *into, struct err *err)
{
    return json_string(at, &((struct parts *)into)->payload, err);
}

static int read_signatures(const struct json_place *at, void *into, struct err *err)
{
    if (!json_is_array(at)) {
        return json_error(at, ERR_VALUE, err, "must be a list");
    }
    if (json_count(at) > ENVELOPE_SIGNATURES_MAX) {
        return json_error(at, ERR_OVERSIZE, err, "more than %d signatures",
                          ENVELOPE_SIGNATURES_MAX);
    }
    ((struct parts *)into)->signatures = *at;
    return 0;
}

struct signature_text {
    const char *key_id, *sig;
};

static int read_key_id(const struct json_place *at, void *into, struct err *err)
{
    return json_string(at, &((struct signature_text *)into)->key_id, err);
}

static int read_sig(const struct json_place *at, void *into, struct err *err)
{
    return json_string(at, &((struct signature_text *)into)->sig, err);
}

static const struct json_key signature_keys[] = {{"keyid", read_key_id, NULL, true},
                                                 {"sig", read_sig, NULL, true}};

/* The index of the key of the signers that the signature names, or key_count. */
static size_t key_find(const struct envelope_signers *signers, const char *key_id)
{
    size_t i = 0;
    while (i < signers->key_count && (strcmp(signers->keys[i].id, key_id) != 0 ||
                                      (signers->keys[i].roles & signers->roles) == 0)) {
        i++;
    }
    return i;
}

/* Checks one signature; sets the bit of its key in *good when it is by one of the signers. */
static int signature_check(const struct json_place *at, const struct envelope_signers *signers,
                           const struct verify *verify, struct arena arena, struct span encoding,
                           unsigned *good, struct err *err)
{
    struct signature_text text = {0};
    struct span der;
    int rc = json_read_object(at, signature_keys, COUNT_OF(signature_keys), &text, err);
    if (rc != 0) {
        return rc;
    }
    size_t index = key_find(signers, text.key_id);
    if (index == signers->key_count) {
        return 0;
    }
    rc = base64_decode(text.sig, &arena, &der, err);
    if (rc == 0) {
        rc = verify->ops->signature(verify->self, signers->keys[index].point, encoding, der, err);
    }
    if (rc != 0) {
        return err_wrap(err, rc, "signature by key %.8s", text.key_id);
    }
    *good |= 1u << index;
    return 0;
}

_Static_assert(TRUST_KEYS_MAX <= 32, "one bit for each key");

static int signatures_check(const struct parts *parts, const struct envelope_signers *signers,
                            const struct verify *verify, const struct arena *arena,
                            struct span encoding, unsigned *by, struct err *err)
{
    struct json_place step = {0};
    unsigned good = 0;
    unsigned count = 0;
    while (json_next(&parts->signatures, &step)) {
        int rc = signature_check(&step, signers, verify, *arena, encoding, &good, err);
        if (rc != 0) {
            return rc;
        }
    }
    *by = good;
    for (; good != 0; good &= good - 1) {
        count++;
    }
    if (step.value == NULL) {
        return err_set(err, ERR_UNSIGNED, "the document is not signed; sign it with a %s key",
                       signers->word);
    }
    if (count == 0) {
        return err_set(err, ERR_SIGNATURE,
                       "none of its signatures is by a %s key that is trusted here", signers->word);
    }
    if (count < signers->threshold) {
        return err_set(err, ERR_THRESHOLD, "signed by %u of the %u %s keys it takes", count,
                       signers->threshold, signers->word);
    }
    return 0;
}

static int parts_open(const struct parts *parts, const struct envelope_signers *signers,
                      const struct verify *verify, struct arena *arena, struct span *payload,
                      unsigned *by, struct err *err)
{
    struct span encoding = {0};
    if (strcmp(parts->type, signers->type) != 0) {
        return err_set(err, ERR_PAYLOAD_TYPE, "its payload type is %.80s, not %s", parts->type,
                       signers->type);
    }
    int rc = base64_decode(parts->payload, arena, payload, err);
    if (rc != 0) {
        return err_wrap(err, rc, "payload");
    }
    struct arena scratch = *arena;
    rc = envelope_encoding(parts->type, *payload, &scratch, &encoding, err);
    if (rc != 0) {
        return rc;
    }
    return signatures_check(parts, signers, verify, &scratch, encoding, by, err);
}

/* Parses the outer document; the caller frees it. */
static int parts_parse(struct span envelope, struct json_document *document,
                       struct json_place *root, struct parts *parts, struct err *err)
{
    static const struct json_rules rules = {.bytes_max = ENVELOPE_BYTES_MAX};
    static const struct json_key keys[] = {{"payloadType", read_type, NULL, true},
                                           {"payload", read_payload, NULL, true},
                                           {"signatures", read_signatures, NULL, true}};
    int rc = json_parse(envelope, &rules, document, err);
    if (rc != 0) {
        return rc;
    }
    *root = json_root(document);
    rc = json_read_object(root, keys, COUNT_OF(keys), parts, err);
    if (rc != 0) {
        json_free(document);
    }
    return rc;
}

static int signature_copy(const struct json_place *at, struct arena *arena,
                          struct envelope_signature *signature, struct err *err)
{
    struct signature_text text = {0};
    struct digest id;
    int rc = json_read_object(at, signature_keys, COUNT_OF(signature_keys), &text, err);
    if (rc != 0) {
        return rc;
    }
    if (!text_copy(signature->key_id, DIGEST_HEX_BYTES, text.key_id) ||
        !digest_parse(signature->key_id, &id)) {
        return json_error(at, ERR_VALUE, err, "keyid must be 64 hex digits");
    }
    return base64_decode(text.sig, arena, &signature->der, err);
}

int envelope_take_apart(struct span envelope, struct arena *arena, struct envelope_parts *parts,
                        struct err *err)
{
    struct json_document document;
    struct json_place root;
    struct json_place step = {0};
    struct parts read = {0};
    int rc = parts_parse(envelope, &document, &root, &read, err);
    if (rc != 0) {
        return rc;
    }
    *parts = (struct envelope_parts){.type = arena_text(arena, read.type, strlen(read.type))};
    rc = parts->type == NULL ? err_set(err, ERR_LIMIT, "no room for the envelope")
                             : base64_decode(read.payload, arena, &parts->payload, err);
    while (rc == 0 && json_next(&read.signatures, &step)) {
        rc = signature_copy(&step, arena, &parts->signatures[parts->signature_count++], err);
    }
    json_free(&document);
    return rc;
}

int envelope_open_by(struct span envelope, const struct envelope_signers *signers,
                     const struct verify *verify, struct arena *arena, struct span *payload,
                     struct digest *digest, unsigned *by, struct err *err)
{
    struct json_document document;
    struct json_place root;
    struct parts parts = {0};
    struct span decoded = {0};
    int rc = parts_parse(envelope, &document, &root, &parts, err);
    if (rc != 0) {
        return rc;
    }
    rc = parts_open(&parts, signers, verify, arena, &decoded, by, err);
    json_free(&document);
    if (rc == 0) {
        verify->ops->sha256(verify->self, decoded, digest);
        *payload = decoded;
    }
    return rc;
}

int envelope_open(struct span envelope, enum trust_role role, const struct trust *trust,
                  const struct verify *verify, struct arena *arena, struct span *payload,
                  struct digest *digest, struct err *err)
{
    LAW(BOUNDED, role < TRUST_ROLE_COUNT);
    const struct envelope_signers signers = {.type = trust_role_type(role),
                                             .word = trust_role_word(role),
                                             .keys = trust->keys,
                                             .key_count = trust->key_count,
                                             .roles = 1u << role,
                                             .threshold = trust->threshold[role]};
    unsigned by = 0;
    return envelope_open_by(envelope, &signers, verify, arena, payload, digest, &by, err);
}

int envelope_encoding(const char *type, struct span payload, struct arena *arena,
                      struct span *encoding, struct err *err)
{
    size_t cap = strlen(type) + payload.len + 64;
    char *data = arena_alloc(arena, cap);
    if (data == NULL) {
        return err_set(err, ERR_LIMIT, "no room to encode %zu bytes", payload.len);
    }
    struct text text;
    text_init(&text, data, cap);
    text_printf(&text, "DSSEv1 %zu %s %zu ", strlen(type), type, payload.len);
    text_append_span(&text, payload);
    *encoding = span_of(data, text.len);
    return 0;
}

int envelope_render(const char *type, struct span payload,
                    const struct envelope_signature *signatures, size_t count, struct arena *arena,
                    struct span *rendered, struct err *err)
{
    size_t cap = (payload.len + 2) / 3 * 4 + strlen(type) + 128 + count * 256;
    char *data = arena_alloc(arena, cap);
    char *encoded = base64_encode(payload, arena);
    struct text text;
    if (data == NULL || encoded == NULL || count > ENVELOPE_SIGNATURES_MAX) {
        return err_set(err, ERR_LIMIT, "no room for the envelope");
    }
    text_init(&text, data, cap);
    text_append(&text, "{\"payloadType\":");
    text_append_json(&text, type);
    text_printf(&text, ",\"payload\":\"%s\",\"signatures\":[", encoded);
    for (size_t i = 0; i < count; i++) {
        char *sig = base64_encode(signatures[i].der, arena);
        if (sig == NULL) {
            return err_set(err, ERR_LIMIT, "no room for the envelope");
        }
        text_printf(&text, "%s{\"keyid\":\"%s\",\"sig\":\"%s\"}", i == 0 ? "" : ",",
                    signatures[i].key_id, sig);
    }
    text_append(&text, "]}\n");
    if (text.cut || text.len > ENVELOPE_BYTES_MAX) {
        return err_set(err, ERR_LIMIT, "the envelope is over %d bytes", ENVELOPE_BYTES_MAX);
    }
    *rendered = span_of(data, text.len);
    return 0;
}
