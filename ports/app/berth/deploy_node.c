/* deploy_node: a node of the fleet: what it reports of itself says what it runs, before anything is
 * built. The way there is rollout_start_node. */
#include <string.h>
#include <time.h>

#include "agent/fleet/mirror.h"
#include "ports/app/berth/deploy.h"
#include "ports/app/berth/node_topics.h"

/* Read until the release is built. */
struct seen {
    struct trust trust;
    struct mirror mirror;
    struct report report; /* without apps: it has not reported */
};

static void document_take(void *ctx, const char *topic, struct span payload, bool is_retained)
{
    struct seen *seen = ctx;
    struct mirror_news news;
    (void)is_retained;
    mirror_take(&seen->mirror, topic, payload, (wall_ms)time(NULL) * 1000, &news);
    if (news.answer == MIRROR_TAKEN && news.report != NULL) {
        seen->report = *news.report;
    }
}

static const struct report_app *app_of(const struct seen *seen, const char *app)
{
    for (size_t i = 0; i < seen->report.app_count; i++) {
        if (strcmp(seen->report.apps[i].app, app) == 0) {
            return &seen->report.apps[i];
        }
    }
    return NULL;
}

static uint64_t used(void *ctx, const char *name)
{
    const struct report_app *app = app_of(ctx, name);
    if (app == NULL) {
        return 0;
    }
    return app->candidate.sequence > app->committed.sequence ? app->candidate.sequence
                                                             : app->committed.sequence;
}

/* As deploy_proven: one that is not ready is deployed again. */
static bool proven(void *ctx, const char *name, uint64_t *sequence, struct digest *digest)
{
    const struct report_app *app = app_of(ctx, name);
    if (app == NULL || app->committed.sequence == 0 || strcmp(app->phase, "rest") != 0 ||
        !app->is_serving) {
        return false;
    }
    *sequence = app->committed.sequence;
    *digest = app->committed.release;
    return digest_is_none(&app->wanted) || digest_is_equal(&app->wanted, digest);
}

int deploy_node_begin(struct deploy *deploy, struct err *err)
{
    static struct seen seen;
    struct session session;
    struct fleet_dir dir;
    char path[PATH_MAX];
    int rc = session_start(&session, deploy->dir, &dir, err);
    if (rc != 0) {
        return rc;
    }
    const struct mirror_settings settings = {
        .fleet = dir.fleet, .trust = &seen.trust, .verify = session.keyring.verify};
    fleet_dir_file(&dir, "keys/trust.json", path);
    rc = keyring_trust_load(&session.keyring, path, &seen.trust, err);
    rc = rc == 0 ? mirror_init(&seen.mirror, &settings, err) : rc;
    if (rc == 0) {
        rc = node_topics_each(&session, &dir, deploy->node, document_take, &seen, err);
        mirror_close(&seen.mirror);
    }
    session_close(&session);
    deploy->build.used = used;
    deploy->build.proven = deploy->is_forced ? NULL : proven;
    deploy->build.ctx = &seen;
    return rc;
}
