/* engine_calls: the calls of platform/engine.h: taken, struck by faults, carried out late,
 * answered. */
#include "ports/sim/engine_private.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/base/text.h"

/* An answer's way back; that of a list, which is long, four times. */
#define ANSWER_MS    4
#define OWN_GRACE_MS 10000 /* a container's by itself */

/* Events name their call by place and serial; NULL when that call is over. */
static struct sim_engine_call *call_of(struct sim_engine *engine, uint64_t arg)
{
    struct sim_engine_call *call = &engine->calls[arg % SIM_CALLS_MAX];
    return call->is_used && call->serial == arg / SIM_CALLS_MAX ? call : NULL;
}

static uint64_t arg_of(const struct sim_engine *engine, const struct sim_engine_call *call)
{
    return call->serial * SIM_CALLS_MAX + (uint64_t)(call - engine->calls);
}

/* A frozen engine: the event comes when it goes on. */
static bool is_frozen(struct sim_engine *engine, sim_fire fire, uint64_t arg)
{
    if (engine->world->now >= engine->frozen_until) {
        return false;
    }
    sim_world_at(engine->world, engine->frozen_until, fire, engine, arg);
    return true;
}

/* The caller waits no longer; what it asked for is carried out all the same. */
static void expire(void *self, uint64_t arg)
{
    struct sim_engine *engine = self;
    struct sim_engine_call *call = call_of(engine, arg);
    if (call == NULL || call->done == NULL || call->agent != engine->world->agents) {
        return;
    }
    struct err err;
    engine_done done = call->done;
    call->done = NULL;
    (void)err_set(&err, ERR_ENGINE_GONE, "%s: no answer in time", sim_op_word(call->op));
    sim_world_trace(engine->world, "engine  %s", err.text);
    engine->world->answers++;
    done(call->ctx, &err, NULL);
}

/* How long a caller waits for an engine that says nothing. */
static int64_t patience_ms(const struct sim_engine_call *call)
{
    switch ((int)call->op) {
    case SIM_OP_ENGINE_EXEC:
        return call->limit_ms + 100;
    case SIM_OP_ENGINE_STOP:
        return call->limit_ms + 60000;
    case SIM_OP_ENGINE_PULL:
        return 600000;
    case SIM_OP_ENGINE_ABOUT:
    case SIM_OP_ENGINE_LIST:
    case SIM_OP_ENGINE_COMPOSE:
    case SIM_OP_ENGINE_INSPECT:
        return 30000;
    default:
        return 120000;
    }
}

/* From when the call is complete: its limits are filled in after it was taken. */
static void wait_for_it(void *self, uint64_t arg)
{
    struct sim_engine *engine = self;
    const struct sim_engine_call *call = call_of(engine, arg);
    if (call != NULL) {
        sim_world_at(engine->world, call->taken_at + patience_ms(call), expire, engine, arg);
    }
}

void sim_engine_freeze(struct sim_engine *engine, int64_t for_ms)
{
    sim_world_trace(engine->world, "engine  is frozen for %lld ms", (long long)for_ms);
    engine->frozen_until = engine->world->now + for_ms;
    for (size_t i = 0; i < SIM_CALLS_MAX; i++) {
        if (engine->calls[i].is_used) {
            wait_for_it(engine, arg_of(engine, &engine->calls[i]));
        }
    }
}

/* Engines make a list and then send it: it is as old as it took to send. */
static void take_list(struct sim_engine *engine, const struct sim_engine_call *call)
{
    struct sim_engine_list *list = &engine->lists[call->serial % SIM_LISTS_MAX];
    list->count = 0;
    for (size_t i = 0; i < SIM_CONTAINERS_MAX; i++) {
        const struct sim_container *container = &engine->containers[i];
        if (container->is_used &&
            (call->op == SIM_OP_ENGINE_COMPOSE
                 ? container->is_compose
                 : !container->is_compose && strcmp(container->node, call->text) == 0)) {
            list->shown[list->count++] = container->seen;
        }
    }
}

static void answer_list(struct sim_engine *engine, const struct sim_engine_call *call)
{
    const struct sim_engine_list *list = &engine->lists[call->serial % SIM_LISTS_MAX];
    struct engine_answer answer = {.containers = list->shown, .container_count = list->count};
    call->done(call->ctx, NULL, &answer);
}

