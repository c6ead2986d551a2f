/* Hold: notes a container's volumes without a name, one by one, for the creates to come. */
#include "ports/docker/hold.h"

#include <stdio.h>
#include <stdlib.h>

enum { HOLD_BODY_BYTES = 1024, HOLD_NAME_BYTES = 256, HOLD_TARGET_BYTES = 256 };

struct held {
    char volume[DOCKER_UNNAMED_BYTES];
    char target[HOLD_TARGET_BYTES];
};

struct hold_state {
    char labels[4][ENGINE_LABEL_BYTES]; /* as in `names` below */
    struct held *held;
    size_t count, done;
};

static const char *const names[] = {"io.berth.node", "io.berth.app", "io.berth.service",
                                    "io.berth.replica"};

bool docker_is_unnamed(const char *name)
{
    return strspn(name, "0123456789abcdef") == DOCKER_UNNAMED_BYTES - 1 &&
           name[DOCKER_UNNAMED_BYTES - 1] == '\0';
}

const cJSON *docker_unnamed_next(const cJSON *mounts, const cJSON *last)
{
    const cJSON *mount = last == NULL ? (mounts != NULL ? mounts->child : NULL) : last->next;
    while (mount != NULL && !docker_is_unnamed(reply_text_of(mount, "Name"))) {
        mount = mount->next;
    }
    return mount;
}

bool docker_hold_name(const struct docker_holder *holder, char *name, size_t cap)
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    for (const char *at = holder->target; *at != '\0'; at++) {
        hash = (hash ^ (uint8_t)*at) * UINT64_C(1099511628211);
    }
    int len = snprintf(name, cap, "berth_%s_%s_%s_%s_holds-%016llx", holder->node, holder->app,
                       holder->service, holder->replica, (unsigned long long)hash);
    return len > 0 && (size_t)len < cap;
}

static void hold_next(struct docker_call *call);

static void on_held(struct docker_call *call, int status, struct span body)
{
    struct hold_state *hold = call->state;
    if (status != 200 && status != 201) {
        docker_call_refuse(call, "note a volume", status, body);
        return;
    }
    hold->done++;
    hold_next(call);
}

/* Where it is there already, the engine leaves it as it is. */
static void hold_next(struct docker_call *call)
{
    struct hold_state *hold = call->state;
    char name[HOLD_NAME_BYTES];
    char data[HOLD_BODY_BYTES];
    struct text text;
    if (hold->done == hold->count) {
        docker_call_finish(call, NULL);
        return;
    }
    struct docker_holder holder = {.node = hold->labels[0],
                                   .app = hold->labels[1],
                                   .service = hold->labels[2],
                                   .replica = hold->labels[3],
                                   .target = hold->held[hold->done].target};
    bool fits = docker_hold_name(&holder, name, sizeof name);
    text_init(&text, data, sizeof data);
    text_append(&text, "{\"Name\":");
    text_append_json(&text, name);
    text_append(&text, ",\"Labels\":{");
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        text_append_json(&text, names[i]);
        text_append(&text, ":");
        text_append_json(&text, hold->labels[i]);
        text_append(&text, ",");
    }
    text_append(&text, "\"" HOLD_LABEL "\":");
    text_append_json(&text, hold->held[hold->done].volume);
    text_append(&text, "}}");
    if (!fits || text.cut) {
        docker_call_fail(call, ERR_LIMIT, "the name of a volume to note is too long: %s", name);
        return;
    }
    docker_call_next(call, &(struct docker_request){.method = "POST",
                                                    .path = "/volumes/create",
                                                    .body = data,
                                                    .timeout_ms = WORK_TIMEOUT_MS,
                                                    .step = on_held});
}

/* False when something does not fit, or there is no memory. */
static bool hold_read(struct hold_state *hold, const cJSON *json)
{
    const cJSON *labels = reply_at(json, "Config.Labels");
    const cJSON *mounts = reply_at(json, "Mounts");
    size_t count = 0;
    bool is_given = hold->labels[0][0] != '\0';
    for (size_t i = 0; i < COUNT_OF(names) && !is_given; i++) {
        if (!text_copy(hold->labels[i], ENGINE_LABEL_BYTES, reply_text_of(labels, names[i]))) {
            return false;
        }
    }
    for (const cJSON *at = NULL; (at = docker_unnamed_next(mounts, at)) != NULL;) {
        count++;
    }
    hold->held = calloc(count + 1, sizeof *hold->held);
    for (const cJSON *at = NULL;
         hold->held != NULL && (at = docker_unnamed_next(mounts, at)) != NULL; hold->count++) {
        struct held *held = &hold->held[hold->count];
        if (!text_copy(held->volume, sizeof held->volume, reply_text_of(at, "Name")) ||
            !text_copy(held->target, sizeof held->target, reply_text_of(at, "Destination"))) {
            return false;
        }
    }
    return hold->held != NULL;
}

static void on_inspected(struct docker_call *call, int status, struct span body)
{
    struct hold_state *hold = call->state;
    if (status == 404) {
        docker_call_finish(call, NULL);
        return;
    }
    if (status != 200) {
        docker_call_refuse(call, "inspect a container", status, body);
        return;
    }
    REPLY json = reply_parse(body, &call->is_short);
    if (!hold_read(hold, json)) {
        docker_call_fail(call, ERR_LIMIT, "the container's volumes cannot be held");
    } else if (hold->labels[0][0] == '\0') {
        docker_call_finish(call, NULL); /* not ours */
    } else {
        hold_next(call);
    }
}

static void hold_drop(void *state)
{
    free(((struct hold_state *)state)->held);
}

static bool holder_note(struct hold_state *hold, const struct engine_holder *holder)
{
    (void)snprintf(hold->labels[3], ENGINE_LABEL_BYTES, "%u", (unsigned)holder->replica);
    return text_copy(hold->labels[0], ENGINE_LABEL_BYTES, holder->node) &&
           text_copy(hold->labels[1], ENGINE_LABEL_BYTES, holder->app) &&
           text_copy(hold->labels[2], ENGINE_LABEL_BYTES, holder->service);
}

int docker_hold_volumes(void *self, const char *id, const struct engine_holder *holder,
                        engine_done done, void *ctx, struct err *err)
{
    struct docker_call *call;
    char data[DOCKER_PATH_BYTES];
    struct text path;
    int rc = docker_call_new(self, sizeof(struct hold_state), done, ctx, &call, err);
    if (rc != 0) {
        return rc;
    }
    call->drop = hold_drop;
    text_init(&path, data, sizeof data);
    text_append(&path, "/containers/");
    docker_path_value(&path, id);
    text_append(&path, "/json");
    if (holder != NULL && !holder_note(call->state, holder)) {
        docker_call_free(call);
        return err_set(err, ERR_LIMIT, "the name of an app or service is too long");
    }
    if (path.cut || id[0] == '\0') {
        docker_call_free(call);
        return err_set(err, ERR_LIMIT, "not a container's id: %s", id);
    }
    return docker_call_first(
        call,
        &(struct docker_request){
            .method = "GET", .path = data, .timeout_ms = QUICK_TIMEOUT_MS, .step = on_inspected},
        err);
}
