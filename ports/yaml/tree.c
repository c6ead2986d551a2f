/* yaml_tree: libyaml's document turned into a plain tree, within bounds. */
#include "ports/yaml/tree.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "platform/base/text.h"

struct building {
    yaml_document_t *document;
    const struct yaml_source *source;
    struct span text; /* behind a byte order mark */
    size_t values, bytes;
    size_t seen_index, seen_bytes; /* a character of the text, and where it begins */
    struct err *err;
};

static int item_build(struct building *building, yaml_node_t *node, size_t depth,
                      struct yaml_item **item);

static int build_fail(struct building *building, int code, const yaml_node_t *node,
                      const char *what)
{
    return err_set(building->err, code, "line %zu: %s", node->start_mark.line + 1, what);
}

/* The byte at which libyaml's character `index` begins. */
static size_t bytes_of(struct building *building, size_t index)
{
    if (index < building->seen_index) {
        building->seen_index = 0;
        building->seen_bytes = 0;
    }
    while (building->seen_index < index && building->seen_bytes < building->text.len) {
        size_t at = building->seen_bytes;
        size_t len = text_character(span_of(building->text.data + at, building->text.len - at));
        building->seen_bytes += len > 0 ? len : 1;
        building->seen_index++;
    }
    return building->seen_bytes;
}

/* libyaml gives untagged scalars the tag of a text: what stands before the value tells. */
static bool is_told_text(struct building *building, const yaml_node_t *node)
{
    size_t width = node->end_mark.index - node->start_mark.index;
    if (node->tag == NULL || strcmp((const char *)node->tag, YAML_STR_TAG) != 0 ||
        width <= node->data.scalar.length) {
        return false;
    }
    size_t at = bytes_of(building, node->start_mark.index);
    size_t end = bytes_of(building, node->end_mark.index);
    for (bool is_anchor = false; at < end; at++) {
        uint8_t byte = building->text.data[at];
        is_anchor = (is_anchor || byte == '&') && strchr(" \t\r\n", byte) == NULL;
        if (!is_anchor && strchr(" \t\r\n", byte) == NULL) {
            return byte == '!';
        }
    }
    return false;
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
    if ((building->bytes += node->data.scalar.length) > YAML_BYTES_MAX) {
        return err_set(building->err, ERR_OVERSIZE,
                       "line %zu: more than %d bytes of values, aliases counted where they stand",
                       node->start_mark.line + 1, YAML_BYTES_MAX);
    }
    item->text = strdup(value);
    item->is_plain =
        node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !is_told_text(building, node);
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
    return key->type == YAML_SCALAR_NODE && key->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           strcmp((const char *)key->data.scalar.value, "<<") == 0;
}

/* A key that stands twice in one map: whoever wants to hears of all, else it ends the reading. */
static int twice_say(struct building *building, const struct yaml_item *first,
                     const yaml_node_t *key)
{
    size_t line = key->start_mark.line + 1;
    if (building->source->twice != NULL) {
        building->source->twice(building->source->ctx, first, line);
        return 0;
    }
    return err_set(building->err, ERR_DUPLICATE_KEY,
                   "line %zu: the key %s stands here twice, first in line %zu", line, first->key,
                   first->line);
}

/* One pair; a merged one only where its key is not there yet. */
static int pair_build(struct building *building, const yaml_node_pair_t *pair, size_t depth,
                      bool is_merged, struct yaml_item *item)
{
    yaml_node_t *key = yaml_document_get_node(building->document, pair->key);
    yaml_node_t *value = yaml_document_get_node(building->document, pair->value);
    if (key->type != YAML_SCALAR_NODE) {
        return build_fail(building, ERR_SYNTAX, key, "a key must be a plain word");
    }
    const char *name = (const char *)key->data.scalar.value;
    if (strlen(name) != key->data.scalar.length) {
        return build_fail(building, ERR_SYNTAX, key, "a NUL character is not allowed");
    }
    const struct yaml_item *first = yaml_tree_member(item, name);
    if (first != NULL) {
        return is_merged ? 0 : twice_say(building, first, key);
    }
    struct yaml_item **end = &item->child;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    int rc = item_build(building, value, depth + 1, end);
    if (rc != 0) {
        return rc;
    }
    building->bytes += key->data.scalar.length;
    (*end)->key = strdup(name);
    (*end)->line = key->start_mark.line + 1;
    return (*end)->key != NULL ? 0 : build_fail(building, ERR_MEMORY, key, "no memory");
}

