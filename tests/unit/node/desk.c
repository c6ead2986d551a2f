/* desk: the ports, and what is written on them. */
#include "tests/unit/node/desk.h"

#include <stdarg.h>

#include "tests/check.h"

struct desk desk;

static PRINTF_LIKE(3, 4) void write_line(char *page, size_t cap, const char *fmt, ...)
{
    size_t len = strlen(page);
    va_list args;
    va_start(args, fmt);
    int more = vsnprintf(page + len, cap - len, fmt, args);
    va_end(args);
    CHECK(more >= 0 && len + (size_t)more + 1 < cap);
    (void)strncat(page, "\n", cap - strlen(page) - 1);
}

#define SAY(...) write_line(desk.said, sizeof desk.said, __VA_ARGS__)

/* Keeps who is to be answered, or refuses. */
static int take(const struct desk_call *call, struct err *err)
{
    if (desk.refusal != 0) {
        return err_set(err, desk.refusal, "not taken");
    }
    CHECK(desk.call_count < DESK_CALLS_MAX);
    desk.calls[desk.call_count++] = *call;
    return 0;
}

static int take_engine(engine_done done, void *ctx, struct err *err)
{
    return take(&(struct desk_call){.engine = done, .ctx = ctx}, err);
}

static int engine_about(void *self, engine_done done, void *ctx, struct err *err)
{
    (void)self;
    SAY("about");
    return take_engine(done, ctx, err);
}

static int engine_list(void *self, const char *node, engine_done done, void *ctx, struct err *err)
{
    (void)self;
    SAY("list %s", node);
    return take_engine(done, ctx, err);
}

/* Where images are not to be had, a rollback goes on without the look. */
static int engine_find(void *self, const struct engine_wanted *wanted, engine_done done, void *ctx,
                       struct err *err)
{
    (void)self;
    if (!desk.has_images) {
        return err_set(err, ERR_BUSY, "nobody looks for %s", wanted->reference);
    }
    SAY("find %.24s", wanted->reference);
    return take_engine(done, ctx, err);
}

static int engine_pull(void *self, const struct engine_wanted *wanted, engine_progress progress,
                       engine_done done, void *ctx, struct err *err)
{
    (void)self;
    SAY("pull %s as %.24s, manifest %02x, config %02x", wanted->reference, wanted->tag,
        wanted->manifest.bytes[0], wanted->config.bytes[0]);
    return take(&(struct desk_call){.engine = done, .progress = progress, .ctx = ctx}, err);
}

static int engine_image_remove(void *self, const char *tag, engine_done done, void *ctx,
                               struct err *err)
{
    (void)self;
    SAY("image-remove %.24s", tag);
    return take_engine(done, ctx, err);
}

static int engine_network_ensure(void *self, const struct engine_network *network, engine_done done,
                                 void *ctx, struct err *err)
{
    (void)self;
    SAY("network %s or %s, of %s %s, bridge %s, %x %x/%u", network->name, network->former,
        network->node, network->app, network->bridge, network->gateway, network->subnet,
        network->prefix_bits);
    return take_engine(done, ctx, err);
}

static int engine_create(void *self, const struct engine_spec *spec, engine_done done, void *ctx,
                         struct err *err)
{
    (void)self;
    SAY("create %s of %.24s on %s at %x", spec->name, spec->image, spec->network, spec->address);
    for (size_t i = 0; i < spec->mount_count; i++) {
        const struct engine_mount *mount = &spec->mounts[i];
        SAY("  %s %s at %s", mount->is_of_image ? "image's" : "mount", mount->source,
            mount->target);
    }
    return take_engine(done, ctx, err);
}

static int engine_start(void *self, const char *id, engine_done done, void *ctx, struct err *err)
{
    (void)self;
    SAY("start %s", id);
    return take_engine(done, ctx, err);
}

static int engine_stop(void *self, const char *id, int64_t grace_ms, engine_done done, void *ctx,
                       struct err *err)
{
    (void)self;
    SAY("stop %s within %lld", id, (long long)grace_ms);
    return take_engine(done, ctx, err);
}

