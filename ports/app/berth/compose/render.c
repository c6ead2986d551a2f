/* render: the payload as a whole; the keys of a service come from the table. */
#include "ports/app/berth/compose/render.h"

#include <ctype.h>
#include <stdio.h>

#include "agent/wire/duration.h"
#include "platform/base/text.h"
#include "platform/base/units.h"
#include "ports/app/berth/compose/complaints.h"
#include "ports/app/berth/compose/keys.h"
#include "ports/app/berth/compose/normal.h"
#include "ports/app/berth/compose/travel.h"

#define DEADLINE_DEFAULT_MS SECONDS_MS(300) /* the reader's */

/* Small letters, digits and '-' between them; `otherwise` where nothing of it fits. */
static void name_fit(const char *text, const char *otherwise, char name[RENDER_APP_BYTES])
{
    size_t len = 0;
    for (; *text != '\0' && len < RENDER_APP_BYTES - 1; text++) {
        bool is_fit = isalnum((unsigned char)*text) != 0;
        if (is_fit || len > 0) {
            name[len++] = is_fit ? (char)tolower((unsigned char)*text) : '-';
        }
    }
    while (len > 0 && name[len - 1] == '-') {
        len--;
    }
    name[len] = '\0';
    if (len == 0) {
        (void)text_copy(name, RENDER_APP_BYTES, otherwise);
    }
}

void render_app(const struct yaml_item *root, const char *project, char app[RENDER_APP_BYTES])
{
    const struct yaml_item *said = yaml_tree_member(yaml_tree_member(root, "x-berth"), "app");
    if (!value_is_null(said) && said->kind == YAML_TREE_SCALAR) {
        (void)text_copy(app, RENDER_APP_BYTES, said->text);
        return;
    }
    name_fit(project, "app", app);
}

void render_service_name(const struct yaml_item *service, char name[RENDER_APP_BYTES])
{
    name_fit(service->key, "service", name);
}

void render_check(const struct yaml_item *root, struct findings *findings)
{
    keys_check(root, findings);
}

/* -- x-berth of the file ------------------------------------------------------------------------
 */

static const struct yaml_item *extension_of(const struct yaml_item *map, const char *key)
{
    const struct yaml_item *item = yaml_tree_member(yaml_tree_member(map, "x-berth"), key);
    return value_is_null(item) ? NULL : item;
}

/* The keys of x-berth that are not written as they stand. */
static bool is_rewritten(const char *key)
{
    static const char *const keys[] = {"app",      "version", "sequence", "floor",
                                       "requires", "plain",   "files"};
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        if (strcmp(keys[i], key) == 0) {
            return true;
        }
    }
    return false;
}

static void number_write(struct normal *normal, const struct render *render, const char *key,
                         uint64_t number, uint64_t otherwise)
{
    const struct yaml_item *said = extension_of(render->root, key);
    if (number != 0 || said == NULL) {
        number = number != 0 ? number : otherwise;
        if (number != 0) {
            json_key(normal->out, key);
            text_printf(normal->out, "%llu", (unsigned long long)number);
        }
        return;
    }
    json_key(normal->out, key);
    write_any(normal, said);
}

static int version_compare(const char *a, const char *b)
{
    unsigned first[3] = {0};
    unsigned second[3] = {0};
    (void)sscanf(a, "%5u.%5u.%5u", &first[0], &first[1], &first[2]);
    (void)sscanf(b, "%5u.%5u.%5u", &second[0], &second[1], &second[2]);
    for (size_t i = 0; i < 3; i++) {
        if (first[i] != second[i]) {
            return first[i] < second[i] ? -1 : 1;
        }
    }
    return 0;
}

static void requires_write(struct normal *normal, const struct render *render, const char *since)
{
    const struct yaml_item *said = extension_of(render->root, "requires");
    const struct yaml_item *agent = yaml_tree_member(said, "minAgent");
    bool is_later = since != NULL && (agent == NULL || agent->kind != YAML_TREE_SCALAR ||
                                      version_compare(agent->text, since) < 0);
    if (said != NULL && said->kind != YAML_TREE_MAP) {
        json_key(normal->out, "requires");
        write_any(normal, said);
        return;
    }
    if (said == NULL && !is_later) {
        return;
    }
    json_key(normal->out, "requires");
    text_append(normal->out, "{");
    for (const struct yaml_item *step = said != NULL ? said->child : NULL; step != NULL;
         step = step->next) {
        if (step != agent || !is_later) {
            json_key(normal->out, step->key);
            write_any(normal, step);
        }
    }
    if (is_later) {
        json_key(normal->out, "minAgent");
        text_append_json(normal->out, since);
    }
    text_append(normal->out, "}");
}

