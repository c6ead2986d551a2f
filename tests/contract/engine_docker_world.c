/* engine_docker_world: made and removed with the engine's own command line tool. */
#include "tests/contract/engine_docker_world.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/contract/engine_proxy.h"

#define ENGINE_SOCKET "/var/run/docker.sock"

enum { COMMAND_BYTES = 2048 };

/* Runs a command of this file's own making; its first line of output goes to `line`. */
static bool run(char *line, size_t cap, const char *fmt, ...) PRINTF_LIKE(3, 4);

static bool run(char *line, size_t cap, const char *fmt, ...)
{
    char command[COMMAND_BYTES];
    char rest[256];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(command, sizeof command, fmt, args);
    va_end(args);
    line[0] = '\0';
    FILE *pipe = popen(command, "r");
    if (pipe == NULL) {
        return false;
    }
    if (fgets(line, (int)cap, pipe) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        while (fgets(rest, sizeof rest, pipe) != NULL) {
        }
    }
    int status = pclose(pipe);
    if (status != 0) {
        printf("    failed: %s\n", command);
    }
    return status == 0;
}

/* One program and one unlike file, so that no layer is shared with anything. */
static bool world_image(struct docker_world *world, const char *name, const char *command)
{
    char line[WORLD_TEXT];
    return run(line, sizeof line,
               "cd %s && rm -rf image && mkdir image && cp %s image/pausebox && "
               "head -c 200000 /dev/urandom > image/unlike && "
               "tar -C image -c . | docker import --change 'CMD %s' - %s",
               world->folder, world->pausebox, command, name);
}

/* Pushes a new image and takes it away from the engine. */
static bool world_push(struct docker_world *world, enum engine_registry_kind kind, const char *name)
{
    char *reference = world->registry_image[kind];
    char line[WORLD_TEXT];
    char repository[WORLD_TEXT];
    if (!world_image(world, name, "[\"/pausebox\",\"sleep\"]") ||
        !run(reference, WORLD_TEXT, "%s/registry push %s/registry %s:latest", world->tools,
             world->folder, name)) {
        return false;
    }
    (void)snprintf(repository, sizeof repository, "%s", reference);
    repository[strcspn(repository, "@")] = '\0';
    return run(line, sizeof line, "docker rmi %s %s:latest", name, repository);
}

/* Turns one bit in the largest file of the registry's store: a layer. */
static bool world_corrupt(struct docker_world *world, const char *repository)
{
    char layer[WORLD_TEXT];
    char path[2 * WORLD_TEXT];
    if (!run(layer, sizeof layer,
             "cd %s/registry/data && ls docker/registry/v2/repositories/%s/_layers/sha256 | "
             "while read -r d; do stat -c '%%s '$d "
             "docker/registry/v2/blobs/sha256/${d%%\"${d#??}\"}/$d/data; done | "
             "sort -n | tail -1 | cut -d' ' -f2",
             world->folder, repository)) {
        return false;
    }
    (void)snprintf(path, sizeof path,
                   "%s/registry/data/docker/registry/v2/blobs/sha256/%.2s/%s/data", world->folder,
                   layer, layer);
    FILE *file = fopen(path, "r+b");
    if (file == NULL) {
        printf("    no layer at %s\n", path);
        return false;
    }
    fseek(file, 100000, SEEK_SET);
    int byte = fgetc(file);
    fseek(file, 100000, SEEK_SET);
    fputc(byte ^ 1, file);
    return fclose(file) == 0 && byte != EOF;
}

/* Asked of the engine itself: the command line tool says what it is, not what the engine is. */
static bool world_kind(struct docker_world *world)
{
    char line[WORLD_TEXT];
    if (!run(line, sizeof line,
             "curl --silent --fail --unix-socket " ENGINE_SOCKET " http://engine/version | "
             "grep -c Podman || true")) {
        return false;
    }
    world->is_podman = strcmp(line, "0") != 0;
    if (!run(line, sizeof line,
             "curl --silent --fail --unix-socket " ENGINE_SOCKET " http://engine/info | "
             "grep -c io.containerd.snapshotter || true")) {
        return false;
    }
    world->has_containerd_store = strcmp(line, "0") != 0;
    return true;
}

