/* conductor_create: makes a replica's container, with the volumes that its image declares. */
#include "agent/node/conductor_private.h"

#include <stdio.h>

#include "agent/node/address.h"
#include "platform/base/law.h"

#define VOLUME_NAME_BYTES 256

/* The next of the image's paths: `path` is the one before, NULL before the first. */
static const char *path_next(const struct engine_image *image, const char *path)
{
    return path == NULL ? image->volumes : path + strlen(path) + 1;
}

/* Something of the release is mounted there, so that the engine makes no volume of its own. */
static bool is_covered(const struct engine_spec *spec, const char *path)
{
    size_t len = strlen(path);
    for (size_t i = 0; i < spec->mount_count; i++) {
        const char *target = spec->mounts[i].target;
        if (strncmp(target, path, len) == 0 && strspn(target + len, "/") == strlen(target + len)) {
            return true;
        }
    }
    for (size_t i = 0; i < spec->tmpfs.count; i++) {
        const char *target = spec->tmpfs.items[i];
        if (strncmp(target, path, len) == 0 && (target[len] == '\0' || target[len] == ':')) {
            return true;
        }
    }
    return false;
}

static const char *first_uncovered(const struct engine_image *image, const struct engine_spec *spec)
{
    const char *path = NULL;
    for (size_t i = 0; i < image->volume_count; i++) {
        path = path_next(image, path);
        if (!is_covered(spec, path)) {
            return path;
        }
    }
    return NULL;
}

/* What the release makes of a container, whose it is; it lives in the scratch. */
static int render(struct app *app, const struct digest *release, const char *service,
                  const struct release_container *container, struct arena *arena,
                  struct engine_spec *spec, struct err *err)
{
    struct conductor *conductor = app->conductor;
    struct release_node node;
    struct span payload;
    int rc = payload_load(conductor, release, &payload, err);
    if (rc != 0) {
        return rc;
    }
    conductor_node_facts(conductor, &node);
    arena_init(arena, conductor->scratch, sizeof conductor->scratch);
    rc = release_render(payload, &node, service, container, arena, spec, err);
    return rc == 0 ? 0 : err_wrap(err, rc, "render");
}

static bool is_generation(const struct memory_app *memory, const struct digest *release)
{
    bool is_one = digest_is_equal(release, &memory->committed.release) ||
                  digest_is_equal(release, &memory->candidate.release);
    for (size_t i = 0; i < HISTORY_MAX && !is_one; i++) {
        is_one =
            memory->history[i].gen != 0 && digest_is_equal(release, &memory->history[i].release);
    }
    return is_one;
}

int volumes_judge(struct app *app, const struct plan *plan, const struct engine_image *image,
                  struct err *err)
{
    struct session_app *session = &app->session;
    struct release_container container = {
        .gen = 1, .replica = 1, .network = "", .secrets_dir = "/", .files_dir = "/"};
    struct engine_spec spec;
    struct arena arena;
    session->has_staged_volumes = image->volume_count > 0;
    session->is_staged_exclusive = false;
    if (plan == NULL || image->volume_count == 0) {
        return 0;
    }
    const struct plan_service *service = &plan->services[0];
    int rc = render(app, &plan->digest, service->name, &container, &arena, &spec, err);
    if (rc != 0) {
        return rc;
    }
    const char *path = first_uncovered(image, &spec);
    session->has_staged_volumes = path != NULL || image->has_more_volumes;
    session->is_staged_exclusive = session->has_staged_volumes && !service->is_data_safe;
    if (is_generation(&app->memory, &plan->digest)) {
        return 0; /* it ran here: on the way back there is nothing to refuse */
    }
    if (image->has_more_volumes) {
        return err_set(err, ERR_SPEC, "the image declares more than %d volumes: mount them",
                       ENGINE_IMAGE_VOLUMES_MAX);
    }
    if (session->is_staged_exclusive && service->is_start_first_said) {
        return err_set(
            err, ERR_SPEC,
            "start-first lets two generations write %.64s, which the image declares as a "
            "volume: say sharedData: safe in x-berth of %s, mount something there, or "
            "use stop-first",
            path, service->name);
    }
    return 0;
}

/* Adds one mount for a path of the image. */
static int volume_add(const struct app *app, const struct replica *replica, const char *service,
                      const char *path, struct arena *arena, struct engine_mount *mount,
                      struct err *err)
{
    const struct conductor *conductor = app->conductor;
    struct release_node node = {.name = conductor->config.node};
    char hex[DIGEST_HEX_BYTES];
    char source[32];
    char name[VOLUME_NAME_BYTES];
    struct digest digest;
    conductor->ports.verify.ops->sha256(conductor->ports.verify.self, span_text(path), &digest);
    digest_render(&digest, hex);
    (void)snprintf(source, sizeof source, "image-%.12s", hex);
    bool fits = release_image_volume(&node, app->memory.app, service, replica->number, source, name,
                                     sizeof name);
    *mount = (struct engine_mount){.is_volume = true, .is_of_image = true};
    mount->source = fits ? arena_text(arena, name, strlen(name)) : NULL;
    mount->target = arena_text(arena, path, strlen(path));
    return mount->source != NULL && mount->target != NULL
               ? 0
               : err_set(err, ERR_LIMIT, "no room for the volumes of the image");
}

