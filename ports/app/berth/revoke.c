/* berth revoke: the signed list of releases that must never run again. */
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

int verb_revoke(struct given *given, struct err *err)
{
    struct revoke_request request = {
        .output = given_value(given, "output"),
        .version = given_number(given, "version", (uint64_t)time(NULL)),
        .releases = given->arguments,
        .release_count = given->argument_count,
    };
    const char *fleet = given_value(given, "fleet");
    request.key_count = given_list(given, "key", request.keys, KEYRING_FILES_MAX);
    (void)text_copy(request.fleet, sizeof request.fleet, fleet != NULL ? fleet : "");
    return revoke_run(&request, err);
}
