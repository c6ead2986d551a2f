/* normal_resources: how much of the machine: Compose's two dialects made one, and single numbers.
 */
#include <stdio.h>

#include "agent/limits.h"
#include "platform/base/units.h"
#include "ports/app/berth/compose/normal.h"

#define MEMORY_MIN (UINT64_C(6) << 20) /* what the engine accepts */

static const struct {
    const char *key;
    int64_t least, most;
    bool is_zero_default;
} integers[] = {{"cpu_shares", 0, 262144, true},
                {"cpu_quota", -1, 1000000000, true},
                {"cpu_period", 0, 1000000, true},
                {"mem_swappiness", 0, 100, false},
                {"oom_score_adj", -1000, 1000, false}};

void write_integer(struct normal *normal, const struct yaml_item *item)
{
    int64_t number = 0;
    for (size_t i = 0; !value_is_null(item) && i < COUNT_OF(integers); i++) {
        if (strcmp(integers[i].key, item->key) == 0 &&
            value_integer(normal, item, integers[i].least, integers[i].most, &number) &&
            !(number == 0 && integers[i].is_zero_default)) {
            json_key(normal->out, item->key);
            text_printf(normal->out, "%lld", (long long)number);
        }
    }
}

static void size_write(struct normal *normal, const char *key, uint64_t bytes)
{
    json_key(normal->out, key);
    text_printf(normal->out, "\"%llu\"", (unsigned long long)bytes);
}

void write_size(struct normal *normal, const struct yaml_item *item)
{
    uint64_t bytes = 0;
    if (!value_is_null(item) && value_size(normal, item, &bytes) && bytes > 0) {
        size_write(normal, item->key, bytes);
    }
}

void write_blkio(struct normal *normal, const struct yaml_item *item)
{
    const struct yaml_item *weight = yaml_tree_member(item, "weight");
    int64_t number = 0;
    size_t len = normal_enter(normal, "weight");
    if (!value_is_null(weight) && value_integer(normal, weight, 0, 1000, &number) && number > 0) {
        if (number < 10) {
            normal_refuse(normal, weight, NULL, "must be from 10 to 1000: %s", weight->text);
        } else {
            json_key(normal->out, "blkio_config");
            text_printf(normal->out, "{\"weight\":%lld}", (long long)number);
        }
    }
    normal_leave(normal, len);
}

static bool limit_read(struct normal *normal, const struct yaml_item *item, const char *key,
                       int64_t *value)
{
    if (strcmp(key, "soft") != 0 && item->kind == YAML_TREE_SCALAR &&
        strcmp(item->text, "unlimited") == 0) {
        *value = -1;
        return true;
    }
    return value_integer(normal, item, -1, JSON_INTEGER_MAX, value);
}

void write_ulimits(struct normal *normal, const struct yaml_item *item)
{
    if (value_is_empty(item)) {
        return;
    }
    if (item->kind != YAML_TREE_MAP) {
        normal_refuse(normal, item, "write it like nofile: 65536", "must be a map");
        return;
    }
    json_key(normal->out, item->key);
    text_append(normal->out, "{");
    for (const struct yaml_item *step = item->child; step != NULL; step = step->next) {
        const struct yaml_item *soft = yaml_tree_member(step, "soft");
        const struct yaml_item *hard = yaml_tree_member(step, "hard");
        int64_t limits[2] = {0, 0};
        size_t len = normal_enter(normal, step->key);
        bool is_map = step->kind == YAML_TREE_MAP;
        if (step->key[0] == '\0' ||
            step->key[strspn(step->key, "abcdefghijklmnopqrstuvwxyz")] != '\0') {
            normal_refuse(normal, step, "write it like nofile", "is no name of a limit");
        } else if (is_map && (soft == NULL || hard == NULL)) {
            normal_refuse(normal, step, "give both", "must have soft and hard");
        } else if (limit_read(normal, is_map ? soft : step, "", &limits[0]) &&
                   limit_read(normal, is_map ? hard : step, "", &limits[1])) {
            json_key(normal->out, step->key);
            text_printf(normal->out, "{\"soft\":%lld,\"hard\":%lld}", (long long)limits[0],
                        (long long)limits[1]);
        }
        normal_leave(normal, len);
    }
    text_append(normal->out, "}");
}

