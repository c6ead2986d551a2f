/* berth release verify: what a node does at its door, done here. */
#include <getopt.h>
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

int verb_release_verify(int argc, char **argv, struct err *err)
{
    static const struct option options[] = {{"trust", required_argument, NULL, 't'}, {0}};
    const char *trust_path = NULL;
    struct keyring keyring;
    struct trust trust;
    struct release_file file = {0};
    int option = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option != 't') {
            return err_set(err, ERR_USAGE, "no such option");
        }
        trust_path = optarg;
    }
    if (optind + 1 != argc || trust_path == NULL) {
        return err_set(err, ERR_USAGE, "one file and --trust are needed");
    }
    int rc = keyring_open(&keyring, err);
    if (rc != 0) {
        return rc;
    }
    rc = keyring_trust_load(&keyring, trust_path, &trust, err);
    if (rc == 0) {
        rc = release_file_open(&keyring, argv[optind], &file, err);
    }
    if (rc == 0) {
        rc = file_verify(&keyring, argv[optind], &trust, &file, err);
    }
    release_file_close(&file);
    keyring_close(&keyring);
    return rc;
}
