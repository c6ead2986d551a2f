/* List: which containers are ours and what each of them is. The list itself tells neither exit
 * code nor restart policy, so each container is looked at once more. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "ports/docker/call.h"
#include "ports/docker/hold.h"
#include "ports/docker/limits.h"

#define COMPOSE_PREFIX "com.docker.compose."

struct list_state {
    char node[ENGINE_LABEL_BYTES]; /* empty: containers of Compose projects */
    struct engine_container *containers;
    size_t count; /* ids known */
    size_t left_out;
    size_t kept; /* looked at and still there, at the front */
    size_t at;   /* the next to look at */
};

static void list_drop(void *state)
{
    struct list_state *list = state;
    free(list->containers);
}

static uint64_t number_of(const char *text)
{
    char *end;
    if (text[0] < '0' || text[0] > '9') {
        return 0;
    }
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    return *end == '\0' && errno == 0 ? number : 0;
}

/* Running and Restarting are both true in a crash loop: the flags decide, in this order. */
static enum engine_state state_of(const cJSON *json)
{
    static const struct {
        const char *word;
        enum engine_state state;
    } words[] = {
        {"created", ENGINE_CREATED},     {"configured", ENGINE_CREATED},
        {"initialized", ENGINE_CREATED}, {"running", ENGINE_RUNNING},
        {"stopping", ENGINE_RUNNING},    {"restarting", ENGINE_RESTARTING},
        {"paused", ENGINE_PAUSED},       {"exited", ENGINE_EXITED},
        {"stopped", ENGINE_EXITED},      {"removing", ENGINE_DEAD},
        {"dead", ENGINE_DEAD},
    };
    const char *word = reply_text_at(json, "State.Status");
    if (reply_is_true_at(json, "State.Dead")) {
        return ENGINE_DEAD;
    }
    if (reply_is_true_at(json, "State.Restarting")) {
        return ENGINE_RESTARTING;
    }
    if (reply_is_true_at(json, "State.Paused")) {
        return ENGINE_PAUSED;
    }
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (strcmp(word, words[i].word) == 0) {
            return words[i].state;
        }
    }
    return reply_is_true_at(json, "State.Running") ? ENGINE_RUNNING : ENGINE_EXITED;
}

/* The address it was created with; an engine that does not repeat it tells at least the present
 * one. */
static ipv4 address_of(const cJSON *json)
{
    const cJSON *network;
    ipv4 present = 0;
    cJSON_ArrayForEach(network, reply_at(json, "NetworkSettings.Networks"))
    {
        ipv4 fixed = reply_address(reply_text_at(network, "IPAMConfig.IPv4Address"));
        if (fixed != 0) {
            return fixed;
        }
        if (present == 0) {
            present = reply_address(reply_text_at(network, "IPAddress"));
        }
    }
    return present;
}

/* "/berth_<node>_<app>_<gen>_<service>_<replica>", as its labels say; earlier versions wrote '-'.
 */
static bool is_named(const char *found, const cJSON *labels, const char *separator)
{
    static const char *const parts[] = {"io.berth.node", "io.berth.app", "io.berth.gen",
                                        "io.berth.service", "io.berth.replica"};
    char data[ENGINE_NAME_BYTES + 1];
    struct text name;
    text_init(&name, data, sizeof data);
    text_append(&name, "berth");
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        text_append(&name, separator);
        text_append(&name, reply_text_of(labels, parts[i]));
    }
    return !name.cut && strcmp(found, data) == 0;
}

static bool is_misnamed(const cJSON *json, const cJSON *labels)
{
    const char *found = reply_text_at(json, "Name");
    found += found[0] == '/';
    return !is_named(found, labels, "_") && !is_named(found, labels, "-");
}

/* Its own network is the mode it was created with; versions before wrote '-'. The host's needs no
 * connection, and some engines say "bridge" of any. */
static bool is_detached(const cJSON *json)
{
    const char *mode = reply_text_at(json, "HostConfig.NetworkMode");
    const cJSON *networks = reply_at(json, "NetworkSettings.Networks");
    bool is_ours = strncmp(mode, "berth_", 6) == 0 || strncmp(mode, "berth-", 6) == 0;
    return is_ours && cJSON_IsObject(networks) &&
           cJSON_GetObjectItemCaseSensitive(networks, mode) == NULL;
}

static bool is_calendar(const struct tm *tm)
{
    return tm->tm_mon >= 1 && tm->tm_mon <= 12 && tm->tm_mday >= 1 && tm->tm_mday <= 31 &&
           tm->tm_hour >= 0 && tm->tm_hour <= 23 && tm->tm_min >= 0 && tm->tm_min <= 59 &&
           tm->tm_sec >= 0 && tm->tm_sec <= 60;
}

/* "2026-02-03T04:05:06.789012345Z" in milliseconds; 0 for what is no time, and for year 1, which is
 * "never". */
