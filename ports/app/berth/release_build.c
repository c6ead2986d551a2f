/* berth release build: a Compose file into a release that any node can check and run. */
#include "ports/app/berth/release_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "agent/limits.h"
#include "ports/app/berth/ask.h"
#include "ports/app/berth/compose/builder.h"
#include "ports/app/berth/compose/describe.h"
#include "ports/app/berth/files.h"
#include "ports/app/berth/keyring.h"
#include "ports/app/berth/release_pieces.h"
#include "ports/app/berth/verbs.h"

#define ARENA_BYTES (4 * ENVELOPE_BYTES_MAX)

static int envelope_write(const struct build_request *request, struct span payload, struct err *err)
{
    struct arena arena;
    struct span envelope;
    void *memory = malloc(ARENA_BYTES);
    arena_init(&arena, memory, memory != NULL ? ARENA_BYTES : 0);
    int rc = envelope_render(RELEASE_PAYLOAD_TYPE, payload, NULL, 0, &arena, &envelope, err);
    if (rc == 0) {
        rc = file_write(request->output, envelope, 0644, err);
    }
    free(memory);
    return rc;
}

/* The one service there is, or NULL where the release removes the app. */
static int service_of(const struct opened *opened, const struct yaml_item **service,
                      struct err *err)
{
    const struct yaml_item *services = yaml_tree_member(opened->root, "services");
    char names[256];
    struct text text;
    size_t count = 0;
    text_init(&text, names, sizeof names);
    *service = services != NULL && services->kind == YAML_TREE_MAP ? services->child : NULL;
    for (const struct yaml_item *item = *service; item != NULL; item = item->next, count++) {
        text_printf(&text, "%s%s", count > 0 ? ", " : "", item->key);
    }
    if (services == NULL || services->kind != YAML_TREE_MAP) {
        return err_set(err, ERR_MISSING, "services: must be a map of services");
    }
    return count <= 1 ? 0
                      : err_set(err, ERR_VALUE,
                                "a node takes one service an app for now, and the file has %zu "
                                "(%s); give each a file of its own",
                                count, names);
}

/* Says every finding; a refused one ends the build with the first of them as the error. */
static int findings_say(const struct build_request *request, struct err *err)
{
    size_t refused = findings_count(request->findings, FINDING_REFUSED);
    const struct finding *first = findings_at(request->findings, 0);
    int rc = findings_status(request->findings, err);
    if (rc == 0 && refused == 1) {
        return err_set(err, ERR_VALUE, "%s:%zu: %s%s%s%s%s",
                       first->file != NULL ? first->file : "the project", first->line,
                       first->path != NULL ? first->path : "", first->path != NULL ? ": " : "",
                       first->text, first->remedy != NULL ? "; " : "",
                       first->remedy != NULL ? first->remedy : "");
    }
    if (rc == 0) {
        rc = findings_print(request->findings, stderr, err);
    }
    return rc == 0 && refused > 0
               ? err_set(err, ERR_VALUE, "%zu findings refuse it; nothing is built", refused)
               : rc;
}

/* What the file says without an image: all its faults are found before anyone is asked. */
static int draft_check(const struct build_request *request, struct render *render,
                       struct text *text, struct err *err)
{
    struct plan *plan = malloc(sizeof *plan);
    if (plan == NULL) {
        return err_set(err, ERR_MEMORY, "no memory");
    }
    (void)render_plan(render, text, plan);
    free(plan);
    return findings_count(request->findings, FINDING_REFUSED) > 0 ? findings_say(request, err) : 0;
}

/* The image of the service: named, or as Compose names what it builds. */
static void image_name(const struct render *render, char *name, size_t cap)
{
    const struct yaml_item *image = yaml_tree_member(render->service, "image");
    if (image != NULL && image->kind == YAML_TREE_SCALAR && image->text[0] != '\0') {
        text_shorten_printf(name, cap, "%s", image->text);
    } else {
        text_shorten_printf(name, cap, "%s-%s", render->project, render->service->key);
    }
}

static int image_find(struct build_request *request, const struct render *render, const char *name,
                      struct image *image, struct err *err)
{
    const struct yaml_item *build = yaml_tree_member(render->service, "build");
    const struct yaml_item *item = yaml_tree_member(render->service, "image");
    item = item != NULL ? item : render->service;
    struct image_source source = request->images;
    int rc = 0;
    if (request->is_built && build != NULL) {
        source.is_engine_only = true; /* a registry may have an older one of this name */
        rc = builder_build(build, name, render->project_dir,
                           request->images.is_engine_only ? request->images.engine_socket : NULL,
                           err);
    }
    if (rc == 0) {
        rc = image_resolve(&source, name, image, err);
    }
    if (rc == 0 && image->note[0] != '\0') {
        (void)findings_add(request->findings, FINDING_NOTE, item, "services.image", NULL, "%s",
                           image->note);
    }
    return rc == 0 ? 0
                   : err_wrap(err, rc, "%s:%zu: services.%s.image", item->file, item->line,
                              render->service->key);
}

