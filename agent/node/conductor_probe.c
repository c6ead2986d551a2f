/* conductor_probe: asks what is due, and brings what comes of it into the sessions. */
#include "agent/node/conductor_private.h"

#include "platform/base/law.h"

/* Where a container on the host's network is asked. */
#define LOOPBACK 0x7f000001u

/* A container that ended, was paused or removed answers nothing, and nothing is wrong with whoever
 * asked: an asker's fault would take the blame for a crash from the release. */
static bool is_of_container(const struct err *err)
{
    return err->code == ERR_CONFLICT || err->code == ERR_NOT_FOUND || err->code == ERR_WIRING;
}

/* For so long nothing at all reaches it, and clients least of all. */
#define CUT_OFF_MS SECONDS_MS(30)

/* Its link or its bridge was deleted by a hand: no question and no engine mends that. */
static void note_cut_off(struct app *app, struct replica *replica, const struct probe_line *line,
                         const struct err *err)
{
    if (err->code != ERR_WIRING || replica->is_miswired || !app->conductor->engine.is_up ||
        conductor_now(app->conductor) - line->unasked_since < CUT_OFF_MS) {
        return;
    }
    conductor_warning(app->conductor, app, "generation %u replica %u is cut off: made anew",
                      replica->gen, replica->number);
    replica->is_miswired = true;
    replica->rewirings = (uint8_t)(replica->rewirings + (replica->rewirings < UINT8_MAX));
    app->session.is_network_ready = false;
}

/* Notes what came of a question, and tells what changed by it. */
static void note_answer(struct app *app, struct replica *replica,
                        const struct plan_service *service, enum probe_role role,
                        enum probe_said said, const struct err *err)
{
    LAW(EVIDENCE, role < PROBE_ROLES);
    struct conductor *conductor = app->conductor;
    const struct probe_line *line = &replica->probe.lines[role];
    bool was_ready = replica->probe.is_ready;
    bool was_unasked = line->unasked_since != 0;
    mono_ms failed_at = replica->probe.failed_at;
    probe_answer(&replica->probe, service, role, said, conductor_now(conductor));
    if (said == PROBE_UNASKED && !is_of_container(err)) {
        conductor_world_fault(conductor);
    }
    bool is_unasked = line->unasked_since != 0;
    if (is_unasked) {
        note_cut_off(app, replica, line, err);
    }
    if (conductor->engine.is_up &&
        (replica->probe.failed_at != failed_at || was_unasked != is_unasked)) {
        observe_soon(conductor); /* what the engine says of it explains more */
    }
    if (!was_unasked && is_unasked) {
        conductor_warning(conductor, app, "generation %u replica %u cannot be asked: %s",
                          replica->gen, replica->number, err->text);
    } else if (was_unasked && !is_unasked) {
        conductor_event(conductor, app, "generation %u replica %u can be asked again", replica->gen,
                        replica->number);
    }
    if (was_ready != replica->probe.is_ready) {
        conductor_event(conductor, app, "generation %u replica %u is %s%s%s", replica->gen,
                        replica->number, was_ready ? "not ready" : "ready", err != NULL ? ": " : "",
                        err != NULL ? err->text : "");
    }
    conductor_touch(conductor);
}

/* The app's own answers, and those that are none: whoever asked has failed. */
static enum probe_said said_by(const struct err *err, bool is_exec)
{
    if (err == NULL) {
        return PROBE_SAID_WELL;
    }
    bool is_own = err->code == ERR_PROBE || (is_exec && err->code == ERR_TIMEOUT);
    return is_own ? PROBE_SAID_BAD : PROBE_UNASKED;
}

static void probe_told(struct call *call, const struct err *err, bool is_exec)
{
    struct app *app = call->app;
    struct replica *replica = session_find(&app->session, call->gen, call->service, call->number);
    const struct plan *plan = app_plan_of(app, call->gen);
    struct call held = *call;
    call_drop(call);
    if (replica == NULL || plan == NULL || !replica->is_probed ||
        replica->probe_epoch != held.epoch) {
        return;
    }
    cause_note_answer(app, replica, plan, held.role, err);
    note_answer(app, replica, &plan->services[held.service], held.role, said_by(err, is_exec), err);
}

static void prober_told(void *ctx, const struct err *err)
{
    probe_told(ctx, err, false);
}

static void exec_told(void *ctx, const struct err *err, const struct engine_answer *answer)
{
    struct err failed;
    if (err == NULL && answer->exit_code != 0) {
        char words[ENGINE_EXEC_OUTPUT_BYTES + 1];
        text_shorten_line(words, sizeof words, answer->output);
        (void)err_set(&failed, ERR_PROBE, "the command ended with %d%s%s", answer->exit_code,
                      words[0] != '\0' ? ": " : "", words);
        err = &failed;
    }
    probe_told(ctx, err, true);
}