static void answer_image(struct sim_engine *engine, struct sim_engine_call *call)
{
    const struct sim_image *image = image_of(engine, call->text);
    if (image == NULL || !image->is_present) {
        (void)err_set(&call->err, ERR_NOT_FOUND, "no such image: %s", call->text);
        call->done(call->ctx, &call->err, NULL);
        return;
    }
    struct engine_image shown = {
        .id = image->config,
        .proofs = digest_is_equal(&image->config, &call->config) ? ENGINE_PROOF_CONFIG : 0,
        .size_bytes = image->size_bytes,
    };
    (void)text_copy(shown.arch, sizeof shown.arch, engine->about.arch);
    if (image->volume != NULL) {
        (void)text_copy(shown.volumes, sizeof shown.volumes, image->volume);
        shown.volume_count = 1;
    }
    struct engine_answer answer = {.image = &shown};
    call->done(call->ctx, NULL, &answer);
}

static void answer(void *self, uint64_t arg)
{
    struct sim_engine *engine = self;
    struct sim_engine_call *call = call_of(engine, arg);
    if (call == NULL) {
        return;
    }
    if (is_frozen(engine, answer, arg)) {
        return;
    }
    struct sim_engine_call held = *call;
    memset(call, 0, sizeof *call);
    if (held.agent != engine->world->agents || held.done == NULL) {
        return; /* nobody waits for it any more */
    }
    engine->world->answers++;
    if (held.err.code != 0) {
        sim_world_trace(engine->world, "engine  %s fails: %s", sim_op_word(held.op), held.err.text);
        held.done(held.ctx, &held.err, NULL);
    } else if (held.op == SIM_OP_ENGINE_LIST || held.op == SIM_OP_ENGINE_COMPOSE) {
        answer_list(engine, &held);
    } else if (held.op == SIM_OP_ENGINE_INSPECT || held.op == SIM_OP_ENGINE_PULL) {
        answer_image(engine, &held);
    } else if (held.op == SIM_OP_ENGINE_MORTEM) {
        engine_answer_mortem(engine, &held);
    } else {
        struct engine_answer answer = {
            .about = held.op == SIM_OP_ENGINE_ABOUT ? &engine->about : NULL,
            .id = held.op == SIM_OP_ENGINE_CREATE    ? held.made.seen.id
                  : held.op == SIM_OP_ENGINE_NETWORK ? held.network.name
                  : held.op == SIM_OP_ENGINE_VOLUME  ? held.tag
                                                     : NULL,
            .exit_code = held.exit_code,
            .output =
                held.op == SIM_OP_ENGINE_EXEC ? span_text("it was asked\n") : span_of(NULL, 0),
        };
        held.done(held.ctx, NULL, &answer);
    }
}

/* It is done, or failed; by its fate the answer is on its way, changed, or never comes. */
static void conclude(struct sim_engine *engine, struct sim_engine_call *call)
{
    struct sim_world *world = engine->world;
    if (call->fate == SIM_FATE_CUT_AFTER) {
        sim_world_cut(world);
        return;
    }
    if (call->fate == SIM_FATE_KILL_AFTER) {
        sim_world_kill(world);
    } else if (call->fate == SIM_FATE_FAIL_LATE) {
        (void)err_set(&call->err, ERR_ENGINE, "the answer was lost");
    }
    int64_t way_ms = call->op == SIM_OP_ENGINE_LIST ? 4 * ANSWER_MS : ANSWER_MS;
    sim_world_at(world, world->now + sim_random_between(world, 0, way_ms + engine->slow_ms / 2),
                 answer, engine, arg_of(engine, call));
}

static void finish(void *self, uint64_t arg)
{
    struct sim_engine *engine = self;
    struct sim_engine_call *call = call_of(engine, arg);
    if (call == NULL || is_frozen(engine, finish, arg)) {
        return;
    }
    bool is_lost = !engine->is_up || call->life != engine->life;
    if (is_lost && call->err.code == 0) {
        if (call->op == SIM_OP_ENGINE_STOP) {
            engine_finish(engine, call); /* it is ended although nobody hears of it */
        }
        (void)err_set(&call->err, ERR_ENGINE_GONE, "the engine closed the connection");
    } else if (call->is_slow) {
        engine_finish(engine, call);
    }
    conclude(engine, call);
}

static void progress(void *self, uint64_t arg)
{
    struct sim_engine *engine = self;
    struct sim_engine_call *call = call_of(engine, arg);
    if (call != NULL && call->agent == engine->world->agents && engine->is_up &&
        call->done != NULL && engine->world->now >= engine->frozen_until) {
        engine->world->answers++;
        call->bytes += 1000000;
        call->progress(call->ctx, call->bytes);
    }
}

