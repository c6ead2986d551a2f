/* Create: one container of ours; a name that is taken is looked into before it is an error. */
#include <stdio.h>
#include <stdlib.h>

#include "ports/docker/call.h"
#include "ports/docker/render.h"
#include "ports/docker/volumes.h"

struct create_state {
    struct docker_volumes volumes; /* first: docker_volumes_settle finds it here */
    char *body;
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

static void create_drop(void *state)
{
    free(((struct create_state *)state)->body);
}

/* Copies the body with the former names of volumes where those are used. */
static void body_render(const struct create_state *create, struct text *body)
{
    char source[DOCKER_VOLUME_BYTES + 16];
    const char *at = create->body;
    while (*at != '\0') {
        const char *next = NULL;
        const struct docker_volume *used = NULL;
        for (size_t i = 0; i < create->volumes.count; i++) {
            const struct docker_volume *volume = &create->volumes.at[i];
            (void)snprintf(source, sizeof source, "\"Source\":\"%s\"", volume->name);
            const char *found = volume->is_former ? strstr(at, source) : NULL;
            if (found != NULL && (next == NULL || found < next)) {
                next = found;
                used = volume;
            }
        }
        text_append_span(body, span_of(at, next != NULL ? (size_t)(next - at) : strlen(at)));
        if (used == NULL) {
            return;
        }
        text_printf(body, "\"Source\":\"%s\"", used->former);
        at = next + strlen("\"Source\":\"\"") + strlen(used->name);
    }
}

static struct docker_request create_request(const struct create_state *create, const char *body,
                                            char *path)
{
    struct text text;
    text_init(&text, path, DOCKER_PATH_BYTES);
    text_append(&text, "/containers/create?name=");
    docker_path_value(&text, create->name);
    return (struct docker_request){.method = "POST",
                                   .path = path,
                                   .body = body,
                                   .timeout_ms = WORK_TIMEOUT_MS,
                                   .step = on_created};
}

/* The volumes are there. */
static void create_ask(struct docker_call *call)
{
    struct create_state *create = call->state;
    char path[DOCKER_PATH_BYTES];
    char *rendered = malloc(RENDER_BYTES_MAX);
    struct text body;
    if (rendered == NULL) {
        docker_call_fail(call, ERR_MEMORY, "no memory for a container's specification");
        return;
    }
    text_init(&body, rendered, RENDER_BYTES_MAX);
    body_render(create, &body);
    if (body.cut) {
        docker_call_fail(call, ERR_LIMIT, "the specification of %s is too long", create->name);
    } else {
        struct docker_request request = create_request(create, rendered, path);
        docker_call_next(call, &request);
    }
    free(rendered);
}

/* The engine does not say whether its default has limits: it is one where nobody set any. */
static struct engine_spec spec_bounded(const struct docker *docker, const struct engine_spec *spec)
{
    static const char *const limits[] = {"max-size=10m", "max-file=3"};
    struct engine_spec bounded = *spec;
    if (docker->has_endless_log && spec->log_driver == NULL && spec->log_options.count == 0) {
        bounded.log_driver = "json-file";
        bounded.log_options = (struct engine_strings){.items = limits, .count = COUNT_OF(limits)};
    }
    return bounded;
}

int docker_create(void *self, const struct engine_spec *spec, engine_done done, void *ctx,
                  struct err *err)
{
    struct docker_call *call;
    char path[DOCKER_PATH_BYTES];
    struct text body;
    int rc = docker_call_new(self, sizeof(struct create_state), done, ctx, &call, err);
    if (rc != 0) {
        return rc;
    }
    struct create_state *create = call->state;
    call->drop = create_drop;
    create->volumes.next = create_ask;
    char *rendered = malloc(RENDER_BYTES_MAX);
    if (rendered == NULL) {
        docker_call_free(call);
        return err_set(err, ERR_MEMORY, "no memory for a container's specification");
    }
    text_init(&body, rendered, RENDER_BYTES_MAX);
    struct engine_spec bounded = spec_bounded(self, spec);
    render_container(&bounded, &body);
    if (body.cut || !text_copy(create->name, sizeof create->name, spec->name) ||
        !text_copy(create->node, sizeof create->node, label_of(spec, "io.berth.node")) ||
        !text_copy(create->spec, sizeof create->spec, label_of(spec, "io.berth.spec"))) {
        docker_call_free(call);
        rc = err_set(err, ERR_LIMIT, "the specification of %s is too long", spec->name);
    } else if ((rc = docker_volumes_note(&create->volumes, spec, err)) != 0) {
        docker_call_free(call);
    } else if (create->volumes.count == 0) {
        struct docker_request request = create_request(create, rendered, path);
        rc = docker_call_first(call, &request, err);
    } else if ((create->body = strdup(rendered)) == NULL) {
        docker_call_free(call);
        rc = err_set(err, ERR_MEMORY, "no memory for a container's specification");
    } else {
        struct docker_request request = docker_volumes_first(&create->volumes, path);
        rc = docker_call_first(call, &request, err);
    }
    free(rendered);
    return rc;
}
