/* keys: one key for each role, and the trust document that names them. */
#include "ports/app/berth/keys.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "agent/wire/base64.h"
#include "platform/base/text.h"
#include "ports/app/berth/files.h"
#include "ports/app/berth/trust_file.h"

/* SubjectPublicKeyInfo of a P-256 point (RFC 5480): this, then the 65 bytes. */
static const uint8_t spki_head[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                    0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                    0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};

static int public_write(const char *path, const struct trust_key *key, struct err *err)
{
    uint8_t der[sizeof spki_head + VERIFY_KEY_BYTES];
    uint8_t memory[512];
    char pem[SIGN_PEM_BYTES_MAX];
    struct arena arena;
    memcpy(der, spki_head, sizeof spki_head);
    memcpy(der + sizeof spki_head, key->point, VERIFY_KEY_BYTES);
    arena_init(&arena, memory, sizeof memory);
    const char *text = base64_encode(span_of(der, sizeof der), &arena);
    int len = snprintf(pem, sizeof pem,
                       "-----BEGIN PUBLIC KEY-----\n%.64s\n%s\n-----END PUBLIC KEY-----\n", text,
                       text + 64);
    return file_create(path, span_of(pem, (size_t)len), 0644, err);
}

/* DIR/WORD.pem, DIR/WORD.pub. */
static int pair_new(const struct keyring *keyring, const char *dir, const char *word,
                    struct trust_key *key, struct err *err)
{
    char pem[SIGN_PEM_BYTES_MAX];
    char path[PATH_MAX];
    int rc = keyring->sign.ops->key_new(keyring->sign.self, pem, err);
    (void)snprintf(path, sizeof path, "%s/%s.pem", dir, word);
    if (rc == 0) {
        rc = file_create(path, span_text(pem), 0600, err);
    }
    explicit_bzero(pem, sizeof pem);
    if (rc == 0) {
        rc = keyring_load(keyring, path, key, err);
    }
    (void)snprintf(path, sizeof path, "%s/%s.pub", dir, word);
    return rc == 0 ? public_write(path, key, err) : rc;
}

static int role_new(const struct keyring *keyring, const char *dir, enum trust_role role,
                    struct trust *trust, struct err *err)
{
    struct trust_key *key = &trust->keys[trust->key_count];
    int rc = pair_new(keyring, dir, trust_role_word(role), key, err);
    if (rc == 0) {
        key->roles = 1u << role;
        trust->threshold[role] = 1;
        trust->key_count++;
    }
    return rc;
}

int keys_operator_make(const struct keyring *keyring, const char *dir, struct trust_key *key,
                       struct err *err)
{
    return pair_new(keyring, dir, KEYS_OPERATOR, key, err);
}

int keys_make(const struct keyring *keyring, const char *dir, const char *fleet, struct err *err)
{
    struct trust trust = {.version = 1};
    char signer[PATH_MAX];
    char path[PATH_MAX];
    const char *const signers[] = {signer};
    int rc = text_copy(trust.fleet, sizeof trust.fleet, fleet)
                 ? 0
                 : err_set(err, ERR_VALUE, "the name of the fleet is too long");
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        return err_set(err, ERR_IO, "%s: %s", dir, strerror(errno));
    }
    for (enum trust_role role = 0; rc == 0 && role < TRUST_ROLE_COUNT; role++) {
        rc = role_new(keyring, dir, role, &trust, err);
    }
    if (rc != 0) {
        return rc;
    }
    (void)snprintf(signer, sizeof signer, "%s/trust.pem", dir);
    (void)snprintf(path, sizeof path, "%s/trust.json", dir);
    return trust_file_write(keyring, &trust, NULL, signers, 1, path, err);
}
