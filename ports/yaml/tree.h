/* yaml_tree: a YAML file as a tree that remembers its lines; only the operator's tool reads YAML.
 */
#ifndef PORTS_YAML_TREE_H
#define PORTS_YAML_TREE_H

#include <stdbool.h>

#include "platform/base/err.h"
#include "platform/base/span.h"

/* Values of one file, aliases counted where they stand; more is ERR_OVERSIZE. */
#define YAML_VALUES_MAX 20000
#define YAML_DEPTH_MAX  32

enum yaml_kind { YAML_TREE_SCALAR, YAML_TREE_LIST, YAML_TREE_MAP };

/* What a file says about merging with the files before it: "!reset" takes the value away,
 * "!override" puts this one in its place. */
enum yaml_tag { YAML_TAG_NONE, YAML_TAG_RESET, YAML_TAG_OVERRIDE };

/* A value. In a map it has a key; keys are scalars and stand once. */
struct yaml_item {
    enum yaml_kind kind;
    enum yaml_tag tag;
    char *key;        /* in a map, else NULL */
    char *text;       /* of a scalar */
    bool is_plain;    /* the scalar stands without quotes */
    const char *file; /* as the parser was told, or NULL; outlives the tree */
    size_t line;      /* from 1 */
    struct yaml_item *child, *next;
};

/* Reads one document of YAML 1.1; `file` (may be NULL) is noted in each item. Aliases are followed
 * and "<<" is merged (own keys win). ERR_SYNTAX, ERR_DUPLICATE_KEY, ERR_DEPTH, ERR_OVERSIZE,
 * ERR_MEMORY; the text begins with "line N:". The caller frees *root with yaml_tree_free. */
NODISCARD int yaml_tree_read(struct span text, const char *file, struct yaml_item **root,
                             struct err *err);
NODISCARD int yaml_tree_parse(struct span text, struct yaml_item **root, struct err *err);
void yaml_tree_free(struct yaml_item *root);

/* The member of a map, or NULL. */
struct yaml_item *yaml_tree_member(const struct yaml_item *map, const char *key);

/* The value a path like "services.web.ports[0].target" leads to, or the last one on the way that is
 * there: where a complaint about the path belongs. */
const struct yaml_item *yaml_tree_find(const struct yaml_item *root, const char *path);

#endif