/* -- deploy: one value from two places ----------------------------------------------------------
 */

/* Finds a value that Compose takes from deploy or from a key of the service. */
static const struct yaml_item *one_of(struct normal *normal, const struct yaml_item *nested,
                                      const char *nested_key, const char *key)
{
    const struct yaml_item *deep = yaml_tree_member(nested, nested_key);
    const struct yaml_item *flat = service_member(normal, key);
    deep = value_is_null(deep) ? NULL : deep;
    if (deep == NULL || flat == NULL) {
        return deep != NULL ? deep : flat;
    }
    uint64_t sizes[2] = {0, 1};
    bool is_same = deep->kind == YAML_TREE_SCALAR && flat->kind == YAML_TREE_SCALAR &&
                   (strcmp(deep->text, flat->text) == 0 ||
                    (size_of_text(deep->text, &sizes[0]) && size_of_text(flat->text, &sizes[1]) &&
                     sizes[0] == sizes[1]));
    if (!is_same) {
        size_t len = normal_enter(normal, key);
        normal_refuse(normal, flat, "set only one of the two",
                      "says another value than %s under deploy (%s:%zu)", nested_key,
                      deep->file != NULL ? deep->file : "line", deep->line);
        normal_leave(normal, len);
    }
    return deep;
}

/* Findings about a value stand where it was written. */
static size_t place_of(struct normal *normal, const struct yaml_item *item, const char *flat_key,
                       const char *deep_path)
{
    return normal_enter(normal, item == service_member(normal, flat_key) ? flat_key : deep_path);
}

static uint64_t memory_read(struct normal *normal, const struct yaml_item *item,
                            const char *flat_key, const char *deep_path)
{
    uint64_t bytes = 0;
    if (item != NULL) {
        size_t len = place_of(normal, item, flat_key, deep_path);
        if (value_size(normal, item, &bytes) && bytes > 0 && bytes < MEMORY_MIN) {
            normal_refuse(normal, item, "give it more", "the engine needs at least %llu MiB",
                          (unsigned long long)(MEMORY_MIN >> 20));
        }
        normal_leave(normal, len);
    }
    return bytes;
}

static void limits_write(struct normal *normal, const struct yaml_item *limits)
{
    const struct yaml_item *cpus = one_of(normal, limits, "cpus", "cpus");
    const struct yaml_item *memory = one_of(normal, limits, "memory", "mem_limit");
    const struct yaml_item *pids = one_of(normal, limits, "pids", "pids_limit");
    int64_t thousandths = 0;
    int64_t number = 0;
    struct json_part part = json_open(normal->out, "limits", '{');
    if (cpus != NULL) {
        size_t len = place_of(normal, cpus, "cpus", "deploy.resources.limits.cpus");
        if (value_cpus(normal, cpus, &thousandths) && thousandths > 0) {
            json_key(normal->out, "cpus");
            text_printf(normal->out, "\"%lld.%03lld\"", (long long)(thousandths / 1000),
                        (long long)(thousandths % 1000));
            if (service_member(normal, "cpu_quota") != NULL) {
                normal_refuse(normal, cpus, "set only one of the two",
                              "cpus and cpu_quota limit the same");
            }
        }
        normal_leave(normal, len);
    }
    uint64_t bytes = memory_read(normal, memory, "mem_limit", "deploy.resources.limits.memory");
    if (bytes > 0) {
        size_write(normal, "memory", bytes);
    }
    if (pids != NULL) {
        size_t len = place_of(normal, pids, "pids_limit", "deploy.resources.limits.pids");
        if (value_integer(normal, pids, -1, INT32_MAX, &number) && number > 0) {
            json_key(normal->out, "pids");
            text_printf(normal->out, "%lld", (long long)number);
        }
        normal_leave(normal, len);
    }
    (void)json_close(normal->out, part);
}