static void act(void *self, uint64_t arg)
{
    struct sim_engine *engine = self;
    struct sim_world *world = engine->world;
    struct sim_engine_call *call = call_of(engine, arg);
    if (call == NULL || is_frozen(engine, act, arg)) {
        return;
    }
    /* The request of an agent that died may never have left it. */
    if (call->agent != world->agents && sim_random_one_in(world, 2)) {
        memset(call, 0, sizeof *call);
        return;
    }
    if (call->fate == SIM_FATE_CUT_WITHIN) {
        engine_half(engine, call);
        sim_world_cut(world);
        return;
    }
    int64_t longer = 0;
    if (call->op == SIM_OP_ENGINE_LIST || call->op == SIM_OP_ENGINE_COMPOSE) {
        take_list(engine, call);
    }
    if (!engine->is_up || call->life != engine->life) {
        (void)err_set(&call->err, ERR_ENGINE_GONE, "connection refused");
    } else if (call->fate == SIM_FATE_FAIL) {
        (void)err_set(&call->err, ERR_ENGINE, "the engine answers 500");
    } else {
        longer = engine_effect(engine, call);
    }
    if (longer == 0) {
        conclude(engine, call);
        return;
    }
    bool is_moving = call->op == SIM_OP_ENGINE_PULL && call->err.code == 0 && longer < 10000;
    for (int64_t third = 1; is_moving && call->progress != NULL && third <= 2; third++) {
        sim_world_at(world, world->now + longer * third / 3, progress, engine, arg);
    }
    sim_world_at(world, world->now + longer, finish, engine, arg);
}

static int64_t latency_ms(struct sim_engine *engine, enum sim_op op)
{
    struct sim_world *world = engine->world;
    if (engine->slow_ms > 0) {
        return sim_random_between(world, engine->slow_ms / 4, engine->slow_ms);
    }
    if (op == SIM_OP_ENGINE_CREATE || op == SIM_OP_ENGINE_START) {
        return sim_random_between(world, 40, 200);
    }
    return sim_random_between(world, 1, 20);
}

/* Takes a call; NULL with *rc set when nothing is to come of it. */
static struct sim_engine_call *take(struct sim_engine *engine, enum sim_op op, const char *text,
                                    engine_done done, void *ctx, struct err *err, int *rc)
{
    struct sim_world *world = engine->world;
    size_t place = 0;
    *rc = 0;
    if (!sim_world_is_live(world)) {
        return NULL;
    }
    if (strlen(text) >= sizeof engine->calls[0].text) {
        *rc = err_set(err, ERR_LIMIT, "a name is too long");
        return NULL;
    }
    while (place < SIM_CALLS_MAX && engine->calls[place].is_used) {
        place++;
    }
    if (place == SIM_CALLS_MAX) {
        *rc = err_set(err, ERR_BUSY, "too many engine calls are pending");
        return NULL;
    }
    enum sim_fate fate = sim_faults_next(world, op);
    if (fate == SIM_FATE_CUT_BEFORE) {
        sim_world_cut(world);
        return NULL;
    }
    if (fate == SIM_FATE_KILL_BEFORE) {
        sim_world_kill(world);
        return NULL;
    }
    struct sim_engine_call *call = &engine->calls[place];
    *call = (struct sim_engine_call){.is_used = true,
                                     .op = op,
                                     .fate = fate,
                                     .agent = world->agents,
                                     .serial = ++engine->serial,
                                     .life = engine->life,
                                     .taken_at = world->now,
                                     .done = done,
                                     .ctx = ctx};
    (void)text_copy(call->text, sizeof call->text, text);
    if (engine->slow_ms > 0 || world->now < engine->frozen_until) {
        sim_world_at(world, world->now, wait_for_it, engine, arg_of(engine, call));
    }
    sim_world_at(world, world->now + latency_ms(engine, op), act, engine, arg_of(engine, call));
    return call;
}

static int about(void *self, engine_done done, void *ctx, struct err *err)
{
    int rc;
    (void)take(self, SIM_OP_ENGINE_ABOUT, "", done, ctx, err, &rc);
    return rc;
}

static int list(void *self, const char *node, engine_done done, void *ctx, struct err *err)
{
    int rc;
    (void)take(self, SIM_OP_ENGINE_LIST, node, done, ctx, err, &rc);
    return rc;
}

static int list_compose(void *self, engine_done done, void *ctx, struct err *err)
{
    int rc;
    (void)take(self, SIM_OP_ENGINE_COMPOSE, "", done, ctx, err, &rc);
    return rc;
}

