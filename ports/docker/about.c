/* About: what the engine and its machine are. */
#include <errno.h>
#include <sys/statvfs.h>

#include "ports/docker/call.h"

/* What uname says, in the words of OCI images. */
static void read_arch(const char *machine, struct engine_about *about)
{
    static const struct {
        const char *machine, *arch, *variant;
    } words[] = {
        {"x86_64", "amd64", ""}, {"amd64", "amd64", ""},  {"aarch64", "arm64", ""},
        {"arm64", "arm64", ""},  {"armv7l", "arm", "v7"}, {"armv8l", "arm", "v7"},
        {"armv6l", "arm", "v6"}, {"arm", "arm", ""},      {"riscv64", "riscv64", ""},
        {"i686", "386", ""},     {"i386", "386", ""},
    };
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (strcmp(machine, words[i].machine) == 0) {
            (void)text_copy(about->arch, sizeof about->arch, words[i].arch);
            (void)text_copy(about->variant, sizeof about->variant, words[i].variant);
            return;
        }
    }
    (void)text_copy(about->arch, sizeof about->arch, machine);
}

/* DriverStatus is a list of pairs; the containerd image store's driver names itself there. */
static enum engine_store store_of(const struct docker *docker, const cJSON *json)
{
    const cJSON *pair;
    cJSON_ArrayForEach(pair, reply_at(json, "DriverStatus"))
    {
        const char *value = cJSON_GetStringValue(cJSON_GetArrayItem(pair, 1));
        if (value != NULL && strncmp(value, "io.containerd.snapshotter", 25) == 0) {
            return ENGINE_STORE_CONTAINERD;
        }
    }
    return docker->is_podman ? ENGINE_STORE_PODMAN : ENGINE_STORE_CLASSIC;
}

static void on_info(struct docker_call *call, int status, struct span body)
{
    struct engine_about about = {.has_restart_backoff = !call->docker->is_podman};
    struct statvfs disk;
    if (status != 200) {
        docker_call_refuse(call, "ask the engine what it is", status, body);
        return;
    }
    REPLY json = reply_parse(body, &call->is_short);
    const char *data_dir = reply_text_at(json, "DockerRootDir");
    if (data_dir[0] != '/' || statvfs(data_dir, &disk) != 0) {
        docker_call_fail(call, ERR_ENGINE, "the engine's data directory \"%s\": %s", data_dir,
                         data_dir[0] == '/' ? strerror(errno) : "not a path");
        return;
    }
    (void)text_copy(call->docker->data_dir, sizeof call->docker->data_dir, data_dir);
    (void)text_copy(about.version, sizeof about.version, reply_text_at(json, "ServerVersion"));
    read_arch(reply_text_at(json, "Architecture"), &about);
    call->docker->has_endless_log = strcmp(reply_text_at(json, "LoggingDriver"), "json-file") == 0;
    about.store = store_of(call->docker, json);
    about.memory_bytes = reply_count_at(json, "MemTotal");
    call->docker->memory_bytes = about.memory_bytes;
    call->docker->nano_cpus = reply_count_at(json, "NCPU") * 1000000000u;
    about.disk_free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
    docker_call_finish(call, &(struct engine_answer){.about = &about});
}

int docker_about(void *self, engine_done done, void *ctx, struct err *err)
{
    struct docker_call *call;
    int rc = docker_call_new(self, 0, done, ctx, &call, err);
    if (rc != 0) {
        return rc;
    }
    return docker_call_first(call,
                             &(struct docker_request){
                                 .method = "GET",
                                 .path = "/info",
                                 .timeout_ms = QUICK_TIMEOUT_MS,
                                 .step = on_info,
                             },
                             err);
}
