/* yaml_tree: libyaml's document turned into a plain tree, within bounds. */
#include "ports/yaml/tree.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct building {
    yaml_document_t *document;
    const char *file;
    size_t values;
    struct err *err;
};

static int item_build(struct building *building, yaml_node_t *node, size_t depth,
                      struct yaml_item **item);

static int build_fail(struct building *building, int code, const yaml_node_t *node,
                      const char *what)
{
    return err_set(building->err, code, "line %zu: %s", node->start_mark.line + 1, what);
}

static enum yaml_tag tag_of(const yaml_node_t *node)
{
    const char *tag = (const char *)node->tag;
    if (tag == NULL) {
        return YAML_TAG_NONE;
    }
    return strcmp(tag, "!reset") == 0      ? YAML_TAG_RESET
           : strcmp(tag, "!override") == 0 ? YAML_TAG_OVERRIDE
                                           : YAML_TAG_NONE;
}

static int scalar_build(struct building *building, const yaml_node_t *node, struct yaml_item *item)
{
    const char *value = (const char *)node->data.scalar.value;
    if (strlen(value) != node->data.scalar.length) {
        return build_fail(building, ERR_SYNTAX, node, "a NUL character is not allowed");
    }
    item->text = strdup(value);
    item->is_plain = node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    return item->text != NULL ? 0 : build_fail(building, ERR_MEMORY, node, "no memory");
}

static int list_build(struct building *building, const yaml_node_t *node, size_t depth,
                      struct yaml_item *item)
{
    struct yaml_item **end = &item->child;
    const yaml_node_item_t *step = node->data.sequence.items.start;
    for (; step < node->data.sequence.items.top; step++) {
        yaml_node_t *value = yaml_document_get_node(building->document, *step);
        int rc = item_build(building, value, depth + 1, end);
        if (rc != 0) {
            return rc;
        }
        end = &(*end)->next;
    }
    return 0;
}

static bool is_merge(const yaml_node_t *key)
{
    return key->type == YAML_SCALAR_NODE && strcmp((const char *)key->data.scalar.value, "<<") == 0;
}

/* Adds the pairs of a map; merged ones only where the key is not there yet. */
static int pairs_build(struct building *building, const yaml_node_t *node, size_t depth,
                       bool is_merged, struct yaml_item *item)
{
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        yaml_node_t *key = yaml_document_get_node(building->document, pair->key);
        yaml_node_t *value = yaml_document_get_node(building->document, pair->value);
        struct yaml_item **end = &item->child;
        if (is_merge(key)) {
            continue;
        }
        if (key->type != YAML_SCALAR_NODE) {
            return build_fail(building, ERR_SYNTAX, key, "a key must be a plain word");
        }
        const char *name = (const char *)key->data.scalar.value;
        if (yaml_tree_member(item, name) != NULL) {
            if (is_merged) {
                continue;
            }
            return build_fail(building, ERR_DUPLICATE_KEY, key, "the key stands here twice");
        }
        while (*end != NULL) {
            end = &(*end)->next;
        }
        int rc = item_build(building, value, depth + 1, end);
        if (rc != 0) {
            return rc;
        }
        (*end)->key = strdup(name);
        (*end)->line = key->start_mark.line + 1;
        if ((*end)->key == NULL) {
            return build_fail(building, ERR_MEMORY, key, "no memory");
        }
    }
    return 0;
}

/* "<<: *base" or "<<: [*a, *b]". */
static int merge_build(struct building *building, yaml_node_t *value, size_t depth,
                       struct yaml_item *item)
{
    if (value->type == YAML_MAPPING_NODE && depth < YAML_DEPTH_MAX) {
        int rc = pairs_build(building, value, depth, true, item);
        for (const yaml_node_pair_t *pair = value->data.mapping.pairs.start;
             rc == 0 && pair < value->data.mapping.pairs.top; pair++) {
            if (is_merge(yaml_document_get_node(building->document, pair->key))) {
                rc = merge_build(building, yaml_document_get_node(building->document, pair->value),
                                 depth + 1, item);
            }
        }
        return rc;
    }
    if (value->type == YAML_SEQUENCE_NODE && depth < YAML_DEPTH_MAX) {
        int rc = 0;
        for (const yaml_node_item_t *step = value->data.sequence.items.start;
             rc == 0 && step < value->data.sequence.items.top; step++) {
            rc = merge_build(building, yaml_document_get_node(building->document, *step), depth + 1,
                             item);
        }
        return rc;
    }
    return build_fail(building, ERR_SYNTAX, value, "only a map can be merged");
}

