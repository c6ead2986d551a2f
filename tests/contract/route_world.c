/* route_world: a bridge, veths and namespaces, as an engine would make them. */
#include "tests/contract/route_world.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 40

static _Noreturn void world_give_up(const char *what)
{
    printf("this world cannot be made: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

void world_enter(struct world *world, unsigned place)
{
    if (setns(world->spaces[place], CLONE_NEWNET) != 0) {
        world_give_up("enter a namespace");
    }
}

/* Splits at spaces; the words stay in `line`. */
static void words_split(char *line, char *words[WORDS_MAX])
{
    size_t count = 0;
    char *rest = NULL;
    for (char *word = strtok_r(line, " ", &rest); word != NULL && count < WORDS_MAX - 1;
         word = strtok_r(NULL, " ", &rest)) {
        words[count++] = word;
    }
    words[count] = NULL;
}

static int run_line(struct world *world, unsigned place, char *line, int output)
{
    char *words[WORDS_MAX];
    int status = 0;
    words_split(line, words);
    pid_t pid = fork();
    if (pid == 0) {
        world_enter(world, place);
        if (output >= 0) {
            (void)dup2(output, STDOUT_FILENO);
            (void)dup2(output, STDERR_FILENO);
        }
        execvp(words[0], words);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        world_give_up("run a program");
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int world_run(struct world *world, unsigned place, const char *fmt, ...)
{
    char line[512];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    return run_line(world, place, line, -1);
}

int world_capture(struct world *world, char *output, size_t cap, const char *fmt, ...)
{
    char line[512];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    int fd = memfd_create("output", MFD_CLOEXEC);
    if (fd < 0) {
        world_give_up("memfd");
    }
    int status = run_line(world, PLACE_NODE, line, fd);
    ssize_t got = pread(fd, output, cap - 1, 0);
    output[got > 0 ? got : 0] = '\0';
    close(fd);
    return status;
}

/* For building: what fails ends the test. */
#define MUST(world, place, ...)                                                                    \
    do {                                                                                           \
        if (world_run((world), (place), __VA_ARGS__)) {                                            \
            errno = 0;                                                                             \
            world_give_up("set up: " #__VA_ARGS__);                                                \
        }                                                                                          \
    } while (0)

bool world_write(const char *path, const char *value)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    bool is_written = write(fd, value, strlen(value)) == (ssize_t)strlen(value);
    close(fd);
    return is_written;
}

int world_socket(struct world *world, unsigned place, int type)
{
    world_enter(world, place);
    int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        world_give_up("socket");
    }
    world_enter(world, PLACE_NODE);
    return fd;
}

static int space_open(void)
{
    int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        world_give_up("open a namespace");
    }
    return fd;
}

static void space_make(struct world *world, unsigned place)
{
    if (unshare(CLONE_NEWNET) != 0) {
        world_give_up("make a namespace (root is needed)");
    }
    world->spaces[place] = space_open();
    world_enter(world, PLACE_NODE);
    MUST(world, place, "ip link set lo up");
}

void world_attach(struct world *world, unsigned place, const char *link, const char *bridge,
                  const char *address, const char *gateway)
{
    if (world->spaces[place] < 0) {
        space_make(world, place);
    }
    MUST(world, PLACE_NODE, "ip link add %s type veth peer name eth0 netns /proc/%d/fd/%d", link,
         (int)getpid(), world->spaces[place]);
    MUST(world, place, "ip addr add %s dev eth0", address);
    MUST(world, place, "ip link set eth0 up");
    MUST(world, place, "ip route add default via %s", gateway);
    if (bridge[0] != '\0') {
        MUST(world, PLACE_NODE, "ip link set %s master %s", link, bridge);
    }
    MUST(world, PLACE_NODE, "ip link set %s up", link);
}

/* The node: this process, in a network and a mount namespace of its own. */
static void node_make(struct world *world)
{
    if (unshare(CLONE_NEWNET | CLONE_NEWNS) != 0) {
        world_give_up("make a namespace (root is needed)");
    }
    world->spaces[PLACE_NODE] = space_open();
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("sysfs", "/sys", "sysfs", 0, NULL) != 0 ||
        mount("tmpfs", "/mnt", "tmpfs", 0, "mode=0700") != 0) {
        world_give_up("mount");
    }
    MUST(world, PLACE_NODE, "ip link set lo up");
    MUST(world, PLACE_NODE, "ip link add " WORLD_BRIDGE " type bridge");
    MUST(world, PLACE_NODE, "ip addr add " WORLD_GATEWAY "/21 dev " WORLD_BRIDGE);
    MUST(world, PLACE_NODE, "ip link set " WORLD_BRIDGE " up");
    MUST(world, PLACE_NODE, "ip link add " WORLD_OTHER_BRIDGE " type bridge");
    MUST(world, PLACE_NODE, "ip addr add 172.30.0.1/24 dev " WORLD_OTHER_BRIDGE);
    MUST(world, PLACE_NODE, "ip link set " WORLD_OTHER_BRIDGE " up");
    world_attach(world, PLACE_FIRST, "first0", WORLD_BRIDGE, "198.18.8.2/21", WORLD_GATEWAY);
    world_attach(world, PLACE_SECOND, "second0", WORLD_BRIDGE, "198.18.8.3/21", WORLD_GATEWAY);
    world_attach(world, PLACE_NEIGHBOUR, "third0", WORLD_BRIDGE, "198.18.8.4/21", WORLD_GATEWAY);
    world_attach(world, PLACE_OUTSIDE, WORLD_UPLINK, "", "192.0.2.2/24", "192.0.2.1");
    world_attach(world, PLACE_STRANGER, "other1", WORLD_OTHER_BRIDGE, "172.30.0.2/24",
                 "172.30.0.1");
    MUST(world, PLACE_NODE, "ip addr add 192.0.2.1/24 dev " WORLD_UPLINK);
    MUST(world, PLACE_NODE, "ip route add default via 192.0.2.2");
}

static void world_pump(void *self)
{
    struct world *world = self;
    linux_loop_run_once(&world->loop, 20);
}

static void world_flush(void *self)
{
    struct world *world = self;
    char words[256];
    (void)world_capture(world, words, sizeof words, "nft delete table ip " WORLD_TABLE);
}

static void world_spoil(void *self)
{
    MUST((struct world *)self, PLACE_NODE, "nft flush chain ip " WORLD_TABLE " choose");
}

void world_forget_all(struct world *world)
{
    char words[256];
    (void)world_capture(world, words, sizeof words, "conntrack -F");
}

static void world_reset(void *self)
{
    struct world *world = self;
    world_flush(world);
    world_forget_all(world);
    (void)unlink(WORLD_BOOT_PATH);
}

static void world_reboot(void *self)
{
    struct world *world = self;
    world_flush(world);
    world_forget_all(world);
    if (access(WORLD_BOOT_PATH, F_OK) == 0) {
        MUST(world, PLACE_NODE, "nft -f " WORLD_BOOT_PATH);
    }
}

static void route_make(struct world *world)
{
    struct err err = {0};
    if (linux_loop_init(&world->loop, &err) != 0) {
        world_give_up(err.text);
    }
    struct linux_worker_settings worker = {.loop = linux_loop_interface(&world->loop)};
    if (linux_worker_init(&world->worker, &worker, &err) != 0) {
        world_give_up(err.text);
    }
    struct nftables_route_settings route = {
        .worker = linux_worker_interface(&world->worker),
        .node = WORLD_NODE,
        .boot_path = WORLD_BOOT_PATH,
        .pool = WORLD_POOL,
        .pool_bits = 15,
        .loop = linux_loop_interface(&world->loop),
    };
    if (nftables_route_init(&world->route, &route, &err) != 0) {
        world_give_up(err.text);
    }
}

void world_init(struct world *world, struct route_fixture *fixture)
{
    memset(world, 0, sizeof *world);
    for (size_t i = 0; i < WORLD_HANDLES_MAX; i++) {
        world->handles[i] = -1;
        world->held[i] = -1;
    }
    for (size_t i = 0; i < WORLD_PLACES; i++) {
        world->spaces[i] = -1;
    }
    setvbuf(stdout, NULL, _IONBF, 0); /* children share it */
    node_make(world);
    talk_serve(world);
    route_make(world);
    *fixture = (struct route_fixture){
        .route = nftables_route_interface(&world->route),
        .pool = WORLD_POOL,
        .pool_bits = 15,
        .service_address = WORLD_SERVICE_ADDRESS,
        .node_address = WORLD_NODE_ADDRESS,
        .bridge = WORLD_BRIDGE,
        .backends = {0xc6120802u, 0xc6120803u},
        .self = world,
        .pump = world_pump,
        .reset = world_reset,
        .open = talk_open,
        .say = talk_say,
        .shut = talk_shut,
        .load_start = talk_load_start,
        .load_stop = talk_load_stop,
        .flush = world_flush,
        .spoil = world_spoil,
        .reboot = world_reboot,
        .hold = talk_hold,
        .release = talk_release,
    };
}

void world_close(struct world *world)
{
    linux_worker_close(&world->worker);
    nftables_route_close(&world->route);
    linux_loop_close(&world->loop);
    (void)kill(world->server, SIGKILL);
    (void)waitpid(world->server, NULL, 0);
}
