/* berth revoke: the signed list of releases that must never run again. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "platform/base/text.h"
#include "ports/app/berth/files.h"
#include "ports/app/berth/revoke_list.h"
#include "ports/app/berth/verbs.h"

struct revoke_request {
    const char *output;
    const char *keys[KEYRING_FILES_MAX];
    size_t key_count;
    unsigned long long version;
    char fleet[NAME_BYTES]; /* empty: the list does not say it, as agents before 0.2 read it */
    char *const *releases;
    size_t release_count;
};

static int list_write(const struct keyring *keyring, const struct revoke_request *request,
                      struct revoked *revoked, struct arena *arena, struct err *err)
{
    struct span envelope;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < request->release_count; i++) {
        rc = revoke_list_add(keyring, request->releases[i], revoked, err);
    }
    if (rc == 0) {
        rc = revoke_list_sign(keyring, revoked, request->keys, request->key_count, arena, &envelope,
                              err);
    }
    return rc != 0 ? rc : file_write(request->output, envelope, 0644, err);
}

static int revoke_run(const struct revoke_request *request, struct err *err)
{
    struct keyring keyring;
    struct arena arena;
    struct revoked revoked = {.version = request->version};
    memcpy(revoked.fleet, request->fleet, sizeof revoked.fleet);
    int rc = keyring_open(&keyring, err);
    if (rc != 0) {
        return rc;
    }
    void *memory = malloc(REVOKE_ARENA_BYTES);
    arena_init(&arena, memory, memory != NULL ? REVOKE_ARENA_BYTES : 0);
    rc = list_write(&keyring, request, &revoked, &arena, err);
    free(memory);
    keyring_close(&keyring);
    if (rc == 0) {
        printf("%s: version %llu, %zu releases\n", request->output, request->version,
               revoked.count);
    }
    return rc;
}

int verb_revoke(int argc, char **argv, struct err *err)
{
    static const struct option options[] = {{"key", required_argument, NULL, 'k'},
                                            {"version", required_argument, NULL, 'v'},
                                            {"fleet", required_argument, NULL, 'f'},
                                            {0}};
    struct revoke_request request = {.version = (unsigned long long)time(NULL)};
    int option = 0;
    while ((option = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
        if (option == 'o') {
            request.output = optarg;
        } else if (option == 'f' && text_copy(request.fleet, sizeof request.fleet, optarg)) {
            continue;
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
