/* Images: what a reference resolves to here, and letting go of one of our tags. */
#include "ports/docker/find.h"

struct image_state {
    char tag[ENGINE_REFERENCE_BYTES];
    char id[80];      /* of the image the tag named */
    bool is_only_tag; /* no other tag keeps the image */
};

/* "/images/<value><rest>"; false when it is too long. */
static bool image_path(char *data, size_t cap, const char *value, const char *rest)
{
    struct text path;
    text_init(&path, data, cap);
    text_append(&path, "/images/");
    docker_path_value(&path, value);
    text_append(&path, rest);
    return !path.cut;
}

static int image_look(struct docker_call *call, const char *reference, docker_step step,
                      struct err *err)
{
    char path[DOCKER_PATH_BYTES];
    if (reference[0] == '\0' || !image_path(path, sizeof path, reference, "/json")) {
        docker_call_free(call);
        return err_set(err, ERR_LIMIT, "not an image reference: %s", reference);
    }
    return docker_call_first(call,
                             &(struct docker_request){
                                 .method = "GET",
                                 .path = path,
                                 .timeout_ms = QUICK_TIMEOUT_MS,
                                 .step = step,
                             },
                             err);
}

static void find_tagged(struct docker_call *call)
{
    const struct docker_find *find = call->state;
    docker_call_finish(call, &(struct engine_answer){.image = &find->image});
}

static void find_found(struct docker_call *call)
{
    docker_find_tag(call, find_tagged);
}

static void find_missing(struct docker_call *call)
{
    const struct docker_find *find = call->state;
    char shown[DOCKER_SHOWN_BYTES];
    docker_image_show(find->reference, shown);
    docker_call_fail(call, ERR_NOT_FOUND, "no image here is %s", shown);
}

int docker_image_find(void *self, const struct engine_wanted *wanted, engine_done done, void *ctx,
                      struct err *err)
{
    struct docker_call *call;
    int rc = docker_call_new(self, sizeof(struct docker_find), done, ctx, &call, err);
    if (rc != 0) {
        return rc;
    }
    rc = docker_find_init(call->state, wanted, find_found, find_missing, err);
    if (rc != 0) {
        docker_call_free(call);
        return rc;
    }
    return docker_find_first(call, err);
}

static void image_delete(struct docker_call *call, const char *what, docker_step step)
{
    char path[DOCKER_PATH_BYTES];
    if (!image_path(path, sizeof path, what, "")) {
        docker_call_fail(call, ERR_LIMIT, "an image's name is too long");
        return;
    }
    docker_call_next(call, &(struct docker_request){
                               .method = "DELETE",
                               .path = path,
                               .timeout_ms = WORK_TIMEOUT_MS,
                               .step = step,
                           });
}

/* 409: a container uses it, or another reference holds it. It stays. */
static void on_image_deleted(struct docker_call *call, int status, struct span body)
{
    if (status == 200 || status == 404 || status == 409) {
        docker_call_finish(call, NULL);
    } else {
        docker_call_refuse(call, "remove an image", status, body);
    }
}

/* A pull by digest leaves its own reference behind, which would hold the layers for ever. */
static void on_tag_deleted(struct docker_call *call, int status, struct span body)
{
    struct image_state *state = call->state;
    if (status != 200 || !state->is_only_tag) {
        on_image_deleted(call, status, body);
        return;
    }
    image_delete(call, state->id, on_image_deleted);
}

/* The containerd image store lists what a pull by digest leaves (name@digest) among the tags. */
static unsigned tags_of(const cJSON *image)
{
    const cJSON *tag;
    unsigned count = 0;
    cJSON_ArrayForEach(tag, reply_at(image, "RepoTags"))
    {
        const char *text = cJSON_GetStringValue(tag);
        count += text != NULL && strchr(text, '@') == NULL ? 1 : 0;
    }
    return count;
}

static void on_tag_looked(struct docker_call *call, int status, struct span body)
{
    struct image_state *state = call->state;
    if (status == 404) {
        docker_call_finish(call, NULL);
        return;
    }
    if (status != 200) {
        docker_call_refuse(call, "inspect an image", status, body);
        return;
    }
    REPLY json = reply_parse(body, &call->is_short);
    (void)text_copy(state->id, sizeof state->id, reply_text_at(json, "Id"));
    state->is_only_tag = state->id[0] != '\0' && tags_of(json) <= 1;
    image_delete(call, state->tag, on_tag_deleted);
}

int docker_image_remove(void *self, const char *tag, engine_done done, void *ctx, struct err *err)
{
    struct docker_call *call;
    int rc = docker_call_new(self, sizeof(struct image_state), done, ctx, &call, err);
    if (rc != 0) {
        return rc;
    }
    struct image_state *state = call->state;
    if (!text_copy(state->tag, sizeof state->tag, tag)) {
        docker_call_free(call);
        return err_set(err, ERR_LIMIT, "an image's tag is too long: %s", tag);
    }
    return image_look(call, tag, on_tag_looked, err);
}
