/* berth trust publish: the fleet's trust document, put where every node reads it, and the
 * operators' document beside it, for coordinators. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/wire/topic.h"
#include "platform/base/text.h"
#include "ports/app/berth/files.h"
#include "ports/app/berth/operators_file.h"
#include "ports/app/berth/session.h"
#include "ports/app/berth/verbs.h"

#define MEMORY_BYTES (4 * ENVELOPE_BYTES_MAX)

struct publication {
    struct session *session;
    const struct fleet_dir *dir;
    struct trust trust;
    enum topic_kind kind;
    const char *file;
    uint64_t version, held; /* of the file; of what lies at the broker, 0: nothing readable */
};

/* The version the broker holds; 0: none, or nothing that can be read. */
static void version_note(void *ctx, const char *topic, struct span payload, bool is_retained)
{
    struct publication *publication = ctx;
    struct envelope_parts parts;
    struct operators operators;
    struct trust trust;
    struct arena arena;
    (void)topic, (void)is_retained;
    void *memory = malloc(MEMORY_BYTES);
    arena_init(&arena, memory, memory != NULL ? MEMORY_BYTES : 0);
    if (publication->kind == TOPIC_OPERATORS) {
        /* Anybody's nonsense is no version: this one is believed by its signature. */
        if (operators_open(payload, &publication->trust, &publication->session->keyring.verify,
                           arena, &operators, NULL) == 0) {
            publication->held = operators.version;
        }
    } else if (envelope_take_apart(payload, &arena, &parts, NULL) == 0 &&
               trust_parse(parts.payload, &trust, NULL) == 0) {
        publication->held = trust.version;
    }
    free(memory);
}

static int document_publish(struct publication *publication, struct err *err)
{
    struct topic topic = {.kind = publication->kind};
    char path[PATH_MAX], name[BUS_TOPIC_BYTES];
    char *content = NULL;
    size_t len = 0;
    fleet_dir_file(publication->dir, publication->file, path);
    (void)text_copy(topic.fleet, sizeof topic.fleet, publication->dir->fleet);
    topic_render(&topic, name);
    publication->held = 0;
    int rc = session_read(publication->session, name, version_note, publication, err);
    if (rc == 0 && publication->held > publication->version) {
        rc = err_set(err, ERR_STALE,
                     "the broker holds version %llu and %s is version %llu; publish from the "
                     "folder that made the newer one",
                     (unsigned long long)publication->held, path,
                     (unsigned long long)publication->version);
    }
    rc = rc == 0 ? file_read(path, ENVELOPE_BYTES_MAX, &content, &len, err) : rc;
    rc = rc == 0 ? session_publish(publication->session, name, span_of(content, len), err) : rc;
    free(content);
    return rc;
}

/* Where there is none yet, nobody can ask for a rollout, and everything else works. */
static int operators_publish(struct publication *publication, struct err *err)
{
    struct operators operators;
    int rc = operators_file_load(&publication->session->keyring, publication->dir,
                                 &publication->trust, &operators, err);
    if (rc != 0 || operators.version == 0) {
        return rc;
    }
    publication->kind = TOPIC_OPERATORS;
    publication->file = "keys/operators.json";
    publication->version = operators.version;
    rc = document_publish(publication, err);
    if (rc == 0) {
        printf("operators: version %llu, %zu keys, published for coordinators and tools\n",
               (unsigned long long)operators.version, operators.count);
    }
    return rc;
}

static int trust_publish(void *ctx, struct session *session, const struct fleet_dir *dir,
                         struct err *err)
{
    struct publication publication = {
        .session = session, .dir = dir, .kind = TOPIC_TRUST, .file = "keys/trust.json"};
    struct trust *trust = &publication.trust;
    char path[PATH_MAX];
    (void)ctx;
    fleet_dir_file(dir, publication.file, path);
    int rc = keyring_trust_load(&session->keyring, path, trust, err);
    if (rc == 0 && strcmp(trust->fleet, dir->fleet) != 0) {
        rc = err_set(err, ERR_WRONG_FLEET, "%s is of the fleet %s", path, trust->fleet);
    }
    publication.version = trust->version;
    rc = rc == 0 ? document_publish(&publication, err) : rc;
    if (rc == 0) {
        printf("trust: version %llu, %zu keys, published to the fleet %s\n",
               (unsigned long long)trust->version, trust->key_count, dir->fleet);
        rc = operators_publish(&publication, err);
    }
    return rc;
}

int verb_trust_publish(struct given *given, struct err *err)
{
    return session_verb(given, trust_publish, NULL, err);
}
