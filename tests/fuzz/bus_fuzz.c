/* bus: the whole way from a stream's bytes through pump and libmosquitto to our callbacks. */
#include <stdio.h>
#include <unistd.h>

#include "ports/linux/loop.h"
#include "ports/mosquitto/bus.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

enum { TURNS = 24 };

/* A stream that is open at once and gives the input in pieces. */
static struct {
    struct linux_loop loop;
    struct stream_user user;
    struct span input;
    struct loop_timer timer;
    bool is_open, is_told;
    struct mosquitto_bus *bus;
    char run_dir[64];
    int opened, closed, done, asked;
} world;

static void stream_turn(void *ctx)
{
    (void)ctx;
    if (world.is_open && !world.is_told) {
        world.is_told = true;
        world.user.opened(world.user.ctx);
    }
    if (world.is_open) {
        world.user.ready(world.user.ctx);
    }
}

static void stream_wake(void)
{
    struct loop loop = linux_loop_interface(&world.loop);
    loop.ops->arm(loop.self, &world.timer, loop.ops->now(loop.self), stream_turn, NULL);
}

static int stream_open(void *self, const struct stream_user *user, struct err *err)
{
    (void)self;
    (void)err;
    world.user = *user;
    world.is_open = true;
    world.is_told = false;
    stream_wake();
    return 0;
}

static int stream_read(void *self, void *data, size_t cap, size_t *got, struct err *err)
{
    (void)self;
    struct span piece = input_piece(&world.input);
    *got = piece.len < cap ? piece.len : cap;
    if (*got > 0) {
        memcpy(data, piece.data, *got);
    }
    if (world.input.len == 0 && *got == 0) {
        world.is_open = false;
        return err_set(err, ERR_NETWORK, "the end");
    }
    stream_wake();
    return 0;
}

static int stream_write(void *self, struct span bytes, size_t *taken, struct err *err)
{
    (void)self;
    (void)err;
    *taken = bytes.len;
    return 0;
}

static void stream_close(void *self)
{
    (void)self;
    world.is_open = false;
}

static void answered(void *ctx, const struct err *err)
{
    (void)ctx;
    (void)err;
    world.done++;
}

static void on_opened(void *ctx)
{
    struct bus bus = mosquitto_bus_interface(world.bus);
    (void)ctx;
    world.opened++;
    world.asked += bus.ops->subscribe(bus.self, "berth/#", answered, NULL, NULL) == 0;
    world.asked +=
        bus.ops->publish(bus.self, "berth/a", span_text("x"), true, answered, NULL, NULL) == 0;
}

static void on_closed(void *ctx, const struct err *err)
{
    (void)ctx;
    PROMISE(err != NULL && err->code < 0 && err->text[0] != '\0');
    world.closed++;
}

static void on_received(void *ctx, const char *topic, struct span payload, bool is_retained)
{
    (void)ctx;
    (void)is_retained;
    PROMISE(strlen(topic) < BUS_TOPIC_BYTES && payload.len <= BUS_PACKET_BYTES_MAX);
}

static void world_begin(void)
{
    static const struct stream_ops ops = {
        .open = stream_open, .read = stream_read, .write = stream_write, .close = stream_close};
    (void)snprintf(world.run_dir, sizeof world.run_dir, "/tmp/berth-fuzz-bus");
    PROMISE(mkdtemp(strcat(world.run_dir, ".XXXXXX")) != NULL);
    PROMISE(linux_loop_init(&world.loop, NULL) == 0);
    const struct mosquitto_bus_settings settings = {.loop = linux_loop_interface(&world.loop),
                                                    .stream = {.ops = &ops},
                                                    .run_dir = world.run_dir};
    PROMISE(mosquitto_bus_new(&settings, &world.bus, NULL) == 0);
}

/* The folder is the only thing to leave behind. */
__attribute__((destructor)) static void world_end(void)
{
    if (world.bus != NULL) {
        mosquitto_bus_free(world.bus);
        linux_loop_close(&world.loop);
        (void)rmdir(world.run_dir);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct bus_session session = {.client_id = "fuzz", .keepalive_s = 60};
    const struct bus_user user = {
        .opened = on_opened, .closed = on_closed, .received = on_received};
    if (world.bus == NULL) {
        world_begin();
    }
    struct bus bus = mosquitto_bus_interface(world.bus);
    world.input = span_of(data, size);
    world.opened = world.closed = world.done = world.asked = 0;
    PROMISE(bus.ops->open(bus.self, &session, &user, NULL) == 0);
    for (int i = 0; i < TURNS && world.closed == 0; i++) {
        linux_loop_run_once(&world.loop, 0);
    }
    PROMISE(world.opened <= 1 && world.closed <= 1 && world.done <= world.asked);
    PROMISE(world.closed == 0 || world.done == world.asked); /* before `closed`, each once */
    bus.ops->close(bus.self);
    struct loop loop = linux_loop_interface(&world.loop);
    loop.ops->disarm(loop.self, &world.timer);
    return 0;
}
