/* Call: sends requests one after the other, asks for the API version when it is not known, and
 * turns what can go wrong on the way into the interface's errors. */
#include "ports/docker/call.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { URL_BYTES = DOCKER_PATH_BYTES + 32 };

static void request_free(struct docker_request *request)
{
    free((void *)(uintptr_t)request->path);
    free((void *)(uintptr_t)request->body);
    *request = (struct docker_request){0};
}

static bool request_copy(struct docker_request *target, const struct docker_request *source)
{
    *target = *source;
    target->path = strdup(source->path);
    target->body = source->body != NULL ? strdup(source->body) : NULL;
    if (target->path == NULL || (source->body != NULL && target->body == NULL)) {
        request_free(target);
        return false;
    }
    return true;
}

int docker_call_new(struct docker *docker, size_t state_bytes, engine_done done, void *ctx,
                    struct docker_call **call, struct err *err)
{
    assert(done != NULL);
    if (docker->call_count >= DOCKER_PENDING_MAX) {
        return err_set(err, ERR_BUSY, "%d engine calls are under way", DOCKER_PENDING_MAX);
    }
    struct docker_call *made = calloc(1, sizeof *made);
    void *state = calloc(1, state_bytes > 0 ? state_bytes : 1);
    if (made == NULL || state == NULL) {
        free(made);
        free(state);
        return err_set(err, ERR_MEMORY, "no memory for an engine call");
    }
    made->docker = docker;
    made->done = done;
    made->ctx = ctx;
    made->state = state;
    made->next = docker->calls;
    docker->calls = made;
    docker->call_count++;
    *call = made;
    return 0;
}

static void call_unlink(struct docker_call *call)
{
    struct docker_call **at = &call->docker->calls;
    while (*at != NULL && *at != call) {
        at = &(*at)->next;
    }
    if (*at == call) {
        *at = call->next;
        call->docker->call_count--;
    }
}

void docker_call_free(struct docker_call *call)
{
    call_unlink(call);
    if (call->drop != NULL) {
        call->drop(call->state);
    }
    free(call->state);
    request_free(&call->request);
    buffer_free(&call->answer);
    free(call);
}

static void call_end(struct docker_call *call, const struct err *err,
                     const struct engine_answer *answer)
{
    static const struct engine_answer empty = {0};
    call_unlink(call); /* first, so that the callback may start another */
    call->done(call->ctx, err, answer != NULL ? answer : &empty);
    docker_call_free(call);
}

static void call_end_short(struct docker_call *call)
{
    struct err err;
    (void)err_set(&err, ERR_MEMORY, "no memory to read the engine's answer to %s",
                  call->request.path);
    call_end(call, &err, NULL);
}

void docker_call_finish(struct docker_call *call, const struct engine_answer *answer)
{
    if (call->is_short) { /* what was not read is not known to be so */
        call_end_short(call);
        return;
    }
    call_end(call, NULL, answer);
}

void docker_call_fail(struct docker_call *call, int code, const char *fmt, ...)
{
    struct err err;
    va_list args;
    if (call->is_short) {
        call_end_short(call);
        return;
    }
    va_start(args, fmt);
    text_shorten_va(err.text, sizeof err.text, fmt, args);
    va_end(args);
    err.code = code;
    call_end(call, &err, NULL);
}

void docker_call_refuse(struct docker_call *call, const char *what, int status, struct span body)
{
    char message[ERR_TEXT_BYTES];
    int code = status == 404 ? ERR_NOT_FOUND : ERR_ENGINE;
    reply_message(body, status, message, sizeof message);
    if (strstr(message, "no space left on device") != NULL) {
        code = ERR_DISK_SPACE;
    }
    docker_call_fail(call, code, "%s: %s", what, message);
}

void docker_call_refuse_as(struct docker_call *call, enum refusal_call kind, const char *what,
                           int status, struct span body)
{
    char message[ERR_TEXT_BYTES];
    char whole[REPLY_MESSAGE_BYTES];
    reply_message(body, status, whole, sizeof whole);
    reply_message(body, status, message, sizeof message);
    docker_call_fail(call, refusal_code(kind, status, whole), "%s: %s", what, message);
}

static int gather(struct docker_call *call, struct span piece, size_t most)
{
    if (!buffer_append(&call->answer, piece, most)) {
        call->is_overflowing = piece.len > most || call->answer.len > most - piece.len;
        call->is_short = call->is_short || !call->is_overflowing;
        return false;
    }
    return true;
}

static int on_version_piece(void *ctx, int status, struct span piece)
{
    (void)status;
    return gather(ctx, piece, REPLY_BYTES_MAX);
}

static int on_piece(void *ctx, int status, struct span piece)
{
    struct docker_call *call = ctx;
    const struct docker_request *request = &call->request;
    if (status == 200 && request->stream != NULL) {
        request->stream(call, piece);
        return !call->is_enough;
    }
    return gather(call, piece,
                  request->answer_bytes_max > 0 ? request->answer_bytes_max : REPLY_BYTES_MAX);
}

