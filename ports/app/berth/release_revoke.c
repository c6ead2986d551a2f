/* berth release revoke: the fleet's list of releases that must never run, made longer.
 *
 * The list is read from the broker and from keys/revoke.json, its last copy here: a broker that
 * lost or withheld it cannot make a release run again. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/wire/topic.h"
#include "platform/base/text.h"
#include "ports/app/berth/confirm.h"
#include "ports/app/berth/files.h"
#include "ports/app/berth/revoke_list.h"
#include "ports/app/berth/rollout_world.h"
#include "ports/app/berth/unread.h"
#include "ports/app/berth/verbs.h"

#define MEMORY_BYTES (4 * ENVELOPE_BYTES_MAX)

struct revoke_request {
    const char *keys[KEYRING_FILES_MAX];
    size_t key_count;
    char *const *releases;
    size_t release_count;
    const struct keyring *keyring;
    struct trust trust;
    struct revoked revoked; /* what stood anywhere, and what comes to it */
    struct rollout_world *world;
    bool has_older; /* some node reads schema 1 alone */
};

/* What nodes would not take is nothing to go on from: a version out of reach would be theirs, too.
 */
static int list_check(const struct revoke_request *request, const struct revoked *read,
                      struct err *err)
{
    if (read->fleet[0] != '\0' && strcmp(read->fleet, request->trust.fleet) != 0) {
        return err_set(err, ERR_WRONG_FLEET, "it is for the fleet %s", read->fleet);
    }
    return read->version <= request->revoked.version + REVOKED_JUMP_MAX
               ? 0
               : err_set(err, ERR_VERSION,
                         "version %llu is too far above %llu: no node takes it; see who signs with "
                         "the revoke key, and give the fleet another (berth keys trust)",
                         (unsigned long long)read->version,
                         (unsigned long long)request->revoked.version);
}

/* An agent before 0.2 cannot read which fleet a list is for, and must not be left without it. */
static void report_received(void *ctx, const char *topic, struct span payload, bool is_retained)
{
    struct revoke_request *request = ctx;
    rollout_world_take(request->world, topic, payload, is_retained);
    const struct report *report = request->world->news.report;
    request->has_older |= report != NULL && report->schema_trust < TRUST_SCHEMA_MAX;
}

static int fleet_choose(struct revoke_request *request, struct session *session,
                        const struct fleet_dir *dir, struct err *err)
{
    request->world = calloc(1, sizeof *request->world);
    if (request->world == NULL) {
        return err_set(err, ERR_MEMORY, "no memory");
    }
    int rc = rollout_world_open(request->world, dir, &request->trust, request->keyring, err);
    rc = rc == 0 ? rollout_world_each(request->world, session, WORLD_NODES, report_received,
                                      request, err)
                 : rc;
    unread_say(&request->world->mirror);
    rollout_world_close(request->world);
    free(request->world);
    if (rc == 0 && !request->has_older) {
        (void)text_copy(request->revoked.fleet, sizeof request->revoked.fleet,
                        request->trust.fleet);
    }
    return rc;
}

/* Takes a signed list into the request's. */
static int list_join(struct revoke_request *request, struct span envelope, struct err *err)
{
    struct revoked read;
    struct arena arena;
    struct span payload;
    struct digest digest;
    void *memory = malloc(MEMORY_BYTES);
    arena_init(&arena, memory, memory != NULL ? MEMORY_BYTES : 0);
    int rc = envelope_open(envelope, TRUST_ROLE_REVOKE, &request->trust, &request->keyring->verify,
                           &arena, &payload, &digest, err);
    if (rc == 0) {
        rc = revoked_parse(payload, &read, err);
    }
    if (rc == 0) {
        rc = list_check(request, &read, err);
    }
    free(memory);
    for (size_t i = 0; rc == 0 && i < read.count; i++) {
        char hex[DIGEST_HEX_BYTES];
        digest_render(&read.digests[i], hex);
        rc = revoke_list_add(request->keyring, hex, &request->revoked, err);
    }
    if (rc == 0 && read.version > request->revoked.version) {
        request->revoked.version = read.version;
    }
    return rc;
}