static int engine_remove(void *self, const char *id, engine_done done, void *ctx, struct err *err)
{
    (void)self;
    SAY("remove %s", id);
    return take_engine(done, ctx, err);
}

static int engine_keep(void *self, const char *id, bool keep, engine_done done, void *ctx,
                       struct err *err)
{
    (void)self;
    SAY("keep %s %s", id, keep ? "running" : "no more");
    return take_engine(done, ctx, err);
}

static int engine_signal(void *self, const char *id, const char *signal, engine_done done,
                         void *ctx, struct err *err)
{
    (void)self;
    SAY("signal %s %s", id, signal);
    return take_engine(done, ctx, err);
}

static int engine_exec(void *self, const char *id, const char *const *argv, size_t count,
                       int64_t timeout_ms, engine_done done, void *ctx, struct err *err)
{
    char words[256] = "";
    (void)self;
    for (size_t i = 0; i < count; i++) {
        write_line(words, sizeof words, " [%s]", argv[i]);
        words[strlen(words) - 1] = '\0';
    }
    SAY("exec %s%s within %lld", id, words, (long long)timeout_ms);
    return take_engine(done, ctx, err);
}

static int engine_post_mortem(void *self, const char *id, engine_done done, void *ctx,
                              struct err *err)
{
    (void)self;
    SAY("examine %s", id);
    return take_engine(done, ctx, err);
}

static int engine_list_compose(void *self, engine_done done, void *ctx, struct err *err)
{
    (void)self;
    SAY("list compose");
    return take_engine(done, ctx, err);
}

static int engine_hold(void *self, const char *id, const struct engine_holder *holder,
                       engine_done done, void *ctx, struct err *err)
{
    (void)self;
    SAY("hold %s for %s %s %s %u", id, holder->node, holder->app, holder->service, holder->replica);
    return take_engine(done, ctx, err);
}

static int engine_set_restart(void *self, const char *id, struct engine_restart restart,
                              engine_done done, void *ctx, struct err *err)
{
    (void)self;
    SAY("restart policy of %s: %d %u", id, (int)restart.kind, restart.retries);
    return take_engine(done, ctx, err);
}

static int engine_volume_find(void *self, const char *id, const char *target, engine_done done,
                              void *ctx, struct err *err)
{
    (void)self;
    SAY("volume of %s at %s", id, target);
    return take_engine(done, ctx, err);
}

static int engine_network_remove(void *self, const char *name, engine_done done, void *ctx,
                                 struct err *err)
{
    (void)self;
    SAY("network-remove %s", name);
    return take_engine(done, ctx, err);
}

static int take_route(route_done done, void *ctx, struct err *err)
{
    return take(&(struct desk_call){.route = done, .ctx = ctx}, err);
}

static int route_check(void *self, const struct route_table *table, struct err *err)
{
    (void)self;
    (void)table;
    return desk.refusal != 0 ? err_set(err, desk.refusal, "no room") : 0;
}

static int route_apply(void *self, const struct route_table *table, route_done done, void *ctx,
                       struct err *err)
{
    (void)self;
    SAY("apply %zu services", table->service_count);
    return take_route(done, ctx, err);
}

static int route_read(void *self, route_done done, void *ctx, struct err *err)
{
    (void)self;
    SAY("read the table");
    return take_route(done, ctx, err);
}

static int route_commit(void *self, const struct route_table *table, route_done done, void *ctx,
                        struct err *err)
{
    (void)self;
    SAY("commit %zu services", table->service_count);
    return take_route(done, ctx, err);
}

static int route_forget(void *self, ipv4 backend, route_done done, void *ctx, struct err *err)
{
    (void)self;
    SAY("forget %x", backend);
    return take_route(done, ctx, err);
}

