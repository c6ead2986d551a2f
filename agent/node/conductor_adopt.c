/* conductor_adopt: looks at the containers of Compose projects that apps take over, and acts on
 * them. */
#include "agent/node/conductor_private.h"

/* A call or look that failed is repeated after so long, doubled each time. */
#define RETRY_MS     SECONDS_MS(1)
#define RETRY_SHIFTS 8
#define OWN_GRACE    (-1)

/* -- looking ----------------------------------------------------------------------------------- */

/* Makes the session fit whom the app is concerned with now. */
static bool note_concern(struct app *app)
{
    const struct memory_app *memory = &app->memory;
    struct adopted *adopted = &app->session.adopted;
    uint32_t of = adopt_concern(memory, app_plan(app, &memory->candidate.release),
                                app_plan(app, &memory->wanted));
    if (of != adopted->of) {
        *adopted = (struct adopted){.of = of};
    }
    return of != 0;
}

static void see(struct adopted_container *container, const struct engine_container *seen,
                uint64_t number)
{
    if (container->is_busy || container->touched >= number) {
        return; /* older than what a call on it has done since */
    }
    if (strcmp(container->id, seen->id) != 0) {
        *container = (struct adopted_container){.touched = container->touched};
        (void)text_copy(container->id, sizeof container->id, seen->id);
    }
    container->is_present = true;
    container->state = seen->state;
    container->restart = seen->restart;
    container->has_unnamed_volume = seen->has_unnamed_volume;
}

static bool is_of(const struct engine_container *seen, uint32_t of)
{
    return adopt_id(seen->app, seen->service) == of;
}

static void take_list(struct app *app, const struct engine_answer *answer, uint64_t number)
{
    struct adopted *adopted = &app->session.adopted;
    bool is_listed[ADOPTED_MAX] = {false};
    size_t count = 0;
    adopted->is_over = false;
    for (size_t i = 0; i < answer->container_count; i++) {
        const struct engine_container *seen = &answer->containers[i];
        if (!is_of(seen, adopted->of)) {
            continue;
        }
        count++;
        if (seen->replica == 0 || seen->replica > ADOPTED_MAX) {
            adopted->is_over = true;
        } else {
            is_listed[seen->replica - 1] = true;
            see(&adopted->at[seen->replica - 1], seen, number);
        }
    }
    for (size_t i = 0; i < ADOPTED_MAX; i++) {
        struct adopted_container *container = &adopted->at[i];
        if (!is_listed[i] && !container->is_busy && container->touched < number) {
            container->is_present = false;
        }
    }
    if (!adopted->is_seen && count == 0 && app->memory.adopted.of == 0) {
        conductor_event(app->conductor, app,
                        "no such Compose project runs here: there is nothing to take over");
    }
    adopted->is_seen = true;
}

static void compose_listed(void *ctx, const struct err *err, const struct engine_answer *answer)
{
    struct call *call = ctx;
    struct conductor *conductor = call->conductor;
    uint64_t number = conductor->engine.list_number;
    call_drop(call);
    conductor->engine.is_listing = false;
    if (err != NULL) {
        conductor_warning(conductor, NULL, "Compose projects: %s", err->text);
        conductor_world_fault(conductor);
    }
    for (size_t i = 0; i < APPS_MAX; i++) {
        struct app *app = &conductor->apps[i];
        if (!app->is_used || !note_concern(app)) {
            continue;
        }
        if (err == NULL) {
            take_list(app, answer, number);
        } else {
            app->session.adopted.look_not_before = conductor_now(conductor) + RETRY_MS;
        }
    }
    conductor_touch(conductor);
}

bool adopt_look(struct conductor *conductor)
{
    const struct engine *engine = &conductor->ports.engine;
    bool is_any = false;
    struct err err;
    for (size_t i = 0; i < APPS_MAX; i++) {
        is_any |= conductor->apps[i].is_used && note_concern(&conductor->apps[i]);
    }
    struct call *call = is_any ? call_take(conductor, NULL, ACTION_COUNT) : NULL;
    if (call == NULL) {
        return false;
    }
    if (engine->ops->list_compose(engine->self, compose_listed, call, &err) != 0) {
        call_drop(call);
        return false;
    }
    return true;
}

/* -- the door ---------------------------------------------------------------------------------- */

/* Which container has the machine's port; NULL: none of them. */
static const struct engine_container *holder_of(const struct engine_answer *answer,
                                                const struct route_port *port)
{
    for (size_t i = 0; i < answer->container_count; i++) {
        const struct engine_container *container = &answer->containers[i];
        for (uint8_t j = 0; j < container->published_count; j++) {
            const struct engine_published *published = &container->published[j];
            if (published->host_port == port->host_port &&
                published->is_udp == (port->protocol == ROUTE_UDP)) {
                return container;
            }
        }
    }
    return NULL;
}

