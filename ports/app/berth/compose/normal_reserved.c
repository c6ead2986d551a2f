/* normal_reserved: devices that a driver of the engine finds, from `gpus` and from what deploy
 * reserves, as one list. */
#include <limits.h>

#include "ports/app/berth/compose/normal.h"

#define GPU "gpu"

static bool has_text(const struct yaml_item *list, const char *text)
{
    for (const struct yaml_item *step = list != NULL ? list->child : NULL; step != NULL;
         step = step->next) {
        if (step->kind == YAML_TREE_SCALAR && strcmp(step->text, text) == 0) {
            return true;
        }
    }
    return false;
}

/* The elements of a list of texts; a null list has none. */
static void texts_write(struct normal *normal, const struct yaml_item *list)
{
    size_t index = 0;
    if (value_is_null(list)) {
        return;
    }
    if (list->kind != YAML_TREE_LIST) {
        normal_refuse(normal, list, "write a list", "must be a list");
        return;
    }
    for (const struct yaml_item *step = list->child; step != NULL; step = step->next) {
        size_t len = normal_enter_index(normal, index++);
        const char *text = value_text(normal, step);
        if (text != NULL) {
            json_element(normal->out);
            text_append_json(normal->out, text);
        }
        normal_leave(normal, len);
    }
}

static void capabilities_write(struct normal *normal, const struct yaml_item *item, bool is_gpu)
{
    const struct yaml_item *list = yaml_tree_member(item, "capabilities");
    size_t len = normal_enter(normal, "capabilities");
    struct json_part part = json_open(normal->out, "capabilities", '[');
    texts_write(normal, list);
    if (is_gpu && !has_text(list, GPU)) {
        json_element(normal->out);
        text_append_json(normal->out, GPU);
    }
    if (!json_close(normal->out, part)) {
        normal_refuse(normal, list != NULL ? list : item, "write capabilities: [gpu]",
                      "names no capability of the driver");
    }
    normal_leave(normal, len);
}

/* All there are, where neither a number nor names are given, as Compose has it. */
static void count_write(struct normal *normal, const struct yaml_item *item)
{
    const struct yaml_item *count = yaml_tree_member(item, "count");
    const struct yaml_item *ids = yaml_tree_member(item, "device_ids");
    int64_t number = -1;
    count = value_is_null(count) ? NULL : count;
    size_t len = normal_enter(normal, "count");
    if (count != NULL && !value_is_empty(ids)) {
        normal_refuse(normal, count, "set only one of the two", "conflicts with device_ids");
    } else if (count != NULL && !(count->kind == YAML_TREE_SCALAR &&
                                  (strcmp(count->text, "all") == 0 ||
                                   strcmp(count->text, "-1") == 0))) {
        (void)value_integer(normal, count, 1, INT_MAX, &number);
    }
    normal_leave(normal, len);
    if (value_is_empty(ids)) {
        json_key(normal->out, "count");
        text_printf(normal->out, "%lld", (long long)number);
        return;
    }
    len = normal_enter(normal, "device_ids");
    struct json_part part = json_open(normal->out, "device_ids", '[');
    texts_write(normal, ids);
    (void)json_close(normal->out, part);
    normal_leave(normal, len);
}

static void reservation_write(struct normal *normal, const struct yaml_item *item, bool is_gpu)
{
    const struct yaml_item *driver = item != NULL ? yaml_tree_member(item, "driver") : NULL;
    const struct yaml_item *options = item != NULL ? yaml_tree_member(item, "options") : NULL;
    json_element(normal->out);
    text_append(normal->out, "{");
    capabilities_write(normal, item, is_gpu);
    count_write(normal, item);
    if (!value_is_null(driver)) {
        size_t len = normal_enter(normal, "driver");
        const char *text = value_text(normal, driver);
        if (text != NULL && text[0] != '\0') {
            json_key(normal->out, "driver");
            text_append_json(normal->out, text);
        }
        normal_leave(normal, len);
    }
    if (!value_is_empty(options)) {
        size_t len = normal_enter(normal, "options");
        write_pairs(normal, options);
        normal_leave(normal, len);
    }
    text_append(normal->out, "}");
}

static void list_write(struct normal *normal, const struct yaml_item *list, bool is_gpu)
{
    size_t index = 0;
    if (list->kind == YAML_TREE_SCALAR && is_gpu && strcmp(list->text, "all") == 0) {
        reservation_write(normal, NULL, is_gpu);
    } else if (list->kind != YAML_TREE_LIST) {
        normal_refuse(normal, list, is_gpu ? "write all, or a list" : "write a list",
                      "must be a list");
        return;
    }
    for (const struct yaml_item *step = list->child; step != NULL; step = step->next) {
        size_t len = normal_enter_index(normal, index++);
        if (step->kind == YAML_TREE_MAP) {
            reservation_write(normal, step, is_gpu);
        } else {
            normal_refuse(normal, step, "write it like capabilities: [gpu]", "must be a map");
        }
        normal_leave(normal, len);
    }
    normal_note(normal, list,
                "the node's engine needs a driver for it (for nvidia the vendor's container "
                "toolkit), and the app the power devices; where there is no driver the container "
                "does not start, and the node goes back");
}

void write_reserved_devices(struct normal *normal, const struct yaml_item *devices)
{
    const struct yaml_item *gpus = service_member(normal, "gpus");
    struct json_part part = json_open(normal->out, "devices", '[');
    if (!value_is_empty(devices)) {
        size_t len = normal_enter(normal, "deploy.resources.reservations.devices");
        list_write(normal, devices, false);
        normal_leave(normal, len);
    }
    if (!value_is_empty(gpus)) {
        size_t len = normal_enter(normal, "gpus");
        list_write(normal, gpus, true);
        normal_leave(normal, len);
    }
    normal->is_new |= json_close(normal->out, part);
}
