/* berth keys trust: the trust document from public keys, with thresholds; where there is one, its
 * next version, held against it as every node will. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "platform/base/text.h"
#include "ports/app/berth/confirm.h"
#include "ports/app/berth/trust_file.h"
#include "ports/app/berth/values.h"
#include "ports/app/berth/verbs.h"

struct trust_request {
    const char *dir;
    const char *roles[TRUST_ROLE_COUNT]; /* "a.pub,b.pub:2" */
    const char *signers[KEYRING_FILES_MAX];
    size_t signer_count;
    bool is_forced, is_reset;
    struct trust trust;  /* version 0: one above what is there */
    struct trust before; /* what is there; version 0: nothing */
};

/* Adds a key, or a role to a key that is there already. */
static int key_add(const struct keyring *keyring, struct trust *trust, const char *path,
                   enum trust_role role, struct err *err)
{
    struct trust_key key;
    size_t at = 0;
    int rc = keyring_load(keyring, path, &key, err);
    if (rc != 0) {
        return rc;
    }
    while (at < trust->key_count && strcmp(trust->keys[at].id, key.id) != 0) {
        at++;
    }
    if (at == TRUST_KEYS_MAX) {
        return err_set(err, ERR_LIMIT, "at most %d keys", TRUST_KEYS_MAX);
    }
    if (at == trust->key_count) {
        trust->keys[trust->key_count++] = key;
    }
    trust->keys[at].roles |= 1u << role;
    return 0;
}

