/* berth trust publish: the fleet's trust document, put where every node reads it. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/wire/topic.h"
#include "platform/base/text.h"
#include "ports/app/berth/files.h"
#include "ports/app/berth/session.h"
#include "ports/app/berth/verbs.h"

#define MEMORY_BYTES (4 * ENVELOPE_BYTES_MAX)

/* The version the broker holds; 0: none, or nothing that can be read. */
static void version_note(void *ctx, const char *topic, struct span payload, bool is_retained)
{
    uint64_t *version = ctx;
    struct envelope_parts parts;
    struct trust trust;
    struct arena arena;
    (void)topic, (void)is_retained;
    void *memory = malloc(MEMORY_BYTES);
    arena_init(&arena, memory, memory != NULL ? MEMORY_BYTES : 0);
    if (envelope_take_apart(payload, &arena, &parts, NULL) == 0 &&
        trust_parse(parts.payload, &trust, NULL) == 0) {
        *version = trust.version;
    }
    free(memory);
}

static int trust_publish(struct session *session, const struct fleet_dir *dir, struct err *err)
{
    struct topic topic = {.kind = TOPIC_TRUST};
    struct trust trust;
    char path[PATH_MAX], name[BUS_TOPIC_BYTES];
    char *content = NULL;
    size_t len = 0;
    uint64_t held = 0;
    fleet_dir_file(dir, "keys/trust.json", path);
    (void)text_copy(topic.fleet, sizeof topic.fleet, dir->fleet);
    topic_render(&topic, name);
    int rc = keyring_trust_load(&session->keyring, path, &trust, err);
    if (rc == 0 && strcmp(trust.fleet, dir->fleet) != 0) {
        rc = err_set(err, ERR_WRONG_FLEET, "%s is of the fleet %s", path, trust.fleet);
    }
    if (rc == 0) {
        rc = session_read(session, name, version_note, &held, err);
    }
    if (rc == 0 && held > trust.version) {
        rc = err_set(err, ERR_STALE,
                     "the broker holds version %llu and %s is version %llu; publish from the "
                     "folder that made the newer one",
                     (unsigned long long)held, path, (unsigned long long)trust.version);
    }
    if (rc == 0) {
        rc = file_read(path, ENVELOPE_BYTES_MAX, &content, &len, err);
    }
    if (rc == 0) {
        rc = session_publish(session, name, span_of(content, len), err);
    }
    free(content);
    if (rc == 0) {
        printf("trust: version %llu, %zu keys, published to the fleet %s\n",
               (unsigned long long)trust.version, trust.key_count, dir->fleet);
    }
    return rc;
}

int verb_trust_publish(int argc, char **argv, struct err *err)
{
    static const struct option options[] = {{"dir", required_argument, NULL, 'd'}, {0}};
    struct session session;
    struct fleet_dir dir;
    const char *path = NULL;
    int option = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option != 'd') {
            return err_set(err, ERR_USAGE, "no such option");
        }
        path = optarg;
    }
    if (optind != argc) {
        return err_set(err, ERR_USAGE, "takes no file: it publishes keys/trust.json of the fleet");
    }
    int rc = session_start(&session, path, &dir, err);
    if (rc == 0) {
        rc = trust_publish(&session, &dir, err);
        session_close(&session);
    }
    return rc;
}
