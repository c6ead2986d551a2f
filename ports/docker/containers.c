/* Containers: start, stop, remove, restart policy, signal. What is already so is success. */
#include "ports/docker/call.h"
#include "ports/docker/limits.h"

/* Room for the engine's own work after a container had its grace. */
enum { STOP_MARGIN_MS = 60000 };

/* A container's own grace, which only the engine knows, is waited for so long. */
enum { OWN_GRACE_MS = 600000 };

/* A container in a crash loop refuses a new policy while its process is between two lives. */
enum { UPDATE_TRIES_MAX = 20, UPDATE_RETRY_MS = 100 };

struct verb_state {
    char path[DOCKER_PATH_BYTES]; /* of the container, for a second request */
    /* of set_restart and restore */
    char update[320];
    unsigned tries;
    struct docker *docker;
    struct loop_timer timer;
};

static void verb_drop(void *state)
{
    struct verb_state *verb = state;
    verb->docker->loop.ops->disarm(verb->docker->loop.self, &verb->timer);
}

/* Begins "METHOD /containers/<id><rest>"; a body is a text that stays. */
static int verb_begin(void *self, const char *method, const char *id, const char *rest,
                      struct docker_request request, engine_done done, void *ctx, struct err *err)
{
    struct docker_call *call;
    char data[DOCKER_PATH_BYTES];
    struct text path;
    int rc = docker_call_new(self, sizeof(struct verb_state), done, ctx, &call, err);
    if (rc != 0) {
        return rc;
    }
    struct verb_state *verb = call->state;
    verb->docker = self;
    (void)text_copy(verb->update, sizeof verb->update, request.body != NULL ? request.body : "");
    call->drop = verb_drop;
    text_init(&path, data, sizeof data);
    text_append(&path, "/containers/");
    docker_path_value(&path, id);
    (void)text_copy(verb->path, sizeof verb->path, data);
    text_append(&path, rest);
    if (path.cut || id[0] == '\0') {
        docker_call_free(call);
        return err_set(err, ERR_LIMIT, "not a container's id: %s", id);
    }
    request.method = method;
    request.path = data;
    if (request.timeout_ms == 0) {
        request.timeout_ms = WORK_TIMEOUT_MS;
    }
    return docker_call_first(call, &request, err);
}

static void finish_if(struct docker_call *call, bool is_done, const char *what, int status,
                      struct span body)
{
    if (is_done) {
        docker_call_finish(call, NULL);
    } else {
        docker_call_refuse(call, what, status, body);
    }
}

static bool is_said(int status, struct span body, const char *words)
{
    char message[ERR_TEXT_BYTES];
    reply_message(body, status, message, sizeof message);
    return strstr(message, words) != NULL;
}

static void on_started(struct docker_call *call, int status, struct span body)
{
    if (status == 204 || status == 304) {
        docker_call_finish(call, NULL);
    } else {
        docker_call_refuse_as(call, REFUSAL_START, "start a container", status, body);
    }
}

int docker_start(void *self, const char *id, engine_done done, void *ctx, struct err *err)
{
    return verb_begin(self, "POST", id, "/start", (struct docker_request){.step = on_started}, done,
                      ctx, err);
}

static void on_stopped(struct docker_call *call, int status, struct span body)
{
    finish_if(call, status == 204 || status == 304, "stop a container", status, body);
}

int docker_stop(void *self, const char *id, int64_t grace_ms, engine_done done, void *ctx,
                struct err *err)
{
    char data[48];
    struct text rest;
    int64_t grace = grace_ms < 0 ? OWN_GRACE_MS : grace_ms;
    text_init(&rest, data, sizeof data);
    text_append(&rest, "/stop");
    if (grace_ms >= 0) {
        text_printf(&rest, "?t=%lld", (long long)((grace + 999) / 1000));
    }
    return verb_begin(
        self, "POST", id, data,
        (struct docker_request){.step = on_stopped, .timeout_ms = grace + STOP_MARGIN_MS}, done,
        ctx, err);
}

static void on_gone(struct docker_call *call, int status, struct span body)
{
    finish_if(call, status == 200 || status == 404, "wait for a container's removal", status, body);
}

/* Somebody else's removal may still be under way: it counts once the container is gone. */
static void on_removed(struct docker_call *call, int status, struct span body)
{
    struct verb_state *verb = call->state;
    char data[DOCKER_PATH_BYTES];
    struct text path;
    if (status != 409 || !is_said(status, body, "already in progress")) {
        finish_if(call, status == 204 || status == 200 || status == 404, "remove a container",
                  status, body);
        return;
    }
    text_init(&path, data, sizeof data);
    text_append(&path, verb->path);
    text_append(&path, "/wait?condition=removed");
    docker_call_next(call, &(struct docker_request){
                               .method = "POST",
                               .path = data,
                               .timeout_ms = WORK_TIMEOUT_MS,
                               .step = on_gone,
                           });
}

