/* conductor_observe: what the engine lists, brought into the sessions. */
#include "agent/node/conductor_private.h"

#include <stdio.h>

#include "platform/base/law.h"

/* One list of the engine. */
struct look {
    uint64_t number;
    mono_ms asked_at;
    bool is_excused; /* the engine was away before it */
};

void observe_soon(struct conductor *conductor)
{
    conductor->engine.list_at = conductor_now(conductor);
    conductor_touch(conductor);
}

static bool is_active(const struct conductor *conductor)
{
    for (size_t i = 0; i < APPS_MAX; i++) {
        const struct app *app = &conductor->apps[i];
        if (app->is_used && (app->memory.phase != SWAP_REST || app->verb.stage != VERB_NONE)) {
            return true;
        }
    }
    return false;
}

static void engine_failed(struct conductor *conductor, const struct err *err)
{
    if (engine_watch_failed(&conductor->engine, conductor_now(conductor))) {
        conductor_warning(conductor, NULL, "%s: %s",
                          err->code == ERR_LIMIT ? "the engine cannot be looked at"
                                                 : "the engine does not answer",
                          err->text);
    }
    conductor_world_fault(conductor);
    conductor_touch(conductor);
}

/* The machine started with a boot file in which this app's release before stands, or may stand. */
static bool is_boot_file_old(const struct app *app)
{
    const struct conductor *conductor = app->conductor;
    return conductor->traffic.found == ROUTE_FOUND_STALE &&
           (conductor->traffic.stale_app == NULL || conductor->traffic.stale_app == app);
}

/* May traffic have been reaching this generation before the agent started? */
static bool is_assumed_routed(const struct app *app, uint32_t gen)
{
    switch (app->conductor->traffic.found) {
    case ROUTE_FOUND_RUNNING:
        return true;
    case ROUTE_FOUND_BOOT:
        return gen == app->memory.committed.gen;
    case ROUTE_FOUND_STALE:
        return app->is_lost || (is_boot_file_old(app) ? gen == app->memory.history[0].gen
                                                      : gen == app->memory.committed.gen);
    case ROUTE_FOUND_NONE:
        break;
    }
    return false;
}

static void tell_fall(struct app *app, const struct replica *replica)
{
    if (replica->state == ENGINE_RUNNING || replica->state == ENGINE_PAUSED) {
        conductor_warning(app->conductor, app,
                          "generation %u replica %u has ended by itself and runs again",
                          replica->gen, replica->number);
    } else {
        conductor_warning(app->conductor, app,
                          "generation %u replica %u has ended by itself: exit code %d",
                          replica->gen, replica->number, replica->exit_code);
    }
}

/* It lies at the address its identity has here. */
static bool is_at_its_place(const struct conductor *conductor,
                            const struct engine_container *container)
{
    uint8_t index = 0;
    uint8_t lane = 0;
    return container->replica > 0 && container->replica <= REPLICAS_MAX &&
           address_locate(&conductor->config, container->address, &index, &lane) &&
           address_replica(&conductor->config, index, lane, 0, (uint8_t)container->replica) ==
               container->address;
}

static bool is_same_identity(const struct engine_container *a, const struct engine_container *b)
{
    return a->gen == b->gen && a->replica == b->replica && strcmp(a->app, b->app) == 0 &&
           strcmp(a->service, b->service) == 0;
}

/* Labels alone prove nothing: a copy of an image (docker commit) inherits them. A container has the
 * name that its labels say, or at least the address, and nobody else has both. */
static bool is_foreign(const struct conductor *conductor, const struct engine_answer *answer,
                       const struct engine_container *container)
{
    if (!container->is_misnamed) {
        return false;
    }
    for (size_t i = 0; i < answer->container_count; i++) {
        const struct engine_container *other = &answer->containers[i];
        if (other != container && !other->is_misnamed && is_same_identity(other, container)) {
            return true;
        }
    }
    return !is_at_its_place(conductor, container);
}

