/* engine_docker: the engine contract over ports/docker and a real engine (needs root: it ends
 * processes of containers). usage: engine_docker PAUSEBOX TOOLS [CASE | --sandbox]
 * --sandbox: the cases that end what runs, from inside the agent's sandbox: what it takes away that
 * the agent needs fails here. */
#include <sys/wait.h>
#include <unistd.h>

#include "ports/curl/http.h"
#include "ports/docker/docker.h"
#include "ports/linux/loop.h"
#include "ports/linux/sandbox.h"
#include "tests/check.h"
#include "tests/contract/engine_docker_world.h"

enum { PUMP_MS = 20, SKIPPED = 77 };

/* A worker of the test's own that only counts: what reaches the disk is the worker's contract. */
struct counting {
    struct loop loop;
    struct loop_timer timer;
    worker_done done;
    void *ctx;
    unsigned syncs;
    bool is_bad; /* asked for two at once, or for no directory */
};

struct bench {
    struct linux_loop loop;
    struct counting worker;
    struct docker_world world;
};

static void counting_answer(void *ctx)
{
    struct counting *counting = ctx;
    worker_done done = counting->done;
    counting->done = NULL;
    done(counting->ctx, NULL, 0, (struct span){0});
}

static int counting_sync(void *self, const char *path, worker_done done, void *ctx, struct err *err)
{
    struct counting *counting = self;
    (void)err;
    counting->syncs++;
    counting->is_bad = counting->is_bad || counting->done != NULL || access(path, R_OK | X_OK) != 0;
    counting->done = done;
    counting->ctx = ctx;
    counting->loop.ops->arm(counting->loop.self, &counting->timer, linux_loop_now() + 1,
                            counting_answer, counting);
    return 0;
}

static void bench_pump(void *self)
{
    struct bench *bench = self;
    linux_loop_run_once(&bench->loop, PUMP_MS);
}

static mono_ms bench_now(void *self)
{
    (void)self;
    return linux_loop_now();
}

static void bench_hide(void *self, bool is_hidden)
{
    docker_world_hide(&((struct bench *)self)->world, is_hidden);
}

static void bench_kill_main(void *self, const char *id)
{
    docker_world_kill_main(&((struct bench *)self)->world, id);
}

static unsigned bench_processes(void *self, const char *id)
{
    return docker_world_processes(&((struct bench *)self)->world, id);
}

static void bench_foreign_container(void *self, const char *name)
{
    docker_world_foreign_container(&((struct bench *)self)->world, name);
}

static void bench_compose(void *self, const char *project, const char *service, unsigned number)
{
    struct docker_world *world = &((struct bench *)self)->world;
    docker_world_compose(world, project, service, number, false);
    docker_world_compose(world, project, "run", 1, true);
}

static void bench_foreign_network(void *self, const char *name, const char *bridge, ipv4 subnet)
{
    docker_world_foreign_network(&((struct bench *)self)->world, name, bridge, subnet);
}

static bool bench_load(void *self, char *config, size_t cap)
{
    return docker_world_load(&((struct bench *)self)->world, config, cap);
}

static void bench_unload(void *self)
{
    docker_world_unload(&((struct bench *)self)->world);
}

static void bench_make_volume(void *self, const char *name)
{
    docker_world_make_volume(&((struct bench *)self)->world, name);
}

static void bench_volume_labels(void *self, const char *name, char *text, size_t cap)
{
    docker_world_volume_labels(&((struct bench *)self)->world, name, text, cap);
}

static void bench_mounted(void *self, const char *id, char *text, size_t cap)
{
    docker_world_mounted(&((struct bench *)self)->world, id, text, cap);
}

static void bench_update(void *self, const char *id, int which)
{
    docker_world_update(&((struct bench *)self)->world, id, which);
}

static void bench_rename(void *self, const char *id, const char *name)
{
    docker_world_rename(&((struct bench *)self)->world, id, name);
}

static void bench_disconnect(void *self, const char *id)
{
    docker_world_disconnect(&((struct bench *)self)->world, id);
}

static unsigned bench_syncs(void *self)
{
    return ((struct bench *)self)->worker.syncs;
}