static void resources_write(struct normal *normal, const struct yaml_item *deploy)
{
    const struct yaml_item *resources = yaml_tree_member(deploy, "resources");
    const struct yaml_item *reservations = yaml_tree_member(resources, "reservations");
    const struct yaml_item *memory = one_of(normal, reservations, "memory", "mem_reservation");
    struct json_part part = json_open(normal->out, "resources", '{');
    limits_write(normal, yaml_tree_member(resources, "limits"));
    struct json_part reserved = json_open(normal->out, "reservations", '{');
    uint64_t bytes =
        memory_read(normal, memory, "mem_reservation", "deploy.resources.reservations.memory");
    if (bytes > 0) {
        normal->is_new = true;
        size_write(normal, "memory", bytes);
    }
    write_reserved_devices(normal, yaml_tree_member(reservations, "devices"));
    (void)json_close(normal->out, reserved);
    (void)json_close(normal->out, part);
}

void write_deploy(struct normal *normal)
{
    const struct yaml_item *deploy = service_member(normal, "deploy");
    const struct yaml_item *replicas = one_of(normal, deploy, "replicas", "scale");
    const struct yaml_item *order =
        yaml_tree_member(yaml_tree_member(deploy, "update_config"), "order");
    int64_t number = 0;
    struct json_part part = json_open(normal->out, "deploy", '{');
    if (replicas != NULL) {
        size_t len = place_of(normal, replicas, "scale", "deploy.replicas");
        if (value_integer(normal, replicas, 1, REPLICAS_MAX, &number)) {
            json_key(normal->out, "replicas");
            text_printf(normal->out, "%lld", (long long)number);
        }
        normal_leave(normal, len);
    }
    resources_write(normal, deploy);
    if (!value_is_null(order)) {
        size_t len = normal_enter(normal, "deploy.update_config.order");
        const char *text = value_text(normal, order);
        if (text != NULL && strcmp(text, "start-first") != 0 && strcmp(text, "stop-first") != 0) {
            normal_refuse(normal, order, "write start-first or stop-first", "is no order: %s",
                          text);
        } else if (text != NULL) {
            json_key(normal->out, "update_config");
            text_append(normal->out, "{\"order\":");
            text_append_json(normal->out, text);
            text_append(normal->out, "}");
        }
        normal_leave(normal, len);
    }
    (void)json_close(normal->out, part);
}

void write_memswap(struct normal *normal, const struct yaml_item *item)
{
    const struct yaml_item *limits =
        yaml_tree_member(yaml_tree_member(service_member(normal, "deploy"), "resources"), "limits");
    const struct yaml_item *memory = yaml_tree_member(limits, "memory");
    uint64_t bytes = 0;
    uint64_t least = 0;
    memory = value_is_null(memory) ? service_member(normal, "mem_limit") : memory;
    if (value_is_null(item)) {
        return;
    }
    bool is_unlimited = item->kind == YAML_TREE_SCALAR && strcmp(item->text, "-1") == 0;
    if (!is_unlimited && (!value_size(normal, item, &bytes) || bytes == 0)) {
        return;
    }
    if (memory == NULL || memory->kind != YAML_TREE_SCALAR || !size_of_text(memory->text, &least)) {
        normal_refuse(normal, item, "give mem_limit, too", "needs a limit of memory");
    } else if (!is_unlimited && bytes < least) {
        normal_refuse(normal, item, "give it more: it counts memory and swap together",
                      "is less than the limit of memory");
    } else if (is_unlimited) {
        json_key(normal->out, item->key);
        text_append(normal->out, "-1");
    } else {
        size_write(normal, item->key, bytes);
    }
}
