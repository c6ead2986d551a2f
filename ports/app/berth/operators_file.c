/* operators_file: read by everybody who looks, written where the trust key is. */
#include "ports/app/berth/operators_file.h"

#include <stdlib.h>
#include <unistd.h>

#include "platform/base/text.h"
#include "ports/app/berth/files.h"
#include "ports/app/berth/keys.h"

#define MEMORY_BYTES (4 * ENVELOPE_BYTES_MAX)
#define FILE_NAME    "keys/operators.json"

static int envelope_read(const struct keyring *keyring, const struct trust *trust,
                         struct span envelope, struct operators *operators, struct err *err)
{
    struct arena arena;
    void *memory = malloc(MEMORY_BYTES);
    if (memory == NULL) {
        return err_set(err, ERR_MEMORY, "no memory");
    }
    arena_init(&arena, memory, MEMORY_BYTES);
    int rc = operators_open(envelope, trust, &keyring->verify, arena, operators, err);
    free(memory);
    return rc;
}

int operators_file_load(const struct keyring *keyring, const struct fleet_dir *dir,
                        const struct trust *trust, struct operators *operators, struct err *err)
{
    char path[PATH_MAX];
    char *content = NULL;
    size_t len = 0;
    *operators = (struct operators){0};
    fleet_dir_file(dir, FILE_NAME, path);
    if (access(path, F_OK) != 0) {
        return 0;
    }
    int rc = file_read(path, ENVELOPE_BYTES_MAX, &content, &len, err);
    if (rc == 0) {
        rc = envelope_read(keyring, trust, span_of(content, len), operators, err);
        free(content);
    }
    return rc == 0 ? 0 : err_wrap(err, rc, "%s", path);
}

int operators_file_keep(const struct keyring *keyring, const struct fleet_dir *dir,
                        const struct trust *trust, struct span envelope, struct err *err)
{
    struct operators there, here;
    char path[PATH_MAX];
    int rc = envelope_read(keyring, trust, envelope, &here, err);
    rc = rc == 0 ? operators_file_load(keyring, dir, trust, &there, err) : rc;
    if (rc != 0 || here.version <= there.version) {
        return rc;
    }
    fleet_dir_file(dir, FILE_NAME, path);
    return file_write(path, envelope, 0644, err);
}

static int document_sign(const struct keyring *keyring, const struct operators *operators,
                         const char *const *pem_paths, size_t pem_count, struct arena *arena,
                         struct span *envelope, struct err *err)
{
    char document[TRUST_BYTES_MAX];
    struct text text;
    text_init(&text, document, sizeof document);
    operators_render(operators, &text);
    if (text.cut) {
        return err_set(err, ERR_LIMIT, "the operators' document is over %d bytes", TRUST_BYTES_MAX);
    }
    return keyring_sign(keyring, OPERATORS_TYPE, span_of(text.data, text.len), NULL, 0, pem_paths,
                        pem_count, arena, envelope, err);
}

int operators_file_write(const struct keyring *keyring, const struct fleet_dir *dir,
                         const struct trust *trust, const struct operators *operators,
                         const char *const *pem_paths, size_t pem_count, struct err *err)
{
    struct operators there, check;
    struct arena arena;
    struct span envelope;
    char path[PATH_MAX];
    int rc = operators_file_load(keyring, dir, trust, &there, err);
    if (rc == 0 && operators->version <= there.version) {
        rc = err_set(err, ERR_VERSION,
                     "version %llu is there, and coordinators take no lower one, nor another one "
                     "of the same number; nothing was changed",
                     (unsigned long long)there.version);
    }
    if (rc != 0) {
        return rc;
    }
    void *memory = malloc(MEMORY_BYTES);
    arena_init(&arena, memory, memory != NULL ? MEMORY_BYTES : 0);
    rc = document_sign(keyring, operators, pem_paths, pem_count, &arena, &envelope, err);
    if (rc == 0) {
        rc = envelope_read(keyring, trust, envelope, &check, err);
        rc = rc == 0 ? 0
                     : err_wrap(err, rc,
                                "nothing was changed: no coordinator would take it; sign it with "
                                "the fleet's trust keys (--key)");
    }
    fleet_dir_file(dir, FILE_NAME, path);
    rc = rc == 0 ? file_write(path, envelope, 0644, err) : rc;
    free(memory);
    return rc;
}

int operators_file_begin(const struct keyring *keyring, const struct fleet_dir *dir, bool is_new,
                         struct err *err)
{
    struct operators operators = {.version = 1, .count = 1};
    operators.is_demanding[OPERATORS_DEMAND_LABELS] = is_new;
    struct trust trust;
    char keys[PATH_MAX], path[PATH_MAX], signer[PATH_MAX];
    const char *const signers[] = {signer};
    struct operator_key *first = &operators.list[0];
    fleet_dir_file(dir, "keys/trust.json", path);
    int rc = keyring_trust_load(keyring, path, &trust, err);
    fleet_dir_file(dir, "keys/trust.pem", signer);
    if (rc == 0 && access(signer, R_OK) != 0) {
        rc = err_set(err, ERR_NOT_FOUND,
                     "%s is not here, and it signs who the operators are: bring it here for this, "
                     "or call this where it is",
                     signer);
    }
    if (rc != 0) {
        return rc;
    }
    fleet_dir_file(dir, "keys", keys);
    fleet_dir_file(dir, "keys/operator.pem", path);
    rc = access(path, F_OK) == 0 ? keyring_load(keyring, path, &first->key, err)
                                 : keys_operator_make(keyring, keys, &first->key, err);
    (void)text_copy(operators.fleet, sizeof operators.fleet, dir->fleet);
    (void)text_copy(first->name, sizeof first->name, OPERATORS_FIRST);
    return rc == 0 ? operators_file_write(keyring, dir, &trust, &operators, signers, 1, err) : rc;
}

int operators_file_sign(const struct keyring *keyring, const struct fleet_dir *dir,
                        const struct operators *operators, const char *type, struct span payload,
                        struct arena *arena, struct span *envelope, struct err *err)
{
    char path[PATH_MAX];
    const char *const paths[] = {path};
    struct trust_key key;
    fleet_dir_file(dir, "keys/operator.pem", path);
    if (access(path, F_OK) != 0) {
        return err_set(err, ERR_NOT_FOUND,
                       "%s is not there, and what is asked of rollouts is signed with it: make it "
                       "with berth fleet upgrade (where trust.pem is), or with berth keys new "
                       "operator",
                       path);
    }
    int rc = keyring_load(keyring, path, &key, err);
    if (rc == 0 && operators_find_key(operators, key.id) == NULL) {
        rc = err_set(err, ERR_UNKNOWN_KEY,
                     "%s is no operator's of this fleet (operators' version %llu): where trust.pem "
                     "is, berth keys operators --add NAME=operator.pub, then berth trust publish",
                     path, (unsigned long long)operators->version);
    }
    return rc == 0 ? keyring_sign(keyring, type, payload, NULL, 0, paths, 1, arena, envelope, err)
                   : rc;
}