static int64_t started_at(const char *text)
{
    struct tm tm = {0};
    int len = 0;
    int64_t ms = 0;
    int read = sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
                      &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &len);
    if (read != 6 || tm.tm_year < 1970 || !is_calendar(&tm)) {
        return 0;
    }
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    const char *rest = text + len;
    if (*rest == '.') {
        for (int scale = 100; scale > 0 && *++rest >= '0' && *rest <= '9'; scale /= 10) {
            ms += (*rest - '0') * scale;
        }
    }
    return (int64_t)timegm(&tm) * 1000 + ms;
}

static struct engine_restart restart_of(const cJSON *json)
{
    struct engine_restart restart = {ENGINE_RESTART_NO, 0};
    const char *name = reply_text_at(json, "HostConfig.RestartPolicy.Name");
    uint64_t retries = reply_count_at(json, "HostConfig.RestartPolicy.MaximumRetryCount");
    for (unsigned kind = 0; kind < ENGINE_RESTART_COUNT; kind++) {
        if (strcmp(name, engine_restart_word((enum engine_restart_kind)kind)) == 0) {
            restart.kind = (enum engine_restart_kind)kind;
        }
    }
    restart.retries = (uint8_t)(retries < UINT8_MAX ? retries : UINT8_MAX);
    return restart;
}

/* {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}, ...], "90/udp": null} */
static void published_read(const cJSON *ports, struct engine_container *container)
{
    const cJSON *port;
    const cJSON *binding;
    cJSON_ArrayForEach(port, ports)
    {
        const char *slash = port->string != NULL ? strchr(port->string, '/') : NULL;
        bool is_udp = slash != NULL && strcmp(slash, "/udp") == 0;
        if (!is_udp && (slash == NULL || strcmp(slash, "/tcp") != 0)) {
            continue;
        }
        cJSON_ArrayForEach(binding, port)
        {
            uint64_t number = number_of(reply_text_of(binding, "HostPort"));
            if (number > 0 && number <= UINT16_MAX &&
                container->published_count < ENGINE_PUBLISHED_MAX) {
                container->published[container->published_count++] =
                    (struct engine_published){is_udp, (uint16_t)number};
            }
        }
    }
}

void docker_container_read(const cJSON *json, struct engine_container *container)
{
    const cJSON *labels = reply_at(json, "Config.Labels");
    const cJSON *exit_code = reply_at(json, "State.ExitCode");
    *container = (struct engine_container){0};
    (void)text_copy(container->id, sizeof container->id, reply_text_at(json, "Id"));
    (void)text_copy(container->app, sizeof container->app, reply_text_of(labels, "io.berth.app"));
    (void)text_copy(container->service, sizeof container->service,
                    reply_text_of(labels, "io.berth.service"));
    (void)digest_parse(reply_text_of(labels, "io.berth.release"), &container->release);
    container->gen = number_of(reply_text_of(labels, "io.berth.gen"));
    container->replica = (uint32_t)number_of(reply_text_of(labels, "io.berth.replica"));
    (void)text_copy(container->spec, sizeof container->spec,
                    reply_text_of(labels, "io.berth.spec"));
    container->state = state_of(json);
    container->exit_code = cJSON_IsNumber(exit_code) ? exit_code->valueint : 0;
    container->address = address_of(json);
    container->is_misnamed = is_misnamed(json, labels);
    container->is_detached = is_detached(json);
    container->has_unnamed_volume = docker_unnamed_next(reply_at(json, "Mounts"), NULL) != NULL;
    container->restart = restart_of(json);
    container->keeps_running = container->restart.kind == ENGINE_RESTART_UNLESS_STOPPED;
    published_read(reply_at(json, "NetworkSettings.Ports"), container);
    container->restarts = (uint32_t)reply_count_at(json, "RestartCount");
    container->started_ms = started_at(reply_text_at(json, "State.StartedAt"));
}

/* What a container of a Compose project is, as Compose has labelled it; false for one of ours, and
 * for one that was only run once. */
static bool compose_read(const cJSON *labels, struct engine_container *container)
{
    const char *once = reply_text_of(labels, COMPOSE_PREFIX "oneoff");
    container->replica =
        (uint32_t)number_of(reply_text_of(labels, COMPOSE_PREFIX "container-number"));
    return reply_text_of(labels, "io.berth.node")[0] == '\0' && strcmp(once, "True") != 0 &&
           text_copy(container->app, sizeof container->app,
                     reply_text_of(labels, COMPOSE_PREFIX "project")) &&
           text_copy(container->service, sizeof container->service,
                     reply_text_of(labels, COMPOSE_PREFIX "service"));
}

static void list_look_next(struct docker_call *call);

static void on_inspected(struct docker_call *call, int status, struct span body)
{
    struct list_state *list = call->state;
    if (status != 200 && status != 404) {
        docker_call_refuse(call, "inspect a container", status, body);
        return;
    }
    if (status == 200) {
        REPLY json = reply_parse(body, &call->is_short);
        struct engine_container *container = &list->containers[list->kept];
        const cJSON *labels = reply_at(json, "Config.Labels");
        docker_container_read(json, container);
        container->is_altered = !limits_are_kept(call->docker, json);
        if (container->id[0] == '\0') {
            docker_call_fail(call, ERR_ENGINE,
                             "the engine's answer about a container is unreadable");
            return;
        }
        if (list->node[0] == '\0'
                ? compose_read(labels, container)
                : strcmp(reply_text_of(labels, "io.berth.node"), list->node) == 0) {
            list->kept++;
        }
    }
    list->at++;
    list_look_next(call);
}

