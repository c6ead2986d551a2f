/* service_env: service by service; texts that come from outside are made safe for the node. */
#include "ports/app/berth/compose/service_env.h"

#include <stdlib.h>

#include "ports/app/berth/compose/dotenv.h"
#include "ports/app/berth/compose/merge.h"
#include "ports/app/berth/compose/paths.h"

struct work {
    const struct scope *scope;
    struct yaml_item *service;
    struct yaml_item *environment; /* NULL: none */
    struct variables variables;    /* of env_file */
};

static struct growing path_of(const struct work *work, const char *key, const char *name)
{
    struct growing path = {.max = 65536};
    growing_printf(&path, "services.%s.%s%s%s", work->service->key, key, name != NULL ? "." : "",
                   name != NULL ? name : "");
    return path;
}

static void say(const struct work *work, enum finding_level level, const struct yaml_item *item,
                const char *key, const char *name, const char *remedy, const char *what)
{
    struct growing path = path_of(work, key, name);
    findings_add(work->scope->loading->findings, level, item, growing_get(&path), remedy, "%s",
                 what);
    growing_free(&path);
}

/* Sets an item's text to one that the node must see as it stands. */
static int literal_set(const struct work *work, struct yaml_item *item, const char *text)
{
    struct growing out = {.max = 2 * INTERPOLATE_BYTES_MAX};
    interpolate_literal(text, &out);
    char *copy = out.is_over || out.is_short ? NULL : strdup(growing_get(&out));
    growing_free(&out);
    if (copy == NULL) {
        return loading_no_memory(work->scope->loading);
    }
    free(item->text);
    item->text = copy;
    item->is_plain = false;
    item->is_filled = false;
    return 0;
}

/* Brings `environment` into a map; false after a finding, or when there is none. */
static int environment_open(struct work *work)
{
    struct yaml_item *item = yaml_tree_member(work->service, "environment");
    work->environment = NULL;
    if (item == NULL || yaml_is_null(item)) {
        return 0;
    }
    if (item->kind == YAML_TREE_SCALAR) {
        say(work, FINDING_REFUSED, item, "environment", NULL, NULL,
            "must be a map or a list of NAME=value");
        return 0;
    }
    struct growing path = path_of(work, "environment", NULL);
    int rc = merge_pairs_as_map(item, growing_get(&path), work->scope->loading->findings,
                                work->scope->loading->err);
    growing_free(&path);
    work->environment = item;
    return rc;
}

static int inherit(struct work *work)
{
    int rc = environment_open(work);
    struct yaml_item *item = rc == 0 && work->environment != NULL ? work->environment->child : NULL;
    for (; rc == 0 && item != NULL; item = item->next) {
        const char *value = yaml_is_null(item) ? scope_find((void *)work->scope, item->key) : NULL;
        rc = value != NULL ? literal_set(work, item, value) : 0;
    }
    return rc;
}

/* What wins over a file's own variables: the project's, then the service's environment. */
static const char *value_find(void *ctx, const char *name)
{
    const struct work *work = ctx;
    const char *value = scope_find((void *)work->scope, name);
    const struct yaml_item *own = value == NULL ? yaml_tree_member(work->environment, name) : NULL;
    return own != NULL && own->kind == YAML_TREE_SCALAR && !yaml_is_null(own) ? own->text : value;
}

static bool is_word(const struct yaml_item *item, const char *word)
{
    return item != NULL && item->kind == YAML_TREE_SCALAR && strcmp(item->text, word) == 0;
}

/* One entry of env_file: a path, or a map with path, required and format. */
static int file_read(struct work *work, const struct yaml_item *entry)
{
    struct loading *loading = work->scope->loading;
    const struct yaml_item *path =
        entry->kind == YAML_TREE_MAP ? yaml_tree_member(entry, "path") : entry;
    const struct yaml_item *format = yaml_tree_member(entry, "format");
    const struct lookup lookup = {.find = value_find, .ctx = work};
    struct dotenv dotenv = {
        .is_raw = is_word(format, "raw"), .lookup = &lookup, .findings = loading->findings};
    if (path == NULL || path->kind != YAML_TREE_SCALAR || path->text[0] == '\0') {
        say(work, FINDING_REFUSED, entry, "env_file", NULL, NULL,
            "must name a file, or have the key path");
        return 0;
    }
    if (format != NULL && !dotenv.is_raw) {
        say(work, FINDING_REFUSED, format, "env_file", NULL, "write raw, or leave it out",
            "there is no such format");
    }
    static const char *const keys[] = {"path", "required", "format", NULL};
    struct growing key = path_of(work, "env_file", NULL);
    loading_keys(loading, entry, growing_get(&key), keys);
    const struct naming naming = {.item = path, .path = growing_get(&key)};
    char *absolute = project_path(loading->request, path, path->text);
    char *folder = paths_folder(path->file != NULL ? path->file : "");
    char *shown = folder != NULL ? paths_join(folder, path->text) : NULL;
    char *content = NULL;
    size_t len = 0;
    int rc = absolute != NULL && shown != NULL ? 0 : loading_no_memory(loading);
    bool is_optional = is_word(yaml_tree_member(entry, "required"), "false");
    if (rc == 0 && is_optional && !paths_is_there(absolute)) {
        say(work, FINDING_NOTE, path, "env_file", NULL, NULL,
            "is not there and not required: left out");
    } else if (rc == 0) {
        rc = loading_read(loading, absolute, shown, naming, &content, &len, &dotenv.file);
    }
    if (rc == 0 && content != NULL) {
        rc = dotenv_parse(&dotenv, span_of(content, len), &work->variables, loading->err);
    }
    free(content);
    free(absolute);
    free(folder);
    free(shown);
    growing_free(&key);
    return rc;
}

