/* Find: by reference; else by a signed digest over the list of images; else by what an archive of
 * an image of the same name says its config is. */
#include "ports/docker/find.h"

/* Images of an engine: some thousands. */
#define IMAGES_BYTES_MAX (4u * 1024u * 1024u)
/* An engine that gives an archive writes all the time. */
#define ARCHIVE_IDLE_TIMEOUT_MS SECONDS_MS(60)

void docker_image_show(const char *reference, char shown[DOCKER_SHOWN_BYTES])
{
    char repository[80];
    size_t len = strcspn(reference, "@");
    const char *digest = reference + len;
    text_shorten(repository, sizeof repository, span_of(reference, len));
    text_shorten_printf(shown, DOCKER_SHOWN_BYTES, "%s%.20s", repository, digest);
}

int docker_find_init(struct docker_find *find, const struct engine_wanted *wanted,
                     docker_found found, docker_found missing, struct err *err)
{
    const char *tag = wanted->tag != NULL ? wanted->tag : "";
    if (wanted->reference[0] == '\0' ||
        !text_copy(find->reference, sizeof find->reference, wanted->reference) ||
        !text_copy(find->tag, sizeof find->tag, tag)) {
        return err_set(err, ERR_LIMIT, "an image's name is empty or longer than %d bytes: %s as %s",
                       ENGINE_REFERENCE_BYTES - 1, wanted->reference, tag);
    }
    find->wanted = *wanted;
    find->wanted.reference = find->reference;
    find->wanted.tag = wanted->tag != NULL ? find->tag : NULL;
    find->identity = identity_of(wanted);
    find->found = found;
    find->missing = missing;
    return 0;
}

/* Paths as the image says them, without what a path has at its end. */
static void volumes_read(const cJSON *volumes, struct engine_image *image)
{
    size_t at = 0;
    const cJSON *volume;
    cJSON_ArrayForEach(volume, volumes)
    {
        size_t len = volume->string != NULL ? strlen(volume->string) : 0;
        while (len > 1 && volume->string[len - 1] == '/') {
            len--;
        }
        if (len == 0 || volume->string[0] != '/') {
            continue;
        }
        if (image->volume_count == ENGINE_IMAGE_VOLUMES_MAX ||
            len + 1 > sizeof image->volumes - at) {
            image->has_more_volumes = true;
            return;
        }
        memcpy(image->volumes + at, volume->string, len);
        image->volumes[at + len] = '\0';
        at += len + 1;
        image->volume_count++;
    }
}

static void find_use(struct docker_call *call, struct span body)
{
    struct docker_find *find = call->state;
    REPLY json = reply_parse(body, &call->is_short);
    const char *id = reply_text_at(json, "Id");
    if (!identity_is_whole(json)) {
        find->missing(call); /* a name without layers: what a broken load leaves */
        return;
    }
    find->image = (struct engine_image){
        .proofs = identity_proofs(&find->identity, json) | find->known_proofs,
        .size_bytes = reply_count_at(json, "Size"),
    };
    volumes_read(reply_at(json, "Config.Volumes"), &find->image);
    (void)text_copy(find->image.arch, sizeof find->image.arch, reply_text_at(json, "Architecture"));
    if (!text_copy(find->id, sizeof find->id, id) || !digest_parse(id, &find->image.id)) {
        docker_call_fail(call, ERR_ENGINE, "the engine's answer about an image is unreadable");
        return;
    }
    find->found(call);
}

static bool inspect_request(const char *name, docker_step step, char path[DOCKER_PATH_BYTES],
                            struct docker_request *request)
{
    struct text text;
    text_init(&text, path, DOCKER_PATH_BYTES);
    text_append(&text, "/images/");
    docker_path_value(&text, name);
    text_append(&text, "/json?manifests=1"); /* engines before API 1.48 do not know it */
    *request = (struct docker_request){
        .method = "GET",
        .path = path,
        .timeout_ms = QUICK_TIMEOUT_MS,
        .step = step,
    };
    return !text.cut;
}

static void inspect_next(struct docker_call *call, const char *name, docker_step step)
{
    char path[DOCKER_PATH_BYTES];
    struct docker_request request;
    if (!inspect_request(name, step, path, &request)) {
        docker_call_fail(call, ERR_LIMIT, "an image's name is too long: %.100s", name);
        return;
    }
    docker_call_next(call, &request);
}

static void on_inspected(struct docker_call *call, int status, struct span body)
{
    const struct docker_find *find = call->state;
    if (status == 200) {
        find_use(call, body);
    } else if (status == 404) {
        find->missing(call);
    } else {
        docker_call_refuse(call, "inspect an image", status, body);
    }
}

static void guess_next(struct docker_call *call);

static void on_archive(struct docker_call *call, int status, struct span body)
{
    struct docker_find *find = call->state;
    (void)body;
    if (status == 200 &&
        archive_has_config(&find->archive, &find->identity.config, &call->is_short)) {
        find->known_proofs = ENGINE_PROOF_CONFIG;
        inspect_next(call, find->guesses[find->guess], on_inspected);
        return;
    }
    find->guess++; /* one that the engine cannot give whole cannot run either */
    guess_next(call);
}

