/* Volumes: look for the name of today, then for the former one and whose it is; else make it. */
#include "ports/docker/volumes.h"

#include <stdio.h>

#include "ports/docker/hold.h"
#include "ports/docker/render.h"

enum { VOLUME_BODY_BYTES = 1024 + DOCKER_OPTIONS_BYTES };

/* Whom the containers that mount a volume belong to. */
struct claimants {
    bool is_ours, is_other, is_unreadable;
    bool is_other_app; /* of an agent's, whose name `other` then is */
    char other[ENGINE_LABEL_BYTES];
};

static struct docker_volume *volume_now(struct docker_volumes *volumes)
{
    return &volumes->at[volumes->done];
}

static const char *label_in(const struct engine_spec *spec, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < spec->labels.count; i++) {
        if (strncmp(spec->labels.items[i], name, len) == 0 && spec->labels.items[i][len] == '=') {
            return spec->labels.items[i] + len + 1;
        }
    }
    return "";
}

static bool options_note(struct docker_volumes *volumes, struct docker_volume *volume,
                         struct engine_strings options)
{
    struct text text;
    if (options.count == 0) {
        return true;
    }
    volume->options = &volumes->options[volumes->options_used];
    text_init(&text, &volumes->options[volumes->options_used],
              sizeof volumes->options - volumes->options_used);
    render_options(options, &text);
    volumes->options_used += text.len + 1;
    return !text.cut && volumes->options_used < sizeof volumes->options;
}

int docker_volumes_note(struct docker_volumes *volumes, const struct engine_spec *spec,
                        struct err *err)
{
    bool fits =
        text_copy(volumes->node, sizeof volumes->node, label_in(spec, "io.berth.node")) &&
        text_copy(volumes->app, sizeof volumes->app, label_in(spec, "io.berth.app")) &&
        text_copy(volumes->service, sizeof volumes->service, label_in(spec, "io.berth.service")) &&
        text_copy(volumes->replica, sizeof volumes->replica, label_in(spec, "io.berth.replica"));
    for (size_t i = 0; i < spec->mount_count && fits; i++) {
        const struct engine_mount *mount = &spec->mounts[i];
        if (!mount->is_volume) {
            continue;
        }
        if (volumes->count == DOCKER_VOLUMES_MAX) {
            fits = false;
            continue;
        }
        struct docker_volume *volume = &volumes->at[volumes->count];
        fits = text_copy(volume->name, sizeof volume->name, mount->source) &&
               text_copy(volume->target, sizeof volume->target, mount->target) &&
               text_copy(volume->former, sizeof volume->former,
                         mount->former != NULL ? mount->former : "") &&
               options_note(volumes, volume, mount->options);
        volume->is_named = mount->is_named;
        volume->is_external = mount->is_external;
        volume->is_reader = mount->is_named && mount->read_only;
        volume->is_of_image = mount->is_of_image;
        volumes->count++;
    }
    return fits ? 0
                : err_set(err, ERR_LIMIT,
                          "%s: more than %d volumes, too long a name, or more than %d bytes of "
                          "driver_opts",
                          spec->name, DOCKER_VOLUMES_MAX, DOCKER_OPTIONS_BYTES);
}

static struct docker_request volume_look(const char *name, docker_step step, char *path)
{
    struct text text;
    text_init(&text, path, DOCKER_PATH_BYTES);
    text_append(&text, "/volumes/");
    docker_path_value(&text, name);
    return (struct docker_request){
        .method = "GET", .path = path, .timeout_ms = QUICK_TIMEOUT_MS, .step = step};
}

static void volume_settled(struct docker_call *call, bool is_former)
{
    struct docker_volumes *volumes = call->state;
    volume_now(volumes)->is_former = is_former;
    volumes->done++;
    docker_volumes_settle(call);
}

static void on_made(struct docker_call *call, int status, struct span body)
{
    if (status == 200 || status == 201) {
        volume_settled(call, false);
    } else {
        docker_call_refuse(call, "create a volume", status, body);
    }
}

static void volume_make(struct docker_call *call)
{
    struct docker_volumes *volumes = call->state;
    char data[VOLUME_BODY_BYTES];
    struct text text;
    text_init(&text, data, sizeof data);
    text_append(&text, "{\"Name\":");
    text_append_json(&text, volume_now(volumes)->name);
    if (!volume_now(volumes)->is_reader) { /* it is whose who writes it */
        text_append(&text, ",\"Labels\":{\"io.berth.node\":");
        text_append_json(&text, volumes->node);
        text_append(&text, ",\"io.berth.app\":");
        text_append_json(&text, volumes->app);
        text_append(&text, "}");
    }
    if (volume_now(volumes)->options != NULL) {
        text_append(&text, ",\"DriverOpts\":");
        text_append(&text, volume_now(volumes)->options);
    }
    text_append(&text, "}");
    docker_call_next(call, &(struct docker_request){.method = "POST",
                                                    .path = "/volumes/create",
                                                    .body = data,
                                                    .timeout_ms = WORK_TIMEOUT_MS,
                                                    .step = on_made});
}

