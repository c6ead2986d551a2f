/* engine_effect: what each engine call changes, whole or by half. */
#include "ports/sim/engine_private.h"

#include <stdio.h>
#include <string.h>

#include "platform/base/text.h"

/* A pull without a byte for so long is given up by the port. */
#define PULL_IDLE_MS 600000

static bool is_image_named(const struct sim_image *image, const char *reference)
{
    struct digest digest;
    if (strcmp(image->reference, reference) == 0 ||
        (digest_parse(reference, &digest) && digest_is_equal(&digest, &image->config))) {
        return true;
    }
    for (size_t i = 0; i < SIM_TAGS_MAX; i++) {
        if (image->tags[i][0] != '\0' && strcmp(image->tags[i], reference) == 0) {
            return true;
        }
    }
    return false;
}

struct sim_image *image_of(struct sim_engine *engine, const char *reference)
{
    for (size_t i = 0; i < engine->image_count; i++) {
        if (is_image_named(&engine->images[i], reference)) {
            return &engine->images[i];
        }
    }
    return NULL;
}

/* A tag names one image: it leaves any other. */
static void tag_image(struct sim_engine *engine, struct sim_image *image, const char *tag)
{
    size_t free_place = 0;
    for (size_t i = 0; i < engine->image_count; i++) {
        for (size_t j = 0; j < SIM_TAGS_MAX; j++) {
            if (strcmp(engine->images[i].tags[j], tag) == 0) {
                engine->images[i].tags[j][0] = '\0';
            }
        }
    }
    while (free_place < SIM_TAGS_MAX - 1 && image->tags[free_place][0] != '\0') {
        free_place++;
    }
    (void)text_copy(image->tags[free_place], sizeof image->tags[free_place], tag);
}

static void untag_image(struct sim_engine *engine, const char *tag)
{
    struct sim_image *image = image_of(engine, tag);
    if (image == NULL) {
        return;
    }
    bool is_tagged = false;
    for (size_t i = 0; i < SIM_TAGS_MAX; i++) {
        if (strcmp(image->tags[i], tag) == 0) {
            image->tags[i][0] = '\0';
        }
        is_tagged = is_tagged || image->tags[i][0] != '\0';
    }
    for (size_t i = 0; i < SIM_CONTAINERS_MAX; i++) {
        is_tagged = is_tagged || (engine->containers[i].is_used &&
                                  &engine->images[engine->containers[i].image] == image);
    }
    image->is_present = is_tagged;
}

static int64_t begin_pull(struct sim_engine *engine, struct sim_engine_call *call)
{
    struct sim_image *image = image_of(engine, call->text);
    if (image != NULL && image->is_present) {
        tag_image(engine, image, call->tag);
        engine->syncs++;
        return 0;
    }
    if (!engine->has_registry || image == NULL || !image->is_in_registry) {
        (void)err_set(&call->err, engine->has_registry ? ERR_PULL : ERR_REGISTRY, "pull %s: %s",
                      call->text, engine->has_registry ? "manifest unknown" : "no route to host");
        return 0;
    }
    if (image->size_bytes > engine->about.disk_free_bytes) {
        (void)err_set(&call->err, ERR_DISK_SPACE, "pull %s: no space left on device", call->text);
        return 0;
    }
    int64_t stall_ms = image->stall_ms;
    image->stall_ms = 0;
    if (stall_ms >= PULL_IDLE_MS) {
        (void)err_set(&call->err, ERR_TIMEOUT, "pull %s: no progress for 10 minutes", call->text);
        return PULL_IDLE_MS;
    }
    call->is_slow = true;
    return stall_ms + sim_random_between(engine->world, 300, 900);
}

