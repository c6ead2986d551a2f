/* conductor_perform: makes the engine calls the planner asks for and notes what came of them. */
#include "agent/node/conductor_private.h"

#include <stdio.h>

#include "agent/node/address.h"
#include "platform/base/law.h"

#define STOP_GRACE_DEFAULT_MS 10000
#define NOTICE_TIMEOUT_MS     5000

struct replica *replica_of(const struct call *call)
{
    LAW(BOUNDED, call->app != NULL);
    return session_find(&call->app->session, call->gen, call->service, call->number);
}

void performed(void *ctx, const struct err *err, const struct engine_answer *answer)
{
    struct call *call = ctx;
    struct app *app = call->app;
    struct conductor *conductor = call->conductor;
    struct replica *replica = replica_of(call);
    struct call_end end = {.kind = call->kind,
                           .code = err != NULL ? err->code : 0,
                           .id = answer != NULL ? answer->id : "",
                           .list_number = conductor->engine.list_number};
    call_drop(call);
    if (replica != NULL) {
        if (err != NULL && end.kind != ACTION_EXAMINE) {
            conductor_warning(conductor, app, "%s of generation %u replica %u: %s",
                              action_word(end.kind), replica->gen, replica->number, err->text);
        }
        observed_call_ended(&app->session, &app->memory, replica, &end, conductor_now(conductor));
        if (end.kind == ACTION_EXAMINE) {
            cause_note_end(app, replica, err, answer);
        }
    }
    observe_soon(conductor);
}

static void notified(void *ctx, const struct err *err)
{
    performed(ctx, err, NULL);
}

/* A command that ends with an error has not given the notice. */
static void exec_notified(void *ctx, const struct err *err, const struct engine_answer *answer)
{
    struct err failed;
    if (err == NULL && answer->exit_code != 0) {
        (void)err_set(&failed, ERR_PROBE, "the command ended with %d", answer->exit_code);
        err = &failed;
    }
    performed(ctx, err, answer);
}

static void forgotten(void *ctx, const struct err *err, const struct route_state *state)
{
    (void)state;
    performed(ctx, err, NULL);
}

/* RESTART: stopped, now start it again under the same call. */
static void stopped_to_start(void *ctx, const struct err *err, const struct engine_answer *answer)
{
    struct call *call = ctx;
    struct replica *replica = replica_of(call);
    struct err failed;
    if (err != NULL || replica == NULL) {
        performed(ctx, err, answer);
    } else if (start_begin(call->app, replica, call, &failed) != 0) {
        performed(ctx, &failed, answer);
    }
}

/* REMOVE of one that is made anew: its volumes are noted, now it can go. */
static void held_to_remove(void *ctx, const struct err *err, const struct engine_answer *answer)
{
    struct call *call = ctx;
    const struct engine *engine = &call->conductor->ports.engine;
    struct replica *replica = replica_of(call);
    struct err failed;
    if (err != NULL || replica == NULL) {
        performed(ctx, err, answer);
    } else if (engine->ops->remove(engine->self, replica->id, performed, call, &failed) != 0) {
        performed(ctx, &failed, answer);
    }
}

