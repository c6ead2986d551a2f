/* Events: a stream without end, beside the calls. It breaks with the engine; whoever asks the
 * engine next finds out its version, and that opens it again. */
#include "ports/docker/events.h"

#include <stdio.h>
#include <stdlib.h>

#include "ports/docker/call.h"

/* Docker's words and podman's; each knows its own, and takes the others for words that never come.
 * Commands in containers (exec_*) and health checks are not among them: they would wake the agent
 * at each probe. */
#define EVENTS_FILTERS                                                                             \
    "{\"type\":[\"container\",\"network\"],\"event\":[\"start\",\"die\",\"died\",\"pause\","       \
    "\"unpause\",\"rename\",\"update\",\"destroy\",\"remove\",\"connect\",\"disconnect\"]}"

static mono_ms events_now(const struct docker *docker)
{
    return docker->loop.ops->now(docker->loop.self);
}

/* One event is one line of JSON without blanks between a name and its value. */
static bool is_of_node(const struct events_reader *reader)
{
    char label[ENGINE_LABEL_BYTES + 32];
    char name[ENGINE_LABEL_BYTES + 16];
    (void)snprintf(label, sizeof label, "\"io.berth.node\":\"%s\"", reader->node);
    (void)snprintf(name, sizeof name, "\"berth_%s_", reader->node);
    if (strstr(reader->line, label) != NULL || strstr(reader->line, name) != NULL) {
        return true;
    }
    (void)snprintf(name, sizeof name, "\"berth-%s-", reader->node); /* as earlier versions named */
    return strstr(reader->line, name) != NULL;
}

bool events_read(struct events_reader *reader, struct span piece)
{
    bool is_reason = false;
    for (size_t i = 0; i < piece.len; i++) {
        char c = (char)piece.data[i];
        if (c == '\n') {
            reader->line[reader->len] = '\0';
            is_reason = is_reason || reader->is_long || is_of_node(reader);
            reader->len = 0;
            reader->is_long = false;
        } else if (reader->len == sizeof reader->line - 1) {
            reader->is_long = true;
        } else {
            reader->line[reader->len++] = c;
        }
    }
    return is_reason;
}

static void stream_open(void *ctx);

static int on_events(void *ctx, int status, struct span piece)
{
    struct docker *docker = ctx;
    struct docker_events *events = &docker->events;
    if (status == 200 && events_read(events->reader, piece) && events->hint != NULL) {
        events->hint(events->ctx);
    }
    return true;
}

/* An engine that went away may have taken containers along. */
static void on_end(void *ctx, const struct err *err, int status, const char *digest)
{
    struct docker *docker = ctx;
    struct docker_events *events = &docker->events;
    bool stood = events_now(docker) - events->opened_at >= EVENTS_RETRY_MS_MAX;
    (void)err;
    (void)status;
    (void)digest;
    events->is_open = false;
    events->wait_ms = stood || events->wait_ms == 0
                          ? EVENTS_RETRY_MS
                          : mono_min(2 * events->wait_ms, EVENTS_RETRY_MS_MAX);
    docker->loop.ops->arm(docker->loop.self, &events->timer, events_now(docker) + events->wait_ms,
                          stream_open, docker);
    if (stood && events->hint != NULL) {
        events->hint(events->ctx);
    }
}

static void stream_open(void *ctx)
{
    struct docker *docker = ctx;
    struct docker_events *events = &docker->events;
    char data[DOCKER_PATH_BYTES];
    struct text url;
    struct err ignored;
    if (events->is_open || events->hint == NULL || docker->api_minor == 0) {
        return;
    }
    text_init(&url, data, sizeof data);
    text_printf(&url, "http://engine/v1.%d/events?filters=", docker->api_minor);
    docker_path_value(&url, EVENTS_FILTERS);
    struct http_request wire = {.method = "GET",
                                .socket_path = docker->socket_path,
                                .url = data,
                                .idle_timeout_ms = EVENTS_IDLE_MS};
    events->reader->len = 0;
    events->reader->is_long = false;
    events->opened_at = events_now(docker);
    events->is_open = true;
    if (docker->http.ops->start(docker->http.self, &wire, on_events, on_end, docker, &ignored) !=
        0) {
        on_end(docker, &ignored, 0, NULL);
    }
}

void docker_events_begin(struct docker *docker)
{
    struct docker_events *events = &docker->events;
    if (events->hint != NULL && !events->is_open && !events->timer.armed) {
        docker->loop.ops->arm(docker->loop.self, &events->timer, events_now(docker), stream_open,
                              docker);
    }
}

int docker_watch(void *self, const char *node, engine_hint hint, void *ctx, struct err *err)
{
    struct docker *docker = self;
    struct docker_events *events = &docker->events;
    if (events->reader == NULL) {
        events->reader = calloc(1, sizeof *events->reader);
    }
    if (events->reader == NULL) {
        return err_set(err, ERR_MEMORY, "no memory for the engine's events");
    }
    if (!text_copy(events->reader->node, sizeof events->reader->node, node)) {
        return err_set(err, ERR_LIMIT, "a node's name has at most %d characters",
                       ENGINE_LABEL_BYTES - 1);
    }
    events->hint = hint;
    events->ctx = ctx;
    docker_events_begin(docker);
    return 0;
}

void docker_events_close(struct docker *docker)
{
    docker->loop.ops->disarm(docker->loop.self, &docker->events.timer);
    free(docker->events.reader);
}