static int image_find(void *self, const struct engine_wanted *wanted, engine_done done, void *ctx,
                      struct err *err)
{
    int rc;
    struct sim_engine_call *call =
        take(self, SIM_OP_ENGINE_INSPECT, wanted->reference, done, ctx, err, &rc);
    if (call != NULL) {
        call->config = wanted->config;
        (void)text_copy(call->tag, sizeof call->tag, wanted->tag != NULL ? wanted->tag : "");
    }
    return rc;
}

static int pull(void *self, const struct engine_wanted *wanted, engine_progress seen,
                engine_done done, void *ctx, struct err *err)
{
    int rc;
    struct sim_engine_call *call =
        take(self, SIM_OP_ENGINE_PULL, wanted->reference, done, ctx, err, &rc);
    if (call != NULL) {
        call->progress = seen;
        call->config = wanted->config;
        (void)text_copy(call->tag, sizeof call->tag, wanted->tag);
        trace_call(self, call);
    }
    return rc;
}

/* A call that says one word more. */
static int call_tagged(void *self, enum sim_op op, const char *id, const char *tag,
                       engine_done done, void *ctx, struct err *err)
{
    int rc;
    struct sim_engine_call *call = take(self, op, id, done, ctx, err, &rc);
    if (call != NULL) {
        (void)text_copy(call->tag, sizeof call->tag, tag);
        trace_call(self, call);
    }
    return rc;
}

/* A call that says no more than on what. */
static int call_on(void *self, enum sim_op op, const char *name, engine_done done, void *ctx,
                   struct err *err)
{
    return call_tagged(self, op, name, "", done, ctx, err);
}

static int image_remove(void *self, const char *tag, engine_done done, void *ctx, struct err *err)
{
    return call_on(self, SIM_OP_ENGINE_UNTAG, tag, done, ctx, err);
}

static int network_ensure(void *self, const struct engine_network *network, engine_done done,
                          void *ctx, struct err *err)
{
    int rc;
    struct sim_engine_call *call =
        take(self, SIM_OP_ENGINE_NETWORK, network->name, done, ctx, err, &rc);
    if (call != NULL) {
        (void)text_copy(call->network.name, sizeof call->network.name, network->name);
        (void)text_copy(call->tag, sizeof call->tag, network->former ? network->former : "");
        (void)text_copy(call->network.node, sizeof call->network.node, network->node);
        (void)text_copy(call->network.app, sizeof call->network.app, network->app);
        call->network.subnet = network->subnet;
        call->network.prefix_bits = network->prefix_bits;
        trace_call(self, call);
    }
    return rc;
}

static int network_remove(void *self, const char *name, engine_done done, void *ctx,
                          struct err *err)
{
    return call_on(self, SIM_OP_ENGINE_UNNETWORK, name, done, ctx, err);
}

static int create(void *self, const struct engine_spec *spec, engine_done done, void *ctx,
                  struct err *err)
{
    int rc;
    struct sim_engine *engine = self;
    struct sim_engine_call *call =
        take(engine, SIM_OP_ENGINE_CREATE, spec->image, done, ctx, err, &rc);
    if (call != NULL) {
        char label[64];
        engine_fill(engine, &call->made, spec);
        if (spec->log_driver != NULL && strcmp(spec->log_driver, SIM_ABSENT_DRIVER) == 0) {
            (void)err_set(&call->err, ERR_ENGINE, "no logging plugin %s", spec->log_driver);
        }
        sim_world_trace(engine->world, "engine  engine-create %s",
                        container_label(&call->made, label));
    }
    return rc;
}

static int start(void *self, const char *id, engine_done done, void *ctx, struct err *err)
{
    return call_on(self, SIM_OP_ENGINE_START, id, done, ctx, err);
}

static int stop(void *self, const char *id, int64_t grace_ms, engine_done done, void *ctx,
                struct err *err)
{
    int rc;
    struct sim_engine_call *call = take(self, SIM_OP_ENGINE_STOP, id, done, ctx, err, &rc);
    if (call != NULL) {
        call->limit_ms = grace_ms < 0 ? OWN_GRACE_MS : grace_ms;
        trace_call(self, call);
    }
    return rc;
}

static int remove_id(void *self, const char *id, engine_done done, void *ctx, struct err *err)
{
    return call_on(self, SIM_OP_ENGINE_REMOVE, id, done, ctx, err);
}

