/* conductor: one turn: look, plan each app, perform, route, probe; then say when to come back. */
#include "agent/node/conductor_private.h"

#include <stdarg.h>
#include <stdlib.h>

#include "platform/base/law.h"

/* Planning again within one step, when performing changed something at once. */
#define TURNS_MAX 4

struct conductor *conductor_new(const struct config *config, const struct conductor_ports *ports)
{
    struct conductor *conductor = calloc(1, sizeof *conductor);
    if (conductor == NULL) {
        return NULL;
    }
    conductor->config = *config;
    conductor->ports = *ports;
    for (size_t i = 0; i < config->label_count; i++) {
        conductor->label_names[i] = conductor->config.label_names[i];
        conductor->label_values[i] = conductor->config.label_values[i];
    }
    return conductor;
}

void conductor_free(struct conductor *conductor)
{
    free(conductor);
}

void conductor_trust(struct conductor *conductor, const struct trust *trust,
                     const struct revoked *revoked)
{
    if (trust != NULL) {
        conductor->trust = *trust;
        conductor->has_trust = true;
    }
    if (revoked != NULL) {
        conductor->revoked = *revoked;
    }
    conductor_touch(conductor);
}

mono_ms conductor_now(const struct conductor *conductor)
{
    return conductor->ports.clock.ops->mono(conductor->ports.clock.self);
}

void conductor_touch(struct conductor *conductor)
{
    conductor->is_dirty = true;
}

struct call *call_take(struct conductor *conductor, struct app *app, enum action_kind kind)
{
    struct call *call = calls_take(&conductor->calls, app, kind);
    if (call != NULL) {
        call->conductor = conductor;
    }
    return call;
}

struct call *call_take_probe(struct conductor *conductor, struct app *app, bool is_exec)
{
    size_t apps = 0;
    LAW(BOUNDED, app->is_used);
    for (size_t i = 0; i < APPS_MAX; i++) {
        apps += conductor->apps[i].is_used ? 1 : 0;
    }
    struct call *call = calls_take_probe(&conductor->calls, app, apps, is_exec);
    if (call != NULL) {
        call->conductor = conductor;
    }
    return call;
}

static PRINTF_LIKE(4, 0) void note(struct conductor *conductor, const struct app *app,
                                   enum log_level level, const char *fmt, va_list args)
{
    struct event event = {.number = conductor->events.last + 1, .at = conductor_now(conductor)};
    struct event last;
    event.wall = conductor->ports.clock.ops->wall(conductor->ports.clock.self, &event.time_trusted);
    if (app != NULL) {
        (void)text_copy(event.app, sizeof event.app, app->memory.app);
    }
    text_shorten_va(event.text, sizeof event.text, fmt, args);
    if (level == LOG_LEVEL_WARNING && conductor->events.last > 0) {
        events_get(&conductor->events, conductor->events.last, &last);
        if (strcmp(last.text, event.text) == 0 && strcmp(last.app, event.app) == 0) {
            return; /* said already; what repeats each second must not push the rest out */
        }
    }
    events_add(&conductor->events, &event);
    char line[LOG_LINE_BYTES_MAX];
    text_shorten_printf(line, sizeof line, "%s%s%s", event.app, app != NULL ? ": " : "",
                        event.text);
    conductor->ports.log.ops->line(conductor->ports.log.self, level, line);
    if (conductor->heard != NULL) {
        conductor->heard(conductor->heard_ctx, &event);
    }
}

void conductor_event(struct conductor *conductor, const struct app *app, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    note(conductor, app, LOG_LEVEL_INFO, fmt, args);
    va_end(args);
}

void conductor_warning(struct conductor *conductor, const struct app *app, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    note(conductor, app, LOG_LEVEL_WARNING, fmt, args);
    va_end(args);
}

void conductor_listen(struct conductor *conductor, conductor_heard heard, void *ctx)
{
    conductor->heard = heard;
    conductor->heard_ctx = ctx;
}

void conductor_node_facts(const struct conductor *conductor, struct release_node *node)
{
    *node = (struct release_node){
        .name = conductor->config.node,
        .arch = conductor->engine.about.arch,
        .variant =
            conductor->engine.about.variant[0] != '\0' ? conductor->engine.about.variant : NULL,
        .label_names = conductor->label_names,
        .label_values = conductor->label_values,
        .label_count = conductor->config.label_count,
        .publish_address = conductor->config.publish_address,
    };
}

