/* engine: each operation of the docker port on an engine that answers anything, answers exactly
 * once and keeps nothing. */
#include "platform/base/units.h"
#include "ports/docker/docker.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

enum { TURNS_MAX = 400, TIMERS_MAX = 8 };

static struct {
    struct span input;
    struct docker *docker;
    /* the request under way */
    http_piece piece;
    http_done done;
    void *ctx;
    worker_done synced;
    void *sync_ctx;
    struct loop_timer *timers[TIMERS_MAX];
    mono_ms now;
    int answers;
    bool is_version_given, is_version_asked;
} world;

#define VERSION "{\"ApiVersion\":\"1.41\",\"MinAPIVersion\":\"1.12\"}"

static int http_start(void *self, const struct http_request *request, http_piece piece,
                      http_done done, void *ctx, struct err *err)
{
    (void)self;
    (void)err;
    PROMISE(world.done == NULL && strncmp(request->url, "http://engine/", 14) == 0);
    world.is_version_asked = strcmp(request->url, "http://engine/version") == 0;
    world.piece = piece;
    world.done = done;
    world.ctx = ctx;
    return 0;
}

static int sync_start(void *self, const char *path, worker_done done, void *ctx, struct err *err)
{
    (void)self;
    (void)err;
    PROMISE(path[0] == '/' && world.synced == NULL);
    world.synced = done;
    world.sync_ctx = ctx;
    return 0;
}

static void timer_arm(void *self, struct loop_timer *timer, mono_ms due, loop_expired expired,
                      void *ctx)
{
    size_t free_at = TIMERS_MAX;
    (void)self;
    timer->due = due;
    timer->expired = expired;
    timer->ctx = ctx;
    for (size_t i = TIMERS_MAX; i-- > 0;) {
        free_at = world.timers[i] == NULL || world.timers[i] == timer ? i : free_at;
    }
    PROMISE(free_at < TIMERS_MAX);
    world.timers[free_at] = timer;
}

static void timer_disarm(void *self, struct loop_timer *timer)
{
    (void)self;
    for (size_t i = 0; i < TIMERS_MAX; i++) {
        world.timers[i] = world.timers[i] == timer ? NULL : world.timers[i];
    }
}

static mono_ms loop_now(void *self)
{
    (void)self;
    return world.now;
}

static void timers_fire(void)
{
    for (size_t i = 0; i < TIMERS_MAX; i++) {
        struct loop_timer *timer = world.timers[i];
        if (timer != NULL && timer->due <= world.now) {
            world.timers[i] = NULL;
            timer->expired(timer->ctx);
        }
    }
}

/* One answer of the engine: a status, perhaps an end of the connection, a body in two pieces. */
static void request_answer(void)
{
    static const int statuses[] = {200, 201, 204, 304, 400, 404, 409, 500, 200, 200};
    http_done done = world.done;
    bool is_given = world.is_version_asked && world.is_version_given;
    unsigned how = is_given ? 0 : input_byte(&world.input);
    int status = statuses[how % COUNT_OF(statuses)];
    struct span body = is_given ? span_text(VERSION) : input_piece(&world.input);
    struct err lost;
    bool goes_on = true;
    world.done = NULL;
    if ((how & 0xc0) == 0xc0) {
        (void)err_set(&lost, (how & 0x20) != 0 ? ERR_TIMEOUT : ERR_NETWORK, "gone");
        done(world.ctx, &lost, 0, NULL);
        return;
    }
    size_t half = body.len / 2;
    if (world.piece != NULL && half > 0) {
        goes_on = world.piece(world.ctx, status, span_of(body.data, half)) != 0;
    }
    if (world.piece != NULL && goes_on && body.len > half) {
        goes_on = world.piece(world.ctx, status, span_of(body.data + half, body.len - half)) != 0;
    }
    if (goes_on) {
        done(world.ctx, NULL, status, NULL);
    } else {
        (void)err_set(&lost, ERR_CANCELLED, "stopped");
        done(world.ctx, &lost, status, NULL);
    }
}