/* What the image declares and the release does not mount is kept in volumes of the app. */
static int volumes_add(const struct app *app, const struct replica *replica, const char *service,
                       const struct engine_image *image, struct arena *arena,
                       struct engine_spec *spec, struct err *err)
{
    size_t count = spec->mount_count + image->volume_count;
    struct engine_mount *mounts = arena_alloc(arena, (count + 1) * sizeof *mounts);
    const char *path = NULL;
    if (mounts == NULL) {
        return err_set(err, ERR_LIMIT, "no room for the volumes of the image");
    }
    count = spec->mount_count;
    for (size_t i = 0; i < count; i++) {
        mounts[i] = spec->mounts[i];
    }
    for (size_t i = 0; i < image->volume_count; i++) {
        path = path_next(image, path);
        if (is_covered(spec, path)) {
            continue;
        }
        int rc = volume_add(app, replica, service, path, arena, &mounts[count++], err);
        if (rc != 0) {
            return rc;
        }
    }
    spec->mounts = mounts;
    spec->mount_count = count;
    return 0;
}

static const struct generation *generation_of(const struct app *app, uint32_t gen)
{
    const struct memory_app *memory = &app->memory;
    return gen == memory->committed.gen   ? &memory->committed
           : gen == memory->candidate.gen ? &memory->candidate
                                          : NULL;
}

int create_render(struct app *app, const struct replica *replica, struct arena *arena,
                  struct engine_spec *spec, struct err *err)
{
    LAW(BOUNDED, replica->number > 0);
    struct conductor *conductor = app->conductor;
    const struct memory_app *memory = &app->memory;
    const struct plan *plan = app_plan_of(app, replica->gen);
    const struct generation *generation = generation_of(app, replica->gen);
    const struct files *files = &conductor->ports.files;
    if (plan == NULL || generation == NULL) {
        return err_set(err, ERR_NOT_FOUND, "no release is remembered for generation %u",
                       replica->gen);
    }
    struct release_container container = {
        .gen = replica->gen,
        .replica = replica->number,
        .address = address_replica(&conductor->config, memory->index, generation->lane,
                                   replica->service, replica->number),
        .service_address = address_service(&conductor->config, memory->index, replica->service),
        .network = app->network,
        .release = generation->release,
        .secrets_dir = conductor->config.secrets_dir,
        .files_dir = files->ops != NULL ? files->ops->directory(files->self) : NULL,
    };
    return render(app, &generation->release, plan->services[replica->service].name, &container,
                  arena, spec, err);
}

/* `image` NULL: it is known to declare nothing that is not mounted. */
static int create_ask(struct app *app, struct replica *replica, const struct engine_image *image,
                      struct call *call, struct err *err)
{
    const struct engine *engine = &app->conductor->ports.engine;
    char tag[ENGINE_REFERENCE_BYTES];
    struct arena arena;
    struct engine_spec spec;
    bool is_making = false;
    int rc = create_render(app, replica, &arena, &spec, err);
    if (rc != 0) {
        return rc;
    }
    const struct digest *release = &generation_of(app, replica->gen)->release;
    const char *service = app_plan_of(app, replica->gen)->services[replica->service].name;
    if (image != NULL) {
        rc = volumes_add(app, replica, service, image, &arena, &spec, err);
    }
    if (rc == 0) {
        rc = trees_make(app, &spec, call, release, &is_making, err);
    }
    if (rc != 0 || is_making) {
        return rc;
    }
    image_tag(app, release, tag);
    spec.image = tag;
    replica->address = spec.address;
    return engine->ops->create(engine->self, &spec, performed, call, err);
}

static void image_seen(void *ctx, const struct err *err, const struct engine_answer *answer)
{
    struct call *call = ctx;
    struct app *app = call->app;
    struct replica *replica = replica_of(call);
    struct err failed;
    if (err != NULL || replica == NULL) {
        performed(ctx, err, answer);
        return;
    }
    if (answer->image->has_more_volumes) {
        conductor_warning(app->conductor, app,
                          "the image declares more than %d volumes: what is written in the others "
                          "is lost at a swap",
                          ENGINE_IMAGE_VOLUMES_MAX);
    }
    if (create_ask(app, replica, answer->image, call, &failed) != 0) {
        performed(ctx, &failed, NULL);
    }
}

int create_begin(struct app *app, struct replica *replica, struct call *call, struct err *err)
{
    LAW(DURABLE_FIRST, call->kind == ACTION_CREATE && replica->gen != 0);
    const struct engine *engine = &app->conductor->ports.engine;
    const struct session_app *session = &app->session;
    const struct generation *generation = generation_of(app, replica->gen);
    char tag[ENGINE_REFERENCE_BYTES];
    bool is_plain = generation == NULL || (!session->has_staged_volumes &&
                                           digest_is_equal(&session->staged, &generation->release));
    if (is_plain) {
        return create_ask(app, replica, NULL, call, err);
    }
    image_tag(app, &generation->release, tag);
    return engine->ops->image_find(engine->self, &(struct engine_wanted){.reference = tag},
                                   image_seen, call, err);
}