static int notify(struct app *app, const struct replica *replica, struct call *call,
                  struct err *err)
{
    struct conductor *conductor = app->conductor;
    const struct engine *engine = &conductor->ports.engine;
    const struct plan *plan = app_plan_leaving(app, replica->gen);
    if (plan == NULL) {
        plan = app_plan(app, &app->memory.committed.release);
    }
    if (plan == NULL) {
        return err_set(err, ERR_NOT_FOUND, "its release cannot be read");
    }
    const struct plan_drain_notice *notice = &plan->services[replica->service].notice;
    struct prober_request request = {
        .kind = PROBER_POST,
        .address = replica->address,
        .port = notice->port,
        .timeout_ms = NOTICE_TIMEOUT_MS,
    };
    const char *argv[PLAN_EXEC_ARGS_MAX];
    const char *at = notice->text;
    switch (notice->kind) {
    case PLAN_NOTICE_SIGNAL:
        return engine->ops->signal(engine->self, replica->id, notice->text, performed, call, err);
    case PLAN_NOTICE_EXEC:
        for (size_t i = 0; i < notice->exec_count && i < PLAN_EXEC_ARGS_MAX; i++) {
            argv[i] = at;
            at += strlen(at) + 1;
        }
        return engine->ops->exec(engine->self, replica->id, argv, notice->exec_count,
                                 NOTICE_TIMEOUT_MS, exec_notified, call, err);
    case PLAN_NOTICE_HTTP:
        (void)text_copy(request.path, sizeof request.path, notice->text);
        return conductor->ports.prober.ops->ask(conductor->ports.prober.self, &request, notified,
                                                call, err);
    case PLAN_NOTICE_NONE:
        break;
    }
    return err_set(err, ERR_NOTHING, "there is no notice to give");
}

static int64_t stop_grace(struct app *app, const struct replica *replica)
{
    const struct plan *plan = app_plan_leaving(app, replica->gen);
    return plan != NULL && replica->service < plan->service_count
               ? plan->services[replica->service].stop_grace_ms
               : STOP_GRACE_DEFAULT_MS;
}

static int give_name(struct app *app, const struct replica *replica, struct call *call,
                     struct err *err)
{
    const struct engine *engine = &app->conductor->ports.engine;
    const struct plan *plan = app_plan_of(app, replica->gen);
    char name[ENGINE_NAME_BYTES];
    if (plan == NULL || !release_container_name(app->conductor->config.node, app->memory.app,
                                                replica->gen, plan->services[replica->service].name,
                                                replica->number, name, sizeof name)) {
        return err_set(err, ERR_NOT_FOUND, "its name cannot be told");
    }
    conductor_warning(app->conductor, app, "generation %u replica %u was renamed: named %s again",
                      replica->gen, replica->number, name);
    return engine->ops->rename(engine->self, replica->id, name, performed, call, err);
}

static int restore(struct app *app, const struct replica *replica, struct call *call,
                   struct err *err)
{
    const struct engine *engine = &app->conductor->ports.engine;
    struct engine_restart policy = {.kind = replica->policy};
    conductor_warning(app->conductor, app,
                      "limits or restart policy of generation %u replica %u were changed: set back",
                      replica->gen, replica->number);
    return engine->ops->restore(engine->self, replica->id, policy, performed, call, err);
}

static int perform_replica(struct app *app, struct replica *replica, struct call *call,
                           struct err *err)
{
    const struct engine *engine = &app->conductor->ports.engine;
    const struct route *route = &app->conductor->ports.route;
    switch (call->kind) {
    case ACTION_CREATE:
        return create_begin(app, replica, call, err);
    case ACTION_START:
        return start_begin(app, replica, call, err);
    case ACTION_RESTART:
        return engine->ops->stop(engine->self, replica->id, stop_grace(app, replica),
                                 stopped_to_start, call, err);
    case ACTION_STOP:
        return engine->ops->stop(engine->self, replica->id, stop_grace(app, replica), performed,
                                 call, err);
    case ACTION_REMOVE:
        return replica->is_remaking && replica->has_unnamed_volume
                   ? engine->ops->hold_volumes(engine->self, replica->id, NULL, held_to_remove,
                                               call, err)
                   : engine->ops->remove(engine->self, replica->id, performed, call, err);
    case ACTION_RENAME:
        return give_name(app, replica, call, err);
    case ACTION_HOLD:
        return engine->ops->hold_volumes(engine->self, replica->id, NULL, performed, call, err);
    case ACTION_KEEP:
        return engine->ops->keep_running(engine->self, replica->id, true, performed, call, err);
    case ACTION_RESTORE:
        return restore(app, replica, call, err);
    case ACTION_NOTICE:
        return notify(app, replica, call, err);
    case ACTION_FORGET:
        return route->ops->forget(route->self, replica->address, forgotten, call, err);
    case ACTION_EXAMINE:
        return cause_examine(app, replica, performed, call, err);
    case ACTION_PULL:
    case ACTION_NETWORK:
    case ACTION_COUNT:
        break;
    }
    return err_set(err, ERR_INTERNAL, "not an action on a replica");
}