/* Where x-berth says no version: the image's tag, else the beginning of its digest. */
static const char *version_of(const char *name, const struct image *image, char *version,
                              size_t cap)
{
    struct image_reference reference;
    struct err unread;
    char hex[DIGEST_HEX_BYTES];
    int rc = image_reference_parse(name, &reference, &unread);
    if (rc == 0 && strcmp(reference.version, "latest") != 0 &&
        strchr(reference.version, ':') == NULL && strlen(reference.version) < NAME_BYTES) {
        text_shorten_printf(version, cap, "%s", reference.version);
        return "the image's tag";
    }
    digest_render(&image->index, hex);
    text_shorten_printf(version, cap, "%.12s", hex);
    return "the image's digest";
}

static const char *said_or(const struct yaml_item *root, const char *key, const char *otherwise)
{
    return yaml_tree_member(yaml_tree_member(root, "x-berth"), key) != NULL ? "x-berth" : otherwise;
}

static void release_say(const struct build_request *request, const struct render *render,
                        struct span payload, const struct plan *plan, const char *version_from)
{
    const struct verify *verify = request->images.verify;
    struct digest digest;
    char hex[DIGEST_HEX_BYTES];
    verify->ops->sha256(verify->self, payload, &digest);
    digest_render(&digest, hex);
    printf("%s: release %s of %s, sequence %llu, %zu bytes, not signed yet\n",
           request->shown != NULL ? request->shown : request->output, hex, plan->app,
           (unsigned long long)plan->sequence, payload.len);
    printf("app %s, from %s", plan->app, said_or(render->root, "app", request->name_from));
    if (plan->version[0] != '\0') {
        printf("; version %s, from %s", plan->version,
               said_or(render->root, "version", version_from));
    }
    printf("; sequence %llu, from %s\n", (unsigned long long)plan->sequence,
           request->sequence != 0 ? "--sequence" : said_or(render->root, "sequence", "the time"));
}

static int describe(const struct render *render, const struct text *text, const struct plan *plan,
                    struct err *err)
{
    struct description description = {.service = render->service,
                                      .plan = &plan->services[0],
                                      .payload = text,
                                      .image = render->image};
    return render->service != NULL ? describe_print(&description, stdout, err) : 0;
}

/* Renders with another sequence: is it what runs? `text` is rendered anew by the caller. */
static bool is_running(const struct build_request *request, struct render *render,
                       struct text *text, struct plan *plan)
{
    const struct verify *verify = render->verify;
    struct digest running;
    struct digest digest;
    uint64_t sequence = 0;
    uint64_t own = render->sequence;
    char app[RENDER_APP_BYTES];
    char hex[DIGEST_HEX_BYTES];
    render_app(render->root, render->project, app);
    if (request->proven == NULL || request->sequence != 0 ||
        !request->proven(request->ctx, app, &sequence, &running)) {
        return false;
    }
    render->sequence = own != 0 ? sequence : 0; /* 0: the file says it */
    text_init(text, text->data, text->cap);
    (void)render_plan(render, text, plan);
    render->sequence = own;
    verify->ops->sha256(verify->self, span_of(text->data, text->len), &digest);
    if (findings_count(request->findings, FINDING_REFUSED) > 0 ||
        !digest_is_equal(&digest, &running)) {
        return false;
    }
    digest_render(&digest, hex);
    printf("unchanged: release %.12s of %s already runs, proven; --force swaps all the same\n", hex,
           app);
    return true;
}

/* Renders with the image and writes the release. */
static int release_write(struct build_request *request, struct render *render, struct text *text,
                         struct plan *plan, const char *version_from, struct err *err)
{
    request->is_unchanged = is_running(request, render, text, plan);
    if (request->is_unchanged) {
        return 0;
    }
    text_init(text, text->data, text->cap);
    (void)render_plan(render, text, plan);
    struct span payload = span_of(text->data, text->len);
    int rc = findings_say(request, err);
    /* The files first: a release that is there can be sent. */
    rc = rc == 0 ? pieces_write(request->output, render->travel, render->verify, err) : rc;
    if (rc == 0) {
        rc = envelope_write(request, payload, err);
    }
    if (rc == 0) {
        release_say(request, render, payload, plan, version_from);
        rc = describe(render, text, plan, err);
    }
    return rc == 0 ? pieces_list(payload, stdout, err) : rc;
}

