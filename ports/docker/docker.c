/* docker_engine: the table of operations, and the life of the port. */
#include "ports/docker/docker.h"

#include <stdlib.h>

#include "ports/docker/call.h"

int docker_engine_new(const char *socket_path, const struct loop *loop, const struct http *http,
                      const struct worker *worker, struct docker **docker, struct err *err)
{
    struct docker *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return err_set(err, ERR_MEMORY, "no memory for the engine port");
    }
    if (!text_copy(made->socket_path, sizeof made->socket_path, socket_path)) {
        free(made);
        return err_set(err, ERR_VALUE, "the engine's socket path is longer than 107 bytes: %s",
                       socket_path);
    }
    made->loop = *loop;
    made->http = *http;
    made->worker = *worker;
    *docker = made;
    return 0;
}

void docker_engine_use_registry(struct docker *docker, const struct registry *registry)
{
    docker->registry = *registry;
}

void docker_engine_free(struct docker *docker)
{
    if (docker == NULL) {
        return;
    }
    while (docker->calls != NULL) {
        docker_call_free(docker->calls);
    }
    docker_events_close(docker);
    free(docker);
}

struct engine docker_engine_interface(struct docker *docker)
{
    static const struct engine_ops ops = {
        .about = docker_about,
        .list = docker_list,
        .list_compose = docker_list_compose,
        .image_find = docker_image_find,
        .pull = docker_pull,
        .image_remove = docker_image_remove,
        .network_ensure = docker_network_ensure,
        .network_remove = docker_network_remove,
        .create = docker_create,
        .start = docker_start,
        .stop = docker_stop,
        .hold_volumes = docker_hold_volumes,
        .volume_find = docker_volume_find,
        .rename = docker_rename,
        .remove = docker_remove,
        .keep_running = docker_keep_running,
        .set_restart = docker_set_restart,
        .restore = docker_restore,
        .signal = docker_signal,
        .exec = docker_exec,
        .post_mortem = docker_post_mortem,
        .watch = docker_watch,
    };
    return (struct engine){.ops = &ops, .self = docker};
}
