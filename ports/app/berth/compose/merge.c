/* merge: two trees walked together; a key's rule says what becomes of its two values. */
#include "ports/app/berth/compose/merge.h"

#include <stdlib.h>

#include "ports/app/berth/compose/growing.h"

#define KEYS_MAX (YAML_DEPTH_MAX + 8)

struct merging {
    const char *keys[KEYS_MAX];
    size_t depth;
    bool keeps_tags;
    struct findings *findings;
    struct err *err;
};

static int maps_merge(struct merging *merging, struct yaml_item *base, struct yaml_item *over);

static int memory_fail(struct err *err)
{
    return err_set(err, ERR_MEMORY, "no memory");
}

void merge_strip(struct yaml_item *item)
{
    item->tag = YAML_TAG_NONE;
    for (struct yaml_item *child = item->child, *next = NULL; child != NULL; child = next) {
        next = child->next;
        if (child->tag == YAML_TAG_RESET) {
            yaml_item_detach(item, child);
            yaml_tree_free(child);
        } else {
            merge_strip(child);
        }
    }
}

/* The path as people read it; the caller frees the text. */
static struct growing path_of(const struct merging *merging)
{
    struct growing path = {.max = 65536};
    for (size_t i = 0; i < merging->depth; i++) {
        growing_printf(&path, "%s%s", i > 0 ? "." : "", merging->keys[i]);
    }
    return path;
}

static const char *kind_name(const struct yaml_item *item)
{
    return item->kind == YAML_TREE_MAP    ? "a map"
           : item->kind == YAML_TREE_LIST ? "a list"
                                          : "a single value";
}

/* The two cannot come together: the earlier one stays. */
static int mismatch_say(struct merging *merging, const struct yaml_item *base,
                        struct yaml_item *over)
{
    struct growing path = path_of(merging);
    findings_add(merging->findings, FINDING_REFUSED, over, growing_get(&path),
                 "give it the same form in both, or put !override before it",
                 "is %s here and %s in %s:%zu", kind_name(over), kind_name(base),
                 base->file != NULL ? base->file : "", base->line);
    growing_free(&path);
    yaml_tree_free(over);
    return 0;
}

/* -- forms that are brought together first --------------------------------------------------------
 */

/* One "NAME=value" or "NAME" of a list as a member of a map. */
static int pair_move(struct yaml_item *map, const struct yaml_item *text, struct err *err)
{
    const char *equals = strchr(text->text, '=');
    char *name =
        strndup(text->text, equals != NULL ? (size_t)(equals - text->text) : strlen(text->text));
    struct yaml_item *pair =
        name != NULL ? yaml_item_new(text, YAML_TREE_SCALAR, name, equals != NULL ? equals + 1 : "")
                     : NULL;
    struct yaml_item *old = name != NULL ? yaml_tree_member(map, name) : NULL;
    free(name);
    if (pair == NULL) {
        return memory_fail(err);
    }
    pair->is_plain = equals == NULL;
    pair->tag = text->tag;
    if (old != NULL) {
        yaml_item_replace(map, old, pair);
    } else {
        yaml_item_append(map, pair);
    }
    return 0;
}

int merge_pairs_as_map(struct yaml_item *item, const char *path, struct findings *findings,
                       struct err *err)
{
    struct yaml_item *list = item->child;
    int rc = 0;
    if (item->kind != YAML_TREE_LIST) {
        return 0;
    }
    item->kind = YAML_TREE_MAP;
    item->child = NULL;
    for (struct yaml_item *child = list; rc == 0 && child != NULL; child = child->next) {
        if (child->kind != YAML_TREE_SCALAR || child->text[0] == '\0' || child->text[0] == '=') {
            findings_add(findings, FINDING_REFUSED, child, path, NULL, "must be NAME=value");
        } else {
            rc = pair_move(item, child, err);
        }
    }
    yaml_tree_free(list);
    return rc;
}

/* A map as a list of "name=value", a value of nothing as the name alone. */
static int map_as_texts(struct yaml_item *item, struct err *err)
{
    item->kind = YAML_TREE_LIST;
    for (struct yaml_item *child = item->child; child != NULL; child = child->next) {
        char room[64];
        char *text = NULL;
        if (child->kind != YAML_TREE_SCALAR) {
            continue;
        }
        const char *value = yaml_word_text(child, room, sizeof room);
        if (asprintf(&text, "%s=%s", child->key, value) < 0) {
            return memory_fail(err);
        }
        free(child->text);
        free(child->key);
        child->text = text;
        child->key = NULL;
        child->is_plain = false;
    }
    return 0;
}

/* A list of names as a map without values. */
static int names_as_map(struct yaml_item *item, struct err *err)
{
    if (item->kind != YAML_TREE_LIST) {
        return 0;
    }
    item->kind = YAML_TREE_MAP;
    for (struct yaml_item *child = item->child; child != NULL; child = child->next) {
        child->key = child->kind == YAML_TREE_SCALAR ? child->text : strdup("");
        child->text = child->kind == YAML_TREE_SCALAR ? strdup("") : NULL;
        child->is_plain = true;
        child->is_filled = false;
        if (child->key == NULL || (child->kind == YAML_TREE_SCALAR && child->text == NULL)) {
            return memory_fail(err);
        }
    }
    return 0;
}

