/* Pull: present, checked, tagged, and durable before anybody is told so. */
#include "ports/docker/call.h"
#include "ports/docker/pull_lines.h"
#include "ports/docker/refusal.h"

/* No sign of progress for so long ends a pull; its whole length is not bounded. */
#define PULL_IDLE_TIMEOUT_MS MINUTES_MS(10)

struct pull_state {
    char reference[ENGINE_REFERENCE_BYTES];
    char tag[ENGINE_REFERENCE_BYTES];
    engine_progress progress;
    uint64_t told; /* bytes the caller knows of */
    struct engine_image image;
    char id[80];
    struct pull_lines lines;
};

static void on_synced(void *ctx, const struct err *cause, int status, struct span output)
{
    struct docker_call *call = ctx;
    const struct pull_state *pull = call->state;
    (void)output;
    if (cause != NULL) {
        docker_call_fail(call, cause->code, "make image %s durable: %s", pull->reference,
                         cause->text);
    } else if (status != 0) {
        docker_call_fail(call, ERR_ENGINE, "make image %s durable in %s: %s", pull->reference,
                         call->docker->data_dir, strerror(status));
    } else {
        docker_call_finish(call, &(struct engine_answer){.image = &pull->image});
    }
}

static void pull_sync(struct docker_call *call)
{
    struct docker *docker = call->docker;
    struct err err;
    int rc = docker->worker.ops->sync_filesystem(docker->worker.self, docker->data_dir, on_synced,
                                                 call, &err);
    if (rc != 0) {
        docker_call_fail(call, rc, "make an image durable: %s", err.text);
    }
}

static void on_info(struct docker_call *call, int status, struct span body)
{
    if (status != 200) {
        docker_call_refuse(call, "ask the engine where its data is", status, body);
        return;
    }
    REPLY json = reply_parse(body, &call->is_short);
    const char *data_dir = reply_text_at(json, "DockerRootDir");
    if (data_dir[0] != '/' ||
        !text_copy(call->docker->data_dir, sizeof call->docker->data_dir, data_dir)) {
        docker_call_fail(call, ERR_ENGINE, "the engine does not say where its data is");
        return;
    }
    pull_sync(call);
}

static void on_tagged(struct docker_call *call, int status, struct span body)
{
    if (status != 201 && status != 200) {
        docker_call_refuse(call, "tag an image", status, body);
    } else if (call->docker->data_dir[0] != '\0') {
        pull_sync(call);
    } else {
        docker_call_next(call, &(struct docker_request){
                                   .method = "GET",
                                   .path = "/info",
                                   .timeout_ms = QUICK_TIMEOUT_MS,
                                   .step = on_info,
                               });
    }
}

/* "host:5000/repo:tag": the last colon behind the last slash. */
static const char *tag_colon(const char *tag)
{
    const char *slash = strrchr(tag, '/');
    return strchr(slash != NULL ? slash : tag, ':');
}

static void pull_tag(struct docker_call *call)
{
    const struct pull_state *pull = call->state;
    const char *colon = tag_colon(pull->tag);
    char repository[ENGINE_REFERENCE_BYTES];
    char data[DOCKER_PATH_BYTES];
    struct text path;
    (void)text_copy(repository, sizeof repository, pull->tag);
    repository[colon - pull->tag] = '\0';
    text_init(&path, data, sizeof data);
    text_append(&path, "/images/");
    docker_path_value(&path, pull->id);
    text_append(&path, "/tag?repo=");
    docker_path_value(&path, repository);
    text_append(&path, "&tag=");
    docker_path_value(&path, colon + 1);
    if (path.cut) {
        docker_call_fail(call, ERR_LIMIT, "an image's tag is too long: %s", pull->tag);
        return;
    }
    docker_call_next(call, &(struct docker_request){
                               .method = "POST",
                               .path = data,
                               .timeout_ms = WORK_TIMEOUT_MS,
                               .step = on_tagged,
                           });
}

static void pull_look(struct docker_call *call, docker_step step);

static void pull_use(struct docker_call *call, struct span body)
{
    struct pull_state *pull = call->state;
    if (!docker_image_read(call, body, &pull->image, pull->id)) {
        docker_call_fail(call, ERR_ENGINE, "the engine's answer about an image is unreadable");
        return;
    }
    pull_tag(call);
}