static void finish_pull(struct sim_engine *engine, struct sim_engine_call *call)
{
    struct sim_image *image = image_of(engine, call->text);
    if (image == NULL || !engine->has_registry) {
        (void)err_set(&call->err, ERR_REGISTRY, "pull %s: connection reset", call->text);
        return;
    }
    if (image->is_corrupt) {
        (void)err_set(&call->err, ERR_PULL, "pull %s: filesystem layer verification failed",
                      call->text);
        return;
    }
    image->is_present = true;
    image->is_hollow = false;
    engine->syncs++;
    tag_image(engine, image, call->tag);
}

static struct sim_network *network_of(struct sim_engine *engine, const char *name);

static void ensure_network(struct sim_engine *engine, struct sim_engine_call *call)
{
    struct sim_network *free_place = NULL;
    const struct sim_network *former = network_of(engine, call->tag);
    if (network_of(engine, call->network.name) == NULL && former != NULL &&
        strcmp(former->node, call->network.node) == 0 &&
        strcmp(former->app, call->network.app) == 0) {
        (void)text_copy(call->network.name, sizeof call->network.name, former->name);
    }
    for (size_t i = 0; i < SIM_NETWORKS_MAX; i++) {
        struct sim_network *network = &engine->networks[i];
        if (!network->is_used) {
            free_place = free_place == NULL ? network : free_place;
        } else if (strcmp(network->name, call->network.name) == 0) {
            if (network->subnet != call->network.subnet ||
                network->prefix_bits != call->network.prefix_bits ||
                strcmp(network->node, call->network.node) != 0 ||
                strcmp(network->app, call->network.app) != 0) {
                (void)err_set(&call->err, ERR_EXISTS, "network %s has another subnet or owner",
                              network->name);
            }
            return;
        }
    }
    if (free_place == NULL) {
        (void)err_set(&call->err, ERR_ENGINE, "could not find an available address pool");
        return;
    }
    *free_place = call->network;
    free_place->is_used = true;
    free_place->id = call->serial;
}

static struct sim_network *network_of(struct sim_engine *engine, const char *name)
{
    for (size_t i = 0; i < SIM_NETWORKS_MAX; i++) {
        if (engine->networks[i].is_used && strcmp(engine->networks[i].name, name) == 0) {
            return &engine->networks[i];
        }
    }
    return NULL;
}

static void remove_network(struct sim_engine *engine, struct sim_engine_call *call)
{
    struct sim_network *network = network_of(engine, call->text);
    if (network != NULL && network->node[0] == '\0') {
        (void)err_set(&call->err, ERR_EXISTS, "network %s is somebody else's", call->text);
        return;
    }
    for (size_t i = 0; i < SIM_CONTAINERS_MAX; i++) {
        if (container_is_running(&engine->containers[i]) &&
            strcmp(engine->containers[i].network, call->text) == 0) {
            (void)err_set(&call->err, ERR_ENGINE, "network %s has active endpoints", call->text);
            return;
        }
    }
    if (network != NULL) {
        memset(network, 0, sizeof *network);
    }
}

static bool is_same_container(const struct sim_container *a, const struct sim_container *b)
{
    return strcmp(a->node, b->node) == 0 && strcmp(a->seen.app, b->seen.app) == 0 &&
           strcmp(a->seen.service, b->seen.service) == 0 && a->seen.gen == b->seen.gen &&
           a->seen.replica == b->seen.replica && strcmp(a->seen.spec, b->seen.spec) == 0;
}

