/* engine: the lives of simulated containers: runs, ends, restarts by policy, boots. */
#include "ports/sim/engine_private.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/base/text.h"

#define RESTART_DELAY_MS     100
#define RESTART_DELAY_MS_MAX 60000
/* A run that lasts so long is forgiven its earlier crashes (Docker's rule). */
#define RESTART_FORGIVEN_MS 10000
#define KILLED_EXIT_CODE    137
/* The engine's clock when the world begins. */
#define SIM_EPOCH_MS INT64_C(1700000000000)

struct sim_app sim_app_well(void)
{
    return (struct sim_app){
        .listen_after_ms = 100,
        .ready_after_ms = 300,
        .unready_after_ms = SIM_NEVER,
        .hang_after_ms = SIM_NEVER,
        .crash_after_ms = SIM_NEVER,
        .stop_ms = 80,
        .exit_code = 1,
    };
}

bool sim_engine_init(struct sim_engine *engine, struct sim_world *world)
{
    memset(engine, 0, sizeof *engine);
    engine->world = world;
    engine->is_up = true;
    engine->has_registry = true;
    engine->life = 1;
    engine->eyes.world = world;
    engine->about = (struct engine_about){
        .version = "sim",
        .arch = "amd64",
        .memory_bytes = UINT64_C(1) << 31,
        .disk_free_bytes = UINT64_C(1) << 34,
        .has_restart_backoff = true,
    };
    engine->calls = calloc(SIM_CALLS_MAX, sizeof *engine->calls);
    engine->lists = calloc(SIM_LISTS_MAX, sizeof *engine->lists);
    return engine->calls != NULL && engine->lists != NULL;
}

void sim_engine_close(struct sim_engine *engine)
{
    free(engine->calls);
    free(engine->lists);
    engine->calls = NULL;
    engine->lists = NULL;
}

size_t sim_engine_add_image(struct sim_engine *engine, const char *reference,
                            const struct digest *config, const struct sim_app *app)
{
    assert(engine->image_count < SIM_IMAGES_MAX);
    struct sim_image *image = &engine->images[engine->image_count];
    memset(image, 0, sizeof *image);
    bool fits = text_copy(image->reference, sizeof image->reference, reference);
    assert(fits);
    (void)fits;
    image->config = *config;
    image->app = *app;
    image->size_bytes = 3000000;
    image->is_in_registry = true;
    return engine->image_count++;
}

struct sim_container *sim_engine_add_compose(struct sim_engine *engine, const char *project,
                                             const char *service, uint32_t number, size_t image,
                                             struct engine_restart restart, uint16_t port)
{
    size_t place = 0;
    while (engine->containers[place].is_used) {
        place++;
        assert(place < SIM_CONTAINERS_MAX);
    }
    struct sim_container *container = &engine->containers[place];
    *container = (struct sim_container){
        .is_used = true, .is_compose = true, .image = image, .network = "host"};
    (void)snprintf(container->seen.id, sizeof container->seen.id, "compose-%zu", place);
    (void)snprintf(container->name, sizeof container->name, "%s-%s-%u", project, service, number);
    (void)text_copy(container->seen.app, sizeof container->seen.app, project);
    (void)text_copy(container->seen.service, sizeof container->seen.service, service);
    container->seen.replica = number;
    container->seen.restart = restart;
    container->seen.keeps_running = restart.kind != ENGINE_RESTART_NO;
    container->seen.published[0] = (struct engine_published){.host_port = port};
    container->seen.published_count = 1;
    container_run(engine, container);
    return container;
}

const char *container_label(const struct sim_container *container, char label[64])
{
    (void)snprintf(label, 64, "%.24s/%.20s.%llu.%u", container->seen.app, container->seen.service,
                   (unsigned long long)container->seen.gen, container->seen.replica);
    return label;
}

bool container_is_running(const struct sim_container *container)
{
    return container->is_used && container->seen.state == ENGINE_RUNNING;
}

struct sim_container *container_of(struct sim_engine *engine, const char *id)
{
    for (size_t i = 0; i < SIM_CONTAINERS_MAX; i++) {
        struct sim_container *container = &engine->containers[i];
        if (container->is_used && strcmp(container->seen.id, id) == 0) {
            return container;
        }
    }
    return NULL;
}

struct sim_container *sim_engine_at(struct sim_engine *engine, ipv4 address)
{
    for (size_t i = 0; i < SIM_CONTAINERS_MAX; i++) {
        struct sim_container *container = &engine->containers[i];
        if (container_is_running(container) && container->seen.address == address &&
            engine->world->now >= engine->link_down_until) {
            return container;
        }
    }
    return NULL;
}

