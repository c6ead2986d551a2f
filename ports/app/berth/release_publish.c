/* berth release publish: a release that a node would take, put where orders point at it. */
#include <stdio.h>

#include "agent/wire/topic.h"
#include "platform/base/text.h"
#include "ports/app/berth/release_file.h"
#include "ports/app/berth/release_pieces.h"
#include "ports/app/berth/session.h"
#include "ports/app/berth/verbs.h"

/* Verified before the broker is asked for anything: no network, no certificate needed to fail. */
static int file_check(const struct fleet_dir *dir, const char *path, struct release_file *file,
                      struct pieces *pieces, struct plan *plan, struct err *err)
{
    struct keyring keyring;
    struct trust trust;
    char trust_path[PATH_MAX];
    int rc = keyring_open(&keyring, err);
    if (rc != 0) {
        return rc;
    }
    fleet_dir_file(dir, "keys/trust.json", trust_path);
    rc = keyring_trust_load(&keyring, trust_path, &trust, err);
    if (rc == 0) {
        rc = release_file_open(&keyring, path, file, err);
    }
    if (rc == 0) {
        rc = release_file_verify(&keyring, path, &trust, file, plan, err);
    }
    rc = rc == 0 ? pieces_open(path, file, &keyring.verify, pieces, err) : rc;
    keyring_close(&keyring);
    return rc;
}

static int file_publish(const struct fleet_dir *dir, const struct release_file *file,
                        const struct pieces *pieces, const struct plan *plan, struct err *err)
{
    struct topic topic = {.kind = TOPIC_RELEASE};
    struct session session;
    struct fleet_dir again;
    char name[BUS_TOPIC_BYTES];
    (void)text_copy(topic.fleet, sizeof topic.fleet, dir->fleet);
    digest_render(&file->digest, topic.digest);
    topic_render(&topic, name);
    int rc = session_start(&session, dir->path, &again, err);
    if (rc == 0) {
        rc = pieces_publish(pieces, dir->fleet, &session, err);
        rc = rc == 0 ? session_publish(&session, name, span_of(file->content, file->len), err) : rc;
        session_close(&session);
    }
    if (rc == 0) {
        printf("%s\n", topic.digest);
        (void)fprintf(stderr, "published: %s, sequence %llu, to the fleet %s\n", plan->app,
                      (unsigned long long)plan->sequence, dir->fleet);
    }
    return rc;
}

int verb_release_publish(struct given *given, struct err *err)
{
    static struct pieces pieces;
    struct release_file file = {0};
    struct plan plan;
    struct fleet_dir dir;
    int rc = fleet_dir_load(fleet_dir_choose(given_value(given, "dir")), &dir, err);
    if (rc == 0) {
        rc = file_check(&dir, given->arguments[0], &file, &pieces, &plan, err);
    }
    if (rc == 0) {
        rc = file_publish(&dir, &file, &pieces, &plan, err);
    }
    pieces_close(&pieces);
    release_file_close(&file);
    return rc;
}