static int engine_watch(void *self, const char *node, engine_hint hint, void *ctx, struct err *err)
{
    (void)self;
    SAY("watch %s", node);
    desk.engine_hint = hint;
    desk.hint_ctx = ctx;
    return desk.refusal != 0 ? err_set(err, desk.refusal, "no watch") : 0;
}

static void route_watch(void *self, route_hint hint, void *ctx)
{
    (void)self;
    SAY("watch the kernel");
    desk.route_hint = hint;
    desk.hint_ctx = ctx;
}

static int route_is_held(void *self, enum route_protocol protocol, ipv4 host_ip, uint16_t port,
                         bool *held, struct err *err)
{
    (void)self;
    SAY("is %s %x:%u held", route_protocol_word(protocol), host_ip, port);
    *held = desk.is_held;
    return desk.refusal != 0 ? err_set(err, desk.refusal, "no answer") : 0;
}

static int prober_ask(void *self, const struct prober_request *request, prober_done done, void *ctx,
                      struct err *err)
{
    static const char *const kinds[] = {
        [PROBER_HTTP] = "get", [PROBER_TCP] = "connect", [PROBER_POST] = "post"};
    (void)self;
    SAY("%s %x:%u %s within %lld", kinds[request->kind], request->address, request->port,
        request->path, (long long)request->timeout_ms);
    return take(&(struct desk_call){.prober = done, .ctx = ctx}, err);
}

static int store_read(void *self, const char *name, void *data, size_t cap, size_t *len,
                      struct err *err)
{
    (void)self;
    if (desk.payload == NULL) {
        return err_set(err, ERR_NOT_FOUND, "no %.8s", name);
    }
    *len = strlen(desk.payload);
    CHECK(*len <= cap);
    memcpy(data, desk.payload, *len);
    return 0;
}

static int store_write(void *self, const char *name, struct span content, store_done done,
                       void *ctx, struct err *err)
{
    (void)self;
    (void)content;
    SAY("write %.12s", name);
    return take(&(struct desk_call){.store = done, .ctx = ctx}, err);
}

static int store_remove(void *self, const char *name, store_done done, void *ctx, struct err *err)
{
    (void)self;
    SAY("remove %.12s", name);
    return take(&(struct desk_call){.store = done, .ctx = ctx}, err);
}

static int store_list(void *self, store_found found, void *ctx, struct err *err)
{
    (void)self;
    for (size_t i = 0; i < COUNT_OF(desk.documents) && desk.documents[i] != NULL; i++) {
        found(ctx, desk.documents[i], strncmp(desk.documents[i], "app-", 4) != 0);
    }
    return desk.refusal != 0 ? err_set(err, desk.refusal, "no list") : 0;
}

static void hash(void *self, struct span data, struct digest *digest)
{
    (void)self;
    (void)data;
    *digest = desk.sha;
}

static mono_ms clock_mono(void *self)
{
    (void)self;
    return desk.now;
}

static wall_ms clock_wall(void *self, bool *trusted)
{
    (void)self;
    *trusted = desk.is_trusted;
    return desk.wall;
}

static struct boot_id clock_boot(void *self)
{
    (void)self;
    return (struct boot_id){.bytes = {0xb0}};
}

static void log_line(void *self, enum log_level level, const char *line)
{
    (void)self;
    write_line(desk.log, sizeof desk.log, "%s %s", level == LOG_LEVEL_WARNING ? "w" : "i", line);
}

