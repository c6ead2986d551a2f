/* roll: a sorted list of names, each with a number. */
#include "agent/wire/roll.h"

#include <stdlib.h>
#include <string.h>

#include "agent/wire/json.h"
#include "platform/base/units.h"

void roll_free(struct roll *roll)
{
    free(roll->list);
    *roll = (struct roll){.version = 0};
}

int roll_copy(const struct roll *from, struct roll *to, struct err *err)
{
    struct roll_entry *list = calloc(from->count + 1, sizeof *list);
    if (list == NULL) {
        return err_set(err, ERR_MEMORY, "no memory for the roll");
    }
    if (from->count > 0) {
        memcpy(list, from->list, from->count * sizeof *list);
    }
    *to = *from;
    to->list = list;
    return 0;
}

/* Where the name stands, or would. */
static size_t place_of(const struct roll *roll, const char *node)
{
    size_t low = 0;
    size_t high = roll->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(roll->list[middle].node, node) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool is_at(const struct roll *roll, size_t at, const char *node)
{
    return at < roll->count && strcmp(roll->list[at].node, node) == 0;
}

const struct roll_entry *roll_find(const struct roll *roll, const char *node)
{
    size_t at = place_of(roll, node);
    return is_at(roll, at, node) ? &roll->list[at] : NULL;
}

int roll_set(struct roll *roll, const char *node, uint32_t labels, struct err *err)
{
    size_t at = place_of(roll, node);
    if (!is_at(roll, at, node)) {
        if (roll->count == ROLL_NODES_MAX) {
            return err_set(err, ERR_LIMIT, "shard %s of the roll has %d nodes, as many as may be",
                           roll->shard, ROLL_NODES_MAX);
        }
        struct roll_entry *list = realloc(roll->list, (roll->count + 1) * sizeof *list);
        if (list == NULL) {
            return err_set(err, ERR_MEMORY, "no memory for the roll");
        }
        memmove(&list[at + 1], &list[at], (roll->count - at) * sizeof *list);
        list[at] = (struct roll_entry){.labels = 0};
        (void)text_copy(list[at].node, sizeof list[at].node, node);
        roll->list = list;
        roll->count++;
    }
    roll->list[at].labels = labels;
    return 0;
}

bool roll_remove(struct roll *roll, const char *node)
{
    size_t at = place_of(roll, node);
    bool is_there = is_at(roll, at, node);
    if (is_there) {
        roll->count--;
        memmove(&roll->list[at], &roll->list[at + 1], (roll->count - at) * sizeof *roll->list);
    }
    return is_there;
}

void roll_render(const struct roll *roll, struct text *text)
{
    text_printf(text,
                "{\"schema\":1,\"fleet\":\"%s\",\"shard\":\"%s\",\"version\":%llu,\"nodes\":[",
                roll->fleet, roll->shard, (unsigned long long)roll->version);
    for (size_t i = 0; i < roll->count; i++) {
        text_printf(text, "%s\"%s\"", i == 0 ? "" : ",", roll->list[i].node);
    }
    text_append(text, "],\"labels\":[");
    for (size_t i = 0; i < roll->count; i++) {
        text_printf(text, "%s%u", i == 0 ? "" : ",", roll->list[i].labels);
    }
    text_append(text, "]}");
}

/* -- reading ---------------------------------------------------------------------------------- */

static int read_fleet(const struct json_place *at, void *into, struct err *err)
{
    return json_name(at, ((struct roll *)into)->fleet, NAME_BYTES, err);
}

static int read_shard(const struct json_place *at, void *into, struct err *err)
{
    struct roll *roll = into;
    int rc = json_copy(at, roll->shard, sizeof roll->shard, err);
    return rc == 0 && !topic_is_shard(roll->shard)
               ? json_error(at, ERR_VALUE, err, "must be two hex digits")
               : rc;
}

static int read_version(const struct json_place *at, void *into, struct err *err)
{
    int64_t version = 0;
    int rc = json_integer(at, 1, JSON_INTEGER_MAX, &version, err);
    ((struct roll *)into)->version = (uint64_t)version;
    return rc;
}

static int read_nodes(const struct json_place *at, void *into, struct err *err)
{
    struct roll *roll = into;
    struct json_place step = {0};
    if (!json_is_array(at) || json_count(at) > ROLL_NODES_MAX) {
        return json_error(at, ERR_VALUE, err, "must be a list of at most %d names", ROLL_NODES_MAX);
    }
    roll->list = calloc(json_count(at) + 1, sizeof *roll->list);
    if (roll->list == NULL) {
        return err_set(err, ERR_MEMORY, "no memory for the roll");
    }
    while (json_next(at, &step)) {
        struct roll_entry *entry = &roll->list[roll->count];
        int rc = json_name(&step, entry->node, sizeof entry->node, err);
        if (rc == 0 && roll->count > 0 && strcmp(entry[-1].node, entry->node) >= 0) {
            rc = json_error(&step, ERR_VALUE, err, "must stand behind the name before it");
        }
        if (rc != 0) {
            return rc;
        }
        roll->count++;
    }
    return 0;
}

/* Behind the names: the table below is read in its order. */
static int read_labels(const struct json_place *at, void *into, struct err *err)
{
    struct roll *roll = into;
    struct json_place step = {0};
    size_t i = 0;
    if (!json_is_array(at) || json_count(at) != roll->count) {
        return json_error(at, ERR_VALUE, err, "must be a list of %zu numbers, one for each node",
                          roll->count);
    }
    while (json_next(at, &step)) {
        int64_t labels = 0;
        int rc = json_integer(&step, 0, UINT32_MAX, &labels, err);
        if (rc != 0) {
            return rc;
        }
        roll->list[i++].labels = (uint32_t)labels;
    }
    return 0;
}

int roll_parse(struct span payload, struct roll *roll, struct err *err)
{
    static const struct json_rules rules = {.bytes_max = ROLL_BYTES_MAX,
                                            .values_max = 2 * ROLL_NODES_MAX + 16};
    static const struct json_key keys[] = {
        {"schema", json_schema1, NULL, true}, {"fleet", read_fleet, NULL, true},
        {"shard", read_shard, NULL, true},    {"version", read_version, NULL, true},
        {"nodes", read_nodes, NULL, true},    {"labels", read_labels, NULL, true}};
    struct json_document document;
    struct roll read = {.version = 0};
    int rc = json_parse(payload, &rules, &document, err);
    if (rc != 0) {
        return rc;
    }
    struct json_place root = json_root(&document);
    rc = json_read_object(&root, keys, COUNT_OF(keys), &read, err);
    json_free(&document);
    if (rc != 0) {
        free(read.list);
        return rc;
    }
    *roll = read;
    return 0;
}