struct sim_container *sim_engine_paused_at(struct sim_engine *engine, ipv4 address)
{
    for (size_t i = 0; i < SIM_CONTAINERS_MAX; i++) {
        struct sim_container *container = &engine->containers[i];
        if (container->is_used && container->seen.state == ENGINE_PAUSED &&
            container->seen.address == address && engine->world->now >= engine->link_down_until) {
            return container;
        }
    }
    return NULL;
}

static int64_t age_of(const struct sim_engine *engine, const struct sim_container *container)
{
    return engine->world->now - container->started_at;
}

bool sim_container_is_sound(const struct sim_engine *engine, const struct sim_container *container)
{
    const struct sim_image *image = &engine->images[container->image];
    int64_t age = age_of(engine, container);
    return container_is_running(container) && age < image->app.unready_after_ms &&
           age < image->app.hang_after_ms && !image->is_hollow;
}

bool sim_container_is_listening(struct sim_engine *engine, const struct sim_container *container)
{
    const struct sim_app *app = &engine->images[container->image].app;
    return container_is_running(container) && !container->is_stopping &&
           age_of(engine, container) >= app->listen_after_ms &&
           age_of(engine, container) < app->hang_after_ms;
}

bool sim_container_is_ready(struct sim_engine *engine, struct sim_container *container)
{
    const struct sim_app *app = &engine->images[container->image].app;
    bool is_ready = sim_container_is_listening(engine, container) &&
                    age_of(engine, container) >= app->ready_after_ms &&
                    sim_container_is_sound(engine, container);
    container->was_ready = container->was_ready || is_ready;
    return is_ready;
}

void sim_container_tell(struct sim_engine *engine, struct sim_container *container)
{
    char label[64];
    sim_world_trace(engine->world, "app     %s is told to drain",
                    container_label(container, label));
    container->told_at = engine->world->now;
}

static uint64_t arg_of(const struct sim_engine *engine, const struct sim_container *container)
{
    return container->run * SIM_CONTAINERS_MAX + (uint64_t)(container - engine->containers);
}

/* The container an event was armed for; NULL when that run is over. */
static struct sim_container *container_in_run(struct sim_engine *engine, uint64_t arg)
{
    struct sim_container *container = &engine->containers[arg % SIM_CONTAINERS_MAX];
    return container->is_used && container->run == arg / SIM_CONTAINERS_MAX ? container : NULL;
}

static void run_again(void *self, uint64_t arg)
{
    struct sim_engine *engine = self;
    struct sim_container *container = container_in_run(engine, arg);
    if (container != NULL && container->seen.state == ENGINE_RESTARTING && engine->is_up) {
        if (engine->world->now < engine->frozen_until) {
            sim_world_at(engine->world, engine->frozen_until, run_again, engine, arg);
            return;
        }
        container->seen.restarts++;
        container_run(engine, container);
    }
}

/* Its process ends without a call: by its policy it is started again. */
static void end_by_itself(struct sim_engine *engine, struct sim_container *container, int exit_code)
{
    char label[64];
    sim_world_trace(engine->world, "app     %s ends by itself", container_label(container, label));
    sim_world_saw(engine->world, SIM_SAW_CRASH, container);
    if (age_of(engine, container) >= RESTART_FORGIVEN_MS) {
        container->crashes = 0;
    }
    container_end(engine, container, exit_code);
    if (container->seen.keeps_running && engine->is_up && !container->is_stopping) {
        int64_t delay = RESTART_DELAY_MS << (container->crashes < 10 ? container->crashes : 10);
        container->crashes++;
        container->seen.state = ENGINE_RESTARTING;
        sim_world_at(engine->world,
                     engine->world->now +
                         (delay < RESTART_DELAY_MS_MAX ? delay : RESTART_DELAY_MS_MAX),
                     run_again, engine, arg_of(engine, container));
    }
}

static void crash(void *self, uint64_t arg)
{
    struct sim_engine *engine = self;
    struct sim_container *container = container_in_run(engine, arg);
    if (container != NULL && container->seen.state == ENGINE_PAUSED) {
        container->crash_due = true; /* its clock stands still: it ends when it goes on */
    } else if (container != NULL && container_is_running(container)) {
        const struct sim_image *image = &engine->images[container->image];
        end_by_itself(engine, container, image->is_hollow ? 126 : image->app.exit_code);
    }
}