static bool world_registry(struct docker_world *world)
{
    char line[WORLD_TEXT];
    char name[64];
    if (access("/usr/bin/docker-registry", X_OK) != 0) {
        printf("no docker-registry on this machine: the cases that pull are skipped\n");
        return true;
    }
    world->has_registry = true;
    if (!run(line, sizeof line, "mkdir -p %s/registry && %s/registry start %s/registry %d",
             world->folder, world->tools, world->folder, 20000 + (int)(getpid() % 10000))) {
        return false;
    }
    (void)snprintf(name, sizeof name, "%s-corrupt", world->node);
    if (!world_push(world, REGISTRY_CORRUPT, name) || !world_corrupt(world, name)) {
        return false;
    }
    (void)snprintf(name, sizeof name, "%s-good", world->node);
    if (!world_push(world, REGISTRY_GOOD, name)) {
        return false;
    }
    char *missing = world->registry_image[REGISTRY_MISSING];
    (void)snprintf(missing, WORLD_TEXT, "%s", world->registry_image[REGISTRY_GOOD]);
    memcpy(strstr(missing, "sha256:") + 7, "0000000000000000", 16);
    return true;
}

bool docker_world_open(struct docker_world *world, const char *pausebox, const char *tools)
{
    static const char *const commands[IMAGE_KINDS] = {
        [IMAGE_SLEEPS] = "[\"/pausebox\",\"sleep\"]",
        [IMAGE_DEAF] = "[\"/pausebox\",\"deaf\"]",
        [IMAGE_FAILS] = "[\"/pausebox\",\"exit\",\"3\"]",
        [IMAGE_SPEAKS] = "[\"/pausebox\",\"speak\"]",
        [IMAGE_MUTE] = "[\"/pausebox\",\"exit\",\"3\"]",
        [IMAGE_STORES] = "[\"/pausebox\",\"sleep\"]' --change 'VOLUME /data",
    };
    int pid = (int)getpid();
    memset(world, 0, sizeof *world);
    world->proxy = -1;
    (void)snprintf(world->tools, sizeof world->tools, "%s", tools);
    (void)snprintf(world->pausebox, sizeof world->pausebox, "%s", pausebox);
    (void)snprintf(world->node, sizeof world->node, "contract-%d", pid);
    (void)snprintf(world->tag, sizeof world->tag, "berth/%s:contract", world->node);
    (void)snprintf(world->network, sizeof world->network, "berth_%s_app", world->node);
    (void)snprintf(world->bridge, sizeof world->bridge, "bct%d", pid % 1000000);
    (void)snprintf(world->folder, sizeof world->folder, "/tmp/berth-engine-XXXXXX");
    /* Four of the 256 networks of 100.96.0.0/16: agents that are tested beside this have
     * 198.18.0.0/15. */
    world->subnet = 0x64600000u + (ipv4)(pid % 64) * 4 * 256;
    if (mkdtemp(world->folder) == NULL) {
        world->folder[0] = '\0';
        return false;
    }
    (void)snprintf(world->socket, sizeof world->socket, "%s/engine.sock", world->folder);
    for (int i = 0; i < IMAGE_KINDS; i++) {
        (void)snprintf(world->image[i], WORLD_TEXT, "%s-image:%d", world->node, i);
        if (!world_image(world, world->image[i], commands[i])) {
            return false;
        }
    }
    if (!world_kind(world) || !world_registry(world)) {
        return false;
    }
    docker_world_hide(world, false);
    return world->proxy > 0;
}

bool docker_world_close(struct docker_world *world)
{
    char line[WORLD_TEXT];
    docker_world_hide(world, true);
    if (world->folder[0] == '\0') {
        return true;
    }
    bool ok = run(line, sizeof line,
                  "for label in contract io.berth.node; do "
                  "docker ps -aq --filter label=$label=%s; done | "
                  "xargs -r docker rm -f > %s/log 2>&1",
                  world->node, world->folder);
    ok = run(line, sizeof line,
             "docker network ls -q --filter name=%s | xargs -r docker network rm > %s/log 2>&1",
             world->network, world->folder) &&
         ok;
    ok = run(line, sizeof line,
             "docker images --digests --format '{{.ID}} {{.Repository}}' | "
             "grep -F %s | cut -d' ' -f1 | sort -u | xargs -r docker rmi -f > %s/log 2>&1",
             world->node, world->folder) &&
         ok;
    ok = run(line, sizeof line,
             "docker volume ls -q --filter name=%s | xargs -r docker volume rm > %s/log 2>&1",
             world->node, world->folder) &&
         ok;
    ok = run(line, sizeof line,
             "touch %s/mounted; sort -u %s/mounted | grep -E '^[0-9a-f]{64}$' | "
             "xargs -r docker volume rm > %s/log 2>&1",
             world->folder, world->folder, world->folder) &&
         ok;
    if (world->has_registry) {
        ok = run(line, sizeof line, "%s/registry stop %s/registry", world->tools, world->folder) &&
             ok;
    }
    return run(line, sizeof line, "rm -rf %s", world->folder) && ok;
}