/* A new number of them is told, with the last one's id. */
static void tell_foreigners(struct app *app, const struct engine_answer *answer)
{
    const struct engine_container *last = NULL;
    uint16_t count = 0;
    for (size_t i = 0; i < answer->container_count; i++) {
        const struct engine_container *container = &answer->containers[i];
        if (strcmp(container->app, app->memory.app) == 0 &&
            is_foreign(app->conductor, answer, container)) {
            last = container;
            count++;
        }
    }
    if (last != NULL && count > app->foreigners) {
        conductor_warning(app->conductor, app,
                          "container %.12s has labels of this app, but not its name: ignored",
                          last->id);
    }
    app->foreigners = count;
}

/* None of these has a name of ours: they are copies, and nothing of ours is among them. */
static void tell_left_out(struct conductor *conductor, size_t left_out)
{
    if (left_out > conductor->engine.left_out) {
        conductor_warning(conductor, NULL,
                          "%zu containers that carry this node's labels under another name are not "
                          "looked at: remove those that are not needed (docker ps -a --filter "
                          "label=io.berth.node=%s)",
                          left_out, conductor->config.node);
    }
    conductor->engine.left_out = left_out;
}

/* In its app's network, and not where the boot file and its neighbours look for it. What lies in
 * another network is of another configuration: its place is not known. */
static bool is_moved(const struct app *app, const struct engine_container *container)
{
    ipv4 subnet = address_subnet(&app->conductor->config, app->memory.index);
    return (container->address ^ subnet) >> (32 - ADDRESS_APP_BITS) == 0 &&
           !is_at_its_place(app->conductor, container);
}

/* Somebody disconnected it from its network, so that nothing reaches it any more, or connected it
 * again without its address. */
static void note_detached(struct app *app, struct replica *replica,
                          const struct engine_container *container)
{
    bool is_away = is_moved(app, container);
    if ((container->is_detached || is_away) && observed_detached(&app->session, replica, is_away)) {
        conductor_warning(app->conductor, app, "generation %u replica %u %s: made anew",
                          replica->gen, replica->number,
                          is_away ? "has another address than its own"
                                  : "is disconnected from its network");
    }
}

static void merge(struct app *app, const struct engine_container *container,
                  const struct look *look)
{
    LAW(BOUNDED, app->is_used);
    struct session_app *session = &app->session;
    if (container->gen == 0 || container->gen >= GEN_ADOPTED || container->replica == 0 ||
        container->replica > REPLICAS_MAX) {
        return;
    }
    struct replica *replica =
        session_need(session, (uint32_t)container->gen, 0, (uint8_t)container->replica);
    if (replica == NULL) {
        conductor_warning(app->conductor, app,
                          "more than %d containers of it were listed: generation %llu replica %llu "
                          "is not looked after; remove those that are not needed",
                          OBSERVED_MAX, (unsigned long long)container->gen,
                          (unsigned long long)container->replica);
        return;
    }
    if (replica->is_busy || replica->touched >= look->number) {
        return; /* older than what a call on it has done since */
    }
    mono_ms now = conductor_now(app->conductor);
    if (replica_see(replica, container, look->asked_at, look->is_excused, now)) {
        tell_fall(app, replica);
    }
    note_detached(app, replica, container);
    if (!session->is_observed) {
        /* An engine that was away may have started it anew just now. */
        observed_found(replica, is_assumed_routed(app, replica->gen),
                       look->is_excused && app->conductor->traffic.found == ROUTE_FOUND_RUNNING);
    }
}

/* What the list does not name is gone, unless a call has just made it. */
static void mark_absent(struct app *app, const struct engine_answer *answer,
                        const struct look *look)
{
    for (size_t i = 0; i < app->session.replica_count; i++) {
        struct replica *replica = &app->session.replicas[i];
        bool is_listed = false;
        for (size_t j = 0; j < answer->container_count && !is_listed; j++) {
            const struct engine_container *container = &answer->containers[j];
            is_listed = container->gen == replica->gen && container->replica == replica->number &&
                        strcmp(container->app, app->memory.app) == 0 &&
                        !is_foreign(app->conductor, answer, container);
        }
        if (!is_listed && !replica->is_busy && replica->touched < look->number) {
            replica_miss(replica, conductor_now(app->conductor));
        }
    }
}

