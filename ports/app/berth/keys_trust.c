/* berth keys trust: the trust document from public keys, with thresholds, a next version included.
 */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "platform/base/text.h"
#include "ports/app/berth/trust_file.h"
#include "ports/app/berth/verbs.h"

struct trust_request {
    const char *dir;
    const char *roles[TRUST_ROLE_COUNT]; /* "a.pub,b.pub:2" */
    const char *signers[KEYRING_FILES_MAX];
    size_t signer_count;
    struct trust trust;
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

static int trust_make(struct trust_request *request, struct err *err)
{
    struct keyring keyring;
    char signer[PATH_MAX];
    char path[PATH_MAX];
    int rc = keyring_open(&keyring, err);
    if (rc != 0) {
        return rc;
    }
    for (enum trust_role role = 0; rc == 0 && role < TRUST_ROLE_COUNT; role++) {
        rc = role_fill(&keyring, request, role, err);
    }
    if (request->signer_count == 0) {
        (void)snprintf(signer, sizeof signer, "%s/trust.pem", request->dir);
        request->signers[request->signer_count++] = signer;
    }
    (void)snprintf(path, sizeof path, "%s/trust.json", request->dir);
    if (rc == 0) {
        rc = trust_file_write(&keyring, &request->trust, request->signers, request->signer_count,
                              path, err);
    }
    keyring_close(&keyring);
    if (rc == 0) {
        printf("%s: version %llu, %zu keys\n", path, (unsigned long long)request->trust.version,
               request->trust.key_count);
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
                                            {0}};
    struct trust_request request = {.trust = {.version = 1}};
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