static void list_look_next(struct docker_call *call)
{
    struct list_state *list = call->state;
    char data[DOCKER_PATH_BYTES];
    struct text path;
    if (list->at == list->count) {
        docker_call_finish(call, &(struct engine_answer){.containers = list->containers,
                                                         .container_count = list->kept,
                                                         .left_out = list->left_out});
        return;
    }
    text_init(&path, data, sizeof data);
    text_append(&path, "/containers/");
    docker_path_value(&path, list->containers[list->at].id);
    text_append(&path, "/json");
    docker_call_next(call, &(struct docker_request){
                               .method = "GET",
                               .path = data,
                               .timeout_ms = QUICK_TIMEOUT_MS,
                               .step = on_inspected,
                           });
}

static bool is_listed_named(const cJSON *item)
{
    const cJSON *labels = reply_at(item, "Labels");
    const cJSON *name;
    cJSON_ArrayForEach(name, reply_at(item, "Names"))
    {
        const char *found = cJSON_IsString(name) ? name->valuestring : "";
        found += found[0] == '/';
        if (is_named(found, labels, "_") || is_named(found, labels, "-")) {
            return true;
        }
    }
    return false;
}

/* Notes the ids of those that have their name, or of the others. False when there is no room. */
static bool list_note(struct list_state *list, const cJSON *json, bool is_named_wanted)
{
    const cJSON *item;
    bool has_room = true;
    cJSON_ArrayForEach(item, json)
    {
        struct engine_container *container = &list->containers[list->count];
        const char *id = reply_text_at(item, "Id");
        if (id[0] == '\0' || is_listed_named(item) != is_named_wanted) {
            continue;
        }
        if (list->count == ENGINE_CONTAINERS_MAX) {
            has_room = false;
            list->left_out++;
        } else if (text_copy(container->id, sizeof container->id, id)) {
            list->count++;
        }
    }
    return has_room;
}

static void on_listed(struct docker_call *call, int status, struct span body)
{
    struct list_state *list = call->state;
    if (status != 200) {
        docker_call_refuse(call, "list containers", status, body);
        return;
    }
    REPLY json = reply_parse(body, &call->is_short);
    int count = cJSON_GetArraySize(json);
    if (!cJSON_IsArray(json)) {
        docker_call_fail(call, ERR_ENGINE, "the engine's list of containers is unreadable");
        return;
    }
    list->containers =
        calloc((size_t)(count < ENGINE_CONTAINERS_MAX ? count : ENGINE_CONTAINERS_MAX) + 1,
               sizeof *list->containers);
    if (list->containers == NULL) {
        docker_call_fail(call, ERR_MEMORY, "no memory for a list of containers");
        return;
    }
    if (!list_note(list, json, true)) {
        docker_call_fail(call, ERR_LIMIT,
                         "%zu containers are named berth_%s_..., at most %d can be looked after: "
                         "remove those that are not needed (docker ps -a --filter "
                         "label=io.berth.node=%s)",
                         list->count + list->left_out, list->node, ENGINE_CONTAINERS_MAX,
                         list->node);
        return;
    }
    (void)list_note(list, json, false);
    list_look_next(call);
}

/* Lists the containers of this node, or, where it is empty, of Compose projects. */
static int list_begin(void *self, const char *node, engine_done done, void *ctx, struct err *err)
{
    char data[DOCKER_PATH_BYTES];
    struct text path;
    struct docker_call *call;
    int rc = docker_call_new(self, sizeof(struct list_state), done, ctx, &call, err);
    if (rc != 0) {
        return rc;
    }
    struct list_state *list = call->state;
    call->drop = list_drop;
    if (!text_copy(list->node, sizeof list->node, node)) {
        docker_call_free(call);
        return err_set(err, ERR_LIMIT, "a node's name has at most %d characters",
                       ENGINE_LABEL_BYTES - 1);
    }
    text_init(&path, data, sizeof data);
    text_append(&path, "/containers/json?all=1&filters=");
    docker_path_value(&path, "{\"label\":[\"");
    docker_path_value(&path, node[0] == '\0' ? COMPOSE_PREFIX "project" : "io.berth.node=");
    docker_path_value(&path, node);
    docker_path_value(&path, "\"]}");
    return docker_call_first(call,
                             &(struct docker_request){
                                 .method = "GET",
                                 .path = data,
                                 .answer_bytes_max = REPLY_LIST_BYTES_MAX,
                                 .timeout_ms = QUICK_TIMEOUT_MS,
                                 .step = on_listed,
                             },
                             err);
}

int docker_list(void *self, const char *node, engine_done done, void *ctx, struct err *err)
{
    return list_begin(self, node, done, ctx, err);
}

int docker_list_compose(void *self, engine_done done, void *ctx, struct err *err)
{
    return list_begin(self, "", done, ctx, err);
}
