/* engine_volumes: whose the volumes are that a new container mounts, and how they are found. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "platform/base/text.h"
#include "ports/sim/engine_private.h"

static struct sim_volume *volume_of(struct sim_engine *engine, const char *name)
{
    for (size_t i = 0; i < SIM_VOLUMES_MAX; i++) {
        if (engine->volumes[i].is_used && strcmp(engine->volumes[i].name, name) == 0) {
            return &engine->volumes[i];
        }
    }
    return NULL;
}

/* 1: this container's app owns the volume, -1: another, 0: nobody is known to, 2: both. */
static int volume_owner(const struct sim_engine *engine, const struct sim_volume *volume,
                        const struct sim_container *container)
{
    bool is_ours = false;
    bool is_other = false;
    if (volume->node[0] != '\0') {
        return strcmp(volume->node, container->node) == 0 &&
                       strcmp(volume->app, container->seen.app) == 0
                   ? 1
                   : -1;
    }
    for (size_t i = 0; i < SIM_CONTAINERS_MAX; i++) {
        const struct sim_container *other = &engine->containers[i];
        for (size_t j = 0; other->is_used && j < SIM_MOUNTS_MAX; j++) {
            if (strcmp(other->volumes[j], volume->name) == 0 && !other->is_reader[j]) {
                bool is_same = strcmp(other->node, container->node) == 0 &&
                               strcmp(other->seen.app, container->seen.app) == 0;
                is_ours |= is_same;
                is_other |= !is_same;
            }
        }
    }
    return is_ours && is_other ? 2 : is_ours ? 1 : is_other ? -1 : 0;
}

static struct sim_volume *volume_add(struct sim_engine *engine, const char *name,
                                     const struct sim_container *owner)
{
    for (size_t i = 0; i < SIM_VOLUMES_MAX; i++) {
        struct sim_volume *volume = &engine->volumes[i];
        if (!volume->is_used) {
            *volume = (struct sim_volume){.is_used = true};
            (void)text_copy(volume->name, sizeof volume->name, name);
            (void)text_copy(volume->node, sizeof volume->node, owner->node);
            (void)text_copy(volume->app, sizeof volume->app, owner->seen.app);
            return volume;
        }
    }
    return NULL;
}

/* The volume that points at the one of this container's service, replica and target; or NULL. */
static struct sim_volume *holder_of(struct sim_engine *engine,
                                    const struct sim_container *container, size_t mount)
{
    for (size_t i = 0; i < SIM_VOLUMES_MAX; i++) {
        struct sim_volume *volume = &engine->volumes[i];
        if (volume->is_used && volume->holds[0] != '\0' &&
            strcmp(volume->node, container->node) == 0 &&
            strcmp(volume->app, container->seen.app) == 0 &&
            strcmp(volume->service, container->seen.service) == 0 &&
            volume->replica == container->seen.replica &&
            strcmp(volume->target, container->targets[mount]) == 0) {
            return volume;
        }
    }
    return NULL;
}

bool engine_is_unnamed(const char *name)
{
    return strlen(name) == 64 && strspn(name, "0123456789abcdef") == 64;
}

/* The call's tag is a target, and becomes where its volume stands. */
void engine_find_volume(struct sim_engine *engine, struct sim_engine_call *call)
{
    const struct sim_container *container = container_of(engine, call->text);
    for (size_t i = 0; container != NULL && i < SIM_MOUNTS_MAX; i++) {
        if (container->volumes[i][0] != '\0' && strcmp(container->targets[i], call->tag) == 0) {
            (void)snprintf(call->tag, sizeof call->tag, SIM_VOLUMES_DIRECTORY "/%s/_data",
                           container->volumes[i]);
            return;
        }
    }
    (void)err_set(&call->err, ERR_NOT_FOUND, "no volume is mounted at %s", call->tag);
}

