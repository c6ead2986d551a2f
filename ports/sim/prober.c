/* prober: each question looks at the container when it arrives there, and answers when it can. */
#include "ports/sim/prober.h"

#include <string.h>

void sim_prober_init(struct sim_prober *prober, struct sim_world *world, struct sim_engine *engine)
{
    memset(prober, 0, sizeof *prober);
    prober->world = world;
    prober->engine = engine;
}

void sim_prober_lose(struct sim_prober *prober)
{
    memset(prober->probes, 0, sizeof prober->probes);
}

static struct sim_probe *probe_of(struct sim_prober *prober, uint64_t arg)
{
    struct sim_probe *probe = &prober->probes[arg % PROBER_PENDING_MAX];
    return probe->is_used && probe->serial == arg / PROBER_PENDING_MAX ? probe : NULL;
}

static void answer(void *self, uint64_t arg)
{
    struct sim_prober *prober = self;
    struct sim_probe *probe = probe_of(prober, arg);
    if (probe == NULL) {
        return;
    }
    struct sim_probe held = *probe;
    probe->is_used = false;
    if (held.agent == prober->world->agents) {
        prober->world->answers++;
        held.done(held.ctx, held.err.code != 0 ? &held.err : NULL);
    }
}

static bool is_on_network(const struct sim_engine *engine, ipv4 address)
{
    for (size_t i = 0; i < SIM_NETWORKS_MAX; i++) {
        const struct sim_network *network = &engine->networks[i];
        if (network->is_used && (address ^ network->subnet) >> (32 - network->prefix_bits) == 0) {
            return true;
        }
    }
    return false;
}

static void judge_answer(struct sim_prober *prober, struct sim_probe *probe,
                         struct sim_container *container, const struct sim_app *app)
{
    bool is_ready = sim_container_is_ready(prober->engine, container);
    int status = app->status != 0 ? app->status : is_ready ? 200 : 503;
    if (status == SIM_STATUS_FOREIGN) {
        (void)err_set(&probe->err, ERR_PROBE, "GET %s: the answer is not HTTP",
                      probe->request.path);
    } else if (status < 200 || status > 399) {
        (void)err_set(&probe->err, ERR_PROBE, "GET %s: status %d", probe->request.path, status);
    }
}

static bool is_path(const char *path)
{
    size_t len = strnlen(path, PROBER_PATH_BYTES);
    for (size_t i = 0; i < len; i++) {
        if (path[i] <= ' ' || path[i] > '~') {
            return false;
        }
    }
    return path[0] == '/' && len < PROBER_PATH_BYTES;
}

/* What the container says; returns how long it takes to say it. */
static int64_t look(struct sim_prober *prober, struct sim_probe *probe)
{
    const struct prober_request *request = &probe->request;
    struct sim_container *container = sim_engine_at(prober->engine, request->address);
    if (prober->world->now < prober->cut_off_until ||
        prober->world->now < prober->engine->link_down_until) {
        (void)err_set(&probe->err, ERR_NETWORK, "cannot ask: network is unreachable");
        return 1;
    }
    if (container == NULL && sim_engine_paused_at(prober->engine, request->address) != NULL) {
        (void)err_set(&probe->err, ERR_PROBE, "no answer in time");
        return request->timeout_ms;
    }
    if (container == NULL) {
        bool is_near = is_on_network(prober->engine, request->address);
        (void)err_set(&probe->err, ERR_NETWORK, "%s: no route to host",
                      is_near ? "nobody on the link" : "cannot ask");
        return 3;
    }
    const struct sim_app *app = &prober->engine->images[container->image].app;
    bool is_hanging = prober->world->now - container->started_at >= app->hang_after_ms;
    if (is_hanging || (request->kind != PROBER_TCP && app->status == SIM_STATUS_SILENT)) {
        (void)err_set(&probe->err, ERR_PROBE, "no answer in time");
        return request->timeout_ms;
    }
    if (!sim_container_is_listening(prober->engine, container)) {
        (void)err_set(&probe->err, ERR_PROBE, "connection refused");
    } else if (request->kind != PROBER_TCP) {
        judge_answer(prober, probe, container, app);
        if (request->kind == PROBER_POST) {
            sim_container_tell(prober->engine, container);
        }
    }
    return 1;
}

static void arrive(void *self, uint64_t arg)
{
    struct sim_prober *prober = self;
    struct sim_probe *probe = probe_of(prober, arg);
    if (probe == NULL) {
        return;
    }
    int64_t takes = 1;
    if (probe->fate == SIM_FATE_FAIL) {
        (void)err_set(&probe->err, ERR_PROBE, "connection reset");
    } else if (probe->fate == SIM_FATE_FAIL_LATE) {
        (void)err_set(&probe->err, ERR_NETWORK, "no buffer space available");
    } else {
        takes = look(prober, probe);
    }
    sim_world_at(prober->world, prober->world->now + takes, answer, prober, arg);
}

static int ask(void *self, const struct prober_request *request, prober_done done, void *ctx,
               struct err *err)
{
    struct sim_prober *prober = self;
    struct sim_world *world = prober->world;
    size_t place = 0;
    if (!sim_world_is_live(world)) {
        return 0;
    }
    if (request->kind != PROBER_TCP && !is_path(request->path)) {
        return err_set(err, ERR_VALUE, "the path is not one");
    }
    while (place < PROBER_PENDING_MAX && prober->probes[place].is_used) {
        place++;
    }
    if (place == PROBER_PENDING_MAX) {
        return err_set(err, ERR_BUSY, "too many probes are pending");
    }
    struct sim_probe *probe = &prober->probes[place];
    *probe = (struct sim_probe){.is_used = true,
                                .agent = world->agents,
                                .serial = ++prober->serial,
                                .fate = sim_faults_next(world, SIM_OP_PROBE),
                                .request = *request,
                                .done = done,
                                .ctx = ctx};
    sim_world_at(world, world->now + sim_random_between(world, 0, 4), arrive, prober,
                 probe->serial * PROBER_PENDING_MAX + place);
    return 0;
}

struct prober sim_prober_port(struct sim_prober *prober)
{
    static const struct prober_ops ops = {.ask = ask};
    return (struct prober){.ops = &ops, .self = prober};
}