/* Its data may be in one without a name of ours, which is mounted as if that were its former. */
static void on_noted(struct docker_call *call, int status, struct span body)
{
    struct docker_volumes *volumes = call->state;
    struct docker_volume *volume = volume_now(volumes);
    if (status == 404) {
        volume_make(call);
        return;
    }
    if (status != 200) {
        docker_call_refuse(call, "inspect a volume", status, body);
        return;
    }
    REPLY json = reply_parse(body, &call->is_short);
    const char *held = reply_text_of(reply_at(json, "Labels"), HOLD_LABEL);
    if (!docker_is_unnamed(held)) {
        docker_call_fail(call, ERR_EXISTS,
                         "volume %s does not say which volume holds the data of %s: remove it",
                         reply_text_at(json, "Name"), volume->target);
        return;
    }
    (void)text_copy(volume->former, sizeof volume->former, held);
    volume_settled(call, true);
}

/* There is none of its name yet. */
static void volume_begin(struct docker_call *call)
{
    struct docker_volumes *volumes = call->state;
    char name[DOCKER_VOLUME_BYTES];
    char path[DOCKER_PATH_BYTES];
    struct docker_holder holder = {.node = volumes->node,
                                   .app = volumes->app,
                                   .service = volumes->service,
                                   .replica = volumes->replica,
                                   .target = volume_now(volumes)->target};
    if (!volume_now(volumes)->is_of_image) {
        volume_make(call);
    } else if (!docker_hold_name(&holder, name, sizeof name)) {
        docker_call_fail(call, ERR_LIMIT, "the name of a noted volume is too long");
    } else {
        struct docker_request request = volume_look(name, on_noted, path);
        docker_call_next(call, &request);
    }
}

/* What the engine does not say counts as written. */
static bool is_only_read(const cJSON *container, const char *name)
{
    const cJSON *mount;
    bool is_read = false;
    cJSON_ArrayForEach(mount, reply_at(container, "Mounts"))
    {
        if (strcmp(reply_text_at(mount, "Name"), name) == 0) {
            if (!cJSON_IsFalse(reply_at(mount, "RW"))) {
                return false;
            }
            is_read = true;
        }
    }
    return is_read;
}

static struct claimants claimants_read(struct docker_call *call, struct span body)
{
    const struct docker_volumes *volumes = call->state;
    struct claimants claimants = {0};
    const cJSON *item;
    REPLY json = reply_parse(body, &call->is_short);
    claimants.is_unreadable = !cJSON_IsArray(json);
    cJSON_ArrayForEach(item, json)
    {
        const cJSON *labels = reply_at(item, "Labels");
        const char *app = reply_text_of(labels, "io.berth.app");
        if (volume_now(call->state)->is_named &&
            is_only_read(item, volume_now(call->state)->name)) {
            continue;
        }
        if (strcmp(reply_text_of(labels, "io.berth.node"), volumes->node) == 0 &&
            strcmp(app, volumes->app) == 0) {
            claimants.is_ours = true;
        } else if (!claimants.is_other_app) {
            claimants.is_other = true;
            claimants.is_other_app = app[0] != '\0';
            text_shorten(claimants.other, sizeof claimants.other,
                         span_text(app[0] != '\0' ? app : reply_text_at(item, "Id")));
        }
    }
    return claimants;
}

static void claimants_unread(struct docker_call *call)
{
    docker_call_fail(call, ERR_ENGINE,
                     "the engine's answer about who mounts volume %s is unreadable",
                     volume_now(call->state)->name);
}

static void on_mounted(struct docker_call *call, int status, struct span body)
{
    struct docker_volumes *volumes = call->state;
    if (status != 200) {
        docker_call_refuse(call, "ask who mounts a volume", status, body);
        return;
    }
    struct claimants claimants = claimants_read(call, body);
    if (claimants.is_unreadable) {
        claimants_unread(call);
    } else if (claimants.is_ours && claimants.is_other) {
        docker_call_fail(call, ERR_EXISTS,
                         "volume %s is mounted by containers of %s and of %s: copy what %s needs "
                         "into the volume %s, made with docker volume create, then activate again",
                         volume_now(volumes)->former, volumes->app, claimants.other, volumes->app,
                         volume_now(volumes)->name);
    } else if (claimants.is_other) {
        volume_begin(call);
    } else {
        volume_settled(call, true);
    }
}

/* A named volume is written by one app; what runs without an agent is the operator's affair. */
static void on_claimed(struct docker_call *call, int status, struct span body)
{
    struct docker_volumes *volumes = call->state;
    if (status != 200) {
        docker_call_refuse(call, "ask who mounts a volume", status, body);
        return;
    }
    struct claimants claimants = claimants_read(call, body);
    if (claimants.is_unreadable) {
        claimants_unread(call);
    } else if (claimants.is_other_app) {
        docker_call_fail(call, ERR_EXISTS,
                         "volume %s is mounted by app %s, which can write it, and one app alone "
                         "writes a volume: mount it read_only in one of them, or give %s a volume "
                         "of another name",
                         volume_now(volumes)->name, claimants.other, volumes->app);
    } else {
        volume_settled(call, false);
    }
}

