/* volume_find: where a volume of a container stands on this machine. */
#include <stdlib.h>

#include "platform/base/text.h"
#include "ports/docker/call.h"
#include "ports/docker/reply.h"

/* Below a directory of the volume's own, as engines lay out what they keep themselves. */
#define DATA "/_data"

struct find_state {
    char target[DOCKER_PATH_BYTES];
};

static bool is_kept_here(const cJSON *mount, const char *path)
{
    size_t len = strlen(path);
    return strcmp(reply_text_of(mount, "Driver"), "local") == 0 && path[0] == '/' &&
           len > sizeof DATA - 1 && strcmp(path + len - (sizeof DATA - 1), DATA) == 0;
}

static void on_inspected(struct docker_call *call, int status, struct span body)
{
    const struct find_state *find = call->state;
    if (status != 200) {
        docker_call_refuse(call, "inspect a container", status, body);
        return;
    }
    REPLY json = reply_parse(body, &call->is_short);
    const cJSON *mount;
    cJSON_ArrayForEach(mount, reply_at(json, "Mounts"))
    {
        const char *path = reply_text_of(mount, "Source");
        if (strcmp(reply_text_of(mount, "Destination"), find->target) != 0 ||
            strcmp(reply_text_of(mount, "Type"), "volume") != 0) {
            continue;
        }
        if (is_kept_here(mount, path)) {
            docker_call_finish(call, &(struct engine_answer){.id = path});
        } else {
            docker_call_fail(call, ERR_ENGINE, "volume %s stands at %s, which is not the engine's",
                             reply_text_of(mount, "Name"), path);
        }
        return;
    }
    docker_call_fail(call, ERR_NOT_FOUND, "no volume is mounted at %s", find->target);
}

int docker_volume_find(void *self, const char *id, const char *target, engine_done done, void *ctx,
                       struct err *err)
{
    struct docker_call *call;
    char data[DOCKER_PATH_BYTES];
    struct text path;
    int rc = docker_call_new(self, sizeof(struct find_state), done, ctx, &call, err);
    if (rc != 0) {
        return rc;
    }
    struct find_state *find = call->state;
    text_init(&path, data, sizeof data);
    text_append(&path, "/containers/");
    docker_path_value(&path, id);
    text_append(&path, "/json");
    if (path.cut || id[0] == '\0' || !text_copy(find->target, sizeof find->target, target)) {
        docker_call_free(call);
        return err_set(err, ERR_LIMIT, "not a container's id, or a path that is too long: %s", id);
    }
    return docker_call_first(
        call,
        &(struct docker_request){
            .method = "GET", .path = data, .timeout_ms = QUICK_TIMEOUT_MS, .step = on_inspected},
        err);
}