static int hold_volumes(void *self, const char *id, const struct engine_holder *holder,
                        engine_done done, void *ctx, struct err *err)
{
    int rc;
    struct sim_engine_call *call = take(self, SIM_OP_ENGINE_HOLD, id, done, ctx, err, &rc);
    if (call != NULL) {
        if (holder != NULL) {
            (void)text_copy(call->made.node, sizeof call->made.node, holder->node);
            (void)text_copy(call->made.seen.app, sizeof call->made.seen.app, holder->app);
            (void)text_copy(call->made.seen.service, sizeof call->made.seen.service,
                            holder->service);
            call->made.seen.replica = holder->replica;
        }
        trace_call(self, call);
    }
    return rc;
}

static int volume_find(void *self, const char *id, const char *target, engine_done done, void *ctx,
                       struct err *err)
{
    return call_tagged(self, SIM_OP_ENGINE_VOLUME, id, target, done, ctx, err);
}

static int rename_id(void *self, const char *id, const char *name, engine_done done, void *ctx,
                     struct err *err)
{
    return call_tagged(self, SIM_OP_ENGINE_RENAME, id, name, done, ctx, err);
}

static int keep_running(void *self, const char *id, bool keep, engine_done done, void *ctx,
                        struct err *err)
{
    int rc;
    struct sim_engine_call *call = take(self, SIM_OP_ENGINE_KEEP, id, done, ctx, err, &rc);
    if (call != NULL) {
        call->keep = keep;
        trace_call(self, call);
    }
    return rc;
}

static int give_policy(void *self, enum sim_op op, const char *id, struct engine_restart restart,
                       engine_done done, void *ctx, struct err *err)
{
    int rc;
    struct sim_engine_call *call = take(self, op, id, done, ctx, err, &rc);
    if (call != NULL) {
        call->made.seen.restart = restart;
        trace_call(self, call);
    }
    return rc;
}

static int set_restart(void *self, const char *id, struct engine_restart restart, engine_done done,
                       void *ctx, struct err *err)
{
    return give_policy(self, SIM_OP_ENGINE_POLICY, id, restart, done, ctx, err);
}

static int restore(void *self, const char *id, struct engine_restart restart, engine_done done,
                   void *ctx, struct err *err)
{
    return give_policy(self, SIM_OP_ENGINE_RESTORE, id, restart, done, ctx, err);
}

static int send_signal(void *self, const char *id, const char *name, engine_done done, void *ctx,
                       struct err *err)
{
    return call_tagged(self, SIM_OP_ENGINE_SIGNAL, id, name, done, ctx, err);
}

static int exec(void *self, const char *id, const char *const *argv, size_t count,
                int64_t timeout_ms, engine_done done, void *ctx, struct err *err)
{
    int rc;
    if (count == 0) {
        return err_set(err, ERR_VALUE, "nothing to run");
    }
    struct sim_engine_call *call = take(self, SIM_OP_ENGINE_EXEC, id, done, ctx, err, &rc);
    if (call != NULL) {
        call->limit_ms = timeout_ms;
        if (strcmp(argv[0], SIM_EXEC_EXIT) == 0 && count > 1) {
            call->exec = SIM_EXEC_ENDS;
            call->exit_code = (int)strtol(argv[1], NULL, 10);
        } else if (strcmp(argv[0], SIM_EXEC_HANG) == 0) {
            call->exec = SIM_EXEC_HANGS;
        } else if (strcmp(argv[0], SIM_EXEC_DRAIN) == 0) {
            call->exec = SIM_EXEC_TELLS;
        }
    }
    return rc;
}

static int post_mortem(void *self, const char *id, engine_done done, void *ctx, struct err *err)
{
    return call_on(self, SIM_OP_ENGINE_MORTEM, id, done, ctx, err);
}

struct engine sim_engine_port(struct sim_engine *engine)
{
    static const struct engine_ops ops = {
        .about = about,
        .list = list,
        .list_compose = list_compose,
        .image_find = image_find,
        .pull = pull,
        .image_remove = image_remove,
        .network_ensure = network_ensure,
        .network_remove = network_remove,
        .create = create,
        .start = start,
        .stop = stop,
        .hold_volumes = hold_volumes,
        .volume_find = volume_find,
        .rename = rename_id,
        .remove = remove_id,
        .keep_running = keep_running,
        .set_restart = set_restart,
        .restore = restore,
        .signal = send_signal,
        .exec = exec,
        .post_mortem = post_mortem,
        .watch = engine_watch,
    };
    return (struct engine){.ops = &ops, .self = engine};
}