static int check_port(const struct conductor *conductor, const struct engine_answer *answer,
                      const struct route_port *port, uint32_t of, struct err *err)
{
    const struct route *route = &conductor->ports.route;
    const struct engine_container *holder = holder_of(answer, port);
    bool is_held = false;
    int rc = route->ops->is_held(route->self, port->protocol, port->host_ip, port->host_port,
                                 &is_held, err);
    if (rc != 0 || !is_held || (holder != NULL && is_of(holder, of))) {
        return rc;
    }
    if (holder == NULL) {
        return door_port_held(port, err);
    }
    return err_set(err, ERR_PORT_HELD,
                   "port %u is held by service %s of the Compose project %s, which is not taken "
                   "over: stop it",
                   port->host_port, holder->service, holder->app);
}

static int check_met(const struct conductor *conductor, const struct engine_answer *answer,
                     const struct plan *plan, struct err *err)
{
    const struct plan_service *service = &plan->services[0];
    uint32_t of = adopt_id(plan->adopt, service->name);
    for (size_t i = 0; i < answer->container_count; i++) {
        const struct engine_container *container = &answer->containers[i];
        if (is_of(container, of) && (container->replica == 0 || container->replica > ADOPTED_MAX)) {
            return err_set(err, ERR_LIMIT,
                           "more than %d containers are to be taken over: scale them down",
                           ADOPTED_MAX);
        }
    }
    for (uint8_t i = 0; i < service->port_count; i++) {
        int rc = check_port(conductor, answer, &service->ports[i], of, err);
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

static void refuse_order(struct app *app, const struct err *err)
{
    conductor_warning(app->conductor, app, "order refused: %s", err->text);
    app->verb.decision = (struct order_decision){
        .step = ORDER_STEP_END, .outcome = OUTCOME_REFUSED, .reason = err->code};
}

/* Trouble of the engine refuses no order: it looks again, by the turn that its slot asks for. */
static void met(void *ctx, const struct err *err, const struct engine_answer *answer)
{
    struct call *call = ctx;
    struct app *app = call->app;
    struct verb *verb = &app->verb;
    const struct plan *plan = app_plan(app, &verb->wanted);
    struct err refused = {0};
    call_drop(call);
    conductor_touch(app->conductor);
    if (verb->stage != VERB_MEETING) {
        return;
    }
    verb->stage = VERB_READY;
    verb->is_met = err == NULL;
    if (err != NULL && verb->is_order) {
        verb->meet_not_before = conductor_now(app->conductor) + RETRY_MS;
        return;
    }
    if (err == NULL && plan != NULL && check_met(app->conductor, answer, plan, &refused) != 0) {
        err = &refused;
    }
    if (err != NULL && verb->is_order) {
        refuse_order(app, err);
    } else if (err != NULL) {
        verb_finish(app, err);
    }
}

bool door_adopts(const struct app *app, const struct plan *plan)
{
    return plan->adopt[0] != '\0' && plan->service_count > 0 &&
           (app == NULL || app->memory.committed.gen == 0);
}

bool adopt_meet(struct app *app)
{
    const struct engine *engine = &app->conductor->ports.engine;
    struct verb *verb = &app->verb;
    const struct plan *plan = app_plan(app, &verb->wanted);
    struct err err;
    if (verb->is_met || plan == NULL || !door_adopts(app, plan) ||
        (verb->is_order && verb->decision.step != ORDER_STEP_BEGIN)) {
        return false;
    }
    struct call *call = conductor_now(app->conductor) >= verb->meet_not_before
                            ? call_take(app->conductor, app, ACTION_COUNT)
                            : NULL;
    if (call == NULL) {
        return true; /* a later turn tries again */
    }
    verb->stage = VERB_MEETING;
    if (engine->ops->list_compose(engine->self, met, call, &err) != 0) {
        met(call, &err, NULL);
    }
    return true;
}

/* -- acting ------------------------------------------------------------------------------------ */

static struct adopted_container *container_of(const struct call *call)
{
    return &call->app->session.adopted.at[call->number - 1];
}

static void note_failure(struct app *app, struct adopted_container *container,
                         const struct call *call, const struct err *err)
{
    conductor_warning(app->conductor, app, "%s of container %.12s, taken over: %s",
                      action_word(call->kind), container->id, err->text);
    container->is_present = container->is_present && err->code != ERR_NOT_FOUND;
    container->call_not_before = conductor_now(app->conductor) + (RETRY_MS << container->failures);
    if (container->failures < RETRY_SHIFTS) {
        container->failures++;
    }
    if (call->kind == ACTION_STOP || call->kind == ACTION_HOLD) {
        observed_engine_failed(&app->session);
    }
}

static void done(void *ctx, const struct err *err, const struct engine_answer *answer)
{
    struct call *call = ctx;
    struct app *app = call->app;
    struct adopted_container *container = container_of(call);
    struct call held = *call;
    (void)answer;
    call_drop(call);
    container->is_busy = false;
    container->touched = app->conductor->engine.list_number;
    if (err != NULL) {
        note_failure(app, container, &held, err);
    } else {
        container->failures = 0;
        container->is_held |= held.kind == ACTION_HOLD;
        if (held.kind == ACTION_STOP && adopted_is_alive(container)) {
            container->state = ENGINE_EXITED;
        } else if (held.kind == ACTION_START) {
            container->state = ENGINE_RUNNING;
        }
    }
    observe_soon(app->conductor);
}

/* The engine's policy is what it is to be: now it can be stopped, or started. */
static int move(struct adopted_container *container, struct call *call, struct err *err)
{
    const struct engine *engine = &call->conductor->ports.engine;
    if (call->kind == ACTION_START) {
        return engine->ops->start(engine->self, container->id, done, call, err);
    }
    return engine->ops->stop(engine->self, container->id, OWN_GRACE, done, call, err);
}

static struct engine_restart policy_of(const struct call *call)
{
    return call->kind == ACTION_STOP ? (struct engine_restart){ENGINE_RESTART_NO, 0}
                                     : call->app->memory.adopted.restart;
}

static void policy_set(void *ctx, const struct err *err, const struct engine_answer *answer)
{
    struct call *call = ctx;
    struct adopted_container *container = container_of(call);
    struct err failed;
    if (err == NULL) {
        container->restart = policy_of(call);
    }
    if (err != NULL || call->kind == ACTION_KEEP) {
        done(ctx, err, answer);
    } else if (move(container, call, &failed) != 0) {
        done(ctx, &failed, answer);
    }
}

static int begin(struct adopted_container *container, struct call *call, struct err *err)
{
    struct app *app = call->app;
    const struct engine *engine = &app->conductor->ports.engine;
    const struct plan *plan = app_plan(app, &app->memory.candidate.release);
    struct engine_restart restart = policy_of(call);
    if (call->kind == ACTION_HOLD) {
        struct engine_holder holder = {.node = app->conductor->config.node,
                                       .app = app->memory.app,
                                       .service = plan != NULL ? plan->services[0].name : "",
                                       .replica = call->number};
        return engine->ops->hold_volumes(engine->self, container->id, &holder, done, call, err);
    }
    if (container->restart.kind != restart.kind || container->restart.retries != restart.retries) {
        return engine->ops->set_restart(engine->self, container->id, restart, policy_set, call,
                                        err);
    }
    return move(container, call, err);
}

void adopt_perform(struct app *app, const struct action *action)
{
    struct conductor *conductor = app->conductor;
    struct adopted_container *container = &app->session.adopted.at[action->number - 1];
    struct call *call = call_take(conductor, app, action->kind);
    struct err err;
    if (call == NULL) {
        container->is_busy = false;
        container->call_not_before = conductor_now(conductor) + RETRY_MS;
        return;
    }
    call->gen = action->gen;
    call->number = action->number;
    container->touched = conductor->engine.list_number;
    if (begin(container, call, &err) != 0) {
        done(call, &err, NULL);
    }
}

/* -- saying ------------------------------------------------------------------------------------ */

void adopt_announce(struct app *app, const struct memory_app *next)
{
    const struct memory_app *memory = &app->memory;
    struct conductor *conductor = app->conductor;
    const struct plan *plan = app_plan(app, next->candidate.gen != 0 ? &next->candidate.release
                                                                     : &memory->committed.release);
    bool is_named = plan != NULL && plan->service_count > 0;
    const char *service = is_named ? plan->services[0].name : "?";
    const char *project = is_named ? plan->adopt : "?";
    if (next->adopted.of != 0 && next->adopted.running != memory->adopted.running) {
        conductor_event(conductor, app, "takes over service %s of the Compose project %s", service,
                        project);
    } else if (memory->committed.gen != 0 && next->committed.gen == 0) {
        conductor_event(conductor, app, "goes back to service %s of the Compose project %s",
                        service, project);
    } else if (memory->adopted.of != 0 && next->adopted.of == 0 && next->committed.gen == 0) {
        conductor_event(conductor, app, "what it took over is as it was");
    } else if (memory->adopted.of != 0 && next->adopted.of == 0) {
        conductor_event(conductor, app,
                        "what it took over is no way back any more and stays stopped; to remove "
                        "it: docker compose -p %s rm %s",
                        project, service);
    }
}
