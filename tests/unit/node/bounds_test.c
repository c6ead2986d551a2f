/* bounds_test: the conductor at the edges of its tables: nothing is dropped in silence, and what is
 * full keeps nothing else from going on. */
#include "agent/node/conductor_private.h"

#include <stdlib.h>

#include "tests/check.h"

static struct {
    mono_ms now;
    char lines[8][LOG_LINE_BYTES_MAX];
    size_t line_count;
    engine_done listed;
    void *listed_ctx;
    store_done written;
    void *written_ctx;
} world;

static mono_ms clock_mono(void *self)
{
    (void)self;
    return world.now;
}

static wall_ms clock_wall(void *self, bool *trusted)
{
    (void)self;
    *trusted = false;
    return 0;
}

static void log_line(void *self, enum log_level level, const char *line)
{
    (void)self;
    (void)level;
    if (world.line_count < COUNT_OF(world.lines)) {
        (void)text_copy(world.lines[world.line_count++], LOG_LINE_BYTES_MAX, line);
    }
}

static int engine_list(void *self, const char *node, engine_done done, void *ctx, struct err *err)
{
    (void)self;
    (void)node;
    (void)err;
    world.listed = done;
    world.listed_ctx = ctx;
    return 0;
}

static int store_write(void *self, const char *name, struct span data, store_done done, void *ctx,
                       struct err *err)
{
    (void)self;
    (void)name;
    (void)data;
    (void)err;
    world.written = done;
    world.written_ctx = ctx;
    return 0;
}

static int store_list(void *self, store_found found, void *ctx, struct err *err)
{
    (void)self;
    (void)found;
    (void)ctx;
    return err_set(err, ERR_STORE, "not in this test");
}

/* A node with one app at rest, on which nothing is due but a list. */
static struct conductor *node_open(void)
{
    static const struct engine_ops engine = {.list = engine_list};
    static const struct store_ops store = {.record_write = store_write, .list = store_list};
    static const struct clock_ops clock = {.mono = clock_mono, .wall = clock_wall};
    static const struct log_ops log = {.line = log_line};
    static const struct conductor_ports ports = {
        .engine.ops = &engine, .store.ops = &store, .clock.ops = &clock, .log.ops = &log};
    struct config config;
    struct err err;
    memset(&world, 0, sizeof world);
    world.now = 100000;
    CHECK_INT_EQ(
        config_parse(span_text("{\"schema\":1,\"node\":\"n\",\"fleet\":\"f\"}"), &config, &err), 0);
    struct conductor *conductor = conductor_new(&config, &ports);
    if (conductor == NULL) {
        abort();
    }
    conductor->is_started = conductor->engine.has_about = conductor->traffic.is_read = true;
    conductor->engine.about_at = world.now + 60000;
    struct app *app = &conductor->apps[0];
    *app = (struct app){.conductor = conductor, .is_used = true};
    (void)text_copy(app->memory.app, NAME_BYTES, "web");
    return conductor;
}

/* Probes of many replicas, none of them answered, leave room for looking and acting. */
static void probes_leave_a_reserve(void)
{
    struct conductor *conductor = node_open();
    struct app *app = &conductor->apps[0];
    int probes = 0;
    int others = 0;
    int execs = 0;
    while (call_take_probe(conductor, app, false) != NULL) {
        probes++;
    }
    while (call_take_probe(conductor, app, true) != NULL) {
        execs++;
    }
    while (call_take(conductor, app, ACTION_STOP) != NULL) {
        others++;
    }
    CHECK_INT_EQ(probes, PROBER_PENDING_MAX - 8);
    CHECK_INT_EQ(execs, 32);
    CHECK_INT_EQ(others, CALLS_MAX - probes - execs);
    call_drop(&conductor->calls.list[probes]);
    CHECK(call_take_probe(conductor, app, false) == NULL);
    CHECK(call_take_probe(conductor, app, true) != NULL);
    call_drop(&conductor->calls.list[0]);
    CHECK(call_take_probe(conductor, app, true) == NULL);
    CHECK(call_take(conductor, app, ACTION_STOP) != NULL);
    conductor_free(conductor);
}

