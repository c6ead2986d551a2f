/* conductor_image: what an image is called here, whether it is what was signed, and whether that of
 * the release before is still here. */
#include "agent/node/conductor_private.h"

#include <stdio.h>

#include "platform/base/law.h"

#define WAY_BACK_MS       MINUTES_MS(10) /* between two looks at rest */
#define WAY_BACK_FIRST_MS MINUTES_MS(1)  /* after it has become the release before */

void image_tag(const struct app *app, const struct digest *release,
               char tag[ENGINE_REFERENCE_BYTES])
{
    char hex[DIGEST_HEX_BYTES];
    digest_render(release, hex);
    (void)snprintf(tag, ENGINE_REFERENCE_BYTES, "berth.local/%s/%s:%s", app->conductor->config.node,
                   app->memory.app, hex);
}

struct engine_wanted image_wanted(const struct app *app, const struct plan *plan,
                                  char tag[ENGINE_REFERENCE_BYTES])
{
    image_tag(app, &plan->digest, tag);
    return (struct engine_wanted){
        .reference = plan->services[0].reference,
        .tag = tag,
        .manifest = plan->services[0].manifest,
        .config = plan->services[0].config,
    };
}

/* An index names images for many platforms: the one that is here may be another's. */
static bool is_of_this_machine(const struct conductor *conductor, const struct engine_image *image)
{
    return (image->proofs & (ENGINE_PROOF_MANIFEST | ENGINE_PROOF_CONFIG)) != 0 ||
           image->arch[0] == '\0' || conductor->engine.about.arch[0] == '\0' ||
           strcmp(image->arch, conductor->engine.about.arch) == 0;
}

int image_check(const struct conductor *conductor, const struct plan *plan,
                const struct engine_image *image, struct err *err)
{
    char found[DIGEST_HEX_BYTES];
    char manifest[DIGEST_HEX_BYTES];
    char config[DIGEST_HEX_BYTES];
    if (plan == NULL || plan->service_count == 0) {
        return 0;
    }
    const struct plan_service *service = &plan->services[0];
    if (image->proofs != 0 && is_of_this_machine(conductor, image)) {
        return 0;
    }
    if (image->proofs != 0) {
        return err_set(err, ERR_DIGEST, "image %s is here for %s, and this node is %s: remove it",
                       service->reference, image->arch, conductor->engine.about.arch);
    }
    if (digest_is_none(&service->config) && digest_is_none(&service->manifest)) {
        return 0;
    }
    digest_render(&image->id, found);
    digest_render(&service->manifest, manifest);
    digest_render(&service->config, config);
    return err_set(err, ERR_DIGEST,
                   "image %s is %.12s here and shows none of the signed digests: its index, "
                   "manifest %.12s, config %.12s",
                   service->reference, found, manifest, config);
}

/* Its containers need no image to start again. */
static bool has_containers_of(const struct app *app, uint32_t gen)
{
    for (size_t i = 0; i < app->session.replica_count; i++) {
        if (app->session.replicas[i].gen == gen && app->session.replicas[i].is_present) {
            return true;
        }
    }
    return false;
}

static void way_back_note(struct app *app, bool is_gone)
{
    struct way_back *way = &app->way_back;
    char hex[DIGEST_HEX_BYTES];
    digest_render(&way->release, hex);
    if (is_gone && !(way->is_known && way->is_gone)) {
        conductor_warning(app->conductor, app,
                          "no way back: the image of the release before (%.12s) is gone from the "
                          "engine; load it by hand (docker load)",
                          hex);
    } else if (!is_gone && way->is_known && way->is_gone) {
        conductor_event(app->conductor, app,
                        "the image of the release before (%.12s) is here again", hex);
    }
    way->is_known = true;
    way->is_gone = is_gone;
}

static void way_back_looked(void *ctx, const struct err *err, const struct engine_answer *answer)
{
    struct call *call = ctx;
    struct app *app = call->app;
    struct digest release = call->release;
    struct err wrong;
    call_drop(call);
    app->way_back.is_looking = false;
    if (digest_is_equal(&release, &app->memory.history[0].release)) {
        const struct plan *plan = app_plan(app, &release);
        bool is_here = err == NULL && image_check(app->conductor, plan, answer->image, &wrong) == 0;
        bool is_gone = (err == NULL && !is_here) || (err != NULL && err->code == ERR_NOT_FOUND);
        if (is_here || is_gone) {
            way_back_note(app, is_gone);
        }
    }
    verb_looked(app, app->way_back.is_known && app->way_back.is_gone);
    conductor_touch(app->conductor);
}

bool way_back_look(struct app *app)
{
    const struct engine *engine = &app->conductor->ports.engine;
    const struct generation *before = &app->memory.history[0];
    struct way_back *way = &app->way_back;
    const struct plan *plan = before->gen != 0 ? app_plan(app, &before->release) : NULL;
    char tag[ENGINE_REFERENCE_BYTES];
    struct err err = {0};
    if (!digest_is_equal(&way->release, &before->release)) {
        *way = (struct way_back){.release = before->release, .is_looking = way->is_looking};
    }
    way->look_at = conductor_now(app->conductor) + WAY_BACK_MS;
    if (plan == NULL || plan->service_count == 0 || has_containers_of(app, before->gen)) {
        way->is_known = false;
        return false;
    }
    struct call *call = way->is_looking ? NULL : call_take(app->conductor, app, ACTION_EXAMINE);
    if (call == NULL) {
        return way->is_looking; /* its answer is on the way */
    }
    call->release = before->release;
    struct engine_wanted wanted = image_wanted(app, plan, tag);
    way->is_looking = true;
    if (engine->ops->image_find(engine->self, &wanted, way_back_looked, call, &err) != 0) {
        way->is_looking = false;
        call_drop(call);
        return false;
    }
    return true;
}

void way_back_step(struct app *app)
{
    LAW(BOUNDED, app->is_used);
    mono_ms now = conductor_now(app->conductor);
    if (app->memory.phase != SWAP_REST || app->memory.history[0].gen == 0 ||
        !app->conductor->engine.is_up) {
        return;
    }
    if (!digest_is_equal(&app->way_back.release, &app->memory.history[0].release)) {
        app->way_back = (struct way_back){.release = app->memory.history[0].release,
                                          .is_looking = app->way_back.is_looking,
                                          .look_at = now + WAY_BACK_FIRST_MS};
    }
    if (now >= app->way_back.look_at) {
        (void)way_back_look(app);
    }
}