static void create_container(struct sim_engine *engine, struct sim_engine_call *call)
{
    if (call->err.code != 0) {
        return;
    }
    struct sim_container *free_place = NULL;
    const struct sim_image *image = image_of(engine, call->text);
    for (size_t i = 0; i < SIM_CONTAINERS_MAX; i++) {
        struct sim_container *container = &engine->containers[i];
        if (!container->is_used) {
            free_place = free_place == NULL ? container : free_place;
        } else if (strcmp(container->name, call->made.name) == 0) {
            if (!is_same_container(container, &call->made)) {
                (void)err_set(&call->err, ERR_EXISTS, "the name %s is in use", container->name);
            }
            (void)text_copy(call->made.seen.id, sizeof call->made.seen.id, container->seen.id);
            return;
        }
    }
    if (image == NULL || !image->is_present) {
        (void)err_set(&call->err, ERR_NOT_FOUND, "no such image: %s", call->text);
    } else if (strcmp(call->made.network, "host") != 0 &&
               network_of(engine, call->made.network) == NULL) {
        (void)err_set(&call->err, ERR_WIRING, "network %s not found", call->made.network);
    } else if (free_place == NULL) {
        (void)err_set(&call->err, ERR_ENGINE, "no room for another container");
    } else if (engine_settle_volumes(engine, call)) {
        engine_add_unnamed(engine, &call->made, image);
        for (size_t i = 0; i < SIM_MOUNTS_MAX; i++) {
            call->made.seen.has_unnamed_volume |= engine_is_unnamed(call->made.volumes[i]);
        }
        call->made.is_used = true;
        call->made.image = (size_t)(image - engine->images);
        call->made.seen.state = ENGINE_CREATED;
        *free_place = call->made;
    }
}

static struct sim_container *need_container(struct sim_engine *engine, struct sim_engine_call *call)
{
    struct sim_container *container = container_of(engine, call->text);
    if (container == NULL) {
        (void)err_set(&call->err, ERR_NOT_FOUND, "no such container: %.12s", call->text);
    }
    return container;
}

static void start_container(struct sim_engine *engine, struct sim_engine_call *call)
{
    struct sim_container *container = need_container(engine, call);
    if (container == NULL || container_is_running(container)) {
        return;
    }
    const struct sim_network *network = network_of(engine, container->network);
    bool is_on_host = strcmp(container->network, "host") == 0;
    if (container->seen.state == ENGINE_PAUSED) {
        (void)err_set(&call->err, ERR_ENGINE, "cannot start a paused container, try unpause");
    } else if (container->seen.state == ENGINE_DEAD) {
        (void)err_set(&call->err, ERR_ENGINE, "container is marked for removal");
    } else if (!is_on_host && (network == NULL || (container->network_id != 0 &&
                                                   container->network_id != network->id))) {
        (void)err_set(&call->err, ERR_WIRING, "network %s not found", container->network);
    } else if (container->refuses != 0) {
        (void)err_set(&call->err, container->refuses, "unable to start container process");
    } else if (container->seen.address != 0 &&
               sim_engine_at(engine, container->seen.address) != NULL) {
        (void)err_set(&call->err, ERR_ENGINE, "address already in use");
    } else {
        container->crashes = 0;
        container->network_id = is_on_host ? 0 : network->id;
        container_run(engine, container);
        sim_world_saw(engine->world, SIM_SAW_START, container);
    }
}

/* The signal goes out; the end comes with engine_finish. */
static int64_t begin_stop(struct sim_engine *engine, struct sim_engine_call *call)
{
    struct sim_container *container = need_container(engine, call);
    if (container == NULL) {
        return 0;
    }
    sim_world_saw(engine->world, SIM_SAW_STOP, container);
    container->was_stopped = true;
    if (container->seen.state == ENGINE_RESTARTING) {
        container->seen.state = ENGINE_EXITED;
    }
    if (container->seen.state == ENGINE_PAUSED) {
        container->seen.state = ENGINE_RUNNING; /* it hears nothing before it is killed */
        container->is_stopping = true;
        call->is_slow = true;
        call->run = container->run;
        call->exit_code = 137;
        return call->limit_ms;
    }
    if (!container_is_running(container)) {
        return 0;
    }
    const struct sim_app *app = &engine->images[container->image].app;
    container->is_stopping = true;
    call->is_slow = true;
    call->run = container->run;
    bool is_polite = !app->ignores_term && app->stop_ms < call->limit_ms;
    call->exit_code = is_polite ? 0 : 137;
    return is_polite ? app->stop_ms : call->limit_ms;
}