int docker_remove(void *self, const char *id, engine_done done, void *ctx, struct err *err)
{
    return verb_begin(self, "DELETE", id, "?force=1&v=0",
                      (struct docker_request){.step = on_removed}, done, ctx, err);
}

static void on_renamed(struct docker_call *call, int status, struct span body)
{
    if (status == 409 || is_said(status, body, "already in use")) {
        docker_call_fail(call, ERR_EXISTS, "another container has the name: remove or rename it");
    } else {
        finish_if(call, status == 204 || status == 200, "rename a container", status, body);
    }
}

int docker_rename(void *self, const char *id, const char *name, engine_done done, void *ctx,
                  struct err *err)
{
    char data[ENGINE_NAME_BYTES * 3 + 16];
    struct text rest;
    text_init(&rest, data, sizeof data);
    text_append(&rest, "/rename?name=");
    docker_path_value(&rest, name);
    return verb_begin(self, "POST", id, data, (struct docker_request){.step = on_renamed}, done,
                      ctx, err);
}

static void update_again(void *ctx);

static void on_updated(struct docker_call *call, int status, struct span body)
{
    struct verb_state *verb = call->state;
    struct loop loop = call->docker->loop;
    if (status == 500 && verb->tries < UPDATE_TRIES_MAX) {
        verb->tries++;
        loop.ops->arm(loop.self, &verb->timer, loop.ops->now(loop.self) + UPDATE_RETRY_MS,
                      update_again, call);
        return;
    }
    finish_if(call, status == 200, "change a container", status, body);
}

static void update_again(void *ctx)
{
    struct docker_call *call = ctx;
    const struct verb_state *verb = call->state;
    char data[DOCKER_PATH_BYTES];
    struct text path;
    text_init(&path, data, sizeof data);
    text_append(&path, verb->path);
    text_append(&path, "/update");
    docker_call_next(call, &(struct docker_request){
                               .method = "POST",
                               .path = data,
                               .body = verb->update,
                               .timeout_ms = WORK_TIMEOUT_MS,
                               .step = on_updated,
                           });
}

/* An update without its end. */
static void put_policy(struct text *body, struct engine_restart restart)
{
    text_printf(body, "{\"RestartPolicy\":{\"Name\":\"%s\"", engine_restart_word(restart.kind));
    if (restart.kind == ENGINE_RESTART_ON_FAILURE) {
        text_printf(body, ",\"MaximumRetryCount\":%u", restart.retries);
    }
    text_append(body, "}");
}

static void on_inspected(struct docker_call *call, int status, struct span body)
{
    struct verb_state *verb = call->state;
    char data[sizeof verb->update];
    struct text update;
    if (status != 200) {
        docker_call_refuse(call, "inspect a container", status, body);
        return;
    }
    REPLY json = reply_parse(body, &call->is_short);
    text_init(&update, data, sizeof data);
    text_append(&update, verb->update);
    limits_render(call->docker, json, &update);
    text_append(&update, "}");
    (void)text_copy(verb->update, sizeof verb->update, data);
    update_again(call);
}

int docker_restore(void *self, const char *id, struct engine_restart restart, engine_done done,
                   void *ctx, struct err *err)
{
    char data[96];
    struct text body;
    text_init(&body, data, sizeof data);
    put_policy(&body, restart);
    return verb_begin(self, "GET", id, "/json",
                      (struct docker_request){.step = on_inspected, .body = data}, done, ctx, err);
}

int docker_set_restart(void *self, const char *id, struct engine_restart restart, engine_done done,
                       void *ctx, struct err *err)
{
    char data[96];
    struct text body;
    text_init(&body, data, sizeof data);
    put_policy(&body, restart);
    text_append(&body, "}");
    return verb_begin(self, "POST", id, "/update",
                      (struct docker_request){.step = on_updated, .body = data}, done, ctx, err);
}

int docker_keep_running(void *self, const char *id, bool keep, engine_done done, void *ctx,
                        struct err *err)
{
    enum engine_restart_kind kind = keep ? ENGINE_RESTART_UNLESS_STOPPED : ENGINE_RESTART_NO;
    return docker_set_restart(self, id, (struct engine_restart){kind, 0}, done, ctx, err);
}

/* Not running is 409 here and 500 there. */
static void on_signalled(struct docker_call *call, int status, struct span body)
{
    finish_if(call,
              status == 204 || is_said(status, body, "is not running") ||
                  is_said(status, body, "can only kill running containers"),
              "signal a container", status, body);
}

int docker_signal(void *self, const char *id, const char *signal, engine_done done, void *ctx,
                  struct err *err)
{
    char data[64];
    struct text rest;
    text_init(&rest, data, sizeof data);
    text_append(&rest, "/kill?signal=");
    docker_path_value(&rest, signal);
    if (rest.cut) {
        return err_set(err, ERR_VALUE, "not a signal: %s", signal);
    }
    return verb_begin(self, "POST", id, data, (struct docker_request){.step = on_signalled}, done,
                      ctx, err);
}