/* All replicas of the plan are there in this generation. */
static bool is_complete(const struct engine_answer *answer, const char *app, uint64_t gen,
                        const struct plan *plan)
{
    size_t wanted = 0;
    size_t found = 0;
    for (uint8_t i = 0; plan != NULL && i < plan->service_count; i++) {
        wanted += plan->services[i].replicas;
    }
    for (size_t i = 0; i < answer->container_count; i++) {
        const struct engine_container *container = &answer->containers[i];
        found += container->gen == gen && strcmp(container->app, app) == 0 ? 1 : 0;
    }
    return plan != NULL && found >= wanted;
}

/* A complete generation before an incomplete one, then the lower sequence. */
static bool is_better(struct app *app, const struct engine_answer *answer,
                      const struct engine_container *container, const struct plan *plan)
{
    const struct generation *held = &app->memory.committed;
    if (held->gen == 0) {
        return true;
    }
    bool is_whole = is_complete(answer, app->memory.app, container->gen, plan);
    bool is_held_whole =
        is_complete(answer, app->memory.app, held->gen, app_plan(app, &held->release));
    return is_whole == is_held_whole ? plan->sequence < held->sequence : is_whole;
}

/* Containers of ours without a record: their memory was lost. The oldest complete generation whose
 * payload is still there is looked after; nothing is begun and nothing is removed. */
static void adopt_orphan(struct conductor *conductor, const struct engine_answer *answer,
                         const struct engine_container *container)
{
    uint8_t index = 0;
    uint8_t lane = 0;
    struct app *app = app_of(conductor, container->app);
    if (!address_locate(&conductor->config, container->address, &index, &lane) ||
        container->gen > UINT32_MAX || digest_is_none(&container->release)) {
        return;
    }
    if (app == NULL) {
        app = app_take(conductor, index);
        if (app == NULL) {
            return;
        }
        app->is_lost = true;
        (void)text_copy(app->memory.app, NAME_BYTES, container->app);
        conductor->has_lost_memory = true;
        conductor_warning(conductor, app, "memory lost: containers without a record");
    }
    if (!app->is_lost) {
        return;
    }
    const struct plan *plan = app_plan(app, &container->release);
    struct generation *committed = &app->memory.committed;
    if (plan != NULL && strcmp(plan->app, app->memory.app) == 0 &&
        is_better(app, answer, container, plan)) {
        *committed = (struct generation){.release = container->release,
                                         .sequence = plan->sequence,
                                         .gen = (uint32_t)container->gen,
                                         .lane = lane};
        app->memory.wanted = container->release;
    }
    if (container->gen > app->memory.gen_last) {
        app->memory.gen_last = (uint32_t)container->gen;
    }
}

static void take_list(struct conductor *conductor, const struct engine_answer *answer,
                      const struct look *look)
{
    LAW(BOUNDED, answer->container_count <= ENGINE_CONTAINERS_MAX);
    for (size_t i = 0; i < answer->container_count; i++) {
        const struct app *app = app_of(conductor, answer->containers[i].app);
        if (is_foreign(conductor, answer, &answer->containers[i])) {
            continue;
        }
        bool is_unknown = app == NULL || (app->is_lost && app->memory.committed.gen == 0);
        if (is_unknown || (app->is_lost && !app->session.is_observed)) {
            adopt_orphan(conductor, answer, &answer->containers[i]);
        }
    }
    route_identify(conductor);
    for (size_t i = 0; i < answer->container_count; i++) {
        struct app *app = app_of(conductor, answer->containers[i].app);
        if (app != NULL && !is_foreign(conductor, answer, &answer->containers[i])) {
            merge(app, &answer->containers[i], look);
        }
    }
    for (size_t i = 0; i < APPS_MAX; i++) {
        struct app *app = &conductor->apps[i];
        if (app->is_used) {
            mark_absent(app, answer, look);
            tell_foreigners(app, answer);
            observed_listed(&app->session,
                            is_boot_file_old(app) && app->memory.history[0].gen != 0);
        }
    }
}

