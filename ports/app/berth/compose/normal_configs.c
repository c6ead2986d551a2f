/* normal_configs: configs of Compose: a file, a text or a variable, mounted read-only. */
#include <stdlib.h>

#include "agent/wire/release_words.h"
#include "ports/app/berth/compose/travel.h"

#define TARGET_BYTES 4096
#define ROOTS_OWN    "a file that travels is root's; it is made readable for all instead"

/* The content of a top-level config, taken under its name; false with a finding. */
static bool content_take(struct normal *normal, const struct yaml_item *config,
                         char name[FILE_NAME_BYTES])
{
    const struct yaml_item *file = yaml_tree_member(config, "file");
    const struct yaml_item *content = yaml_tree_member(config, "content");
    struct travel_taken taken;
    if (!value_is_null(file)) {
        const char *path = value_text(normal, file);
        const char *dir = path == NULL || path[0] == '/' ? "" : file->dir;
        dir = dir != NULL ? dir : normal->project_dir;
        if (path == NULL || dir == NULL || !travel_take(normal, file, dir, path, &taken)) {
            return false;
        }
        if (taken.is_folder) {
            normal_refuse(normal, file, "name a file, or mount the folder under volumes",
                          "%s is a folder", path);
        }
        (void)text_copy(name, FILE_NAME_BYTES, taken.name);
        return !taken.is_folder;
    }
    if (value_is_null(content)) {
        normal_refuse(
            normal, config, "give it file, content or environment",
            "the config %s has no content that can travel; external ones are not there on "
            "a node",
            config->key);
        return false;
    }
    text_shorten_printf(name, FILE_NAME_BYTES, ".configs/%s", config->key);
    const char *text = value_text(normal, content);
    return text != NULL && travel_text(normal, content, name, text, 0444);
}

static unsigned mode_read(struct normal *normal, const struct yaml_item *item, unsigned otherwise)
{
    char *end = NULL;
    const char *digits = value_is_null(item) ? NULL : value_text(normal, item);
    if (digits == NULL) {
        return otherwise;
    }
    const char *plain = strncmp(digits, "0o", 2) == 0 ? digits + 2 : digits;
    bool is_octal = !item->is_plain || plain[0] == '0';
    unsigned long mode = strtoul(plain, &end, is_octal ? 8 : 10);
    if (*end != '\0' || mode > 0777) {
        normal_refuse(normal, item, "write it like 0440", "is no file mode: %s", digits);
        return otherwise;
    }
    return (unsigned)mode;
}

/* Owners are left out, so whoever needed to be one may read. */
static void mode_write(struct normal *normal, const struct yaml_item *item, const char *name)
{
    const struct yaml_item *mode = yaml_tree_member(item, "mode");
    bool has_owner = !value_is_null(yaml_tree_member(item, "uid")) ||
                     !value_is_null(yaml_tree_member(item, "gid"));
    unsigned bits = mode_read(normal, mode, 0444);
    if (has_owner) {
        normal_note(normal, item, "uid and gid are left out: %s", ROOTS_OWN);
        bits |= 0444;
    }
    if (has_owner || !value_is_null(mode)) {
        travel_mode(normal, name, bits);
    }
}

static void config_write(struct normal *normal, const struct yaml_item *item)
{
    char target[TARGET_BYTES];
    char name[FILE_NAME_BYTES];
    bool is_map = item->kind == YAML_TREE_MAP;
    const struct yaml_item *source = is_map ? yaml_tree_member(item, "source") : item;
    const struct yaml_item *inside = is_map ? yaml_tree_member(item, "target") : NULL;
    const char *key = value_is_null(source) ? NULL : value_text(normal, source);
    const struct yaml_item *config =
        key != NULL ? yaml_tree_member(yaml_tree_member(normal->root, "configs"), key) : NULL;
    if (config == NULL) {
        normal_refuse(normal, item, "declare it under configs of the file", "there is no config %s",
                      key != NULL ? key : "without a source");
        return;
    }
    const char *said = value_is_null(inside) ? NULL : value_text(normal, inside);
    text_shorten_printf(target, sizeof target, "%s%s", said != NULL && said[0] == '/' ? "" : "/",
                        said != NULL ? said : key);
    if (!path_is_safe(target) || target[1] == '\0') {
        normal_refuse(normal, item, "write an absolute path without '..'",
                      "cannot be mounted at %s", target);
        return;
    }
    if (!content_take(normal, config, name)) {
        return;
    }
    mode_write(normal, item, name);
    normal_note(normal, item,
                "the config %s travels with the release and is mounted, read-only, at "
                "%s",
                key, target);
    travel_mount(normal, name, target);
}

void configs_write(struct normal *normal)
{
    const struct yaml_item *list = service_member(normal, "configs");
    size_t index = 0;
    size_t len = normal_enter(normal, "configs");
    if (list != NULL && list->kind != YAML_TREE_LIST) {
        normal_refuse(normal, list, "write a list", "must be a list");
        list = NULL;
    }
    for (const struct yaml_item *item = list != NULL ? list->child : NULL; item != NULL;
         item = item->next) {
        size_t above = normal_enter_index(normal, index++);
        config_write(normal, item);
        normal_leave(normal, above);
    }
    normal_leave(normal, len);
}