static int files_read(struct work *work)
{
    struct yaml_item *files = yaml_tree_member(work->service, "env_file");
    int rc = 0;
    if (files == NULL) {
        return 0;
    }
    if (files->kind != YAML_TREE_LIST && !yaml_is_null(files)) {
        rc = file_read(work, files);
    }
    const struct yaml_item *entry = files->kind == YAML_TREE_LIST ? files->child : NULL;
    for (; rc == 0 && entry != NULL; entry = entry->next) {
        rc = file_read(work, entry);
    }
    yaml_item_detach(work->service, files);
    yaml_tree_free(files);
    return rc;
}

/* Adds what the files say and the environment does not. */
static int variables_add(struct work *work)
{
    int rc = 0;
    if (work->environment == NULL && work->variables.count > 0) {
        struct yaml_item *old = yaml_tree_member(work->service, "environment");
        work->environment = yaml_item_new(work->service, YAML_TREE_MAP, "environment", NULL);
        if (work->environment == NULL) {
            return loading_no_memory(work->scope->loading);
        }
        if (old != NULL) {
            yaml_item_detach(work->service, old);
            yaml_tree_free(old);
        }
        yaml_item_append(work->service, work->environment);
    }
    for (size_t i = 0; rc == 0 && i < work->variables.count; i++) {
        const struct variable *variable = &work->variables.list[i];
        struct yaml_item *item = yaml_tree_member(work->environment, variable->name);
        if (item != NULL) { /* even a name without a value wins, as in Compose */
            continue;
        }
        item = yaml_item_new(work->service, YAML_TREE_SCALAR, variable->name, "");
        if (item == NULL) {
            return loading_no_memory(work->scope->loading);
        }
        item->file = variable->file;
        item->line = variable->line;
        yaml_item_append(work->environment, item);
        rc = literal_set(work, item, variable->value);
    }
    return rc;
}

/* Makes one value a text, as it will stand in the container. */
static int value_settle(struct work *work, struct yaml_item *item)
{
    char room[64];
    if (item->kind != YAML_TREE_SCALAR) {
        say(work, FINDING_REFUSED, item, "environment", item->key, NULL, "must be a single value");
        return 0;
    }
    const char *value = yaml_word_text(item, room, sizeof room);
    if (strcmp(value, item->text) != 0) {
        struct growing text = {.max = 65536};
        growing_printf(&text, "%s is read as YAML's %s, as Compose does", item->text, value);
        say(work, FINDING_NOTE, item, "environment", item->key,
            "put it in quotes to keep it as it is written", growing_get(&text));
        growing_free(&text);
        char *copy = strdup(value);
        if (copy == NULL) {
            return loading_no_memory(work->scope->loading);
        }
        free(item->text);
        item->text = copy;
    }
    item->is_plain = false;
    item->is_filled = false;
    return 0;
}

static int environment_settle(struct work *work)
{
    struct yaml_item *item = work->environment != NULL ? work->environment->child : NULL;
    int rc = 0;
    for (struct yaml_item *next = NULL; rc == 0 && item != NULL; item = next) {
        next = item->next;
        if (!yaml_is_null(item)) {
            rc = value_settle(work, item);
            continue;
        }
        say(work, FINDING_NOTE, item, "environment", item->key,
            "give it a value, or set it where the release is built",
            "has no value here or in the environment: left out, so the image's own stays");
        yaml_item_detach(work->environment, item);
        yaml_tree_free(item);
    }
    return rc;
}

static int service_apply(struct work *work)
{
    int rc = inherit(work);
    rc = rc == 0 ? files_read(work) : rc;
    rc = rc == 0 ? variables_add(work) : rc;
    return rc == 0 ? environment_settle(work) : rc;
}

static int services_walk(const struct scope *scope, struct yaml_item *root,
                         int (*apply)(struct work *work))
{
    const struct yaml_item *services = yaml_tree_member(root, "services");
    struct yaml_item *service =
        services != NULL && services->kind == YAML_TREE_MAP ? services->child : NULL;
    int rc = 0;
    for (; rc == 0 && service != NULL; service = service->next) {
        struct work work = {.scope = scope, .service = service};
        rc = service->kind == YAML_TREE_MAP ? apply(&work) : 0;
        variables_free(&work.variables);
    }
    return rc;
}

int service_env_inherit(const struct scope *scope, struct yaml_item *root)
{
    return services_walk(scope, root, inherit);
}

int service_env_apply(const struct scope *scope, struct yaml_item *root)
{
    return services_walk(scope, root, service_apply);
}