/* An engine that was gone has mostly taken its containers with it: what failed meanwhile is asked
 * anew before it is judged. */
static void forget_failures(struct conductor *conductor)
{
    for (size_t i = 0; i < APPS_MAX; i++) {
        if (conductor->apps[i].is_used) {
            observed_engine_back(&conductor->apps[i].session);
        }
    }
}

static void listed(void *ctx, const struct err *err, const struct engine_answer *answer)
{
    struct call *call = ctx;
    struct conductor *conductor = call->conductor;
    struct look look = {
        .number = conductor->engine.list_number,
        .asked_at = conductor->engine.list_asked_at,
        .is_excused = conductor->engine.failures > 0,
    };
    call_drop(call);
    conductor->engine.is_listing = false;
    if (err != NULL) {
        engine_failed(conductor, err);
        return;
    }
    conductor->engine.is_listing = adopt_look(conductor);
    if (engine_watch_listed(&conductor->engine, look.number)) {
        conductor_event(conductor, NULL, "the engine answers again");
        forget_failures(conductor);
    }
    take_list(conductor, answer, &look);
    tell_left_out(conductor, answer->left_out);
    conductor->engine.has_list = true;
    conductor->engine.list_seen = look.number;
    conductor_touch(conductor);
}

static void about_told(void *ctx, const struct err *err, const struct engine_answer *answer)
{
    struct call *call = ctx;
    struct conductor *conductor = call->conductor;
    call_drop(call);
    conductor->engine.is_asking_about = false;
    if (err != NULL) {
        engine_failed(conductor, err);
        return;
    }
    engine_watch_told(&conductor->engine, answer->about, conductor_now(conductor));
    conductor_touch(conductor);
}

static void ask_about(struct conductor *conductor)
{
    const struct engine *engine = &conductor->ports.engine;
    struct call *call = call_take(conductor, NULL, ACTION_COUNT);
    struct err err;
    if (call == NULL) {
        engine_watch_put_off_about(&conductor->engine, conductor_now(conductor));
        return;
    }
    conductor->engine.is_asking_about = true;
    if (engine->ops->about(engine->self, about_told, call, &err) != 0) {
        call_drop(call);
        conductor->engine.is_asking_about = false;
        engine_failed(conductor, &err);
    }
}

static void ask_list(struct conductor *conductor)
{
    const struct engine *engine = &conductor->ports.engine;
    struct call *call = call_take(conductor, NULL, ACTION_COUNT);
    struct err err;
    if (call == NULL) {
        engine_watch_put_off_list(&conductor->engine, conductor_now(conductor));
        return;
    }
    engine_watch_list_asked(&conductor->engine, is_active(conductor), conductor_now(conductor));
    if (engine->ops->list(engine->self, conductor->config.node, listed, call, &err) != 0) {
        call_drop(call);
        conductor->engine.is_listing = false;
        engine_failed(conductor, &err);
    }
}

void observe_step(struct conductor *conductor)
{
    mono_ms now = conductor_now(conductor);
    if (is_active(conductor)) {
        engine_watch_hurry(&conductor->engine, now + LIST_ACTIVE_MS);
    }
    if (engine_watch_is_about_due(&conductor->engine, now)) {
        ask_about(conductor);
    }
    if (engine_watch_is_list_due(&conductor->engine, conductor->traffic.is_read, now)) {
        ask_list(conductor);
    }
}

mono_ms observe_deadline(const struct conductor *conductor)
{
    return engine_watch_deadline(&conductor->engine, conductor->traffic.is_read);
}