/* Without a place for a call the engine is looked at later; the agent does not spin until then. */
static void no_call_no_spin(void)
{
    struct conductor *conductor = node_open();
    conductor->engine.about_at = world.now;
    while (call_take(conductor, NULL, ACTION_STOP) != NULL) {
    }
    observe_step(conductor);
    CHECK(world.listed == NULL);
    CHECK(observe_deadline(conductor) > world.now);
    conductor->engine.about_at = world.now + 60000;
    call_drop(&conductor->calls.list[5]);
    world.now = observe_deadline(conductor);
    observe_step(conductor);
    CHECK(world.listed != NULL);
    conductor_free(conductor);
}

/* One container more than the planner can look at. */
static void too_many_containers(void)
{
    struct conductor *conductor = node_open();
    struct app *app = &conductor->apps[0];
    static struct engine_container containers[OBSERVED_MAX + 1];
    struct engine_answer answer = {.containers = containers, .container_count = OBSERVED_MAX};
    for (size_t i = 0; i <= OBSERVED_MAX; i++) {
        containers[i] = (struct engine_container){.gen = i + 1, .replica = 1};
        (void)text_copy(containers[i].app, sizeof containers[i].app, "web");
    }
    observe_step(conductor);
    world.listed(world.listed_ctx, NULL, &answer);
    CHECK_INT_EQ(app->session.replica_count, OBSERVED_MAX);
    CHECK_INT_EQ(world.line_count, 0);
    answer.container_count++;
    observe_soon(conductor);
    observe_step(conductor);
    world.listed(world.listed_ctx, NULL, &answer);
    CHECK_INT_EQ(world.line_count, 1);
    CHECK_CONTAINS(world.lines[0], "web: more than 96 containers of it were listed: generation 97 "
                                   "replica 1 is not looked after");
    conductor_free(conductor);
}

/* Releases are forgotten faster than their images can be removed. */
static void too_much_garbage(void)
{
    struct conductor *conductor = node_open();
    struct app *app = &conductor->apps[0];
    for (uint8_t i = 0; i <= GARBAGE_MAX; i++) {
        struct memory_app next = app->memory;
        app->memory.wanted = (struct digest){.bytes = {(uint8_t)(i + 1)}};
        next.wanted = (struct digest){0};
        memory_remember(app, &next, false);
        world.written(world.written_ctx, NULL);
        CHECK_INT_EQ(world.line_count, i < GARBAGE_MAX ? 0 : 1);
    }
    CHECK_CONTAINS(world.lines[0], "web: the image of release 090000000000 stays: 8 others wait");
    conductor_free(conductor);
}

/* A disk that does not answer is named, once for each record that it keeps waiting. */
static void disk_that_does_not_answer(void)
{
    struct conductor *conductor = node_open();
    struct app *app = &conductor->apps[0];
    struct memory_app next = app->memory;
    memory_remember(app, &next, false);
    CHECK_INT_EQ(memory_hurry_at(app), world.now + 30000);
    world.now += 29999;
    memory_hurry(app);
    CHECK_INT_EQ(world.line_count, 0);
    world.now++;
    memory_hurry(app);
    memory_hurry(app);
    CHECK_INT_EQ(world.line_count, 1);
    CHECK_CONTAINS(world.lines[0], "has not answered a write for 30 s");
    CHECK_INT_EQ(memory_hurry_at(app), MONO_NEVER);
    world.written(world.written_ctx, NULL);
    memory_remember(app, &next, false);
    CHECK_INT_EQ(memory_hurry_at(app), world.now + 30000);
    conductor_free(conductor);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"probes leave a reserve", probes_leave_a_reserve},
        {"no call, no spin", no_call_no_spin},
        {"too many containers", too_many_containers},
        {"too much garbage", too_much_garbage},
        {"a disk that does not answer", disk_that_does_not_answer},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