static void on_archive_piece(struct docker_call *call, struct span piece)
{
    archive_feed(&((struct docker_find *)call->state)->archive, piece);
}

static void on_archive_expired(struct docker_call *call)
{
    docker_call_fail(call, ERR_TIMEOUT, "the engine gives no image to look into");
}

/* The digest of the config is in none of the engine's answers; the archive of an image has it. */
static void guess_next(struct docker_call *call)
{
    struct docker_find *find = call->state;
    char path[DOCKER_PATH_BYTES];
    struct text text;
    if (find->guess == find->guess_count || digest_is_none(&find->identity.config)) {
        find->missing(call);
        return;
    }
    find->archive = (struct archive){0};
    text_init(&text, path, sizeof path);
    text_append(&text, "/images/");
    docker_path_value(&text, find->guesses[find->guess]);
    text_append(&text, "/get");
    docker_call_next(call, &(struct docker_request){
                               .method = "GET",
                               .path = path,
                               .idle_timeout_ms = ARCHIVE_IDLE_TIMEOUT_MS,
                               .step = on_archive,
                               .stream = on_archive_piece,
                               .expired = on_archive_expired,
                           });
}

static void on_listed(struct docker_call *call, int status, struct span body)
{
    struct docker_find *find = call->state;
    if (status != 200) {
        docker_call_refuse(call, "list the images", status, body);
        return;
    }
    REPLY json = reply_parse(body, &call->is_short);
    if (identity_find(&find->identity, json, find->id)) {
        inspect_next(call, find->id, on_inspected);
        return;
    }
    find->guess = 0;
    find->guess_count = identity_guess(&find->wanted, json, find->guesses);
    guess_next(call);
}

static void on_list_too_long(struct docker_call *call)
{
    const struct docker_find *find = call->state;
    char shown[DOCKER_SHOWN_BYTES];
    if (find->unlisted != NULL) {
        find->unlisted(call);
        return;
    }
    docker_image_show(find->reference, shown);
    docker_call_fail(
        call, ERR_LIMIT,
        "the engine's list of images is longer than %u KiB, so %s cannot be looked for "
        "in it: remove unused images (docker image prune)",
        IMAGES_BYTES_MAX / 1024u, shown);
}

static bool is_any_known(const struct identity *identity)
{
    return !digest_is_none(&identity->index) || !digest_is_none(&identity->manifest) ||
           !digest_is_none(&identity->config);
}

static void on_looked(struct docker_call *call, int status, struct span body)
{
    const struct docker_find *find = call->state;
    if (status != 404 || !is_any_known(&find->identity)) {
        on_inspected(call, status, body);
        return;
    }
    docker_call_next(call, &(struct docker_request){
                               .method = "GET",
                               .path = "/images/json?manifests=1",
                               .answer_bytes_max = IMAGES_BYTES_MAX,
                               .timeout_ms = QUICK_TIMEOUT_MS,
                               .step = on_listed,
                               .too_long = on_list_too_long,
                           });
}

int docker_find_first(struct docker_call *call, struct err *err)
{
    const struct docker_find *find = call->state;
    char path[DOCKER_PATH_BYTES];
    struct docker_request request;
    if (!inspect_request(find->reference, on_looked, path, &request)) {
        int rc = err_set(err, ERR_LIMIT, "an image's name is too long: %s", find->reference);
        docker_call_free(call);
        return rc;
    }
    return docker_call_first(call, &request, err);
}

void docker_find_only(struct docker_call *call, const char *reference)
{
    inspect_next(call, reference, on_inspected);
}

/* "host:5000/repo:tag": the last colon behind the last slash. */
static const char *tag_colon(const char *tag)
{
    const char *slash = strrchr(tag, '/');
    return strchr(slash != NULL ? slash : tag, ':');
}

static void on_tagged(struct docker_call *call, int status, struct span body)
{
    const struct docker_find *find = call->state;
    if (status != 201 && status != 200) {
        docker_call_refuse(call, "tag an image", status, body);
        return;
    }
    find->found(call);
}

void docker_find_tag(struct docker_call *call, docker_found tagged)
{
    struct docker_find *find = call->state;
    const char *colon = tag_colon(find->tag);
    char repository[ENGINE_REFERENCE_BYTES];
    char data[DOCKER_PATH_BYTES];
    struct text path;
    find->found = tagged;
    if (find->wanted.tag == NULL) {
        tagged(call);
        return;
    }
    if (colon == NULL) {
        docker_call_fail(call, ERR_VALUE, "not a tag: %s", find->tag);
        return;
    }
    (void)text_copy(repository, sizeof repository, find->tag);
    repository[colon - find->tag] = '\0';
    text_init(&path, data, sizeof data);
    text_append(&path, "/images/");
    docker_path_value(&path, find->id);
    text_append(&path, "/tag?repo=");
    docker_path_value(&path, repository);
    text_append(&path, "&tag=");
    docker_path_value(&path, colon + 1);
    docker_call_next(call, &(struct docker_request){
                               .method = "POST",
                               .path = data,
                               .timeout_ms = WORK_TIMEOUT_MS,
                               .step = on_tagged,
                           });
}