static int started_put(struct yaml_item *name, struct err *err)
{
    struct yaml_item *condition =
        yaml_item_new(name, YAML_TREE_SCALAR, "condition", "service_started");
    if (condition == NULL) {
        return memory_fail(err);
    }
    free(name->text);
    name->text = NULL;
    name->kind = YAML_TREE_MAP;
    name->child = condition;
    return 0;
}

static int depends_as_map(struct yaml_item *item, struct err *err)
{
    bool is_list = item->kind == YAML_TREE_LIST;
    int rc = names_as_map(item, err);
    for (struct yaml_item *child = is_list ? item->child : NULL; rc == 0 && child != NULL;
         child = child->next) {
        rc = yaml_is_null(child) ? started_put(child, err) : 0;
    }
    return rc;
}

/* A single value as a list of it, or under a key of a map. */
static int scalar_wrap(struct yaml_item *item, enum yaml_kind kind, const char *key,
                       struct err *err)
{
    if (item->kind != YAML_TREE_SCALAR || yaml_is_null(item)) {
        return 0;
    }
    struct yaml_item *inner = yaml_item_new(item, YAML_TREE_SCALAR, key, item->text);
    if (inner == NULL) {
        return memory_fail(err);
    }
    inner->is_plain = item->is_plain;
    inner->is_filled = item->is_filled;
    free(item->text);
    item->text = NULL;
    item->kind = kind;
    item->child = inner;
    return 0;
}

/* Gives one of the two values the form in which its rule merges. */
static int form_bring(struct merging *merging, enum merge_rule rule, struct yaml_item *item)
{
    if (rule == MERGE_PAIRS) {
        struct growing path = path_of(merging);
        int rc = merge_pairs_as_map(item, growing_get(&path), merging->findings, merging->err);
        growing_free(&path);
        return rc;
    }
    if (rule == MERGE_NAMES) {
        return names_as_map(item, merging->err);
    }
    if (rule == MERGE_DEPENDS) {
        return depends_as_map(item, merging->err);
    }
    if (rule == MERGE_BUILD) {
        return scalar_wrap(item, YAML_TREE_MAP, "context", merging->err);
    }
    if (rule == MERGE_TEXTS) {
        return scalar_wrap(item, YAML_TREE_LIST, NULL, merging->err);
    }
    return rule == MERGE_HOSTS && item->kind == YAML_TREE_MAP ? map_as_texts(item, merging->err)
                                                              : 0;
}

/* -- merging --------------------------------------------------------------------------------------
 */

/* The item of the list (up to `end`) that has the same key, or NULL; -1 in *rc without memory. */
static struct yaml_item *same_find(struct yaml_item *list, const struct yaml_item *end,
                                   enum merge_rule rule, const struct yaml_item *item, int *rc)
{
    char *key = merge_key(rule, item);
    struct yaml_item *found = NULL;
    for (struct yaml_item *child = list->child; key != NULL && child != end && found == NULL;
         child = child->next) {
        char *other = merge_key(rule, child);
        found = other != NULL && strcmp(key, other) == 0 ? child : NULL;
        *rc = other == NULL ? ERR_MEMORY : *rc;
        free(other);
    }
    *rc = key == NULL ? ERR_MEMORY : *rc;
    free(key);
    return found;
}

static bool is_unique(enum merge_rule rule)
{
    return rule == MERGE_MOUNTS || rule == MERGE_PORTS || rule == MERGE_SECRETS ||
           rule == MERGE_CONFIGS || rule == MERGE_TEXTS || rule == MERGE_HOSTS;
}

/* Moves the items of `over` behind those of `base`; `over` is freed. */
static int lists_merge(struct merging *merging, enum merge_rule rule, struct yaml_item *base,
                       struct yaml_item *over)
{
    int rc = 0;
    while (rc == 0 && over->child != NULL) {
        struct yaml_item *item = over->child;
        struct yaml_item *same = is_unique(rule) ? same_find(base, NULL, rule, item, &rc) : NULL;
        yaml_item_detach(over, item);
        if (same != NULL) {
            yaml_item_replace(base, same, item);
        } else {
            yaml_item_append(base, item);
        }
    }
    yaml_tree_free(over);
    return rc == 0 ? 0 : memory_fail(merging->err);
}

/* Puts `over` where `base` stands, keeping that struct. */
static void value_replace(struct yaml_item *base, struct yaml_item *over)
{
    struct yaml_item *next = base->next;
    yaml_tree_free(base->child);
    free(base->key);
    free(base->text);
    *base = *over;
    base->next = next;
    free(over);
}