void docker_world_hide(struct docker_world *world, bool is_hidden)
{
    if (is_hidden && world->proxy > 0) {
        engine_proxy_stop(world->proxy, world->socket);
        world->proxy = -1;
    } else if (!is_hidden && world->proxy < 0) {
        world->proxy = engine_proxy_start(world->socket, ENGINE_SOCKET);
    }
}

void docker_world_kill_main(struct docker_world *world, const char *id)
{
    char line[WORLD_TEXT];
    (void)world;
    if (run(line, sizeof line, "docker inspect --format '{{.State.Pid}}' %s", id) &&
        atoi(line) > 1) {
        kill(atoi(line), SIGKILL);
    }
}

bool docker_world_load(struct docker_world *world, char *config, size_t cap)
{
    char line[WORLD_TEXT];
    return run(config, cap, "%s/registry archive %s/registry %s by-hand/%s-good:1 %s/archive.tar",
               world->tools, world->folder, world->registry_image[REGISTRY_GOOD], world->node,
               world->folder) &&
           run(line, sizeof line, "docker load --input %s/archive.tar", world->folder);
}

void docker_world_unload(struct docker_world *world)
{
    char line[WORLD_TEXT];
    (void)run(line, sizeof line, "docker rmi by-hand/%s-good:1", world->node);
}

void docker_world_make_volume(struct docker_world *world, const char *name)
{
    char line[WORLD_TEXT];
    (void)world;
    (void)run(line, sizeof line, "docker volume create %s", name);
}

void docker_world_volume_labels(struct docker_world *world, const char *name, char *text,
                                size_t cap)
{
    (void)world;
    text[0] = '\0';
    (void)run(text, cap,
              "docker volume inspect --format "
              "'{{index .Labels \"io.berth.node\"}}/{{index .Labels \"io.berth.app\"}}' %s",
              name);
}

void docker_world_mounted(struct docker_world *world, const char *id, char *text, size_t cap)
{
    (void)run(text, cap,
              "docker inspect --format '{{(index .Mounts 0).Name}}' %s | tee -a %s/mounted", id,
              world->folder);
}

void docker_world_update(struct docker_world *world, const char *id, int which)
{
    static const char *const options[] = {"--memory 64m --memory-swap 64m", "--cpus 0.5",
                                          "--cpu-shares 100", "--pids-limit 50",
                                          "--restart on-failure"};
    char line[WORLD_TEXT];
    (void)world;
    (void)run(line, sizeof line, "docker update %s %s", options[which], id);
}

void docker_world_rename(struct docker_world *world, const char *id, const char *name)
{
    char line[WORLD_TEXT];
    (void)world;
    (void)run(line, sizeof line, "docker rename %s %s", id, name);
}

void docker_world_disconnect(struct docker_world *world, const char *id)
{
    char line[WORLD_TEXT];
    (void)run(line, sizeof line, "docker network disconnect %s %s", world->network, id);
}

unsigned docker_world_processes(struct docker_world *world, const char *id)
{
    char line[WORLD_TEXT];
    (void)world;
    /* Not by `docker top`: podman runs ps in the container, and as its user. */
    return run(line, sizeof line,
               "for p in $(grep -Els '%s(/container)?$' /proc/[0-9]*/cgroup); do "
               "grep -qs '^State:.Z' ${p%%cgroup}status || echo 1; done | wc -l",
               id)
               ? (unsigned)atoi(line)
               : 0;
}

void docker_world_foreign_container(struct docker_world *world, const char *name)
{
    char line[WORLD_TEXT];
    (void)run(line, sizeof line,
              "docker create --name %s --label contract=%s --label io.berth.spec=0123456789abcdef "
              "--label io.berth.node=somebody-else --network none %s",
              name, world->node, world->image[IMAGE_SLEEPS]);
}

void docker_world_compose(struct docker_world *world, const char *project, const char *service,
                          unsigned number, bool is_one_run)
{
    char line[WORLD_TEXT];
    (void)run(line, sizeof line,
              "docker run --detach --restart always --network none --label contract=%s "
              "--label com.docker.compose.project=%s --label com.docker.compose.service=%s "
              "--label com.docker.compose.container-number=%u "
              "--label com.docker.compose.oneoff=%s %s",
              world->node, project, service, number, is_one_run ? "True" : "False",
              world->image[IMAGE_SLEEPS]);
}

void docker_world_foreign_network(struct docker_world *world, const char *name, const char *bridge,
                                  ipv4 subnet)
{
    char line[WORLD_TEXT];
    (void)world;
    (void)run(
        line, sizeof line,
        "docker network create -o com.docker.network.bridge.name=%s --subnet %u.%u.%u.%u/24 %s",
        bridge, subnet >> 24, subnet >> 16 & 255u, subnet >> 8 & 255u, subnet & 255u, name);
}