static int ask_exec(struct conductor *conductor, const struct replica *replica,
                    const struct plan_service *service, const struct plan_probe *config,
                    struct call *call, struct err *err)
{
    const struct engine *engine = &conductor->ports.engine;
    const char *argv[PLAN_EXEC_ARGS_MAX];
    const char *at = service->words + config->exec_at;
    for (size_t i = 0; i < config->exec_count && i < PLAN_EXEC_ARGS_MAX; i++) {
        argv[i] = at;
        at += strlen(at) + 1;
    }
    return engine->ops->exec(engine->self, replica->id, argv, config->exec_count,
                             config->timeout_ms, exec_told, call, err);
}

static bool is_host_network(const struct plan_service *service)
{
    return (service->powers & POWER_HOST_NETWORK) != 0;
}

static void ask_probe(struct app *app, struct replica *replica, const struct plan_service *service,
                      enum probe_role role)
{
    LAW(EVIDENCE, role < PROBE_ROLES);
    LAW(EVIDENCE, replica->is_probed && replica->is_present);
    struct conductor *conductor = app->conductor;
    const struct prober *prober = &conductor->ports.prober;
    const struct plan_probe *config = probe_of(service, role);
    bool is_exec = config->kind == PLAN_PROBE_EXEC;
    struct call *call = call_take_probe(conductor, app, is_exec);
    struct err err;
    int rc = ERR_LIMIT;
    if (call == NULL && probe_queue(&replica->probe, role, conductor_now(conductor))) {
        return;
    }
    if (call == NULL) {
        (void)err_set(&err, ERR_LIMIT, "too many questions hang: no place within %d ms",
                      QUEUED_MS_MAX);
    } else {
        call->gen = replica->gen;
        call->service = replica->service;
        call->number = replica->number;
        call->role = role;
        call->epoch = replica->probe_epoch;
        if (is_exec) {
            rc = ask_exec(conductor, replica, service, config, call, &err);
        } else {
            struct prober_request request = {
                .kind = config->kind == PLAN_PROBE_HTTP ? PROBER_HTTP : PROBER_TCP,
                .address = is_host_network(service) ? LOOPBACK : replica->address,
                .port = config->port,
                .timeout_ms = config->timeout_ms,
            };
            memcpy(request.path, config->path, sizeof request.path);
            rc = prober->ops->ask(prober->self, &request, prober_told, call, &err);
        }
    }
    if (rc != 0) {
        if (call != NULL) {
            call_drop(call);
        }
        note_answer(app, replica, service, role, PROBE_UNASKED, &err);
    }
}

static void probe_replica(struct app *app, struct replica *replica)
{
    mono_ms now = conductor_now(app->conductor);
    const struct plan *plan = app_plan_of(app, replica->gen);
    if (!replica->is_present || replica->state != ENGINE_RUNNING || plan == NULL ||
        replica->service >= plan->service_count) {
        observed_unasked(replica); /* nobody asks it any more: its deadlines are none of ours */
        return;
    }
    const struct plan_service *service = &plan->services[replica->service];
    if (!replica->is_probed) {
        observed_asking(
            replica, service,
            observed_is_presumed(&app->session, &app->memory, replica, &app->conductor->boot), now);
        if (replica->is_routed) {
            app->conductor->traffic.is_stale =
                true; /* a new process has a new link to its bridge */
        }
        conductor_touch(app->conductor);
    }
    unsigned due = probe_due(&replica->probe, service, now);
    for (int role = 0; role < PROBE_ROLES; role++) {
        if ((due & (1u << role)) != 0) {
            ask_probe(app, replica, service, (enum probe_role)role);
        }
    }
}

void probes_step(struct conductor *conductor)
{
    for (size_t i = 0; i < APPS_MAX; i++) {
        struct app *app = &conductor->apps[i];
        for (size_t j = 0; app->is_used && j < app->session.replica_count; j++) {
            probe_replica(app, &app->session.replicas[j]);
        }
    }
}

mono_ms probes_deadline(const struct conductor *conductor)
{
    mono_ms deadline = MONO_NEVER;
    for (size_t i = 0; i < APPS_MAX; i++) {
        const struct app *app = &conductor->apps[i];
        for (size_t j = 0; app->is_used && j < app->session.replica_count; j++) {
            const struct replica *replica = &app->session.replicas[j];
            if (replica->is_probed && replica->state == ENGINE_RUNNING && replica->is_present) {
                deadline = mono_min(deadline, probe_deadline(&replica->probe));
            }
        }
    }
    return deadline;
}