/* What the broker holds may be anything; it cannot keep us from revoking. */
static void list_received(void *ctx, const char *topic, struct span payload, bool is_retained)
{
    struct err err = {0};
    (void)is_retained;
    if (list_join(ctx, payload, &err) != 0) {
        (void)fprintf(stderr, "berth: release revoke: not used: what the broker holds at %s: %s\n",
                      topic, err.text);
    }
}

static int local_join(struct revoke_request *request, const char *path, struct err *err)
{
    char *content = NULL;
    size_t len = 0;
    if (access(path, F_OK) != 0) {
        return 0;
    }
    int rc = file_read(path, ENVELOPE_BYTES_MAX, &content, &len, err);
    if (rc == 0) {
        rc = list_join(request, span_of(content, len), err);
        free(content);
    }
    return rc == 0 ? 0 : err_wrap(err, rc, "%s", path);
}

static int list_publish(struct revoke_request *request, struct session *session, const char *topic,
                        const char *path, struct err *err)
{
    struct arena arena;
    struct span envelope;
    void *memory = malloc(REVOKE_ARENA_BYTES);
    arena_init(&arena, memory, memory != NULL ? REVOKE_ARENA_BYTES : 0);
    request->revoked.version++;
    int rc = revoke_list_sign(request->keyring, &request->revoked, request->keys,
                              request->key_count, &arena, &envelope, err);
    if (rc == 0) {
        rc = list_join(request, envelope, err); /* as a node will judge it */
    }
    if (rc == 0) {
        rc = file_write(path, envelope, 0644, err);
    }
    if (rc == 0) {
        rc = session_publish(session, topic, envelope, err);
    }
    free(memory);
    return rc;
}

static int revoke_run(void *ctx, struct session *session, const struct fleet_dir *dir,
                      struct err *err)
{
    struct revoke_request *request = ctx;
    struct topic topic = {.kind = TOPIC_REVOKE};
    char name[BUS_TOPIC_BYTES];
    char path[PATH_MAX], key[PATH_MAX];
    request->keyring = &session->keyring;
    (void)text_copy(topic.fleet, sizeof topic.fleet, dir->fleet);
    topic_render(&topic, name);
    if (request->key_count == 0) {
        fleet_dir_file(dir, "keys/revoke.pem", key);
        request->keys[request->key_count++] = key;
    }
    fleet_dir_file(dir, "keys/trust.json", path);
    int rc = keyring_trust_load(request->keyring, path, &request->trust, err);
    fleet_dir_file(dir, "keys/revoke.json", path);
    if (rc == 0) {
        rc = local_join(request, path, err);
    }
    if (rc == 0) {
        rc = session_read(session, name, list_received, request, err);
    }
    if (rc == 0) {
        rc = fleet_choose(request, session, dir, err);
    }
    for (size_t i = 0; rc == 0 && i < request->release_count; i++) {
        rc = revoke_list_add(request->keyring, request->releases[i], &request->revoked, err);
    }
    if (rc == 0) {
        rc = list_publish(request, session, name, path, err);
    }
    if (rc == 0) {
        printf("revoked: version %llu, %zu releases, published to the fleet %s\n",
               (unsigned long long)request->revoked.version, request->revoked.count, dir->fleet);
    }
    return rc;
}

int verb_release_revoke(struct given *given, struct err *err)
{
    static struct revoke_request request; /* a report is large; read once in a process */
    request.key_count = given_list(given, "key", request.keys, KEYRING_FILES_MAX);
    request.releases = given->arguments;
    request.release_count = given->argument_count;
    int rc = confirm(given_has(given, "yes"), err,
                     "Revoke %zu release%s for good? No node of the fleet runs them again.",
                     request.release_count, request.release_count == 1 ? "" : "s");
    return rc == 0 ? session_verb(given, revoke_run, &request, err) : rc;
}