static void on_checked(struct docker_call *call, int status, struct span body)
{
    const struct pull_state *pull = call->state;
    if (status == 200) {
        pull_use(call, body);
    } else if (status == 404) {
        docker_call_fail(call, ERR_PULL, "the engine reported no error, but %s is not there",
                         pull->reference);
    } else {
        docker_call_refuse(call, "inspect an image", status, body);
    }
}

static void on_pulled(struct docker_call *call, int status, struct span body)
{
    struct pull_state *pull = call->state;
    if (status != 200) {
        char message[ERR_TEXT_BYTES];
        reply_message(body, status, message, sizeof message);
        docker_call_fail(call, refusal_pull_code(message), "pull %s: %s", pull->reference, message);
        return;
    }
    pull_lines_end(&pull->lines);
    if (pull->lines.code != 0) {
        docker_call_fail(call, pull->lines.code, "pull %s: %s", pull->reference, pull->lines.text);
        return;
    }
    pull_look(call, on_checked);
}

static void on_pull_piece(struct docker_call *call, struct span piece)
{
    struct pull_state *pull = call->state;
    pull_lines_feed(&pull->lines, piece);
    if (pull->progress != NULL && pull->lines.bytes > pull->told) {
        pull->told = pull->lines.bytes;
        pull->progress(call->ctx, pull->told);
    }
}

static void on_pull_expired(struct docker_call *call)
{
    const struct pull_state *pull = call->state;
    docker_call_fail(call, ERR_TIMEOUT, "pull %s: no progress for 10 minutes", pull->reference);
}

static void pull_begin(struct docker_call *call)
{
    const struct pull_state *pull = call->state;
    const char *at = strchr(pull->reference, '@');
    char repository[ENGINE_REFERENCE_BYTES];
    char data[DOCKER_PATH_BYTES];
    struct text path;
    (void)text_copy(repository, sizeof repository, pull->reference);
    repository[at - pull->reference] = '\0';
    text_init(&path, data, sizeof data);
    text_append(&path, "/images/create?fromImage=");
    docker_path_value(&path, repository);
    text_append(&path, "&tag=");
    docker_path_value(&path, at + 1);
    if (path.cut) {
        docker_call_fail(call, ERR_LIMIT, "an image's reference is too long: %s", pull->reference);
        return;
    }
    docker_call_next(call, &(struct docker_request){
                               .method = "POST",
                               .path = data,
                               .idle_timeout_ms = PULL_IDLE_TIMEOUT_MS,
                               .step = on_pulled,
                               .stream = on_pull_piece,
                               .expired = on_pull_expired,
                           });
}

static void on_looked(struct docker_call *call, int status, struct span body)
{
    if (status == 200) {
        pull_use(call, body);
    } else if (status == 404) {
        pull_begin(call);
    } else {
        docker_call_refuse(call, "inspect an image", status, body);
    }
}

static bool look_request(const struct pull_state *pull, docker_step step, char *data, size_t cap,
                         struct docker_request *request)
{
    struct text path;
    text_init(&path, data, cap);
    text_append(&path, "/images/");
    docker_path_value(&path, pull->reference);
    text_append(&path, "/json");
    *request = (struct docker_request){
        .method = "GET",
        .path = data,
        .timeout_ms = QUICK_TIMEOUT_MS,
        .step = step,
    };
    return !path.cut;
}

static void pull_look(struct docker_call *call, docker_step step)
{
    struct docker_request request;
    char path[DOCKER_PATH_BYTES];
    (void)look_request(call->state, step, path, sizeof path, &request); /* it fitted before */
    docker_call_next(call, &request);
}

int docker_pull(void *self, const char *reference, const char *tag, engine_progress progress,
                engine_done done, void *ctx, struct err *err)
{
    struct docker_call *call;
    struct docker_request request;
    char path[DOCKER_PATH_BYTES];
    if (strstr(reference, "@sha256:") == NULL || tag_colon(tag) == NULL) {
        return err_set(err, ERR_VALUE, "pull %s as %s: one needs a digest, the other a tag",
                       reference, tag);
    }
    int rc = docker_call_new(self, sizeof(struct pull_state), done, ctx, &call, err);
    if (rc != 0) {
        return rc;
    }
    struct pull_state *pull = call->state;
    pull->progress = progress;
    if (!text_copy(pull->reference, sizeof pull->reference, reference) ||
        !text_copy(pull->tag, sizeof pull->tag, tag) ||
        !look_request(pull, on_looked, path, sizeof path, &request)) {
        docker_call_free(call);
        return err_set(err, ERR_LIMIT, "an image's reference is too long: %s", reference);
    }
    return docker_call_first(call, &request, err);
}