static void call_lost(struct docker_call *call, const struct err *cause)
{
    struct docker *docker = call->docker;
    if (call->is_overflowing && call->request.too_long != NULL) {
        call->is_overflowing = false;
        buffer_free(&call->answer);
        call->request.too_long(call);
        return;
    }
    if (call->is_overflowing) {
        docker_call_fail(call, ERR_LIMIT, "the engine's answer to %s is too long",
                         call->request.path);
        return;
    }
    /* It may come back as another version, with its data elsewhere. */
    docker->api_minor = 0;
    docker->data_dir[0] = '\0';
    docker_call_fail(call, cause->code == ERR_MEMORY ? ERR_MEMORY : ERR_ENGINE_GONE,
                     "engine at %s: %s", docker->socket_path, cause->text);
}

static int call_send(struct docker_call *call, struct err *err);

/* From a callback: a request that cannot be sent is the end of the call. */
static void call_send_or_fail(struct docker_call *call)
{
    struct err err;
    int rc = call_send(call, &err);
    if (rc != 0) {
        docker_call_fail(call, rc, "%s", err.text);
    }
}

static void on_version(void *ctx, const struct err *cause, int status, const char *digest)
{
    struct docker_call *call = ctx;
    struct err err;
    (void)digest;
    if (cause != NULL) {
        call_lost(call, cause);
        return;
    }
    if (status != 200) {
        docker_call_refuse(call, "ask the engine for its version", status,
                           buffer_span(&call->answer));
        return;
    }
    int rc = docker_version_read(call->docker, buffer_span(&call->answer), &err);
    buffer_free(&call->answer);
    if (rc != 0) {
        docker_call_fail(call, rc, "%s", err.text);
        return;
    }
    docker_events_begin(call->docker);
    call_send_or_fail(call);
}

static void on_answer(void *ctx, const struct err *cause, int status, const char *digest)
{
    struct docker_call *call = ctx;
    (void)digest;
    if (cause != NULL && cause->code == ERR_TIMEOUT && call->request.expired != NULL) {
        call->request.expired(call);
        return;
    }
    if (call->is_enough) {
        call->is_enough = false;
        call->request.step(call, 200, span_of(NULL, 0));
        return;
    }
    if (cause != NULL) {
        call_lost(call, cause);
        return;
    }
    if (!call->is_retried && docker_version_is_refused(status, buffer_span(&call->answer))) {
        call->is_retried = true;
        call->docker->api_minor = 0;
        buffer_free(&call->answer);
        call_send_or_fail(call);
        return;
    }
    /* The step may send the next request, and free the call: the answer is kept apart. */
    struct buffer answer = call->answer;
    call->answer = (struct buffer){0};
    call->request.step(call, status, buffer_span(&answer));
    buffer_free(&answer);
}

static int call_send(struct docker_call *call, struct err *err)
{
    struct docker *docker = call->docker;
    const struct docker_request *request = &call->request;
    char url[URL_BYTES];
    struct http_request wire = {
        .method = "GET",
        .socket_path = docker->socket_path,
        .url = "http://engine/version",
        .timeout_ms = QUICK_TIMEOUT_MS,
    };
    if (docker->api_minor == 0) {
        if (request->timeout_ms > 0) {
            wire.timeout_ms = mono_min(wire.timeout_ms, request->timeout_ms);
        }
        return docker->http.ops->start(docker->http.self, &wire, on_version_piece, on_version, call,
                                       err);
    }
    int len = snprintf(url, sizeof url, "http://engine/v1.%d%s", docker->api_minor, request->path);
    if (len < 0 || (size_t)len >= sizeof url) {
        return err_set(err, ERR_LIMIT, "a request to the engine is too long");
    }
    wire.method = request->method;
    wire.url = url;
    wire.timeout_ms = request->timeout_ms;
    wire.idle_timeout_ms = request->idle_timeout_ms;
    wire.registry_auth = request->registry_auth;
    if (request->body != NULL) {
        wire.content_type = "application/json";
        wire.body = span_text(request->body);
    }
    return docker->http.ops->start(docker->http.self, &wire, on_piece, on_answer, call, err);
}

int docker_call_first(struct docker_call *call, const struct docker_request *request,
                      struct err *err)
{
    int rc;
    if (request_copy(&call->request, request)) {
        rc = call_send(call, err);
    } else {
        rc = err_set(err, ERR_MEMORY, "no memory for a request to the engine");
    }
    if (rc != 0) {
        docker_call_free(call);
    }
    return rc;
}

void docker_call_next(struct docker_call *call, const struct docker_request *request)
{
    struct docker_request copy;
    if (!request_copy(&copy, request)) {
        docker_call_fail(call, ERR_MEMORY, "no memory for a request to the engine");
        return;
    }
    request_free(&call->request);
    call->request = copy;
    call->is_retried = false;
    call_send_or_fail(call);
}

void docker_path_value(struct text *path, const char *value)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (; *value != '\0'; value++) {
        if (strchr(plain, *value) != NULL) {
            text_append_span(path, span_of(value, 1));
        } else {
            text_printf(path, "%%%02X", (unsigned char)*value);
        }
    }
}