void conductor_world_fault(struct conductor *conductor)
{
    for (size_t i = 0; i < APPS_MAX; i++) {
        struct app *app = &conductor->apps[i];
        if (app->is_used) {
            observed_world_fault(&app->session, &app->memory);
        }
    }
}

int conductor_start(struct conductor *conductor, struct err *err)
{
    conductor->boot = conductor->ports.clock.ops->boot(conductor->ports.clock.self);
    int rc = memory_start(conductor, err);
    if (rc != 0) {
        return err_wrap(err, rc, "start");
    }
    conductor->is_started = true;
    hints_start(conductor);
    conductor_touch(conductor);
    return 0;
}

bool app_may_begin(const struct conductor *conductor, const struct app *app)
{
    if (conductor->is_store_failing || (app != NULL && app->is_lost)) {
        return false;
    }
    if (conductor->traffic.blind != NULL && conductor->traffic.blind != app) {
        return false; /* traffic could not be switched */
    }
    for (size_t i = 0; i < APPS_MAX; i++) {
        const struct app *other = &conductor->apps[i];
        bool is_changing = other->memory.phase != SWAP_REST ||
                           (other->is_remembering && other->pending.phase != SWAP_REST);
        if (other != app && other->is_used && is_changing) {
            return false;
        }
    }
    return true;
}

/* By the clock, or where that cannot be trusted by how long the wish is known. */
static bool is_wish_late(const struct app *app)
{
    const struct conductor *conductor = app->conductor;
    const struct memory_app *memory = &app->memory;
    bool is_trusted = false;
    wall_ms wall = conductor->ports.clock.ops->wall(conductor->ports.clock.self, &is_trusted);
    if (memory->start_by == 0 || !digest_is_equal(&app->session.wish, &memory->wanted)) {
        return false;
    }
    return is_trusted ? wall > memory->start_by
                      : memory->wanted_by == WANTED_BY_ORDER &&
                            conductor_now(conductor) - app->session.wished_at >= START_BY_UPTIME_MS;
}

/* A wait of the site is told when it begins and when it ends. */
static void tell_wait(struct app *app)
{
    enum wish_wait wait = app->session.wait;
    bool is_site =
        wait == WISH_WAIT_REGISTRY || wait == WISH_WAIT_ENGINE || wait == WISH_WAIT_FILES;
    if (wait == app->told_wait) {
        return;
    }
    if (is_site) {
        conductor_event(app->conductor, app, "waiting for the %s; what serves goes on serving",
                        wish_wait_word(wait));
    } else if (app->told_wait != WISH_WAIT_NONE) {
        conductor_event(app->conductor, app, "no longer waiting for the %s",
                        wish_wait_word(app->told_wait));
    }
    app->told_wait = is_site ? wait : WISH_WAIT_NONE;
}

static void plan_app(struct app *app)
{
    LAW(DURABLE_FIRST, app->is_used && !app->is_new);
    struct conductor *conductor = app->conductor;
    const struct memory_app *memory = &app->memory;
    struct swap_decision decision;
    struct swap_facts facts = {
        .now = conductor_now(conductor),
        .boot = conductor->boot,
        .committed = app_plan(app, &memory->committed.release),
        .candidate = app_plan(app, &memory->candidate.release),
        .previous = app_plan(app, &memory->history[0].release),
        .wanted = app_plan(app, &memory->wanted),
        .left = app_plan_leaving(app, app->session.left_gen),
        .is_engine_up = conductor->engine.is_up,
        .lacks_files = app->lacks_files,
        .has_restart_backoff = conductor->engine.about.has_restart_backoff,
        .may_begin = app_may_begin(conductor, app) && !order_is_overtaken(conductor, &app->memory),
        .is_wish_late = is_wish_late(app),
        .is_memory_lost = app->is_lost,
        .is_wanted_revoked = revoked_has(&conductor->revoked, &memory->wanted),
        .is_candidate_revoked = memory->candidate.gen != 0 &&
                                revoked_has(&conductor->revoked, &memory->candidate.release),
        .lists = {conductor->engine.list_number, conductor->engine.list_seen},
        .tables = {conductor->traffic.reads, conductor->traffic.seen},
    };
    swap_step(memory, &app->session, &facts, &decision);
    tell_wait(app);
    app->wake_at = mono_min(decision.wake_at, app_plans_retry_at(app));
    if (app->files_storing == 0) {
        app->wake_at = mono_min(app->wake_at, app->files_look_at);
    }
    if (decision.is_look_wanted) {
        engine_watch_hurry(&conductor->engine, facts.now);
    }
    if (decision.is_table_look_wanted) {
        conductor->traffic.read_at = mono_min(conductor->traffic.read_at, facts.now);
    }
    for (size_t i = 0; i < decision.action_count; i++) {
        perform(app, &decision.actions[i]);
    }
    bool can_remember = !app->is_remembering && facts.now >= app->record_retry_at;
    if (decision.is_remembering && can_remember) {
        memory_remember(app, &decision.next, decision.is_going_back);
    } else if (app->is_owed && can_remember) {
        struct memory_app same = *memory; /* it may hold already what the disk never took */
        memory_remember(app, &same, false);
    } else if ((decision.is_remembering || app->is_owed) && !app->is_remembering) {
        app->wake_at = mono_min(app->wake_at, app->record_retry_at);
    }
}