void sim_engine_kill(struct sim_engine *engine, struct sim_container *container)
{
    end_by_itself(engine, container, KILLED_EXIT_CODE);
}

void sim_engine_hide(struct sim_engine *engine, bool is_hidden)
{
    engine->is_up = !is_hidden;
    engine->life++;
}

void container_run(struct sim_engine *engine, struct sim_container *container)
{
    const struct sim_image *image = &engine->images[container->image];
    container->seen.state = ENGINE_RUNNING;
    container->seen.exit_code = 0;
    container->started_at = engine->world->now;
    container->seen.started_ms = SIM_EPOCH_MS + engine->world->now;
    container->run = ++engine->runs;
    container->is_stopping = false;
    container->was_stopped = false;
    container->told_at = 0;
    container->crash_due = false;
    container->was_ready = false;
    sim_eyes_see(&engine->eyes);
    int64_t crash_after = image->is_hollow ? 20 : image->app.crash_after_ms;
    if (crash_after != SIM_NEVER) {
        sim_world_at(engine->world, engine->world->now + crash_after, crash, engine,
                     arg_of(engine, container));
    }
}

void container_end(struct sim_engine *engine, struct sim_container *container, int exit_code)
{
    sim_eyes_see(&engine->eyes);
    if (container->seen.state != ENGINE_CREATED) {
        container->seen.state = ENGINE_EXITED;
        container->seen.exit_code = exit_code;
    }
}

void container_free(struct sim_container *container)
{
    memset(container, 0, sizeof *container);
}

void sim_engine_remove_by_hand(struct sim_engine *engine, struct sim_container *container)
{
    char label[64];
    sim_world_trace(engine->world, "hand    removes %s", container_label(container, label));
    container_free(container);
    sim_eyes_see(&engine->eyes);
}

static void end_all(struct sim_engine *engine)
{
    for (size_t i = 0; i < SIM_CONTAINERS_MAX; i++) {
        struct sim_container *container = &engine->containers[i];
        if (container->is_used &&
            (container->seen.state == ENGINE_RUNNING || container->seen.state == ENGINE_PAUSED ||
             container->seen.state == ENGINE_RESTARTING)) {
            container_end(engine, container, KILLED_EXIT_CODE);
        }
    }
}

void sim_engine_lose(struct sim_engine *engine)
{
    end_all(engine);
    engine->is_up = false;
    engine->frozen_until = 0;
    engine->link_down_until = 0;
    memset(engine->calls, 0, SIM_CALLS_MAX * sizeof *engine->calls);
}

/* Its policies: what was started, is to be kept and was not stopped by a call runs again. */
static void come_up(void *self, uint64_t arg)
{
    struct sim_engine *engine = self;
    if (arg != engine->life) {
        return;
    }
    engine->is_up = true;
    sim_world_trace(engine->world, "engine  up");
    for (size_t i = 0; i < SIM_CONTAINERS_MAX; i++) {
        struct sim_container *container = &engine->containers[i];
        if (container->is_used && container->seen.state == ENGINE_EXITED &&
            container->seen.keeps_running &&
            (!container->was_stopped || container->seen.restart.kind == ENGINE_RESTART_ALWAYS)) {
            char label[64];
            container->crashes = 0;
            container_run(engine, container);
            sim_world_trace(engine->world, "engine  starts %s by its policy",
                            container_label(container, label));
        }
    }
}

void sim_engine_boot(struct sim_engine *engine)
{
    engine->is_up = false;
    engine->life++;
    sim_world_at(engine->world, engine->world->now + sim_random_between(engine->world, 1000, 5000),
                 come_up, engine, engine->life);
}

void sim_engine_restart(struct sim_engine *engine, int64_t down_ms)
{
    sim_world_trace(engine->world, "engine  goes");
    end_all(engine);
    engine->is_up = false;
    engine->life++;
    sim_world_at(engine->world, engine->world->now + down_ms, come_up, engine, engine->life);
}

void trace_call(struct sim_engine *engine, const struct sim_engine_call *call)
{
    char label[64];
    const struct sim_container *container = container_of(engine, call->text);
    sim_world_trace(engine->world, "engine  %s %s", sim_op_word(call->op),
                    container != NULL ? container_label(container, label) : call->text);
}

int engine_watch(void *self, const char *node, engine_hint hint, void *ctx, struct err *err)
{
    struct sim_engine *engine = self;
    if (strlen(node) >= SIM_NODE_BYTES) {
        return err_set(err, ERR_LIMIT, "a node's name is too long");
    }
    sim_eyes_watch(&engine->eyes, hint, ctx);
    return 0;
}