static int render_build(struct build_request *request, struct render *render, struct text *text,
                        struct err *err)
{
    struct plan *plan = malloc(sizeof *plan);
    struct image *image = calloc(1, sizeof *image);
    char name[ENGINE_REFERENCE_BYTES];
    char version[NAME_BYTES];
    const char *version_from = "nothing";
    int rc = plan == NULL || image == NULL ? err_set(err, ERR_MEMORY, "no memory") : 0;
    if (rc == 0) {
        rc = draft_check(request, render, text, err);
    }
    if (rc == 0 && render->service != NULL) {
        image_name(render, name, sizeof name);
        rc = image_find(request, render, name, image, err);
        if (rc == 0) {
            render->image = image;
            version_from = version_of(name, image, version, sizeof version);
            render->version = version;
        }
    }
    if (rc == 0) {
        rc = release_write(request, render, text, plan, version_from, err);
    }
    if (image != NULL) {
        image_free(image);
    }
    free(image);
    free(plan);
    return rc;
}

/* The time is a sequence that no earlier release has; a node may know of a later one. */
static uint64_t sequence_of(const struct build_request *request, const struct opened *opened)
{
    char app[RENDER_APP_BYTES];
    uint64_t now = (uint64_t)time(NULL);
    if (request->used == NULL) {
        return now;
    }
    render_app(opened->root, opened->name, app);
    uint64_t used = request->used(request->ctx, app);
    return now > used ? now : used + 1;
}

static int project_build(struct build_request *request, const struct opened *opened,
                         struct err *err)
{
    struct text text;
    struct render render = {.root = opened->root,
                            .project = opened->name,
                            .project_dir = opened->dir,
                            .sequence = request->sequence,
                            .floor = request->floor,
                            .is_built = request->is_built,
                            .verify = request->images.verify,
                            .findings = request->findings};
    request->name_from = opened->name_from;
    if (render.sequence == 0 &&
        yaml_tree_member(yaml_tree_member(opened->root, "x-berth"), "sequence") == NULL) {
        render.sequence = sequence_of(request, opened);
    }
    int rc = service_of(opened, &render.service, err);
    if (rc != 0) {
        return rc;
    }
    char *memory = malloc(RENDER_BYTES);
    render.travel = calloc(1, sizeof *render.travel);
    if (memory == NULL || render.travel == NULL) {
        free(memory);
        free(render.travel);
        return err_set(err, ERR_MEMORY, "no memory");
    }
    text_init(&text, memory, RENDER_BYTES);
    rc = render_build(request, &render, &text, err);
    travel_close(render.travel);
    free(render.travel);
    free(memory);
    return rc;
}

static int files_build(struct build_request *request, struct err *err)
{
    struct opened opened;
    request->findings = findings_new();
    if (request->findings == NULL) {
        return err_set(err, ERR_MEMORY, "no memory");
    }
    int rc = open_project(&request->open, request->findings, &opened, err);
    if (rc == 0) {
        rc = project_build(request, &opened, err);
    }
    open_close(&opened);
    findings_free(request->findings);
    return rc;
}

int release_build_run(struct build_request *request, struct err *err)
{
    struct keyring keyring;
    struct ask *ask = malloc(sizeof *ask);
    if (ask == NULL) {
        return err_set(err, ERR_MEMORY, "no memory");
    }
    int rc = ask_open(ask, err);
    if (rc == 0) {
        rc = keyring_open(&keyring, err);
        if (rc == 0) {
            request->images.ask = ask;
            request->images.verify = &keyring.verify;
            rc = files_build(request, err);
            keyring_close(&keyring);
        }
        ask_close(ask);
    }
    free(ask);
    return rc;
}

void release_build_given(struct build_request *request, struct given *given)
{
    request->sequence = given_number(given, "sequence", 0);
    request->floor = given_number(given, "floor", 0);
    request->is_built = given_has(given, "build");
    image_given(&request->images, given);
    open_given(&request->open, given);
}

static const char *environment(const char *name)
{
    return getenv(name);
}

void release_build_init(struct build_request *request, struct login_places *places)
{
    login_places_of(environment, places);
    *request = (struct build_request){
        .images = {.engine_socket = "/var/run/docker.sock", .registry = {.places = places}}};
}

int verb_release_build(struct given *given, struct err *err)
{
    struct login_places places;
    struct build_request request;
    release_build_init(&request, &places);
    request.output = given_value(given, "output");
    release_build_given(&request, given);
    int rc = given_judge(given, err);
    return rc == 0 ? release_build_run(&request, err) : rc;
}