/* Supervision goes on while a record is being written or could not be. */
static void step_app(struct app *app)
{
    verb_step(app);
    if (app->is_new) {
        return;
    }
    memory_hurry(app);
    session_prune(&app->session, &app->memory);
    files_step(app);
    plan_app(app);
    garbage_step(app);
    way_back_step(app);
    end_step(app);
}

void conductor_step(struct conductor *conductor)
{
    if (!conductor->is_started || conductor->is_stepping) {
        return;
    }
    conductor->is_stepping = true;
    for (int turn = 0; turn < TURNS_MAX; turn++) {
        conductor->is_dirty = false;
        observe_step(conductor);
        probes_step(conductor); /* before planning: what is presumed ready must be so at once */
        route_mark(conductor);
        if (conductor->traffic.is_read) {
            orders_step(conductor);
            for (size_t i = 0; i < APPS_MAX; i++) {
                if (conductor->apps[i].is_used) {
                    step_app(&conductor->apps[i]);
                }
            }
        }
        route_step(conductor);
        if (!conductor->is_dirty) {
            break;
        }
    }
    conductor->is_stepping = false;
}

mono_ms conductor_deadline(const struct conductor *conductor)
{
    if (conductor->is_dirty) {
        return conductor_now(conductor);
    }
    mono_ms deadline = mono_min(observe_deadline(conductor), route_deadline(conductor));
    deadline = mono_min(deadline, probes_deadline(conductor));
    deadline = mono_min(deadline, orders_deadline(conductor));
    for (size_t i = 0; i < APPS_MAX; i++) {
        const struct app *app = &conductor->apps[i];
        if (app->is_used && !app->is_new && conductor->traffic.is_read) { /* else never planned */
            deadline = mono_min(deadline, mono_min(app->wake_at, memory_hurry_at(app)));
        }
    }
    return deadline;
}

/* Not presumed so, and not for want of an answer. */
static bool is_known_ready(const struct app *app, const struct replica *replica)
{
    const char *why;
    return replica_is_ready(replica) && health_of_replica(app, replica, &why) == HEALTH_READY;
}

static bool app_is_settled(const struct app *app)
{
    const struct memory_app *memory = &app->memory;
    const struct session_app *session = &app->session;
    if (memory->committed.gen == 0 && memory->adopted.of != 0) {
        return false; /* it is being given back */
    }
    if (memory->phase != SWAP_REST || app->is_remembering || app->is_owed ||
        app->verb.stage != VERB_NONE || !session->is_observed || !session->is_route_settled ||
        !session->is_boot_settled ||
        !(digest_is_equal(&memory->wanted, &memory->committed.release) || app->is_lost)) {
        return false;
    }
    for (size_t i = 0; i < session->replica_count; i++) {
        const struct replica *replica = &session->replicas[i];
        bool is_committed = replica->gen == memory->committed.gen;
        if (replica->is_busy || (is_committed && !is_known_ready(app, replica)) ||
            (!is_committed && replica_is_alive(replica)) ||
            (!is_committed && replica->gen != memory->history[0].gen && replica->is_present &&
             !swap_keeps_remains(memory, session, replica))) {
            return false;
        }
    }
    return session->is_kept || memory->committed.gen == 0;
}

bool conductor_is_settled(const struct conductor *conductor)
{
    if (!conductor->is_started || conductor->is_dirty || !conductor->engine.is_up ||
        !route_is_settled(conductor)) {
        return false;
    }
    for (size_t i = 0; i < APPS_MAX; i++) {
        if (conductor->apps[i].is_used && !app_is_settled(&conductor->apps[i])) {
            return false;
        }
    }
    return true;
}
