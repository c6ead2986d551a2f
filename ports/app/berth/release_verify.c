/* berth release verify: what a node does at its door, done here. */
#include <stdio.h>

#include "ports/app/berth/release_file.h"
#include "ports/app/berth/verbs.h"

static int file_verify(const struct keyring *keyring, const char *path, const struct trust *trust,
                       struct release_file *file, struct err *err)
{
    struct plan plan;
    char hex[DIGEST_HEX_BYTES];
    int rc = release_file_verify(keyring, path, trust, file, &plan, err);
    if (rc != 0) {
        return rc;
    }
    digest_render(&file->digest, hex);
    printf("%s: good: release %s of %s, sequence %llu, trusted by version %llu of %s\n", path, hex,
           plan.app, (unsigned long long)plan.sequence, (unsigned long long)trust->version,
           trust->fleet);
    return 0;
}

int verb_release_verify(struct given *given, struct err *err)
{
    const char *path = given->arguments[0];
    const char *trust_path = given_value(given, "trust");
    struct keyring keyring;
    struct trust trust;
    struct release_file file = {0};
    int rc = keyring_open(&keyring, err);
    if (rc != 0) {
        return rc;
    }
    rc = keyring_trust_load(&keyring, trust_path, &trust, err);
    if (rc == 0) {
        rc = release_file_open(&keyring, path, &file, err);
    }
    if (rc == 0) {
        rc = file_verify(&keyring, path, &trust, &file, err);
    }
    release_file_close(&file);
    keyring_close(&keyring);
    return rc;
}