static void mounted_ask(struct docker_call *call, const char *name, docker_step step)
{
    char path[DOCKER_PATH_BYTES];
    struct text text;
    text_init(&text, path, sizeof path);
    text_append(&text, "/containers/json?all=1&filters=");
    docker_path_value(&text, "{\"volume\":[\"");
    docker_path_value(&text, name);
    docker_path_value(&text, "\"]}");
    docker_call_next(call, &(struct docker_request){.method = "GET",
                                                    .path = path,
                                                    .answer_bytes_max = REPLY_LIST_BYTES_MAX,
                                                    .timeout_ms = QUICK_TIMEOUT_MS,
                                                    .step = step});
}

/* Whose labels a volume carries: 0 nobody's, 1 this app's, -1 another's. */
static int owner_read(struct docker_call *call, struct span body)
{
    const struct docker_volumes *volumes = call->state;
    REPLY json = reply_parse(body, &call->is_short);
    const cJSON *labels = reply_at(json, "Labels");
    const char *node = reply_text_of(labels, "io.berth.node");
    const char *app = reply_text_of(labels, "io.berth.app");
    if (node[0] == '\0' && app[0] == '\0') {
        return 0;
    }
    return strcmp(node, volumes->node) == 0 && strcmp(app, volumes->app) == 0 ? 1 : -1;
}

static void on_former(struct docker_call *call, int status, struct span body)
{
    int owner = status == 200 ? owner_read(call, body) : -1;
    if (status != 200 && status != 404) {
        docker_call_refuse(call, "inspect a volume", status, body);
    } else if (owner < 0) {
        volume_begin(call);
    } else if (owner > 0) {
        volume_settled(call, true);
    } else {
        mounted_ask(call, volume_now(call->state)->former, on_mounted);
    }
}

/* Something else may be mounted in one that is there under the name. */
static bool has_its_options(struct docker_call *call, struct span body)
{
    const struct docker_volume *volume = volume_now(call->state);
    const cJSON *option;
    if (volume->options == NULL) {
        return true;
    }
    REPLY json = reply_parse(body, &call->is_short);
    REPLY wanted = reply_parse(span_text(volume->options), &call->is_short);
    const cJSON *there = reply_at(json, "Options");
    if (cJSON_GetArraySize(there) != cJSON_GetArraySize(wanted)) {
        return false;
    }
    cJSON_ArrayForEach(option, wanted)
    {
        if (strcmp(reply_text_of(there, option->string), option->valuestring) != 0) {
            return false;
        }
    }
    return true;
}

static void on_volume(struct docker_call *call, int status, struct span body)
{
    struct docker_volumes *volumes = call->state;
    const struct docker_volume *volume = volume_now(volumes);
    char path[DOCKER_PATH_BYTES];
    int owner = status == 200 ? owner_read(call, body) : 0;
    if (status == 200 && !has_its_options(call, body)) {
        docker_call_fail(call, ERR_EXISTS,
                         "volume %s is there with other options than driver_opts has: remove it "
                         "with docker volume rm %s, or give the volume another name",
                         volume->name, volume->name);
    } else if (status == 200 && volume->is_reader) {
        volume_settled(call, false); /* whoever writes it */
    } else if (owner < 0) {
        docker_call_fail(call, ERR_EXISTS,
                         "volume %s carries the labels of another app: mount it read_only, or "
                         "remove or rename it",
                         volume->name);
    } else if (status == 200 && volume->is_named && owner == 0) {
        mounted_ask(call, volume->name, on_claimed);
    } else if (status == 200) {
        volume_settled(call, false);
    } else if (status != 404) {
        docker_call_refuse(call, "inspect a volume", status, body);
    } else if (volume->is_external) {
        docker_call_fail(call, ERR_ENGINE,
                         "volume %s is external and not on this node: make it with docker volume "
                         "create %s",
                         volume->name, volume->name);
    } else if (volume->former[0] == '\0') {
        volume_begin(call);
    } else {
        struct docker_request request = volume_look(volume->former, on_former, path);
        docker_call_next(call, &request);
    }
}

struct docker_request docker_volumes_first(const struct docker_volumes *volumes, char *path)
{
    return volume_look(volumes->at[0].name, on_volume, path);
}

void docker_volumes_settle(struct docker_call *call)
{
    struct docker_volumes *volumes = call->state;
    char path[DOCKER_PATH_BYTES];
    if (volumes->done == volumes->count) {
        volumes->next(call);
        return;
    }
    struct docker_request request = volume_look(volume_now(volumes)->name, on_volume, path);
    docker_call_next(call, &request);
}