static void pull_progressed(void *ctx, uint64_t bytes)
{
    struct call *call = ctx;
    (void)bytes;
    call->app->session.staging_progress_at = conductor_now(call->conductor);
}

static void pulled(void *ctx, const struct err *err, const struct engine_answer *answer)
{
    struct call *call = ctx;
    struct app *app = call->app;
    struct digest release = call->release;
    const struct plan *plan = app_plan(app, &release);
    const struct plan *missing = app_plan_of(app, app->session.image_missing_gen);
    bool is_missing = missing != NULL && digest_is_equal(&missing->digest, &release);
    struct err wrong;
    call_drop(call);
    conductor_touch(app->conductor);
    if (!observed_is_staging(&app->session, &release)) {
        garbage_note(app, &release); /* of a wish that was given up while this went on */
        return;
    }
    if (err == NULL && (image_check(app->conductor, plan, answer->image, &wrong) != 0 ||
                        volumes_judge(app, plan, answer->image, &wrong) != 0)) {
        err = &wrong;
    }
    if (err != NULL) {
        conductor_warning(app->conductor, app, "pull of release %02x%02x%02x%02x: %s: %s",
                          release.bytes[0], release.bytes[1], release.bytes[2], release.bytes[3],
                          err_word(err->code), err->text);
    }
    observed_pull_ended(&app->session, &app->memory, &release, err != NULL ? err->code : 0,
                        is_missing, conductor_now(app->conductor));
}

static void network_made(void *ctx, const struct err *err, const struct engine_answer *answer)
{
    struct call *call = ctx;
    struct app *app = call->app;
    call_drop(call);
    bool is_made = err == NULL && text_copy(app->network, sizeof app->network, answer->id);
    if (err != NULL) {
        conductor_warning(app->conductor, app, "network: %s", err->text);
    }
    observed_network_ended(&app->session, &app->memory, is_made, conductor_now(app->conductor));
    conductor_touch(app->conductor);
}

static int perform_gen(struct app *app, struct call *call, struct err *err)
{
    struct conductor *conductor = app->conductor;
    const struct engine *engine = &conductor->ports.engine;
    char name[ENGINE_NAME_BYTES];
    char former[ENGINE_NAME_BYTES];
    char bridge[16];
    char tag[ENGINE_REFERENCE_BYTES];
    if (call->kind == ACTION_PULL) {
        const struct plan *plan = app_plan(app, &call->release);
        if (plan == NULL || plan->service_count == 0) {
            return err_set(err, ERR_NOT_FOUND, "the release to fetch cannot be read");
        }
        struct engine_wanted wanted = image_wanted(app, plan, tag);
        return engine->ops->pull(engine->self, &wanted, pull_progressed, pulled, call, err);
    }
    address_network(&conductor->config, app->memory.app, name);
    address_network_former(&conductor->config, app->memory.app, former);
    address_bridge(&conductor->config, app->memory.app, bridge);
    struct engine_network network = {
        .name = name,
        .former = former,
        .node = conductor->config.node,
        .app = app->memory.app,
        .bridge = bridge,
        .subnet = address_subnet(&conductor->config, app->memory.index),
        .gateway = address_gateway(&conductor->config, app->memory.index),
        .prefix_bits = ADDRESS_APP_BITS,
        .mtu = conductor->config.mtu,
    };
    return engine->ops->network_ensure(engine->self, &network, network_made, call, err);
}