static void finish_stop(struct sim_engine *engine, struct sim_engine_call *call)
{
    struct sim_container *container = container_of(engine, call->text);
    if (container != NULL && container->run == call->run && container_is_running(container)) {
        container_end(engine, container, call->exit_code);
    }
}

static void remove_container(struct sim_engine *engine, struct sim_engine_call *call)
{
    struct sim_container *container = container_of(engine, call->text);
    if (container != NULL) {
        sim_world_saw(engine->world, SIM_SAW_REMOVE, container);
        container_free(container);
        sim_eyes_see(&engine->eyes);
    }
}

/* Of the signals only the stop signal means anything to a simulated app. */
static int64_t begin_signal(struct sim_engine *engine, struct sim_engine_call *call)
{
    struct sim_container *container = need_container(engine, call);
    if (container != NULL && container_is_running(container) &&
        strcmp(call->tag, SIM_SIGNAL_DRAIN) == 0) {
        sim_container_tell(engine, container);
        return 0;
    }
    if (container == NULL || !container_is_running(container) ||
        strcmp(call->tag, "SIGTERM") != 0 || engine->images[container->image].app.ignores_term) {
        return 0;
    }
    container->is_stopping = true;
    container->was_stopped = true;
    call->is_slow = true;
    call->run = container->run;
    return engine->images[container->image].app.stop_ms;
}

static int64_t begin_exec(struct sim_engine *engine, struct sim_engine_call *call)
{
    struct sim_container *container = need_container(engine, call);
    if (container == NULL) {
        return 0;
    }
    if (!container_is_running(container)) {
        (void)err_set(&call->err, ERR_CONFLICT, "container %.12s is not running", call->text);
        return 0;
    }
    const struct sim_app *app = &engine->images[container->image].app;
    if (call->exec == SIM_EXEC_HANGS ||
        engine->world->now - container->started_at >= app->hang_after_ms) {
        (void)err_set(&call->err, ERR_TIMEOUT, "exec: not finished in time");
        return call->limit_ms;
    }
    if (call->exec == SIM_EXEC_TELLS) {
        sim_container_tell(engine, container);
    }
    if (call->exec == SIM_EXEC_ASKS) {
        call->exit_code = sim_container_is_ready(engine, container) ? 0 : 1;
    }
    return 0;
}

static void keep_container(struct sim_engine *engine, struct sim_engine_call *call)
{
    struct sim_container *container = need_container(engine, call);
    if (container != NULL) {
        container->seen.keeps_running = call->keep;
        container->seen.restart.kind =
            call->keep ? ENGINE_RESTART_UNLESS_STOPPED : ENGINE_RESTART_NO;
    }
}

static void set_policy(struct sim_engine *engine, struct sim_engine_call *call)
{
    struct sim_container *container = need_container(engine, call);
    if (container != NULL) {
        container->seen.restart = call->made.seen.restart;
        container->seen.keeps_running = container->seen.restart.kind != ENGINE_RESTART_NO;
    }
}

static void restore_container(struct sim_engine *engine, struct sim_engine_call *call)
{
    struct sim_container *container = need_container(engine, call);
    if (container != NULL) {
        container->seen.is_altered = false;
        container->seen.restart = call->made.seen.restart;
        container->seen.keeps_running =
            container->seen.restart.kind == ENGINE_RESTART_UNLESS_STOPPED;
    }
}

/* What is left of a container: as much of its output as the contract says, oldest first. */
void engine_answer_mortem(struct sim_engine *engine, struct sim_engine_call *call)
{
    const struct sim_container *container = container_of(engine, call->text);
    struct engine_post_mortem found = {0};
    if (container == NULL) {
        (void)err_set(&call->err, ERR_NOT_FOUND, "no such container: %.12s", call->text);
        call->done(call->ctx, &call->err, NULL);
        return;
    }
    const struct sim_app *app = &engine->images[container->image].app;
    const char *words = app->output != NULL ? app->output : "started\n";
    size_t len = container->run == 0 ? 0 : strlen(words);
    size_t kept = len < ENGINE_OUTPUT_BYTES ? len : ENGINE_OUTPUT_BYTES;
    found.state = container->seen.state;
    found.exit_code = container->seen.exit_code;
    found.was_out_of_memory = app->is_greedy && found.state == ENGINE_EXITED;
    if (app->is_log_unreadable) {
        (void)text_copy(found.unread, sizeof found.unread,
                        "configured logging driver does not support reading");
    } else {
        found.output = span_of(words + (len - kept), kept);
        found.is_output_cut = kept < len;
    }
    call->done(call->ctx, NULL, &(struct engine_answer){.post_mortem = &found});
}

