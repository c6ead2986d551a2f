/* Pull: present, proven, tagged, and durable before anybody is told so. */
#include "ports/docker/find.h"
#include "ports/docker/pull_lines.h"
#include "ports/docker/refusal.h"

/* No sign of progress for so long ends a pull; its whole length is not bounded. */
#define PULL_IDLE_TIMEOUT_MS MINUTES_MS(10)

struct pull_state {
    struct docker_find find; /* first: the state of what finds */
    engine_progress progress;
    uint64_t told; /* bytes the caller knows of */
    struct pull_lines lines;
};

static void on_synced(void *ctx, const struct err *cause, int status, struct span output)
{
    struct docker_call *call = ctx;
    const struct docker_find *find = call->state;
    (void)output;
    if (cause != NULL) {
        docker_call_fail(call, cause->code, "make image %s durable: %s", find->reference,
                         cause->text);
    } else if (status != 0) {
        docker_call_fail(call, ERR_ENGINE, "make image %s durable in %s: %s", find->reference,
                         call->docker->data_dir, strerror(status));
    } else {
        docker_call_finish(call, &(struct engine_answer){.image = &find->image});
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

static void pull_tagged(struct docker_call *call)
{
    if (call->docker->data_dir[0] != '\0') {
        pull_sync(call);
        return;
    }
    docker_call_next(call, &(struct docker_request){
                               .method = "GET",
                               .path = "/info",
                               .timeout_ms = QUICK_TIMEOUT_MS,
                               .step = on_info,
                           });
}

static void pull_found(struct docker_call *call)
{
    docker_find_tag(call, pull_tagged);
}

static void pull_came_not(struct docker_call *call)
{
    const struct docker_find *find = call->state;
    docker_call_fail(call, ERR_PULL, "the engine reported no error, but %s is not there whole",
                     find->reference);
}

static void on_pulled(struct docker_call *call, int status, struct span body)
{
    struct pull_state *pull = call->state;
    const char *reference = pull->find.reference;
    if (status != 200) {
        char whole[REPLY_MESSAGE_BYTES];
        reply_message(body, status, whole, sizeof whole);
        docker_call_fail(call, refusal_pull_code(whole), "pull %s: %s", reference, whole);
        return;
    }
    pull_lines_end(&pull->lines);
    if (pull->lines.code != 0) {
        docker_call_fail(call, pull->lines.code, "pull %s: %s", reference, pull->lines.text);
        return;
    }
    pull->find.missing = pull_came_not;
    docker_find_only(call, reference);
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
    const struct docker_find *find = call->state;
    docker_call_fail(call, ERR_TIMEOUT, "pull %s: no progress for 10 minutes", find->reference);
}

static void pull_begin(struct docker_call *call)
{
    const struct docker_find *find = call->state;
    const char *at = strchr(find->reference, '@');
    char repository[ENGINE_REFERENCE_BYTES];
    char data[DOCKER_PATH_BYTES];
    struct text path;
    (void)text_copy(repository, sizeof repository, find->reference);
    repository[at - find->reference] = '\0';
    text_init(&path, data, sizeof data);
    text_append(&path, "/images/create?fromImage=");
    docker_path_value(&path, repository);
    text_append(&path, "&tag=");
    docker_path_value(&path, at + 1);
    if (path.cut) {
        docker_call_fail(call, ERR_LIMIT, "an image's reference is too long: %s", find->reference);
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

int docker_pull(void *self, const struct engine_wanted *wanted, engine_progress progress,
                engine_done done, void *ctx, struct err *err)
{
    struct docker_call *call;
    if (strstr(wanted->reference, "@sha256:") == NULL || wanted->tag == NULL ||
        strrchr(wanted->tag, ':') == NULL) {
        return err_set(err, ERR_VALUE, "pull %s as %s: one needs a digest, the other a tag",
                       wanted->reference, wanted->tag != NULL ? wanted->tag : "nothing");
    }
    int rc = docker_call_new(self, sizeof(struct pull_state), done, ctx, &call, err);
    if (rc != 0) {
        return rc;
    }
    struct pull_state *pull = call->state;
    pull->progress = progress;
    rc = docker_find_init(&pull->find, wanted, pull_found, pull_begin, err);
    if (rc != 0) {
        docker_call_free(call);
        return rc;
    }
    return docker_find_first(call, err);
}