static void answered(void *ctx, const struct err *err, const struct engine_answer *answer)
{
    (void)ctx;
    world.answers++;
    PROMISE(err == NULL || (err->code < 0 && err->text[0] != '\0'));
    if (err == NULL && answer != NULL && answer->containers != NULL) {
        PROMISE(answer->container_count <= ENGINE_CONTAINERS_MAX);
        for (size_t i = 0; i < answer->container_count; i++) {
            const struct engine_container *container = &answer->containers[i];
            PROMISE(memchr(container->id, '\0', sizeof container->id) != NULL);
            PROMISE(container->id[0] != '\0' && (unsigned)container->state <= ENGINE_DEAD);
        }
    }
}

static int operation_begin(struct engine engine, unsigned which)
{
    static const char *const command[] = {"/bin/check"};
    static const struct engine_network network = {.name = "berth-n-a",
                                                  .node = "n",
                                                  .app = "a",
                                                  .bridge = "b",
                                                  .subnet = 0xc6120000,
                                                  .prefix_bits = 24,
                                                  .gateway = 0xc6120001};
    static const struct engine_spec spec = {
        .name = "berth-n-a-1-web-1", .image = "sha256:0", .network = "berth-n-a"};
    static const struct engine_wanted wanted = {
        .reference = "r/w@sha256:0000000000000000000000000000000000000000000000000000000000000001",
        .tag = "r/w:berth",
        .manifest = {.bytes = {2}},
        .config = {.bytes = {3}},
    };
    const struct engine_ops *ops = engine.ops;
    void *self = engine.self;
    switch (which % 12) {
    case 0:
        return ops->about(self, answered, NULL, NULL);
    case 1:
        return ops->pull(self, &wanted, NULL, answered, NULL, NULL);
    case 2:
        return ops->create(self, &spec, answered, NULL, NULL);
    case 3:
        return ops->exec(self, "id", command, 1, 500, answered, NULL, NULL);
    case 4:
        return ops->network_ensure(self, &network, answered, NULL, NULL);
    case 5:
        return ops->network_remove(self, "berth-n-a", answered, NULL, NULL);
    case 6:
        return ops->image_remove(self, "r/w:berth", answered, NULL, NULL);
    case 7:
        return ops->image_find(self, &wanted, answered, NULL, NULL);
    case 8:
        return ops->start(self, "id", answered, NULL, NULL);
    case 9:
        return ops->keep_running(self, "id", true, answered, NULL, NULL);
    case 10:
        return ops->remove(self, "id", answered, NULL, NULL);
    default:
        return ops->list(self, "n", answered, NULL, NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct http_ops http_ops = {.start = http_start};
    static const struct worker_ops worker_ops = {.sync_filesystem = sync_start};
    static const struct loop_ops loop_ops = {
        .arm = timer_arm, .disarm = timer_disarm, .now = loop_now};
    const struct http http = {.ops = &http_ops};
    const struct worker worker = {.ops = &worker_ops};
    const struct loop loop = {.ops = &loop_ops};
    memset(&world, 0, sizeof world);
    world.input = span_of(data, size);
    PROMISE(docker_engine_new("/engine", &loop, &http, &worker, &world.docker, NULL) == 0);
    unsigned which = input_byte(&world.input);
    world.is_version_given = (which & 0x80) == 0;
    PROMISE(operation_begin(docker_engine_interface(world.docker), which & 0x7f) == 0);
    for (int i = 0; i < TURNS_MAX && world.answers == 0; i++) {
        worker_done synced = world.synced;
        world.now += 50;
        world.synced = NULL;
        if (synced != NULL) {
            synced(world.sync_ctx, NULL, (int)(input_byte(&world.input) & 1), span_of(NULL, 0));
        } else if (world.done != NULL) {
            request_answer();
        }
        timers_fire();
    }
    PROMISE(world.answers <= 1);
    docker_engine_free(world.docker);
    return 0;
}
