/* conductor_seeds: what a release brings into its volumes, volume by volume, before a start.
 *
 * Only at the start nobody else writes them: the old container of an exclusive service is stopped
 * by then. The same on the way back, so that the old one finds its own files again. */
#include "agent/node/conductor_private.h"

#include <stdio.h>
#include <string.h>

#include "platform/base/law.h"

static int seed_next(struct app *app, const struct replica *replica, struct call *call,
                     struct err *err);

/* What was proven serves with what is there rather than not at all. */
static bool is_start_awaited(const struct app *app, const struct replica *replica)
{
    return replica->gen == app->memory.candidate.gen;
}

static void seed_fail(struct call *call, const struct replica *replica, const struct err *err)
{
    struct app *app = call->app;
    struct err failed;
    if (err->code == ERR_NOT_FOUND || err->code == ERR_CORRUPT) {
        files_lose(app, &call->release);
    }
    (void)err_set(&failed, ERR_STORE, "its volume cannot get its files: %s", err->text);
    if (is_start_awaited(app, replica)) {
        performed(call, &failed, NULL);
        return;
    }
    conductor_warning(app->conductor, app, "%s; it starts with what is there", failed.text);
    if (seed_next(app, replica, call, &failed) != 0) {
        performed(call, &failed, NULL);
    }
}

void seeds_left_render(const char *left, size_t more, struct text *text)
{
    bool is_full = false;
    for (size_t len; (len = strcspn(left, "\n")) > 0; left += len + 1) {
        const char *comma = text->len > 0 ? ", " : "";
        is_full = is_full || text->len + strlen(comma) + len + SEEDS_MORE_BYTES > text->cap;
        if (is_full) {
            more++;
        } else {
            text_printf(text, "%s%.*s", comma, (int)len, left);
        }
    }
    if (more > 0) {
        text_printf(text, "%s%zu more", text->len > 0 ? " and " : "", more);
    }
}

static void left_say(const struct app *app, const char *left, size_t more)
{
    char names[EVENT_TEXT_BYTES / 2];
    struct text text;
    text_init(&text, names, sizeof names);
    seeds_left_render(left, more, &text);
    if (text.len > 0) {
        conductor_event(app->conductor, app,
                        "left as the app or a person wrote them, not replaced by the release: %s",
                        names);
    }
}

static void seeded(void *ctx, const struct err *err, const char *left, size_t more)
{
    struct call *call = ctx;
    struct replica *replica = replica_of(call);
    struct err failed;
    if (replica == NULL) {
        performed(ctx, NULL, NULL);
    } else if (err != NULL) {
        seed_fail(call, replica, err);
    } else {
        left_say(call->app, left, more);
        if (seed_next(call->app, replica, call, &failed) != 0) {
            performed(call, &failed, NULL);
        }
    }
}

/* The volume's place is known: the mount is the last one that was looked at. */
static void volume_found(void *ctx, const struct err *err, const struct engine_answer *answer)
{
    struct call *call = ctx;
    struct app *app = call->app;
    const struct files *files = &app->conductor->ports.files;
    struct replica *replica = replica_of(call);
    struct engine_spec spec;
    struct arena arena;
    struct err failed;
    if (replica == NULL || (err != NULL && err->code == ERR_NOT_FOUND)) {
        performed(ctx, err, NULL); /* the container is gone */
        return;
    }
    int rc = err != NULL ? err_set(&failed, err->code, "%s", err->text)
                         : create_render(app, replica, &arena, &spec, &failed);
    if (rc == 0) {
        const struct engine_mount *mount = &spec.mounts[call->epoch - 1];
        const struct files_seed seed = {.volume = answer->id,
                                        .tree = mount->seed,
                                        .recipe = span_text(mount->recipe),
                                        .owner = mount->owner};
        rc = files->ops->seed(files->self, &seed, seeded, call, &failed);
    }
    if (rc != 0) {
        seed_fail(call, replica, &failed);
    }
}

/* Begins with the next mount that has a seed; after the last one the container starts. */
static int seed_next(struct app *app, const struct replica *replica, struct call *call,
                     struct err *err)
{
    const struct engine *engine = &app->conductor->ports.engine;
    const struct plan *plan = app_plan_of(app, replica->gen);
    bool has_seeds = plan != NULL && plan->services[replica->service].has_seeds;
    struct engine_spec spec = {.mount_count = 0};
    struct arena arena;
    int rc = has_seeds ? create_render(app, replica, &arena, &spec, err) : 0;
    if (rc != 0 && is_start_awaited(app, replica)) {
        return rc;
    }
    while (rc == 0 && call->epoch < spec.mount_count) {
        const struct engine_mount *mount = &spec.mounts[call->epoch++];
        if (mount->seed != NULL) {
            return engine->ops->volume_find(engine->self, replica->id, mount->target, volume_found,
                                            call, err);
        }
    }
    return engine->ops->start(engine->self, replica->id, performed, call, err);
}

int start_begin(struct app *app, const struct replica *replica, struct call *call, struct err *err)
{
    LAW(DURABLE_FIRST, replica->gen != 0);
    const struct plan *plan = app_plan_of(app, replica->gen);
    call->epoch = 0;
    call->release = plan != NULL ? plan->digest : (struct digest){0};
    return seed_next(app, replica, call, err);
}