static int map_build(struct building *building, const yaml_node_t *node, size_t depth,
                     struct yaml_item *item)
{
    int rc = pairs_build(building, node, depth, false, item);
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         rc == 0 && pair < node->data.mapping.pairs.top; pair++) {
        if (is_merge(yaml_document_get_node(building->document, pair->key))) {
            rc = merge_build(building, yaml_document_get_node(building->document, pair->value),
                             depth, item);
        }
    }
    return rc;
}

static int item_build(struct building *building, yaml_node_t *node, size_t depth,
                      struct yaml_item **item)
{
    if (depth >= YAML_DEPTH_MAX) {
        return build_fail(building, ERR_DEPTH, node, "nested too deeply");
    }
    if (++building->values > YAML_VALUES_MAX) {
        return build_fail(building, ERR_OVERSIZE, node, "too many values");
    }
    *item = calloc(1, sizeof **item);
    if (*item == NULL) {
        return build_fail(building, ERR_MEMORY, node, "no memory");
    }
    (*item)->file = building->file;
    (*item)->tag = tag_of(node);
    (*item)->line = node->start_mark.line + 1;
    if (node->type == YAML_SEQUENCE_NODE) {
        (*item)->kind = YAML_TREE_LIST;
        return list_build(building, node, depth, *item);
    }
    if (node->type == YAML_MAPPING_NODE) {
        (*item)->kind = YAML_TREE_MAP;
        return map_build(building, node, depth, *item);
    }
    return scalar_build(building, node, *item);
}

static int parser_fail(const yaml_parser_t *parser, struct err *err)
{
    if (parser->error == YAML_MEMORY_ERROR) {
        return err_set(err, ERR_MEMORY, "line %zu: no memory", parser->problem_mark.line + 1);
    }
    return err_set(err, ERR_SYNTAX, "line %zu: %s", parser->problem_mark.line + 1,
                   parser->problem != NULL ? parser->problem : "not YAML");
}

static int document_build(yaml_parser_t *parser, const char *file, struct yaml_item **root,
                          struct err *err)
{
    yaml_document_t document;
    yaml_document_t more;
    if (yaml_parser_load(parser, &document) == 0) {
        return parser_fail(parser, err);
    }
    yaml_node_t *node = yaml_document_get_root_node(&document);
    struct building building = {.document = &document, .file = file, .err = err};
    int rc = node == NULL ? err_set(err, ERR_SYNTAX, "line 1: the file is empty")
                          : item_build(&building, node, 0, root);
    yaml_document_delete(&document);
    if (rc == 0 && yaml_parser_load(parser, &more) == 0) {
        rc = parser_fail(parser, err);
    } else if (rc == 0) {
        bool is_end = yaml_document_get_root_node(&more) == NULL;
        yaml_document_delete(&more);
        rc = is_end ? 0 : err_set(err, ERR_SYNTAX, "line 1: more than one document in the file");
    }
    return rc;
}

int yaml_tree_read(struct span text, const char *file, struct yaml_item **root, struct err *err)
{
    yaml_parser_t parser;
    *root = NULL;
    if (yaml_parser_initialize(&parser) == 0) {
        return err_set(err, ERR_MEMORY, "line 1: no memory");
    }
    yaml_parser_set_input_string(&parser, text.data, text.len);
    int rc = document_build(&parser, file, root, err);
    yaml_parser_delete(&parser);
    if (rc != 0) {
        yaml_tree_free(*root);
        *root = NULL;
    }
    return rc;
}

int yaml_tree_parse(struct span text, struct yaml_item **root, struct err *err)
{
    return yaml_tree_read(text, NULL, root, err);
}

void yaml_tree_free(struct yaml_item *root)
{
    while (root != NULL) {
        struct yaml_item *next = root->next;
        yaml_tree_free(root->child);
        free(root->key);
        free(root->text);
        free(root);
        root = next;
    }
}
