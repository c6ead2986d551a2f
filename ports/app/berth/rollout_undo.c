/* rollout_undo: whom it brings back, and whom it cannot; the rest is a rollout like any other. */
#include "ports/app/berth/rollout_undo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/fleet/planner.h"
#include "ports/app/berth/confirm.h"
#include "ports/app/berth/rollout_start.h"
#include "ports/app/berth/rollout_world.h"
#include "ports/app/berth/verbs.h"

#define OFFLINE_UNTIL_MS UINT64_C(1209600000) /* 14 days */

void rollout_undo_spec(const struct rollout_spec *undone, struct rollout_spec *spec)
{
    const struct rollout_shape *shape = &undone->shape;
    *spec = *undone;
    spec->selector[0] = '\0'; /* whoever it changed, whatever the labels are now */
    spec->shape = (struct rollout_shape){
        .max_unavailable_percent = shape->max_unavailable_percent,
        .group_count = shape->group_count,
        .group_max = shape->group_max,
        .per_minute = shape->per_minute,
        .offline_until_ms = OFFLINE_UNTIL_MS,
    };
    memcpy(spec->shape.group_by, shape->group_by, sizeof shape->group_by);
    memcpy(spec->shape.group_missing, shape->group_missing, sizeof shape->group_missing);
    memcpy(spec->shape.peers, shape->peers, sizeof shape->peers);
    memcpy(spec->shape.undo, undone->id, sizeof spec->shape.undo);
    (void)text_copy(spec->offline, sizeof spec->offline, "later");
}

const char *rollout_undo_refusal(const struct rollout_spec *undone, const struct roster_node *node,
                                 bool *is_changed)
{
    const struct roster_app *app = roster_app_find(node, undone->app);
    *is_changed = app != NULL && app->order.is_there &&
                  strcmp(app->order.rollout, undone->id) == 0 &&
                  digest_is_equal(&app->order.release, &undone->release);
    if (!*is_changed) {
        return NULL;
    }
    if (!digest_is_equal(&app->committed, &undone->release)) {
        *is_changed = app->is_overridden; /* it went back by itself, or never got there */
        return app->is_overridden ? "someone at the node wants something else" : NULL;
    }
    if (digest_is_none(&app->order.before)) {
        return "nothing is known to have run before";
    }
    return digest_is_equal(&app->order.before, &undone->release) ? "it ran the release before"
                                                                 : NULL;
}

/* Says who cannot, and returns how many can. */
static size_t nodes_say(const struct roster *roster, const struct rollout_spec *undone)
{
    size_t count = 0;
    for (size_t i = 0; i < roster->node_count; i++) {
        bool is_changed = false;
        const char *refusal = rollout_undo_refusal(undone, roster_at(roster, i), &is_changed);
        if (refusal != NULL && is_changed) {
            printf("%s cannot go back: %s\n", roster_at(roster, i)->name, refusal);
        }
        count += is_changed && refusal == NULL;
    }
    return count;
}

static int world_take(struct rollout_run *run, struct rollout_world *world, const char *id,
                      struct rollout_spec *spec, size_t *count, struct err *err)
{
    const struct kept *record = NULL;
    int rc = rollout_world_open(world, &run->dir, &run->trust, &run->session.keyring, err);
    rc = rc == 0 ? rollout_world_read(world, &run->session, WORLD_NODES, err) : rc;
    rc = rc == 0 ? rollout_world_find(world, id, &record, err) : rc;
    if (rc == 0 && record->spec.shape.undo[0] != '\0') {
        rc = err_set(err, ERR_NOTHING,
                     "rollout %s is an undo itself: start the release again (rollout start)", id);
    }
    if (rc == 0) {
        run->operators = world->mirror.operators;
        *count = nodes_say(&world->mirror.roster, &record->spec);
        rollout_undo_spec(&record->spec, spec);
    }
    return rc;
}

int rollout_undo_prepare(struct rollout_run *run, const char *id, bool is_confirmed,
                         struct rollout_spec *spec, size_t *count, struct err *err)
{
    struct rollout_world *world = calloc(1, sizeof *world);
    int rc =
        world == NULL ? err_set(err, ERR_MEMORY, "no memory") : session_connect(&run->session, err);
    if (rc == 0) {
        rc = world_take(run, world, id, spec, count, err);
        rollout_world_close(world);
        run->session.bus.ops->close(run->session.bus.self); /* the coordinator's link takes it */
        run->session.is_open = false;
    }
    free(world);
    if (rc == 0 && *count == 0) {
        return err_set(err, ERR_NOT_FOUND, "no node runs what rollout %s brought and can go back",
                       id);
    }
    /* Without a terminal it goes on: it is the way back. */
    return rc == 0 ? confirm(is_confirmed || !confirm_has_terminal(), err,
                             "Bring %zu node%s back to what ran before %s?", *count,
                             *count == 1 ? "" : "s", id)
                   : rc;
}

int verb_rollout_undo(struct given *given, struct err *err)
{
    const struct rollout_start_undo undo = {.id = given->arguments[0],
                                            .dir = given_value(given, "dir"),
                                            .is_confirmed = given_has(given, "yes"),
                                            .is_watched = given_has(given, "watch"),
                                            .is_detached = given_has(given, "detach")};
    return rollout_start_undo(&undo, err);
}