/* Taking over what runs is nothing to do by surprise. */
static void adopt_note(struct normal *normal)
{
    const struct yaml_item *item = extension_of(normal->root, "adopt");
    const struct yaml_item *services = yaml_tree_member(normal->root, "services");
    const struct yaml_item *step =
        services != NULL && services->kind == YAML_TREE_MAP ? services->child : NULL;
    size_t len = normal_enter(normal, "x-berth");
    (void)normal_enter(normal, "adopt");
    normal_note(normal, item,
                "where service %s of the Compose project %s runs, the first release of this app "
                "takes over: its containers are stopped when the new one is there to be started, "
                "are started again if it fails, and stay stopped after the verdict as the way "
                "back; keep this line in later releases, for volumes have the project's names",
                normal->service->key, normal->adopt);
    for (; step != NULL; step = step->next) {
        if (step != normal->service) {
            normal_note(normal, step,
                        "service %s is not in this release: where it runs it is left running, and "
                        "does not reach %s by that name any more",
                        step->key, normal->service->key);
        }
    }
    normal_leave(normal, len);
}

static void top_write(struct normal *normal, const struct render *render, const char *since)
{
    const struct yaml_item *extension = yaml_tree_member(render->root, "x-berth");
    const struct yaml_item *version = extension_of(render->root, "version");
    json_key(normal->out, "x-berth");
    text_append(normal->out, "{");
    json_key(normal->out, "app");
    text_append_json(normal->out, normal->secrets_app);
    if (version != NULL || render->version != NULL) {
        json_key(normal->out, "version");
        if (version != NULL) {
            write_any(normal, version);
        } else {
            text_append_json(normal->out, render->version);
        }
    }
    number_write(normal, render, "sequence", render->sequence, 1);
    number_write(normal, render, "floor", render->floor, 0);
    requires_write(normal, render, since);
    if (normal->adopt != NULL) {
        normal->is_new = true;
        if (normal->service != NULL) {
            adopt_note(normal);
        }
    }
    travel_write(normal->travel, normal->verify, normal->out);
    const struct yaml_item *step =
        extension != NULL && extension->kind == YAML_TREE_MAP ? extension->child : NULL;
    for (; step != NULL; step = step->next) {
        char row[128];
        text_shorten_printf(row, sizeof row, "x-berth.%s", step->key);
        if (!is_rewritten(step->key) && keys_find(row) != NULL) {
            json_key(normal->out, step->key);
            write_any(normal, step);
        }
    }
    text_append(normal->out, "}");
}

/* -- one service --------------------------------------------------------------------------------
 */

static void platform_write(struct text *out, const struct image_platform *platform)
{
    char hex[DIGEST_HEX_BYTES];
    json_element(out);
    text_append(out, "{\"arch\":");
    text_append_json(out, platform->arch);
    if (platform->variant[0] != '\0') {
        text_append(out, ",\"variant\":");
        text_append_json(out, platform->variant);
    }
    digest_render(&platform->manifest, hex);
    text_printf(out, ",\"manifest\":\"sha256:%s\"", hex);
    digest_render(&platform->config, hex);
    text_printf(out, ",\"config\":\"sha256:%s\"}", hex);
}

static void image_write(struct text *out, const struct image *image)
{
    char hex[DIGEST_HEX_BYTES];
    digest_render(&image->index, hex);
    json_key(out, "image");
    text_printf(out, "{\"index\":\"sha256:%s\",\"platforms\":[", hex);
    for (size_t i = 0; i < image->platform_count; i++) {
        platform_write(out, &image->platforms[i]);
    }
    text_append(out, "]}");
}

/* Lists that an agent of this version reads first. */
static void elements_write(struct normal *normal, const char *key, void (*write)(struct normal *))
{
    struct json_part part = json_open(normal->out, key, '[');
    write(normal);
    normal->is_new |= json_close(normal->out, part);
}

static void extension_write(struct normal *normal, const struct image *image)
{
    static const char *const rewritten[] = {"image", "plain", "names"};
    const struct yaml_item *extension = yaml_tree_member(normal->service, "x-berth");
    const struct yaml_item *step =
        extension != NULL && extension->kind == YAML_TREE_MAP ? extension->child : NULL;
    json_key(normal->out, "x-berth");
    text_append(normal->out, "{");
    image_write(normal->out, image);
    for (; step != NULL; step = step->next) {
        char row[128];
        bool is_rewritten_here = false;
        text_shorten_printf(row, sizeof row, "services.*.x-berth.%s", step->key);
        for (size_t i = 0; i < COUNT_OF(rewritten); i++) {
            is_rewritten_here |= strcmp(rewritten[i], step->key) == 0;
        }
        if (!is_rewritten_here && keys_find(row) != NULL && !value_is_null(step)) {
            json_key(normal->out, step->key);
            write_any(normal, step);
        }
    }
    elements_write(normal, "names", write_names);
    elements_write(normal, "plain", write_plain);
    text_append(normal->out, "}");
}