void perform(struct app *app, const struct action *action)
{
    if (action->gen == GEN_ADOPTED) {
        adopt_perform(app, action);
        return;
    }
    struct conductor *conductor = app->conductor;
    struct call *call = call_take(conductor, app, action->kind);
    bool is_gen = action->kind == ACTION_PULL || action->kind == ACTION_NETWORK;
    struct call refused = {.conductor = conductor, .app = app, .kind = action->kind};
    struct err err = {.code = ERR_BUSY};
    int rc = ERR_BUSY;
    (void)text_copy(err.text, sizeof err.text, "too many calls are under way");
    if (call == NULL) {
        call = &refused;
    } else {
        rc = 0;
    }
    call->gen = action->gen;
    call->release = app->session.staging;
    call->service = action->service;
    call->number = action->number;
    if (rc == 0 && is_gen) {
        rc = perform_gen(app, call, &err);
    } else if (rc == 0) {
        struct replica *replica = replica_of(call);
        replica->touched = conductor->engine.list_number;
        rc = perform_replica(app, replica, call, &err);
    }
    if (rc == 0) {
        return;
    }
    if (action->kind == ACTION_PULL) {
        pulled(call, &err, NULL);
    } else if (action->kind == ACTION_NETWORK) {
        network_made(call, &err, NULL);
    } else {
        struct replica *replica = replica_of(call);
        replica->call_not_before = conductor_now(conductor) + CALL_RETRY_MS;
        performed(call, &err, NULL);
    }
}

static void image_removed(void *ctx, const struct err *err, const struct engine_answer *answer)
{
    struct call *call = ctx;
    (void)answer;
    if (err != NULL) {
        conductor_warning(call->conductor, call->app, "an old image stays: %s", err->text);
    }
    call_drop(call);
}

/* Containers of generations that are not remembered are still there; evidence does not count. */
static bool has_remains(const struct app *app)
{
    const struct memory_app *memory = &app->memory;
    for (size_t i = 0; i < app->session.replica_count; i++) {
        const struct replica *replica = &app->session.replicas[i];
        if (replica->is_present && replica->gen != memory->committed.gen &&
            replica->gen != memory->candidate.gen && replica->gen != memory->history[0].gen &&
            !swap_keeps_remains(memory, &app->session, replica)) {
            return true;
        }
    }
    return false;
}

/* A kept container of this release needs its image. */
static bool is_evidence_of(const struct app *app, const struct digest *release)
{
    const struct session_app *session = &app->session;
    for (size_t i = 0; i < session->replica_count; i++) {
        if (session->replicas[i].gen == session->left_gen &&
            digest_is_equal(&session->left, release) &&
            swap_keeps_remains(&app->memory, session, &session->replicas[i])) {
            return true;
        }
    }
    return false;
}

/* Removes the image of that release; false when no call is free. */
static bool remove_image(struct app *app, const struct digest *release)
{
    const struct engine *engine = &app->conductor->ports.engine;
    char tag[ENGINE_REFERENCE_BYTES];
    struct err err;
    struct call *call = call_take(app->conductor, app, ACTION_REMOVE);
    if (call == NULL) {
        return false;
    }
    image_tag(app, release, tag);
    if (engine->ops->image_remove(engine->self, tag, image_removed, call, &err) != 0) {
        image_removed(call, &err, NULL);
    }
    return true;
}

void garbage_step(struct app *app)
{
    LAW(BOUNDED, app->is_used);
    if (app->memory.phase != SWAP_REST || has_remains(app)) {
        return;
    }
    if (!digest_is_none(&app->doubted) && remove_image(app, &app->doubted)) {
        app->doubted = (struct digest){0};
    }
    for (size_t i = 0; i < GARBAGE_MAX; i++) {
        struct digest release = app->garbage[i];
        if (is_evidence_of(app, &release)) {
            continue;
        }
        if (!digest_is_none(&release) && !memory_remembers(&app->memory, &release) &&
            !remove_image(app, &release)) {
            return;
        }
        app->garbage[i] = (struct digest){0};
    }
}
