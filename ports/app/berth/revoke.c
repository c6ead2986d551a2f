/* berth revoke: the signed list of releases that must never run again. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "platform/base/text.h"
#include "ports/app/berth/files.h"
#include "ports/app/berth/release_file.h"
#include "ports/app/berth/verbs.h"

struct revoke_request {
    const char *output;
    const char *keys[KEYRING_FILES_MAX];
    size_t key_count;
    unsigned long long version;
    char *const *releases;
    size_t release_count;
};

/* A digest as it is written, or the digest of a release file. */
static int digest_of(const struct keyring *keyring, const char *word, struct digest *digest,
                     struct err *err)
{
    struct release_file file;
    if (digest_parse(word, digest)) {
        return 0;
    }
    int rc = release_file_open(keyring, word, &file, err);
    *digest = file.digest;
    release_file_close(&file);
    return rc;
}

static int list_write(const struct keyring *keyring, const struct revoke_request *request,
                      struct arena *arena, struct err *err)
{
    char document[TRUST_BYTES_MAX];
    struct text text;
    struct revoked check;
    struct span envelope;
    text_init(&text, document, sizeof document);
    text_printf(&text, "{\"schema\":1,\"version\":%llu,\"releases\":[", request->version);
    for (size_t i = 0; i < request->release_count; i++) {
        struct digest digest;
        char hex[DIGEST_HEX_BYTES];
        int rc = digest_of(keyring, request->releases[i], &digest, err);
        if (rc != 0) {
            return rc;
        }
        digest_render(&digest, hex);
        text_printf(&text, "%s\"%s\"", i == 0 ? "" : ",", hex);
    }
    text_append(&text, "]}");
    struct span payload = span_of(document, text.len);
    int rc = text.cut ? err_set(err, ERR_LIMIT, "at most %d releases", REVOKED_MAX)
                      : revoked_parse(payload, &check, err);
    if (rc == 0) {
        rc = keyring_sign(keyring, trust_role_type(TRUST_ROLE_REVOKE), payload, NULL, 0,
                          request->keys, request->key_count, arena, &envelope, err);
    }
    return rc != 0 ? rc : file_write(request->output, envelope, 0644, err);
}

static int revoke_run(const struct revoke_request *request, struct err *err)
{
    struct keyring keyring;
    struct arena arena;
    int rc = keyring_open(&keyring, err);
    if (rc != 0) {
        return rc;
    }
    void *memory = malloc(ENVELOPE_BYTES_MAX);
    arena_init(&arena, memory, memory != NULL ? ENVELOPE_BYTES_MAX : 0);
    rc = list_write(&keyring, request, &arena, err);
    free(memory);
    keyring_close(&keyring);
    if (rc == 0) {
        printf("%s: version %llu, %zu releases\n", request->output, request->version,
               request->release_count);
    }
    return rc;
}

int verb_revoke(int argc, char **argv, struct err *err)
{
    static const struct option options[] = {
        {"key", required_argument, NULL, 'k'}, {"version", required_argument, NULL, 'v'}, {0}};
    struct revoke_request request = {.version = (unsigned long long)time(NULL)};
    int option = 0;
    while ((option = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
        if (option == 'o') {
            request.output = optarg;
        } else if (option == 'v') {
            request.version = strtoull(optarg, NULL, 10);
        } else if (option == 'k' && request.key_count < KEYRING_FILES_MAX) {
            request.keys[request.key_count++] = optarg;
        } else {
            return err_set(err, ERR_USAGE, "no such option, or more than %d keys",
                           KEYRING_FILES_MAX);
        }
    }
    if (request.output == NULL || request.key_count == 0 || optind == argc) {
        return err_set(err, ERR_USAGE, "-o, --key and at least one release are needed");
    }
    request.releases = argv + optind;
    request.release_count = (size_t)(argc - optind);
    return revoke_run(&request, err);
}