struct app *desk_open(void)
{
    static const struct engine_ops engine = {
        .about = engine_about,
        .list = engine_list,
        .image_find = engine_find,
        .pull = engine_pull,
        .image_remove = engine_image_remove,
        .network_ensure = engine_network_ensure,
        .create = engine_create,
        .start = engine_start,
        .stop = engine_stop,
        .remove = engine_remove,
        .keep_running = engine_keep,
        .signal = engine_signal,
        .exec = engine_exec,
        .post_mortem = engine_post_mortem,
        .list_compose = engine_list_compose,
        .hold_volumes = engine_hold,
        .set_restart = engine_set_restart,
        .network_remove = engine_network_remove,
        .volume_find = engine_volume_find,
        .watch = engine_watch,
    };
    static const struct route_ops route = {.check = route_check,
                                           .apply = route_apply,
                                           .read = route_read,
                                           .commit = route_commit,
                                           .forget = route_forget,
                                           .is_held = route_is_held,
                                           .watch = route_watch};
    static const struct prober_ops prober = {.ask = prober_ask};
    static const struct store_ops store = {.blob_read = store_read,
                                           .record_read = store_read,
                                           .record_write = store_write,
                                           .blob_write = store_write,
                                           .blob_remove = store_remove,
                                           .list = store_list};
    static const struct verify_ops verify = {.sha256 = hash};
    static const struct clock_ops clock = {
        .mono = clock_mono, .wall = clock_wall, .boot = clock_boot};
    static const struct log_ops log = {.line = log_line};
    struct config config;
    struct err err;
    desk = (struct desk){.now = 1000};
    desk.ports = (struct conductor_ports){
        .engine.ops = &engine,
        .route.ops = &route,
        .prober.ops = &prober,
        .store.ops = &store,
        .verify.ops = &verify,
        .clock.ops = &clock,
        .log.ops = &log,
    };
    static const char file[] = "{\"schema\":1,\"node\":\"gw\",\"fleet\":\"sim\"}";
    CHECK_INT_EQ(config_parse(span_text(file), &config, &err), 0);
    struct conductor *conductor = conductor_new(&config, &desk.ports);
    desk.conductor = conductor;
    conductor->is_started = true;
    conductor->engine.has_about = true;
    conductor->engine.has_list = true;
    conductor->engine.is_up = true;
    conductor->traffic.is_read = true;
    (void)text_copy(conductor->engine.about.arch, sizeof conductor->engine.about.arch, "amd64");
    struct app *app = &conductor->apps[0];
    app->conductor = conductor;
    app->is_used = true;
    app->session.is_observed = true;
    (void)text_copy(app->memory.app, NAME_BYTES, "web");
    return app;
}

void desk_close(void)
{
    conductor_free(desk.conductor);
    desk.conductor = NULL;
}

void desk_clear(void)
{
    desk.call_count = 0;
    desk.said[0] = '\0';
    desk.log[0] = '\0';
}

struct plan *desk_plan(struct app *app, uint8_t name)
{
    for (size_t i = 0; i < PLANS_MAX; i++) {
        struct plan_slot *slot = &app->plans.slots[i];
        if (slot->is_used) {
            continue;
        }
        *slot = (struct plan_slot){.is_used = true};
        slot->plan.digest.bytes[0] = name;
        slot->plan.sequence = 10u * name;
        slot->plan.service_count = 1;
        (void)text_copy(slot->plan.app, NAME_BYTES, app->memory.app);
        (void)text_copy(slot->plan.services[0].name, NAME_BYTES, "main");
        slot->plan.services[0].replicas = 1;
        slot->plan.services[0].stop_grace_ms = 1000 * name;
        return &slot->plan;
    }
    abort();
}

struct generation desk_generation(uint8_t name, uint32_t gen)
{
    return (struct generation){
        .release.bytes = {name}, .sequence = 10u * name, .gen = gen, .lane = (uint8_t)(gen % 3)};
}

void desk_answer(size_t i, int code, const struct engine_answer *answer)
{
    struct err err;
    const struct err *told = code != 0 ? &err : NULL;
    CHECK(i < desk.call_count);
    if (i >= desk.call_count) {
        abort();
    }
    const struct desk_call *call = &desk.calls[i];
    if (code != 0) {
        (void)err_set(&err, code, "told %s", err_word(code));
    }
    if (call->engine != NULL) {
        call->engine(call->ctx, told, answer);
    } else if (call->route != NULL) {
        call->route(call->ctx, told, NULL);
    } else if (call->prober != NULL) {
        call->prober(call->ctx, told);
    } else {
        call->store(call->ctx, told);
    }
}