/* Notes the volumes of a container that have no name of ours. */
void engine_hold_volumes(struct sim_engine *engine, const struct sim_engine_call *call)
{
    const struct sim_container *found = container_of(engine, call->text);
    struct sim_container held = found != NULL ? *found : call->made;
    const struct sim_container *container = &held;
    if (call->made.node[0] != '\0') { /* for another than its labels say */
        (void)memcpy(held.node, call->made.node, sizeof held.node);
        (void)memcpy(held.seen.app, call->made.seen.app, sizeof held.seen.app);
        (void)memcpy(held.seen.service, call->made.seen.service, sizeof held.seen.service);
        held.seen.replica = call->made.seen.replica;
    }
    for (size_t i = 0; found != NULL && i < SIM_MOUNTS_MAX; i++) {
        char name[ENGINE_NAME_BYTES];
        if (!engine_is_unnamed(container->volumes[i]) || holder_of(engine, container, i) != NULL) {
            continue;
        }
        (void)snprintf(name, sizeof name, "holds %.60s", container->volumes[i]);
        struct sim_volume *holder = volume_add(engine, name, container);
        if (holder != NULL) {
            (void)text_copy(holder->holds, sizeof holder->holds, container->volumes[i]);
            (void)text_copy(holder->service, sizeof holder->service, container->seen.service);
            (void)text_copy(holder->target, sizeof holder->target, container->targets[i]);
            holder->replica = container->seen.replica;
        }
    }
}

/* A path that the image declares and nothing is mounted at gets a volume of the engine's naming. */
void engine_add_unnamed(struct sim_engine *engine, struct sim_container *made,
                        const struct sim_image *image)
{
    size_t count = 0;
    while (image->volume != NULL && count < SIM_MOUNTS_MAX && made->volumes[count][0] != '\0') {
        if (strcmp(made->targets[count++], image->volume) == 0) {
            return;
        }
    }
    if (image->volume == NULL || count == SIM_MOUNTS_MAX) {
        return;
    }
    (void)snprintf(made->volumes[count], ENGINE_NAME_BYTES, "%016" PRIx64 "%048x", engine->serial,
                   0u);
    (void)text_copy(made->targets[count], SIM_TARGET_BYTES, image->volume);
    (void)volume_add(engine, made->volumes[count], &(struct sim_container){0});
}

/* Each volume of the container is there and its app's; false with the call's error set. */
bool engine_settle_volumes(struct sim_engine *engine, struct sim_engine_call *call)
{
    struct sim_container *made = &call->made;
    for (size_t i = 0; i < SIM_MOUNTS_MAX && made->volumes[i][0] != '\0'; i++) {
        struct sim_volume *found = volume_of(engine, made->volumes[i]);
        const struct sim_volume *former = volume_of(engine, made->formers[i]);
        int owner = former != NULL ? volume_owner(engine, former, made) : -1;
        bool is_labelled = found != NULL && found->node[0] != '\0';
        int holder = found != NULL ? volume_owner(engine, found, made) : 0;
        if (found == NULL && made->is_external[i]) {
            (void)err_set(&call->err, ERR_ENGINE, "volume %s is external and not on this node",
                          made->volumes[i]);
            return false;
        }
        if (found != NULL && made->is_reader[i]) {
            continue;
        }
        if ((is_labelled && holder < 0) || (made->is_named[i] && (holder < 0 || holder == 2)) ||
            (found == NULL && owner == 2)) {
            (void)err_set(&call->err, ERR_EXISTS, "volume %s is claimed by another app",
                          found != NULL ? found->name : former->name);
            return false;
        }
        if (found == NULL && owner >= 0) {
            (void)text_copy(made->volumes[i], ENGINE_NAME_BYTES, former->name);
            continue;
        }
        const struct sim_volume *pointer =
            found == NULL && made->is_of_image[i] ? holder_of(engine, made, i) : NULL;
        if (pointer != NULL) {
            (void)text_copy(made->volumes[i], ENGINE_NAME_BYTES, pointer->holds);
        } else if (found == NULL) {
            static const struct sim_container nobody;
            (void)volume_add(engine, made->volumes[i], made->is_reader[i] ? &nobody : made);
        }
    }
    return true;
}