static int merge_build(struct building *building, yaml_node_t *value, size_t depth,
                       struct yaml_item *item);

/* What "<<" brings, behind a map's own pairs. A second "<<" is refused, as other readers do. */
static int merges_build(struct building *building, const yaml_node_t *node, size_t depth,
                        struct yaml_item *item)
{
    const yaml_node_t *first = NULL;
    int rc = 0;
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         rc == 0 && pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = yaml_document_get_node(building->document, pair->key);
        if (!is_merge(key)) {
            continue;
        }
        if (first != NULL) {
            return err_set(building->err, ERR_DUPLICATE_KEY,
                           "line %zu: << stands here twice, first in line %zu; write "
                           "<<: [*one, *other]",
                           key->start_mark.line + 1, first->start_mark.line + 1);
        }
        first = key;
        rc = merge_build(building, yaml_document_get_node(building->document, pair->value), depth,
                         item);
    }
    return rc;
}

static int pairs_build(struct building *building, const yaml_node_t *node, size_t depth,
                       bool is_merged, struct yaml_item *item)
{
    int rc = 0;
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         rc == 0 && pair < node->data.mapping.pairs.top; pair++) {
        if (!is_merge(yaml_document_get_node(building->document, pair->key))) {
            rc = pair_build(building, pair, depth, is_merged, item);
        }
    }
    return rc == 0 ? merges_build(building, node, depth, item) : rc;
}

/* "<<: *base" or "<<: [*a, *b]". */
static int merge_build(struct building *building, yaml_node_t *value, size_t depth,
                       struct yaml_item *item)
{
    if (depth >= YAML_DEPTH_MAX) {
        return build_fail(building, ERR_DEPTH, value, "nested too deeply");
    }
    if (value->type == YAML_MAPPING_NODE) {
        return pairs_build(building, value, depth + 1, true, item);
    }
    if (value->type != YAML_SEQUENCE_NODE) {
        return build_fail(building, ERR_SYNTAX, value, "only a map can be merged");
    }
    int rc = 0;
    for (const yaml_node_item_t *step = value->data.sequence.items.start;
         rc == 0 && step < value->data.sequence.items.top; step++) {
        yaml_node_t *map = yaml_document_get_node(building->document, *step);
        rc = map->type == YAML_MAPPING_NODE
                 ? pairs_build(building, map, depth + 1, true, item)
                 : build_fail(building, ERR_SYNTAX, map, "only a map can be merged");
    }
    return rc;
}

static int item_build(struct building *building, yaml_node_t *node, size_t depth,
                      struct yaml_item **item)
{
    if (depth >= YAML_DEPTH_MAX) {
        return err_set(building->err, ERR_DEPTH, "line %zu: nested too deeply, over %d levels",
                       node->start_mark.line + 1, YAML_DEPTH_MAX);
    }
    if (++building->values > YAML_VALUES_MAX) {
        return err_set(building->err, ERR_OVERSIZE,
                       "line %zu: too many values, over %d, aliases counted where they stand",
                       node->start_mark.line + 1, YAML_VALUES_MAX);
    }
    *item = calloc(1, sizeof **item);
    if (*item == NULL) {
        return build_fail(building, ERR_MEMORY, node, "no memory");
    }
    (*item)->file = building->source->file;
    (*item)->dir = building->source->dir;
    (*item)->tag = tag_of(node);
    (*item)->line = node->start_mark.line + 1;
    if (node->type == YAML_SEQUENCE_NODE) {
        (*item)->kind = YAML_TREE_LIST;
        return list_build(building, node, depth, *item);
    }
    if (node->type == YAML_MAPPING_NODE) {
        (*item)->kind = YAML_TREE_MAP;
        return pairs_build(building, node, depth, false, *item);
    }
    return scalar_build(building, node, *item);
}