/* The options of one driver mean nothing to another. */
static bool is_other_driver(const struct yaml_item *base, const struct yaml_item *over)
{
    const struct yaml_item *one = yaml_tree_member(base, "driver");
    const struct yaml_item *two = yaml_tree_member(over, "driver");
    return one != NULL && two != NULL && one->text != NULL && two->text != NULL &&
           strcmp(one->text, two->text) != 0;
}

/* Merges two values of one key; `over` is taken. */
static int values_merge(struct merging *merging, struct yaml_item *base, struct yaml_item *over)
{
    enum merge_rule rule = merge_rule_of(merging->keys, merging->depth);
    bool is_pair =
        merging->depth > 0 && merge_rule_of(merging->keys, merging->depth - 1) == MERGE_PAIRS;
    if (rule == MERGE_REPLACE || yaml_is_null(base) || is_pair) {
        value_replace(base, over);
        return 0;
    }
    if (yaml_is_null(over)) {
        yaml_tree_free(over);
        return 0;
    }
    int rc = form_bring(merging, rule, base);
    rc = rc == 0 ? form_bring(merging, rule, over) : rc;
    if (rc != 0) {
        yaml_tree_free(over);
        return rc;
    }
    if (base->kind == YAML_TREE_SCALAR || (rule == MERGE_LOGGING && is_other_driver(base, over))) {
        value_replace(base, over);
        return 0;
    }
    if (base->kind != over->kind) {
        return mismatch_say(merging, base, over);
    }
    return base->kind == YAML_TREE_MAP ? maps_merge(merging, base, over)
                                       : lists_merge(merging, rule, base, over);
}

/* One member of the later map; it is taken. */
static int member_merge(struct merging *merging, struct yaml_item *base, struct yaml_item *item)
{
    struct yaml_item *old = yaml_tree_member(base, item->key);
    if (item->tag == YAML_TAG_NONE && old != NULL) {
        if (merging->depth == KEYS_MAX) {
            yaml_tree_free(item);
            return err_set(merging->err, ERR_DEPTH, "nested too deeply, over %d levels", KEYS_MAX);
        }
        merging->keys[merging->depth++] = old->key;
        char *key = strdup(old->key);
        int rc = key != NULL ? 0 : memory_fail(merging->err);
        if (rc != 0) {
            yaml_tree_free(item);
        } else {
            merging->keys[merging->depth - 1] = key;
            rc = values_merge(merging, old, item);
        }
        free(key);
        merging->depth--;
        return rc;
    }
    if (old != NULL) {
        yaml_item_detach(base, old);
        yaml_tree_free(old);
    }
    bool is_gone = item->tag == YAML_TAG_RESET && !merging->keeps_tags;
    if (is_gone) {
        yaml_tree_free(item);
        return 0;
    }
    if (!merging->keeps_tags) {
        merge_strip(item);
    }
    yaml_item_append(base, item);
    return 0;
}

static int maps_merge(struct merging *merging, struct yaml_item *base, struct yaml_item *over)
{
    int rc = 0;
    while (rc == 0 && over->child != NULL) {
        struct yaml_item *item = over->child;
        yaml_item_detach(over, item);
        rc = member_merge(merging, base, item);
    }
    yaml_tree_free(over);
    return rc;
}

int merge_trees(struct yaml_item *base, struct yaml_item *over, struct merge_place place,
                bool keeps_tags, struct findings *findings, struct err *err)
{
    struct merging merging = {
        .depth = place.count, .keeps_tags = keeps_tags, .findings = findings, .err = err};
    for (size_t i = 0; i < place.count; i++) {
        merging.keys[i] = place.keys[i];
    }
    int rc = values_merge(&merging, base, over);
    if (rc == 0 && !keeps_tags) {
        merge_strip(base);
    }
    return rc;
}

/* -- uniqueness within one list ------------------------------------------------------------------
 */

static int list_unique(struct yaml_item *list, enum merge_rule rule)
{
    int rc = 0;
    for (struct yaml_item *item = list->child, *next = NULL; rc == 0 && item != NULL; item = next) {
        next = item->next;
        struct yaml_item *same = same_find(list, item, rule, item, &rc);
        if (same != NULL) {
            yaml_item_detach(list, item);
            yaml_item_replace(list, same, item);
        }
    }
    return rc;
}

static int item_unique(struct merging *merging, struct yaml_item *item)
{
    int rc = 0;
    if (item->kind == YAML_TREE_LIST) {
        enum merge_rule rule = merge_rule_of(merging->keys, merging->depth);
        return is_unique(rule) ? list_unique(item, rule) : 0;
    }
    for (struct yaml_item *child = item->child;
         rc == 0 && child != NULL && merging->depth < KEYS_MAX; child = child->next) {
        merging->keys[merging->depth++] = child->key;
        rc = item_unique(merging, child);
        merging->depth--;
    }
    return rc;
}

int merge_unique(struct yaml_item *root, struct err *err)
{
    struct merging merging = {.err = err};
    return item_unique(&merging, root) == 0 ? 0 : memory_fail(err);
}
