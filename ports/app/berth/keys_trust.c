/* berth keys trust: the trust document from public keys, with thresholds; where there is one, its
 * next version, held against it as every node will. */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "platform/base/text.h"
#include "ports/app/berth/trust_file.h"
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

/* "release=a.pub,b.pub:2" */
static int role_note(struct trust_request *request, const char *text, struct err *err)
{
    for (enum trust_role role = 0; role < TRUST_ROLE_COUNT; role++) {
        size_t len = strlen(trust_role_word(role));
        if (strncmp(text, trust_role_word(role), len) == 0 && text[len] == '=') {
            request->roles[role] = text + len + 1;
            return 0;
        }
    }
    return err_set(err, ERR_USAGE, "--role %s: there are release, order, trust, revoke", text);
}

static int option_note(struct trust_request *request, int option, struct err *err)
{
    char *end = NULL;
    switch (option) {
    case 'f':
        return text_copy(request->trust.fleet, NAME_BYTES, optarg)
                   ? 0
                   : err_set(err, ERR_USAGE, "--fleet is too long");
    case 'r':
        return role_note(request, optarg, err);
    case 'v':
        request->trust.version = strtoull(optarg, &end, 10);
        return *end == '\0' && request->trust.version > 0
                   ? 0
                   : err_set(err, ERR_USAGE, "--version must be a number from 1");
    case 'k':
        if (request->signer_count == KEYRING_FILES_MAX) {
            return err_set(err, ERR_USAGE, "at most %d keys sign", KEYRING_FILES_MAX);
        }
        request->signers[request->signer_count++] = optarg;
        return 0;
    case 'F':
        request->is_forced = true;
        return 0;
    case 'e':
        request->is_reset = true;
        return 0;
    default:
        return err_set(err, ERR_USAGE, "no such option");
    }
}

int verb_keys_trust(int argc, char **argv, struct err *err)
{
    static const struct option options[] = {{"fleet", required_argument, NULL, 'f'},
                                            {"role", required_argument, NULL, 'r'},
                                            {"version", required_argument, NULL, 'v'},
                                            {"key", required_argument, NULL, 'k'},
                                            {"force", no_argument, NULL, 'F'},
                                            {"reset-epochs", no_argument, NULL, 'e'},
                                            {0}};
    struct trust_request request = {0};
    int option = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        int rc = option_note(&request, option, err);
        if (rc != 0) {
            return rc;
        }
    }
    if (optind + 1 != argc || request.trust.fleet[0] == '\0' ||
        strlen(argv[optind]) > PATH_MAX - 32) {
        return err_set(err, ERR_USAGE, "one directory and --fleet are needed");
    }
    request.dir = argv[optind];
    return trust_make(&request, err);
}