/* True when the white space that begins the line (from 0) has a tab. */
static bool is_tab_indented(struct span text, size_t line)
{
    size_t at = 0;
    for (; line > 0 && at < text.len; at++) {
        line -= text.data[at] == '\n';
    }
    while (at < text.len && text.data[at] == ' ') {
        at++;
    }
    return at < text.len && text.data[at] == '\t';
}

static int parser_fail(const yaml_parser_t *parser, struct span text, struct err *err)
{
    size_t line = parser->problem_mark.line;
    if (parser->error == YAML_MEMORY_ERROR) {
        return err_set(err, ERR_MEMORY, "line %zu: no memory", line + 1);
    }
    if (parser->error == YAML_READER_ERROR) { /* a place in bytes, no line */
        line = 0;
        for (size_t i = 0; i < parser->problem_offset && i < text.len; i++) {
            line += text.data[i] == '\n';
        }
    }
    if (is_tab_indented(text, line)) {
        return err_set(err, ERR_SYNTAX, "line %zu: a tab stands where YAML wants spaces", line + 1);
    }
    return err_set(err, ERR_SYNTAX, "line %zu: %s", line + 1,
                   parser->problem != NULL ? parser->problem : "not YAML");
}

/* Nothing may follow the document. */
static int end_check(yaml_parser_t *parser, struct span text, struct err *err)
{
    yaml_document_t more;
    if (yaml_parser_load(parser, &more) == 0) {
        return parser_fail(parser, text, err);
    }
    const yaml_node_t *node = yaml_document_get_root_node(&more);
    size_t line = node != NULL ? node->start_mark.line + 1 : 0;
    bool is_empty =
        node == NULL || (node->type == YAML_SCALAR_NODE && node->data.scalar.length == 0);
    yaml_document_delete(&more);
    return is_empty ? 0
                    : err_set(err, ERR_SYNTAX,
                              "line %zu: more than one document in the file; make it a file of its "
                              "own",
                              line);
}

static int document_build(yaml_parser_t *parser, struct span text, const struct yaml_source *source,
                          struct yaml_item **root, struct err *err)
{
    static const uint8_t mark[] = {0xef, 0xbb, 0xbf};
    yaml_document_t document;
    if (yaml_parser_load(parser, &document) == 0) {
        return parser_fail(parser, text, err);
    }
    yaml_node_t *node = yaml_document_get_root_node(&document);
    bool is_marked = text.len >= sizeof mark && memcmp(text.data, mark, sizeof mark) == 0;
    struct building building = {
        .document = &document,
        .source = source,
        .text = is_marked ? span_of(text.data + sizeof mark, text.len - sizeof mark) : text,
        .err = err};
    int rc = node == NULL ? err_set(err, ERR_SYNTAX, "line 1: the file is empty")
                          : item_build(&building, node, 0, root);
    yaml_document_delete(&document);
    return rc == 0 ? end_check(parser, text, err) : rc;
}

int yaml_tree_read(struct span text, const struct yaml_source *source, struct yaml_item **root,
                   struct err *err)
{
    yaml_parser_t parser;
    *root = NULL;
    if (yaml_parser_initialize(&parser) == 0) {
        return err_set(err, ERR_MEMORY, "line 1: no memory");
    }
    yaml_parser_set_input_string(&parser, text.data, text.len);
    int rc = document_build(&parser, text, source, root, err);
    yaml_parser_delete(&parser);
    if (rc != 0) {
        yaml_tree_free(*root);
        *root = NULL;
    }
    return rc;
}

int yaml_tree_parse(struct span text, struct yaml_item **root, struct err *err)
{
    static const struct yaml_source none;
    return yaml_tree_read(text, &none, root, err);
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
