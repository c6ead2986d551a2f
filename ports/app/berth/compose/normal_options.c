/* normal_options: volumes that the engine's local driver mounts from elsewhere, by options.
 *
 * What is mounted follows from the options, so they are part of the volume's name: a release with
 * others gets a volume of its own, and the way back finds the one of before. */
#include <stdio.h>
#include <stdlib.h>

#include "platform/base/units.h"
#include "ports/app/berth/compose/beside.h"
#include "ports/app/berth/compose/normal.h"

#define OPTIONS_BYTES 4096
#define KEY_KEPT      55 /* of a key so much stands in the name; all of it in the digest */
#define ON_THE_NODE                                                                                \
    "make the volume on each node (docker volume create --opt ...) and set external: true here"

static const struct yaml_item *options_of(const struct yaml_item *volume)
{
    const struct yaml_item *options = yaml_tree_member(volume, "driver_opts");
    return value_is_empty(options) ? NULL : options;
}

static int option_order(const void *a, const void *b)
{
    return strcmp((*(const struct yaml_item *const *)a)->key,
                  (*(const struct yaml_item *const *)b)->key);
}

/* Key and options in one order, whatever the file's. */
static void options_join(const struct yaml_item *options, const char *key, struct text *text)
{
    const struct yaml_item *sorted[64];
    size_t count = 0;
    text_printf(text, "%s\n", key);
    for (const struct yaml_item *step = options->child; step != NULL; step = step->next) {
        if (step->key != NULL && count < COUNT_OF(sorted)) {
            sorted[count++] = step;
        }
    }
    qsort(sorted, count, sizeof *sorted, option_order);
    for (size_t i = 0; i < count; i++) {
        text_printf(text, "%s=%s\n", sorted[i]->key,
                    sorted[i]->kind == YAML_TREE_SCALAR ? sorted[i]->text : "");
    }
}

void volume_key(const struct normal *normal, const struct yaml_item *volume, const char *key,
                char *name, size_t cap)
{
    const struct yaml_item *options = options_of(volume);
    const struct yaml_item *said = yaml_tree_member(volume, "name");
    char data[OPTIONS_BYTES];
    char hex[DIGEST_HEX_BYTES];
    struct digest digest;
    struct text text;
    if (options == NULL || normal->adopt != NULL || !volume_name_is_usual(normal, said, key)) {
        text_shorten_printf(name, cap, "%s", key);
        return;
    }
    text_init(&text, data, sizeof data);
    options_join(options, key, &text);
    normal->verify->ops->sha256(normal->verify->self, span_of(text.data, text.len), &digest);
    digest_render(&digest, hex);
    text_shorten_printf(name, cap, "%.*s-%.8s", KEY_KEPT, key, hex);
}

bool volume_name_is_usual(const struct normal *normal, const struct yaml_item *name,
                          const char *key)
{
    char usual[256];
    text_shorten_printf(usual, sizeof usual, "%s_%s", normal->project, key);
    return value_is_null(name) ||
           (name->kind == YAML_TREE_SCALAR && strcmp(name->text, usual) == 0);
}

/* "username=x,password=y": a login that would travel in the release. */
static void login_check(struct normal *normal, const struct yaml_item *item)
{
    char text[OPTIONS_BYTES];
    char *save = NULL;
    if (item->kind != YAML_TREE_SCALAR || !text_copy(text, sizeof text, item->text)) {
        return;
    }
    for (char *word = strtok_r(text, ",", &save); word != NULL; word = strtok_r(NULL, ",", &save)) {
        char *value = strchr(word, '=');
        if (value != NULL) {
            *value++ = '\0';
        }
        if (value != NULL && secret_reason(word, value) != NULL && !secret_is_plain(normal, word)) {
            normal_refuse(normal, item, ON_THE_NODE,
                          "%s looks like a secret, which would travel in the release", word);
        }
    }
}

/* A folder of the node, not of this machine. */
static void device_check(struct normal *normal, const struct yaml_item *options)
{
    const struct yaml_item *device = yaml_tree_member(options, "device");
    const struct yaml_item *how = yaml_tree_member(options, "o");
    if (value_is_null(device) || device->kind != YAML_TREE_SCALAR || value_is_null(how) ||
        how->kind != YAML_TREE_SCALAR || strstr(how->text, "bind") == NULL) {
        return;
    }
    size_t len = normal_enter(normal, "device");
    if (device->text[0] != '/' || beside_below(normal->project_dir, device->text) != NULL) {
        normal_refuse(normal, device,
                      "name an absolute path of the node, or list the folder under the service's "
                      "volumes like ./data:/data",
                      "is a folder of this machine: %s", device->text);
    }
    normal_leave(normal, len);
}

void write_driver_opts(struct normal *normal, const struct yaml_item *volume)
{
    const struct yaml_item *options = options_of(volume);
    if (options == NULL) {
        return;
    }
    size_t len = normal_enter(normal, "driver_opts");
    if (options->kind != YAML_TREE_MAP) {
        normal_refuse(normal, options, "write it like type: nfs", "must be a map");
        normal_leave(normal, len);
        return;
    }
    for (const struct yaml_item *step = options->child; step != NULL; step = step->next) {
        size_t above = normal_enter(normal, step->key);
        login_check(normal, step);
        normal_leave(normal, above);
    }
    device_check(normal, options);
    normal_note(normal, options,
                "is mounted by the node's engine, for which the app needs the power host-paths; "
                "other options make another volume");
    write_pairs(normal, options);
    normal_leave(normal, len);
}
