/* begun_file: what a broker that was emptied, or was shown old copies, cannot tell. */
#include "ports/app/berth/begun_file.h"

#include <stdlib.h>
#include <unistd.h>

#include "agent/wire/json.h"
#include "platform/base/units.h"
#include "ports/app/berth/files.h"

#define DOCUMENT_BYTES 1048576 /* 6,000 apps */
#define APP_BYTES      256

static const struct json_field app_fields[] = {
    JSON_FIELD("app", TEXT, struct rollout_spec, app, true),
    JSON_FIELD("id", TEXT, struct rollout_spec, id, true),
    JSON_FIELD("created", INSTANT, struct rollout_spec, created, true)};

static int app_read(const struct json_place *at, struct begun *begun, struct err *err)
{
    struct rollout_spec spec = {.app = ""};
    struct json_place ended;
    bool has_ended = false;
    int noted = 0;
    int rc = json_read_fields(at, app_fields, COUNT_OF(app_fields), &spec, err);
    if (rc == 0 && json_member(at, "ended", &ended)) {
        rc = json_boolean(&ended, &has_ended, err);
    }
    if (rc == 0) {
        (void)begun_note(begun, &spec, has_ended, &noted);
    }
    return rc == 0 && noted != 0 ? err_set(err, noted, "no memory") : rc;
}

static int document_read(struct span text, struct begun *begun, struct err *err)
{
    static const struct json_rules rules = {.bytes_max = DOCUMENT_BYTES, .values_max = 65536};
    struct json_document document;
    struct json_place apps, step = {0};
    int rc = json_parse(text, &rules, &document, err);
    if (rc != 0) {
        return rc;
    }
    struct json_place root = json_root(&document);
    if (!json_member(&root, "apps", &apps) || !json_is_array(&apps)) {
        rc = json_error(&root, ERR_MISSING, err, "apps must be a list");
    }
    while (rc == 0 && json_next(&apps, &step)) {
        rc = app_read(&step, begun, err);
    }
    json_free(&document);
    return rc;
}

int begun_file_load(const struct fleet_dir *dir, struct begun *begun, struct err *err)
{
    char path[PATH_MAX];
    char *content = NULL;
    size_t len = 0;
    fleet_dir_file(dir, "begun.json", path);
    if (access(path, F_OK) != 0) {
        return 0;
    }
    int rc = file_read(path, DOCUMENT_BYTES, &content, &len, err);
    if (rc == 0) {
        rc = document_read(span_of(content, len), begun, err);
        free(content);
    }
    return rc == 0
               ? 0
               : err_wrap(err, rc, "%s (remove it if no rollout of the last hour was ended)", path);
}

static void render(const struct begun *begun, struct text *text)
{
    text_append(text, "{\"schema\":1,\"apps\":[");
    for (size_t i = 0; i < begun->count; i++) {
        const struct begun_app *app = &begun->list[i];
        text_append(text, i == 0 ? "\n{\"app\":" : ",\n{\"app\":");
        text_append_json(text, app->app);
        text_append(text, ",\"id\":");
        text_append_json(text, app->id);
        text_printf(text, ",\"created\":%lld,\"ended\":%s}", (long long)app->created,
                    app->has_ended ? "true" : "false");
    }
    text_append(text, "\n]}\n");
}

static int whole_write(const char *path, const struct begun *begun, struct err *err)
{
    size_t cap = (begun->count + 1) * APP_BYTES;
    char *data = malloc(cap);
    struct text text;
    if (data == NULL) {
        return err_set(err, ERR_MEMORY, "no memory");
    }
    text_init(&text, data, cap);
    render(begun, &text);
    int rc = text.cut ? err_set(err, ERR_LIMIT, "%zu apps are too many", begun->count)
                      : file_write(path, span_of(text.data, text.len), 0644, err);
    free(data);
    return rc;
}

int begun_file_keep(const struct fleet_dir *dir, const struct begun *begun, struct err *err)
{
    struct begun all = {0};
    char path[PATH_MAX];
    int rc = begun_file_load(dir, &all, err);
    for (size_t i = 0; rc == 0 && i < begun->count; i++) {
        struct rollout_spec spec = {.created = begun->list[i].created};
        (void)text_copy(spec.app, sizeof spec.app, begun->list[i].app);
        (void)text_copy(spec.id, sizeof spec.id, begun->list[i].id);
        (void)begun_note(&all, &spec, begun->list[i].has_ended, &rc);
    }
    fleet_dir_file(dir, "begun.json", path);
    rc = rc == 0 ? whole_write(path, &all, err) : rc;
    begun_close(&all);
    return rc;
}
