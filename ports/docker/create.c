/* Create: one container of ours; a name that is taken is looked into before it is an error. */
#include <stdlib.h>

#include "ports/docker/call.h"
#include "ports/docker/render.h"

struct create_state {
    char name[ENGINE_NAME_BYTES];
    char node[ENGINE_LABEL_BYTES];
    char spec[ENGINE_LABEL_BYTES];
};

static void create_finish(struct docker_call *call, const cJSON *json)
{
    char id[ENGINE_ID_BYTES];
    if (!text_copy(id, sizeof id, reply_text_at(json, "Id")) || id[0] == '\0') {
        docker_call_fail(call, ERR_ENGINE, "the engine's answer to create is unreadable");
        return;
    }
    docker_call_finish(call, &(struct engine_answer){.id = id});
}

static void on_holder(struct docker_call *call, int status, struct span body)
{
    struct create_state *create = call->state;
    if (status != 200) {
        docker_call_refuse(call, "inspect the container that holds the name", status, body);
        return;
    }
    REPLY json = reply_parse(body, &call->is_short);
    const cJSON *labels = reply_at(json, "Config.Labels");
    if (strcmp(reply_text_of(labels, "io.berth.node"), create->node) != 0 ||
        strcmp(reply_text_of(labels, "io.berth.spec"), create->spec) != 0 ||
        create->node[0] == '\0') {
        docker_call_fail(call, ERR_EXISTS, "another container is named %s: remove or rename it",
                         create->name);
        return;
    }
    create_finish(call, json);
}

/* Docker says 409; podman 500 with words of its own. */
static bool is_name_taken(int status, struct span body)
{
    char message[ERR_TEXT_BYTES];
    reply_message(body, status, message, sizeof message);
    return status == 409 || (status == 500 && strstr(message, "already in use") != NULL);
}

static void on_created(struct docker_call *call, int status, struct span body)
{
    struct create_state *create = call->state;
    char data[DOCKER_PATH_BYTES];
    struct text path;
    if (status == 201) {
        REPLY json = reply_parse(body, &call->is_short);
        create_finish(call, json);
        return;
    }
    if (!is_name_taken(status, body)) {
        docker_call_refuse_as(call, REFUSAL_CREATE, "create a container", status, body);
        return;
    }
    text_init(&path, data, sizeof data);
    text_append(&path, "/containers/");
    docker_path_value(&path, create->name);
    text_append(&path, "/json");
    docker_call_next(call, &(struct docker_request){
                               .method = "GET",
                               .path = data,
                               .timeout_ms = QUICK_TIMEOUT_MS,
                               .step = on_holder,
                           });
}

static const char *label_of(const struct engine_spec *spec, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < spec->labels.count; i++) {
        const char *label = spec->labels.items[i];
        if (strncmp(label, name, len) == 0 && label[len] == '=') {
            return label + len + 1;
        }
    }
    return "";
}

int docker_create(void *self, const struct engine_spec *spec, engine_done done, void *ctx,
                  struct err *err)
{
    struct docker_call *call;
    char data[DOCKER_PATH_BYTES];
    struct text path;
    struct text body;
    int rc = docker_call_new(self, sizeof(struct create_state), done, ctx, &call, err);
    if (rc != 0) {
        return rc;
    }
    struct create_state *create = call->state;
    char *rendered = malloc(RENDER_BYTES_MAX);
    if (rendered == NULL) {
        docker_call_free(call);
        return err_set(err, ERR_MEMORY, "no memory for a container's specification");
    }
    text_init(&path, data, sizeof data);
    text_append(&path, "/containers/create?name=");
    docker_path_value(&path, spec->name);
    text_init(&body, rendered, RENDER_BYTES_MAX);
    render_container(spec, &body);
    if (body.cut || path.cut || !text_copy(create->name, sizeof create->name, spec->name) ||
        !text_copy(create->node, sizeof create->node, label_of(spec, "io.berth.node")) ||
        !text_copy(create->spec, sizeof create->spec, label_of(spec, "io.berth.spec"))) {
        docker_call_free(call);
        rc = err_set(err, ERR_LIMIT, "the specification of %s is too long", spec->name);
    } else {
        rc = docker_call_first(call,
                               &(struct docker_request){
                                   .method = "POST",
                                   .path = data,
                                   .body = rendered,
                                   .timeout_ms = WORK_TIMEOUT_MS,
                                   .step = on_created,
                               },
                               err);
    }
    free(rendered);
    return rc;
}