static int role_fill(const struct keyring *keyring, struct trust_request *request,
                     enum trust_role role, struct err *err)
{
    char list[PATH_MAX * 2];
    char *save = NULL;
    long threshold = 1;
    if (request->roles[role] == NULL) {
        (void)snprintf(list, sizeof list, "%s/%s.pub", request->dir, trust_role_word(role));
    } else if (!text_copy(list, sizeof list, request->roles[role])) {
        return err_set(err, ERR_USAGE, "--role %s: too long", trust_role_word(role));
    }
    char *colon = strrchr(list, ':');
    if (colon != NULL && request->roles[role] != NULL) {
        char *end = NULL;
        threshold = strtol(colon + 1, &end, 10);
        if (*end != '\0' || threshold < 1 || threshold > TRUST_KEYS_MAX) {
            return err_set(err, ERR_USAGE, "--role %s: after ':' stands how many must sign",
                           trust_role_word(role));
        }
        *colon = '\0';
    }
    request->trust.threshold[role] = (uint8_t)threshold;
    for (char *path = strtok_r(list, ",", &save); path != NULL; path = strtok_r(NULL, ",", &save)) {
        int rc = key_add(keyring, &request->trust, path, role, err);
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

/* A node takes no version but the next, and no other fleet's. */
static int version_choose(struct trust_request *request, const char *path, struct err *err)
{
    const struct trust *before = &request->before;
    struct trust *trust = &request->trust;
    if (trust->version == 0) {
        trust->version = before->version + 1;
    }
    if (before->version == 0 || request->is_forced) {
        return 0;
    }
    if (strcmp(trust->fleet, before->fleet) != 0) {
        return err_set(err, ERR_VALUE,
                       "%s is of the fleet %s; nothing was changed: --force makes it %s's", path,
                       before->fleet, trust->fleet);
    }
    if (trust->version != before->version + 1) {
        return err_set(
            err, ERR_VERSION,
            "%s has version %llu, and nodes take %llu next, not %llu; nothing was changed: "
            "leave --version out, or --force it",
            path, (unsigned long long)before->version, (unsigned long long)before->version + 1,
            (unsigned long long)trust->version);
    }
    return 0;
}

/* What is there, or nothing; one that cannot be read is not lost by accident. */
static int before_load(const struct keyring *keyring, struct trust_request *request,
                       const char *path, struct err *err)
{
    if (access(path, F_OK) != 0) {
        return 0;
    }
    int rc = keyring_trust_load(keyring, path, &request->before, err);
    if (rc != 0 && !request->is_forced) {
        return err_wrap(err, rc, "what is there cannot be read; nothing was changed (--force)");
    }
    request->before.version = rc == 0 ? request->before.version : 0;
    return 0;
}

/* The base only grows, and goes with every version that follows: a node may have missed one. */
static int base_choose(struct trust_request *request, struct err *err)
{
    uint64_t before = request->before.epoch_base;
    uint64_t now = (uint64_t)time(NULL);
    uint64_t base = (now / TRUST_BASE_STEP + 1) * TRUST_BASE_STEP; /* above every honest epoch */
    request->trust.epoch_base = before;
    if (!request->is_reset) {
        return 0;
    }
    base = base > before ? base : before + TRUST_BASE_STEP;
    if (base > UINT32_MAX) {
        return err_set(err, ERR_VALUE, "--reset-epochs: set this machine's clock");
    }
    request->trust.epoch_base = base;
    return 0;
}

static void made_print(const struct trust_request *request, const char *path)
{
    const struct trust *trust = &request->trust;
    printf("%s: version %llu, %zu keys\n", path, (unsigned long long)trust->version,
           trust->key_count);
    if (request->is_reset) {
        printf("nodes and coordinators forget the epochs they know and go on above %llu; agents "
               "before "
               "0.2 refuse this document (schema 2) and keep version %llu until they are updated: "
               "a key "
               "that was stolen is taken out by a version of its own, before this one\n",
               (unsigned long long)trust->epoch_base, (unsigned long long)trust->version - 1);
    }
}

static int trust_make(struct trust_request *request, struct err *err)
{
    struct keyring keyring;
    char signer[PATH_MAX];
    char path[PATH_MAX];
    int rc = keyring_open(&keyring, err);
    if (rc != 0) {
        return rc;
    }
    (void)snprintf(path, sizeof path, "%s/trust.json", request->dir);
    rc = before_load(&keyring, request, path, err);
    rc = rc == 0 ? version_choose(request, path, err) : rc;
    rc = rc == 0 ? base_choose(request, err) : rc;
    for (enum trust_role role = 0; rc == 0 && role < TRUST_ROLE_COUNT; role++) {
        rc = role_fill(&keyring, request, role, err);
    }
    if (request->signer_count == 0) {
        (void)snprintf(signer, sizeof signer, "%s/trust.pem", request->dir);
        request->signers[request->signer_count++] = signer;
    }
    if (rc == 0) {
        const struct trust *before =
            request->before.version != 0 && !request->is_forced ? &request->before : NULL;
        rc = trust_file_write(&keyring, &request->trust, before, request->signers,
                              request->signer_count, path, err);
    }
    keyring_close(&keyring);
    if (rc == 0) {
        made_print(request, path);
    }
    return rc;
}

int verb_keys_trust(struct given *given, struct err *err)
{
    struct trust_request request = {.dir = given->arguments[0],
                                    .is_forced = given_has(given, "force"),
                                    .is_reset = given_has(given, "reset-epochs")};
    size_t at = 0;
    (void)text_copy(request.trust.fleet, NAME_BYTES, given_value(given, "fleet"));
    request.trust.version = given_number(given, "version", 0);
    request.signer_count = given_list(given, "key", request.signers, KEYRING_FILES_MAX);
    for (const char *role; (role = given_next(given, "role", &at)) != NULL;) {
        request.roles[values_role(role)] = strchr(role, '=') + 1;
    }
    if (strlen(request.dir) > PATH_MAX - 32) {
        return err_set(err, ERR_USAGE, "the folder's path is too long");
    }
    int rc = confirm(given_has(given, "yes") || !request.is_reset, err,
                     "Have every node and coordinator of %s forget the epochs they know?",
                     request.trust.fleet);
    return rc == 0 ? trust_make(&request, err) : rc;
}
