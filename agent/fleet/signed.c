/* signed: one table from kind to payload type and signers. */
#include "agent/fleet/signed.h"

#include <stdio.h>
#include <string.h>

#include "agent/wire/json.h"
#include "platform/base/law.h"

#define BY_OPERATOR 1u

static const struct kind {
    const char *word, *type;
    bool by_operator;
} kinds[SIGNED_KIND_COUNT] = {
#define KIND_(name, word, type, by_operator) [SIGNED_##name] = {word, type, by_operator},
    SIGNED_KINDS(KIND_)
#undef KIND_
};

const char *signed_type(enum signed_kind kind)
{
    LAW(BOUNDED, kind < SIGNED_KIND_COUNT);
    return kinds[kind].type;
}

/* As it was written before such documents were signed. */
static bool is_bare(struct span text)
{
    static const struct json_rules rules = {.bytes_max = ENVELOPE_BYTES_MAX};
    struct json_document document;
    struct json_place member;
    if (json_parse(text, &rules, &document, NULL) != 0) {
        return false;
    }
    struct json_place root = json_root(&document);
    bool is_it =
        json_member(&root, "schema", &member) && !json_member(&root, "payloadType", &member);
    json_free(&document);
    return is_it;
}

static struct envelope_signers signers_of(const struct kind *kind, const struct trust *trust,
                                          const struct operators *operators,
                                          struct trust_key keys[OPERATORS_MAX])
{
    if (!kind->by_operator) {
        return (struct envelope_signers){.type = kind->type,
                                         .word = trust_role_word(TRUST_ROLE_ORDER),
                                         .keys = trust->keys,
                                         .key_count = trust->key_count,
                                         .roles = 1u << TRUST_ROLE_ORDER,
                                         .threshold = trust->threshold[TRUST_ROLE_ORDER]};
    }
    for (size_t i = 0; i < operators->count; i++) {
        keys[i] = operators->list[i].key;
        keys[i].roles = BY_OPERATOR;
    }
    return (struct envelope_signers){.type = kind->type,
                                     .word = "operator",
                                     .keys = keys,
                                     .key_count = operators->count,
                                     .roles = BY_OPERATOR,
                                     .threshold = 1};
}

_Static_assert(OPERATORS_MAX <= 32, "one bit for each operator's key");

int signed_open(enum signed_kind kind, struct span envelope, const struct trust *trust,
                const struct operators *operators, const struct verify *verify, struct arena *arena,
                struct span *payload, struct digest *digest, char signer[NAME_BYTES],
                struct err *err)
{
    struct trust_key keys[OPERATORS_MAX];
    const struct kind *row = &kinds[kind];
    const struct envelope_signers signers = signers_of(row, trust, operators, keys);
    unsigned by = 0;
    size_t first = 0;
    int rc = envelope_open_by(envelope, &signers, verify, arena, payload, digest, &by, err);
    if ((rc == ERR_UNKNOWN_KEY || rc == ERR_MISSING) && is_bare(envelope)) {
        return err_set(err, ERR_UNSIGNED,
                       "the %s is not signed: who wrote it is no %s of this fleet, or uses a berth "
                       "that signs none yet (update it there, then berth fleet upgrade)",
                       row->word, row->by_operator ? "operator" : "coordinator");
    }
    if (rc != 0) {
        return err_wrap(err, rc, "the %s is not believed", row->word);
    }
    while ((by >> first & 1) == 0) {
        first++;
    }
    if (row->by_operator) {
        (void)text_copy(signer, NAME_BYTES, operators->list[first].name);
    } else {
        (void)snprintf(signer, NAME_BYTES, "%.8s", trust->keys[first].id);
    }
    return 0;
}

int signed_make(const char *type, struct span payload, const struct sign *sign,
                const struct verify *verify, const char *pem, struct arena *arena,
                struct span *envelope, struct err *err)
{
    struct envelope_signature signature = {.key_id = ""};
    uint8_t der[SIGN_DER_BYTES_MAX];
    uint8_t point[VERIFY_KEY_BYTES];
    struct span encoding;
    struct digest key_digest;
    size_t len = 0;
    int rc = envelope_encoding(type, payload, arena, &encoding, err);
    rc = rc == 0 ? sign->ops->key_public(sign->self, pem, point, err) : rc;
    rc = rc == 0 ? sign->ops->signature(sign->self, pem, encoding, der, &len, err) : rc;
    if (rc != 0) {
        return rc;
    }
    verify->ops->sha256(verify->self, span_of(point, sizeof point), &key_digest);
    digest_render(&key_digest, signature.key_id);
    signature.der = span_of(der, len);
    return envelope_render(type, payload, &signature, 1, arena, envelope, err);
}