static void members_write(struct normal *normal, bool is_built)
{
    const struct yaml_item *item =
        normal->service->kind == YAML_TREE_MAP ? normal->service->child : NULL;
    for (; item != NULL; item = item->next) {
        char row[128];
        text_shorten_printf(row, sizeof row, "services.*.%s", item->key);
        const struct key *key = keys_find(row);
        if (key != NULL && key->write != NULL && !(is_built && key->write == write_build)) {
            size_t len = normal_enter(normal, item->key);
            size_t before = normal->out->len;
            key->write(normal, item);
            normal->is_new |= key->since != NULL && normal->out->len > before;
            normal_leave(normal, len);
        }
    }
}

static void service_write(struct normal *normal, const struct render *render,
                          const struct image *image)
{
    char name[RENDER_APP_BYTES];
    normal->path[0] = '\0';
    (void)normal_enter(normal, "services");
    (void)normal_enter(normal, normal->service->key);
    render_service_name(normal->service, name);
    if (strcmp(name, normal->service->key) != 0) {
        normal_note(normal, normal->service,
                    "is called %s on a node; its own name is kept as a second name", name);
    }
    json_key(normal->out, name);
    text_append(normal->out, "{");
    json_key(normal->out, "image");
    text_append_json(normal->out, image->reference);
    members_write(normal, render->is_built);
    write_volumes(normal);
    write_healthcheck(normal);
    write_deploy(normal);
    extension_write(normal, image);
    text_append(normal->out, "}");
    normal->path[0] = '\0';
}

/* -- volumes and secrets at the top -------------------------------------------------------------
 */

/* Does the payload's service mount it? The mounts were just written. */
static bool is_mounted(const struct text *out, const char *name)
{
    char needle[256];
    struct text text;
    text_init(&text, needle, sizeof needle);
    text_append(&text, "\"type\":\"volume\",\"source\":");
    text_append_json(&text, name);
    text_append(&text, ",");
    return !text.cut && strstr(out->data, needle) != NULL;
}

static void volume_write(struct normal *normal, const struct yaml_item *item, const char *key)
{
    const struct yaml_item *external = yaml_tree_member(item, "external");
    const struct yaml_item *name = yaml_tree_member(item, "name");
    const struct yaml_item *old_name = yaml_tree_member(external, "name");
    char usual[256];
    bool is_external = external != NULL && external->kind == YAML_TREE_MAP;
    if (!value_is_null(external) && external->kind == YAML_TREE_SCALAR) {
        (void)value_bool(normal, external, &is_external);
    }
    name = !value_is_null(name) ? name : old_name;
    const char *text = value_is_null(name) ? NULL : value_text(normal, name);
    bool is_usual = text != NULL && !is_external && volume_name_is_usual(normal, name, item->key);
    bool has_options = !value_is_empty(yaml_tree_member(item, "driver_opts"));
    if (normal->adopt != NULL && text == NULL && !is_external) {
        text_shorten_printf(usual, sizeof usual, "%s_%s", normal->adopt, item->key);
        text = usual; /* as the running project has it, with its data */
    } else if ((text == NULL || is_usual) && !is_external && normal->adopt == NULL) {
        text = NULL; /* the app's own */
        if (!has_options) {
            return;
        }
    }
    json_key(normal->out, key);
    text_append(normal->out, "{");
    if (text != NULL) {
        json_key(normal->out, "name");
        text_append_json(normal->out, text);
    }
    if (is_external) {
        json_key(normal->out, "external");
        text_append(normal->out, "true");
        if (has_options) {
            normal_refuse(normal, item, "remove one of the two",
                          "external and driver_opts conflict: what is external is not made");
        }
    } else {
        write_driver_opts(normal, item);
    }
    text_append(normal->out, "}");
}

static void volumes_write(struct normal *normal)
{
    const struct yaml_item *volumes = yaml_tree_member(normal->root, "volumes");
    const struct yaml_item *item =
        volumes != NULL && volumes->kind == YAML_TREE_MAP ? volumes->child : NULL;
    struct text *out = normal->out;
    char key[VOLUME_KEY_BYTES];
    struct json_part part = json_open(out, "volumes", '{');
    for (; item != NULL; item = item->next) {
        size_t len = normal_enter(normal, "volumes");
        (void)normal_enter(normal, item->key);
        volume_key(normal, item, item->key, key, sizeof key);
        if (is_mounted(out, key)) {
            volume_write(normal, item, key);
        }
        normal_leave(normal, len);
    }
    normal->is_new |= json_close(out, part);
}

