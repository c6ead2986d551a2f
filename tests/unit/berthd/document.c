/* document: renders a payload and signs it. */
#include "document.h"

#include <stdio.h>
#include <stdlib.h>

#include "agent/wire/base64.h"
#include "platform/base/text.h"
#include "ports/mbedtls/verify.h"

static void must(int rc, const char *what, const struct err *err)
{
    if (rc != 0) {
        printf("%s: %s\n", what, err->text);
        abort();
    }
}

void document_keys_open(struct document_keys *keys)
{
    struct err err = {0};
    must(mbedtls_verify_init(&keys->verify, &err), "verify", &err);
    must(mbedtls_sign_new(&keys->port, &keys->sign, &err), "sign", &err);
    for (size_t i = 0; i < DOCUMENT_KEYS; i++) {
        struct trust_key *key = &keys->keys[i];
        struct digest id;
        must(keys->sign.ops->key_new(keys->sign.self, keys->pems[i], &err), "key", &err);
        must(keys->sign.ops->key_public(keys->sign.self, keys->pems[i], key->point, &err), "public",
             &err);
        keys->verify.ops->sha256(keys->verify.self, span_of(key->point, VERIFY_KEY_BYTES), &id);
        digest_render(&id, key->id);
    }
}

void document_keys_close(struct document_keys *keys)
{
    mbedtls_sign_free(keys->port);
}

static struct span document_sign(struct document_keys *keys, const char *type, const char *payload,
                                 unsigned signers)
{
    struct envelope_signature signatures[DOCUMENT_KEYS];
    struct span encoding;
    struct span rendered;
    struct err err = {0};
    size_t count = 0;
    must(envelope_encoding(type, span_text(payload), &keys->arena, &encoding, &err), "encode",
         &err);
    for (size_t i = 0; i < DOCUMENT_KEYS; i++) {
        if ((signers & 1u << i) == 0) {
            continue;
        }
        uint8_t *der = arena_alloc(&keys->arena, SIGN_DER_BYTES_MAX);
        size_t len = 0;
        must(keys->sign.ops->signature(keys->sign.self, keys->pems[i], encoding, der, &len, &err),
             "signature", &err);
        signatures[count].der = span_of(der, len);
        memcpy(signatures[count++].key_id, keys->keys[i].id, DIGEST_HEX_BYTES);
    }
    must(
        envelope_render(type, span_text(payload), signatures, count, &keys->arena, &rendered, &err),
        "render", &err);
    return rendered;
}

struct span document_trust(struct document_keys *keys, unsigned version, const char *fleet,
                           size_t listed, unsigned signers)
{
    char payload[1024];
    const struct trust_key *key = &keys->keys[listed];
    arena_init(&keys->arena, keys->memory, sizeof keys->memory);
    const char *point = base64_encode(span_of(key->point, VERIFY_KEY_BYTES), &keys->arena);
    (void)snprintf(payload, sizeof payload,
                   "{\"schema\":1,\"fleet\":\"%s\",\"version\":%u,\"keys\":[{\"id\":\"%s\","
                   "\"point\":\"%s\",\"roles\":[\"release\",\"order\",\"trust\",\"revoke\"]}],"
                   "\"threshold\":{\"release\":1,\"order\":1,\"trust\":1,\"revoke\":1}}",
                   fleet, version, key->id, point);
    return document_sign(keys, trust_role_type(TRUST_ROLE_TRUST), payload, signers);
}

struct span document_revoked(struct document_keys *keys, unsigned version, char digit,
                             unsigned signers)
{
    return document_revoked_of(keys, "", version, digit, signers);
}

struct span document_revoked_of(struct document_keys *keys, const char *fleet,
                                unsigned long long version, char digit, unsigned signers)
{
    char payload[256];
    char hex[DIGEST_HEX_BYTES] = {0};
    memset(hex, digit, DIGEST_HEX_BYTES - 1);
    arena_init(&keys->arena, keys->memory, sizeof keys->memory);
    (void)snprintf(payload, sizeof payload,
                   "{\"schema\":2,%s\"version\":%llu,\"releases\":[\"%s\"]}", fleet, version, hex);
    return document_sign(keys, trust_role_type(TRUST_ROLE_REVOKE), payload, signers);
}
