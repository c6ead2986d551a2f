/* keyring: what every verb that signs or checks needs. */
#include "ports/app/berth/keyring.h"

#include <stdio.h>
#include <stdlib.h>

#include "ports/app/berth/files.h"
#include "ports/mbedtls/verify.h"

#define PEM_FILE_BYTES_MAX 4096
#define TRUST_ARENA_BYTES  (4 * ENVELOPE_BYTES_MAX)

int keyring_open(struct keyring *keyring, struct err *err)
{
    *keyring = (struct keyring){0};
    int rc = mbedtls_verify_init(&keyring->verify, err);
    return rc != 0 ? rc : mbedtls_sign_new(&keyring->port, &keyring->sign, err);
}

void keyring_close(struct keyring *keyring)
{
    mbedtls_sign_free(keyring->port);
}

static int pem_read(const char *path, char **pem, struct err *err)
{
    size_t len = 0;
    return file_read(path, PEM_FILE_BYTES_MAX, pem, &len, err);
}

static void pem_free(char *pem)
{
    explicit_bzero(pem, strlen(pem));
    free(pem);
}

static int pem_key(const struct keyring *keyring, const char *pem, struct trust_key *key,
                   struct err *err)
{
    struct digest id;
    *key = (struct trust_key){0};
    int rc = keyring->sign.ops->key_public(keyring->sign.self, pem, key->point, err);
    if (rc == 0) {
        keyring->verify.ops->sha256(keyring->verify.self, span_of(key->point, VERIFY_KEY_BYTES),
                                    &id);
        digest_render(&id, key->id);
    }
    return rc;
}

int keyring_load(const struct keyring *keyring, const char *path, struct trust_key *key,
                 struct err *err)
{
    char *pem = NULL;
    int rc = pem_read(path, &pem, err);
    if (rc != 0) {
        return rc;
    }
    rc = pem_key(keyring, pem, key, err);
    pem_free(pem);
    return rc == 0 ? 0 : err_wrap(err, rc, "%s", path);
}

static int file_sign(const struct keyring *keyring, const char *path, struct span encoding,
                     struct arena *arena, struct envelope_signature *signature, struct err *err)
{
    struct trust_key key;
    char *pem = NULL;
    size_t len = 0;
    uint8_t *der = arena_alloc(arena, SIGN_DER_BYTES_MAX);
    int rc = pem_read(path, &pem, err);
    if (rc != 0) {
        return rc;
    }
    rc = der == NULL ? err_set(err, ERR_LIMIT, "no room for a signature")
                     : pem_key(keyring, pem, &key, err);
    if (rc == 0) {
        rc = keyring->sign.ops->signature(keyring->sign.self, pem, encoding, der, &len, err);
    }
    pem_free(pem);
    if (rc != 0) {
        return err_wrap(err, rc, "%s", path);
    }
    memcpy(signature->key_id, key.id, DIGEST_HEX_BYTES);
    signature->der = span_of(der, len);
    return 0;
}

int keyring_sign(const struct keyring *keyring, const char *type, struct span payload,
                 const struct envelope_signature *given, size_t given_count,
                 const char *const *pem_paths, size_t pem_count, struct arena *arena,
                 struct span *envelope, struct err *err)
{
    struct envelope_signature all[ENVELOPE_SIGNATURES_MAX];
    struct span encoding;
    size_t count = 0;
    int rc = envelope_encoding(type, payload, arena, &encoding, err);
    for (size_t i = 0; i < given_count && count < ENVELOPE_SIGNATURES_MAX; i++) {
        all[count++] = given[i];
    }
    for (size_t i = 0; rc == 0 && i < pem_count; i++) {
        struct envelope_signature made;
        size_t at = 0;
        rc = file_sign(keyring, pem_paths[i], encoding, arena, &made, err);
        while (rc == 0 && at < count && strcmp(all[at].key_id, made.key_id) != 0) {
            at++;
        }
        if (rc == 0 && at == ENVELOPE_SIGNATURES_MAX) {
            rc = err_set(err, ERR_LIMIT, "at most %d signatures", ENVELOPE_SIGNATURES_MAX);
        }
        if (rc == 0) {
            all[at] = made;
            count += at == count;
        }
    }
    return rc != 0 ? rc : envelope_render(type, payload, all, count, arena, envelope, err);
}

static int trust_open(const struct keyring *keyring, struct span text, struct trust *trust,
                      struct arena *arena, struct err *err)
{
    struct envelope_parts parts;
    struct span payload;
    struct digest digest;
    int rc = envelope_take_apart(text, arena, &parts, err);
    if (rc == 0) {
        rc = trust_parse(parts.payload, trust, err);
    }
    return rc != 0 ? rc
                   : envelope_open(text, TRUST_ROLE_TRUST, trust, &keyring->verify, arena, &payload,
                                   &digest, err);
}

int keyring_trust_load(const struct keyring *keyring, const char *path, struct trust *trust,
                       struct err *err)
{
    struct arena arena;
    char *content = NULL;
    size_t len = 0;
    int rc = file_read(path, ENVELOPE_BYTES_MAX, &content, &len, err);
    if (rc != 0) {
        return rc;
    }
    void *memory = malloc(TRUST_ARENA_BYTES);
    arena_init(&arena, memory, memory != NULL ? TRUST_ARENA_BYTES : 0);
    rc = trust_open(keyring, span_of(content, len), trust, &arena, err);
    free(memory);
    free(content);
    return rc == 0 ? 0 : err_wrap(err, rc, "%s", path);
}
