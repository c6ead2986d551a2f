/* worker_linux: the worker's suite over the real helper; this program is helper and programs too.
 */
#include "tests/contract/worker_contract.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ports/linux/helper.h"
#include "ports/linux/loop.h"
#include "ports/linux/worker.h"

enum { RUN_MS_MAX = 2000 };

struct world {
    struct linux_loop loop;
    struct linux_worker worker;
    char folder[64];
};

static void world_pump(void *self)
{
    struct world *world = self;
    linux_loop_run_once(&world->loop, 5);
}

static void world_kill_helper(void *self)
{
    const struct world *world = self;
    assert(world->worker.pid > 1);
    int failed = kill(world->worker.pid, SIGKILL);
    assert(failed == 0);
    (void)failed;
}

/* Programs of the folder are this file under other names. */
static void programs_link(const char *folder, int (*change)(const char *path))
{
    static const char *const names[] = {"nft", "sysctl"};
    char path[128];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        int failed = change(path);
        assert(failed == 0);
        (void)failed;
    }
}

static int link_self(const char *path)
{
    char self[4096];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    assert(len > 0);
    self[len] = '\0';
    return symlink(self, path);
}

int main(int argc, char **argv)
{
    static struct world world = {.folder = "/tmp/berth-worker-XXXXXX"};
    const char *slash = strrchr(argv[0], '/');
    const char *name = slash == NULL ? argv[0] : slash + 1;
    if (strcmp(name, "nft") == 0 || strcmp(name, "sysctl") == 0) {
        return worker_contract_program(argc, argv);
    }
    if (argc == 2 && strcmp(argv[1], HELPER_ARGUMENT) == 0) {
        return helper_main(HELPER_FD);
    }
    struct err err;
    if (mkdtemp(world.folder) == NULL || linux_loop_init(&world.loop, &err) != 0) {
        return EXIT_FAILURE;
    }
    programs_link(world.folder, link_self);
    struct linux_worker_settings settings = {
        .loop = linux_loop_interface(&world.loop),
        .path = world.folder,
        .run_ms_max = RUN_MS_MAX,
    };
    int status = EXIT_FAILURE;
    if (linux_worker_init(&world.worker, &settings, &err) == 0) {
        struct worker_fixture fixture = {
            .worker = linux_worker_interface(&world.worker),
            .pump = world_pump,
            .kill_helper = world_kill_helper,
            .folder = world.folder,
            .self = &world,
        };
        bool is_names = argc > 1 && strncmp(argv[1], "names", 5) == 0;
        status = is_names ? EXIT_SUCCESS : worker_contract_run(&fixture, argc, argv);
        if (argc < 2 || is_names) {
            int of_names = worker_contract_names_run(&fixture, argc, argv);
            status = status == EXIT_SUCCESS ? of_names : status;
        }
        linux_worker_close(&world.worker);
    } else {
        printf("%s\n", err.text);
    }
    linux_loop_close(&world.loop);
    programs_link(world.folder, unlink);
    if (rmdir(world.folder) != 0) {
        printf("%s is not empty\n", world.folder);
        return EXIT_FAILURE;
    }
    return status;
}