/* A digest that stands for an image that was not asked, on every platform there is. */
static void image_pretend(const char *name, struct image *image)
{
    static const char *const platforms[][2] = {{"amd64", ""}, {"arm64", ""},   {"arm", "v7"},
                                               {"arm", "v6"}, {"riscv64", ""}, {"386", ""}};
    struct image_reference reference;
    struct err err;
    *image = (struct image){.platform_count = COUNT_OF(platforms)};
    for (size_t i = 0; i < COUNT_OF(platforms); i++) {
        (void)text_copy(image->platforms[i].arch, sizeof image->platforms[i].arch, platforms[i][0]);
        (void)text_copy(image->platforms[i].variant, sizeof image->platforms[i].variant,
                        platforms[i][1]);
    }
    int rc = image_reference_parse(name, &reference, &err);
    text_shorten_printf(image->reference, sizeof image->reference,
                        "%s@sha256:0000000000000000000000000000000000000000000000000000000000"
                        "000000",
                        rc == 0 ? reference.repository : "image");
}

static const char *image_name(const struct yaml_item *service)
{
    const struct yaml_item *image = yaml_tree_member(service, "image");
    return value_is_null(image) || image->kind != YAML_TREE_SCALAR ? "image" : image->text;
}

static void document_write(struct normal *normal, const struct render *render,
                           const struct image *image, const char *since)
{
    struct text *out = normal->out;
    text_append(out, "{\"schema\":1");
    top_write(normal, render, since);
    json_key(out, "services");
    text_append(out, "{");
    if (render->service != NULL) {
        service_write(normal, render, image);
    }
    text_append(out, "}");
    volumes_write(normal);
    text_append(out, "}");
}

void render_payload(const struct render *render, struct text *out)
{
    char app[RENDER_APP_BYTES];
    struct travel travel = {.count = 0};
    struct image pretended;
    const struct image *image = render->image;
    const struct yaml_item *adopt = extension_of(render->root, "adopt");
    render_app(render->root, render->project, app);
    struct normal normal = {.root = render->root,
                            .service = render->service,
                            .facts = image != NULL ? &image->facts : NULL,
                            .project = render->project,
                            .adopt = adopt != NULL && adopt->kind == YAML_TREE_SCALAR ? adopt->text
                                                                                      : NULL,
                            .project_dir = render->project_dir,
                            .secrets_app = app,
                            .verify = render->verify,
                            .findings = render->findings,
                            .travel = render->travel != NULL ? render->travel : &travel,
                            .out = out};
    if (image == NULL) {
        image_pretend(image_name(render->service), &pretended);
        image = &pretended;
    }
    /* What the agent must be follows from what was written, and stands before it. */
    document_write(&normal, render, image, NULL);
    if (normal.is_new) {
        text_init(out, out->data, out->cap);
        document_write(&normal, render, image, KEYS_SINCE_NOW);
    }
    travel_close(&travel);
    if (out->cut || out->len > RELEASE_PAYLOAD_BYTES_MAX) {
        (void)findings_add(render->findings, FINDING_REFUSED, render->service, NULL,
                           "write less into environment, labels and commands",
                           "the release is over %d bytes", RELEASE_PAYLOAD_BYTES_MAX);
    }
}

/* -- the node's reader --------------------------------------------------------------------------
 */

static const struct release_node any_node = {.name = "NODE"};

bool render_plan(const struct render *render, struct text *out, struct plan *plan)
{
    const struct yaml_item *swap = extension_of(render->root, "swap");
    char text[32];
    render_payload(render, out);
    bool is_read = complaints_read(render, out, plan);
    if (is_read && render->service != NULL && yaml_tree_member(swap, "deadline") == NULL &&
        plan->deadline_ms > DEADLINE_DEFAULT_MS) {
        duration_render(plan->deadline_ms, text, sizeof text);
        (void)findings_add(render->findings, FINDING_NOTE, render->service, NULL, NULL,
                           "services.%s: its checks may take %s to find it ready, so a swap ends "
                           "after that, not after 5m; x-berth.swap.deadline says otherwise",
                           render->service->key, text);
    }
    return is_read;
}

int render_spec(const struct text *payload, const struct yaml_item *service, struct arena *arena,
                struct engine_spec *spec, struct err *err)
{
    char name[RENDER_APP_BYTES];
    struct release_container container = {.gen = 1,
                                          .replica = 1,
                                          .network = "network",
                                          .secrets_dir = "SECRETS",
                                          .files_dir = "FILES"};
    render_service_name(service, name);
    return release_render(span_of(payload->data, payload->len), &any_node, name, &container, arena,
                          spec, err);
}
