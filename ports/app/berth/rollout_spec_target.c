/* rollout_spec_target: which nodes, in one line, or as Kubernetes' matchLabels and matchExpressions
 * that become one. */
#include <stdio.h>
#include <string.h>

#include "agent/fleet/selector.h"
#include "ports/app/berth/rollout_spec.h"

#define PATH_BYTES 128

void rollout_selector_check(struct rollout_reader *reader, const struct yaml_item *item,
                            const char *path, const char *selector)
{
    struct selector tried;
    struct err err = {0};
    if (selector_parse(selector, &tried, &err) != 0) {
        rollout_refuse(reader, item, path, "write site=north,tier in (a,b),!lab", "%s", err.text);
    }
}

static void labels_append(struct rollout_reader *reader, const struct yaml_item *labels,
                          const char *path, struct text *text)
{
    char room[64];
    if (labels->kind != YAML_TREE_MAP) {
        rollout_refuse(reader, labels, path, "write site: north", "must be a map of labels");
        return;
    }
    for (const struct yaml_item *label = labels->child; label != NULL; label = label->next) {
        if (label->kind != YAML_TREE_SCALAR) {
            rollout_refuse(reader, label, path, NULL, "%s must have one value", label->key);
            continue;
        }
        text_printf(text, "%s%s=%s", text->len > 0 ? "," : "", label->key,
                    yaml_word_text(label, room, sizeof room));
    }
}

/* {operator, how the selector writes it, takes values} */
static const struct {
    const char *name, *before, *after;
    bool has_values;
} operators[] = {{"In", "", " in ", true},
                 {"NotIn", "", " notin ", true},
                 {"Exists", "", "", false},
                 {"DoesNotExist", "!", "", false}};

static void expression_append(struct rollout_reader *reader, const struct yaml_item *item,
                              const char *path, struct text *text)
{
    const struct yaml_item *key = yaml_tree_member(item, "key");
    const struct yaml_item *kind = yaml_tree_member(item, "operator");
    const struct yaml_item *values = yaml_tree_member(item, "values");
    size_t at = 0;
    if (key == NULL || kind == NULL || key->kind != YAML_TREE_SCALAR ||
        kind->kind != YAML_TREE_SCALAR) {
        rollout_refuse(reader, item, path, "write {key: site, operator: In, values: [a, b]}",
                       "must have a key and an operator");
        return;
    }
    while (at < COUNT_OF(operators) && strcmp(operators[at].name, kind->text) != 0) {
        at++;
    }
    if (at == COUNT_OF(operators)) {
        rollout_refuse(reader, kind, path, NULL,
                       "operator must be In, NotIn, Exists or DoesNotExist");
        return;
    }
    bool has_values = values != NULL && values->kind == YAML_TREE_LIST && values->child != NULL;
    if (has_values != operators[at].has_values) {
        rollout_refuse(reader, item, path, NULL, "%s takes %s", kind->text,
                       operators[at].has_values ? "a list of values" : "no values");
        return;
    }
    text_printf(text, "%s%s%s%s", text->len > 0 ? "," : "", operators[at].before, key->text,
                operators[at].after);
    const char *comma = "(";
    for (const struct yaml_item *value = has_values ? values->child : NULL; value != NULL;
         value = value->next) {
        text_printf(text, "%s%s", comma, value->kind == YAML_TREE_SCALAR ? value->text : "");
        comma = ",";
    }
    text_append(text, has_values ? ")" : "");
}

static void expressions_append(struct rollout_reader *reader, const struct yaml_item *list,
                               const char *path, struct text *text)
{
    size_t index = 0;
    if (list->kind != YAML_TREE_LIST) {
        rollout_refuse(reader, list, path, "write - {key: site, operator: In, values: [a, b]}",
                       "must be a list of expressions");
        return;
    }
    for (const struct yaml_item *item = list->child; item != NULL; item = item->next, index++) {
        char place[PATH_BYTES];
        text_shorten_printf(place, sizeof place, "%s[%zu]", path, index);
        expression_append(reader, item, place, text);
    }
}

void rollout_selector_read(struct rollout_reader *reader, const struct yaml_item *map,
                           const char *path, char selector[ROLLOUT_SELECTOR_BYTES])
{
    const struct yaml_item *line = yaml_tree_member(map, "selector");
    const struct yaml_item *labels = yaml_tree_member(map, "matchLabels");
    const struct yaml_item *expressions = yaml_tree_member(map, "matchExpressions");
    char place[PATH_BYTES];
    struct text text;
    text_init(&text, selector, ROLLOUT_SELECTOR_BYTES);
    if (map->kind != YAML_TREE_MAP) {
        return;
    }
    if (line != NULL && (labels != NULL || expressions != NULL)) {
        rollout_refuse(reader, line, path, "keep one of them",
                       "selector conflicts with matchLabels and matchExpressions");
        return;
    }
    text_shorten_printf(place, sizeof place, "%s.%s", path,
                        line != NULL     ? "selector"
                        : labels != NULL ? "matchLabels"
                                         : "matchExpressions");
    if (line != NULL) {
        char room[64];
        text_append(&text,
                    line->kind == YAML_TREE_SCALAR ? yaml_word_text(line, room, sizeof room) : "(");
    }
    if (labels != NULL) {
        labels_append(reader, labels, place, &text);
    }
    if (expressions != NULL) {
        char list[PATH_BYTES];
        text_shorten_printf(list, sizeof list, "%s.matchExpressions", path);
        expressions_append(reader, expressions, list, &text);
    }
    const struct yaml_item *item = line != NULL ? line : labels != NULL ? labels : expressions;
    if (text.cut) {
        rollout_refuse(reader, item, place, "give the nodes a label of their own",
                       "is longer than %d characters as a selector", ROLLOUT_SELECTOR_BYTES - 1);
    } else if (item != NULL) {
        rollout_selector_check(reader, item, place, selector);
    }
}

static void read_part(struct rollout_reader *reader, const struct yaml_item *item, const char *path)
{
    (void)reader; /* rollout_selector_read reads them together */
    (void)item;
    (void)path;
}

static void read_mode(struct rollout_reader *reader, const struct yaml_item *item, const char *path)
{
    static const char *const words[] = {"snapshot", "continuous"};
    char word[ROLLOUT_WORD_BYTES];
    if (rollout_word_read(reader, item, path, words, COUNT_OF(words), word, sizeof word)) {
        reader->spec->shape.is_continuous = strcmp(word, "continuous") == 0;
    }
}

void rollout_read_target(struct rollout_reader *reader, const struct yaml_item *item,
                         const char *path)
{
    static const struct rollout_key keys[] = {{"selector", read_part, NULL},
                                              {"matchLabels", read_part, NULL},
                                              {"matchExpressions", read_part, NULL},
                                              {"mode", read_mode, NULL}};
    char *selector = reader->spec->selector;
    reader->words->has_target = true;
    if (item->kind == YAML_TREE_SCALAR) {
        if (rollout_text_read(reader, item, path, selector, ROLLOUT_SELECTOR_BYTES)) {
            rollout_selector_check(reader, item, path, selector);
        }
        return;
    }
    rollout_map_read(reader, item, path, keys, COUNT_OF(keys));
    rollout_selector_read(reader, item, path, selector);
}