static void rename_container(struct sim_engine *engine, struct sim_engine_call *call)
{
    struct sim_container *container = need_container(engine, call);
    for (size_t i = 0; container != NULL && i < SIM_CONTAINERS_MAX; i++) {
        const struct sim_container *other = &engine->containers[i];
        if (other->is_used && other != container && strcmp(other->name, call->tag) == 0) {
            (void)err_set(&call->err, ERR_EXISTS, "the name %s is in use", call->tag);
            return;
        }
    }
    if (container != NULL) {
        (void)text_copy(container->name, sizeof container->name, call->tag);
        container->seen.is_misnamed = false;
    }
}

int64_t engine_effect(struct sim_engine *engine, struct sim_engine_call *call)
{
    switch ((int)call->op) {
    case SIM_OP_ENGINE_PULL:
        return begin_pull(engine, call);
    case SIM_OP_ENGINE_STOP:
        return begin_stop(engine, call);
    case SIM_OP_ENGINE_EXEC:
        return begin_exec(engine, call);
    case SIM_OP_ENGINE_SIGNAL:
        return begin_signal(engine, call);
    case SIM_OP_ENGINE_UNTAG:
        untag_image(engine, call->text);
        return 0;
    case SIM_OP_ENGINE_NETWORK:
        ensure_network(engine, call);
        return 0;
    case SIM_OP_ENGINE_UNNETWORK:
        remove_network(engine, call);
        return 0;
    case SIM_OP_ENGINE_CREATE:
        create_container(engine, call);
        return 0;
    case SIM_OP_ENGINE_START:
        start_container(engine, call);
        return 0;
    case SIM_OP_ENGINE_REMOVE:
        remove_container(engine, call);
        return 0;
    case SIM_OP_ENGINE_KEEP:
        keep_container(engine, call);
        return 0;
    case SIM_OP_ENGINE_POLICY:
        set_policy(engine, call);
        return 0;
    case SIM_OP_ENGINE_RESTORE:
        restore_container(engine, call);
        return 0;
    case SIM_OP_ENGINE_RENAME:
        rename_container(engine, call);
        return 0;
    case SIM_OP_ENGINE_HOLD:
        engine_hold_volumes(engine, call);
        return 0;
    case SIM_OP_ENGINE_VOLUME:
        engine_find_volume(engine, call);
        return 0;
    default:
        return 0; /* the others only look */
    }
}

void engine_finish(struct sim_engine *engine, struct sim_engine_call *call)
{
    if (call->op == SIM_OP_ENGINE_PULL) {
        finish_pull(engine, call);
    } else if (call->op == SIM_OP_ENGINE_STOP || call->op == SIM_OP_ENGINE_SIGNAL) {
        finish_stop(engine, call);
    }
    call->is_slow = false;
}

void engine_half(struct sim_engine *engine, struct sim_engine_call *call)
{
    if (call->op == SIM_OP_ENGINE_PULL) {
        struct sim_image *image = image_of(engine, call->text);
        if (begin_pull(engine, call) > 0 && image != NULL && sim_random_one_in(engine->world, 4)) {
            image->is_present = true; /* unpacked, not synced: a second pull finds it complete */
            image->is_hollow = true;
        }
    } else if (call->op == SIM_OP_ENGINE_STOP || sim_random_one_in(engine->world, 2)) {
        (void)engine_effect(engine, call);
    }
}