static struct engine_fixture bench_fixture(struct bench *bench, struct engine engine)
{
    static const char *const seven[] = {"/pausebox", "exit", "7", NULL};
    static const char *const speaks[] = {"/pausebox", "speak", NULL};
    static const char *const hang[] = {"/pausebox", "family", NULL};
    static const char *const absent[] = {"/no-such-program", NULL};
    struct docker_world *world = &bench->world;
    struct engine_fixture fixture = {
        .engine = engine,
        .pump = bench_pump,
        .now = bench_now,
        .hide = bench_hide,
        .kill_main = bench_kill_main,
        .load = bench_load,
        .unload = bench_unload,
        .make_volume = bench_make_volume,
        .volume_labels = bench_volume_labels,
        .mounted = bench_mounted,
        .update = bench_update,
        .rename = bench_rename,
        .disconnect = bench_disconnect,
        .processes = bench_processes,
        .make_foreign_container = bench_foreign_container,
        .make_foreign_network = bench_foreign_network,
        .make_compose = bench_compose,
        .syncs = bench_syncs,
        .node = world->node,
        .tag = world->tag,
        .exec_seven = seven,
        .exec_speaks = speaks,
        .has_no_address = world->is_podman,
        .has_no_bytes = world->is_podman || world->has_containerd_store,
        .has_no_restarting = world->is_podman,
        .keeps_networks = world->is_podman,
        .mute_log_driver = "none",
        .mute_words = world->is_podman ? "cannot read logs" : NULL,
        .exec_hang = hang,
        .exec_absent = absent,
        .network = {.name = world->network,
                    .node = world->node,
                    .app = "app",
                    .bridge = world->bridge,
                    .subnet = world->subnet,
                    .gateway = world->subnet + 1,
                    .prefix_bits = 24},
        .self = bench,
    };
    for (int i = 0; i < IMAGE_KINDS; i++) {
        fixture.image[i] = world->image[i];
    }
    for (int i = 0; i < REGISTRY_KINDS && world->has_registry; i++) {
        fixture.registry_image[i] = world->registry_image[i];
    }
    return fixture;
}

static int bench_run(struct bench *bench, int argc, char **argv)
{
    static const struct worker_ops worker_ops = {.sync_filesystem = counting_sync};
    struct worker worker = {.ops = &worker_ops, .self = &bench->worker};
    struct loop loop = linux_loop_interface(&bench->loop);
    struct curl_http *curl = NULL;
    struct docker *docker = NULL;
    struct err err;
    int status = EXIT_FAILURE;
    bench->worker.loop = loop;
    if (curl_http_library_init(&err) != 0 || curl_http_new(&loop, &curl, &err) != 0) {
        printf("%s\n", err.text);
        return status;
    }
    struct http http = curl_http_interface(curl);
    if (docker_engine_new(bench->world.socket, &loop, &http, &worker, &docker, &err) == 0) {
        struct engine_fixture fixture = bench_fixture(bench, docker_engine_interface(docker));
        status = engine_contract_run(&fixture, argc - 2, argv + 2);
    }
    curl_http_free(curl);
    docker_engine_free(docker);
    curl_http_library_close();
    if (bench->worker.is_bad) {
        printf("the engine's data directory was not what was synced\n");
        status = EXIT_FAILURE;
    }
    return status;
}

/* In a child, for there is no way back out; its answer is its exit status. */
static int bench_run_confined(struct bench *bench, char **argv)
{
    static char late[] = "late_command";
    char *arguments[] = {argv[0], argv[1], argv[2], late, NULL};
    struct err err = {0};
    int status = -1;
    (void)fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        linux_loop_close(&bench->loop);
        bool is_in = sandbox_enter(SANDBOX_AGENT, &err) == 0;
        if (!is_in) {
            printf("%s\n", err.text);
        }
        is_in = is_in && linux_loop_init(&bench->loop, &err) == 0;
        int result = is_in ? bench_run(bench, COUNT_OF(arguments) - 1, arguments) : EXIT_FAILURE;
        (void)fflush(stdout);
        _exit(result); /* a look for leaks needs what the sandbox took */
    }
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status)
                                                                : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    static struct bench bench;
    struct err err;
    if (argc < 3) {
        printf("usage: %s PAUSEBOX TOOLS [CASE]\n", argv[0]);
        return EXIT_FAILURE;
    }
    if (access("/var/run/docker.sock", R_OK | W_OK) != 0 || geteuid() != 0) {
        printf("skipped: needs root and an engine at /var/run/docker.sock\n");
        return SKIPPED;
    }
    int status = EXIT_FAILURE;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (linux_loop_init(&bench.loop, &err) != 0) {
        printf("%s\n", err.text);
        return status;
    }
    if (docker_world_open(&bench.world, argv[1], argv[2])) {
        bool is_confined = argc > 3 && strcmp(argv[3], "--sandbox") == 0;
        status = is_confined ? bench_run_confined(&bench, argv) : bench_run(&bench, argc, argv);
    }
    if (!docker_world_close(&bench.world)) {
        printf("something was left behind\n");
        status = EXIT_FAILURE;
    }
    linux_loop_close(&bench.loop);
    return status;
}
