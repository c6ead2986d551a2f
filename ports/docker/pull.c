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
    char shown[DOCKER_SHOWN_BYTES]; /* the image, for messages */
    char repository[ENGINE_REFERENCE_BYTES];
    struct registry_way way; /* the one that is tried */
    size_t number;
    int code;                  /* of the ways that failed: what holds for all of them */
    char said[ERR_TEXT_BYTES]; /* what each said */
};

static void pull_drop(void *state)
{
    struct pull_state *pull = state;
    explicit_bzero(&pull->way, sizeof pull->way);
}

static void on_synced(void *ctx, const struct err *cause, int status, struct span output)
{
    struct docker_call *call = ctx;
    const struct pull_state *pull = call->state;
    (void)output;
    if (cause != NULL) {
        docker_call_fail(call, cause->code, "make image %s durable: %s", pull->shown, cause->text);
    } else if (status != 0) {
        docker_call_fail(call, ERR_ENGINE, "make image %s durable in %s: %s", pull->shown,
                         call->docker->data_dir, strerror(status));
    } else {
        docker_call_finish(call, &(struct engine_answer){.image = &pull->find.image});
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
    const struct pull_state *pull = call->state;
    docker_call_fail(call, ERR_PULL, "the engine reported no error, but %s is not there whole",
                     pull->shown);
}

static void pull_try(struct docker_call *call);

/* A registry that may answer otherwise later decides over one that will not. */
static int code_of_both(int before, int code)
{
    bool is_passing = before == ERR_REGISTRY || before == ERR_TIMEOUT;
    return is_passing && code != ERR_DISK_SPACE ? before : code;
}

/* One way has failed: the next is tried, and all are told at the end. */
static void way_failed(struct docker_call *call, int code, const char *cause)
{
    struct pull_state *pull = call->state;
    char before[ERR_TEXT_BYTES];
    char repository[DOCKER_SHOWN_BYTES];
    bool is_mirror = strcmp(pull->way.repository, pull->repository) != 0;
    bool is_secret_missing = code == ERR_DENIED && pull->way.user[0] == '\0';
    (void)text_copy(before, sizeof before, pull->said);
    text_shorten(repository, sizeof repository, span_text(pull->way.repository));
    text_shorten_printf(pull->said, sizeof pull->said, "%s%s%s%s%s%s%s: %s%s", before,
                        before[0] != '\0' ? "; " : "", is_mirror ? "mirror " : "",
                        is_mirror ? repository : pull->shown,
                        pull->way.user[0] != '\0' ? " as " : "", pull->way.user,
                        is_secret_missing ? " without credentials" : "", cause,
                        is_secret_missing ? "; registries.json has none for this registry" : "");
    pull->code = code_of_both(pull->code, code);
    if (pull->code == ERR_DISK_SPACE) {
        docker_call_fail(call, pull->code, "pull %s", pull->said);
        return;
    }
    pull->number++;
    pull_try(call);
}

static void on_pulled(struct docker_call *call, int status, struct span body)
{
    struct pull_state *pull = call->state;
    char reference[ENGINE_REFERENCE_BYTES];
    if (status != 200) {
        char whole[REPLY_MESSAGE_BYTES];
        char cause[ERR_TEXT_BYTES];
        reply_message(body, status, whole, sizeof whole);
        reply_message(body, status, cause, sizeof cause);
        way_failed(call, refusal_pull_code(whole), cause);
        return;
    }
    pull_lines_end(&pull->lines);
    if (pull->lines.code != 0) {
        way_failed(call, pull->lines.code, pull->lines.text);
        return;
    }
    struct text text;
    text_init(&text, reference, sizeof reference);
    text_append(&text, pull->way.repository);
    text_append(&text, strchr(pull->find.reference, '@'));
    if (text.cut) {
        way_failed(call, ERR_LIMIT, "the mirror's name makes the image's too long");
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
    way_failed(call, ERR_TIMEOUT, "no progress for 10 minutes");
}

/* 0, or the code that ends the pull: ERR_NOT_FOUND when no way is left. */
static int pull_way(struct docker_call *call, struct err *err)
{
    struct pull_state *pull = call->state;
    const struct registry *registry = &call->docker->registry;
    if (registry->ops != NULL) {
        return registry->ops->way(registry->self, pull->repository, pull->number, &pull->way, err);
    }
    (void)text_copy(pull->way.repository, sizeof pull->way.repository, pull->repository);
    return pull->number == 0 ? 0 : ERR_NOT_FOUND;
}

static void pull_try(struct docker_call *call)
{
    struct pull_state *pull = call->state;
    char data[DOCKER_PATH_BYTES];
    struct text path;
    struct err err;
    int rc = pull_way(call, &err);
    if (rc == ERR_NOT_FOUND) {
        docker_call_fail(call, pull->code, "pull %s", pull->said);
        return;
    }
    if (rc != 0) { /* the site's to mend: no release is blamed for it */
        docker_call_fail(call, ERR_REGISTRY, "pull %s: %s", pull->shown, err.text);
        return;
    }
    pull->lines = (struct pull_lines){0};
    text_init(&path, data, sizeof data);
    text_append(&path, "/images/create?fromImage=");
    docker_path_value(&path, pull->way.repository);
    text_append(&path, "&tag=");
    docker_path_value(&path, strchr(pull->find.reference, '@') + 1);
    if (path.cut) {
        docker_call_fail(call, ERR_LIMIT, "an image's reference is too long: %s", pull->shown);
        return;
    }
    docker_call_next(call, &(struct docker_request){
                               .method = "POST",
                               .path = data,
                               .registry_auth = pull->way.auth[0] != '\0' ? pull->way.auth : NULL,
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
    call->drop = pull_drop;
    pull->progress = progress;
    rc = docker_find_init(&pull->find, wanted, pull_found, pull_try, err);
    if (rc != 0) {
        docker_call_free(call);
        return rc;
    }
    pull->find.unlisted = pull_try; /* what is to be fetched need not be looked for */
    docker_image_show(wanted->reference, pull->shown);
    (void)text_copy(pull->repository, sizeof pull->repository, wanted->reference);
    pull->repository[strcspn(pull->repository, "@")] = '\0';
    return docker_find_first(call, err);
}
