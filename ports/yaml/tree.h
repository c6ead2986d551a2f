/* yaml_tree: a YAML file as a tree that remembers its lines; only the operator's tool reads YAML.
 */
#ifndef PORTS_YAML_TREE_H
#define PORTS_YAML_TREE_H

#include <stdbool.h>

#include "platform/base/err.h"
#include "platform/base/span.h"

/* Values of one file and the bytes of their texts, aliases counted where they stand, so that a few
 * lines cannot grow without bound; more is ERR_OVERSIZE. */
#define YAML_VALUES_MAX 20000
#define YAML_BYTES_MAX  4194304
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
    bool is_plain;    /* the scalar stands without quotes and without the tag !!str */
    bool is_filled;   /* variables were filled in: a word like null or 1.10 stays as it is */
    const char *file; /* as the parser was told, or NULL; outlives the tree */
    const char *dir;  /* relative paths in it start here; as told, or NULL; outlives the tree */
    size_t line;      /* from 1 */
    struct yaml_item *child, *next;
};

/* Whose text it is, and who hears of each key that stands twice in a map (its first value counts);
 * without `twice` the first such key ends the reading. */
struct yaml_source {
    const char *file, *dir;
    void (*twice)(void *ctx, const struct yaml_item *first, size_t line);
    void *ctx;
};

/* Reads one document, with or without a byte order mark and carriage returns. Aliases are followed
 * and "<<" is merged (own keys win, then earlier maps). Tags other than !reset and !override say
 * nothing. ERR_SYNTAX, ERR_DUPLICATE_KEY, ERR_DEPTH, ERR_OVERSIZE, ERR_MEMORY; the text begins with
 * "line N:". The caller frees *root with yaml_tree_free. */
NODISCARD int yaml_tree_read(struct span text, const struct yaml_source *source,
                             struct yaml_item **root, struct err *err);
/* The same for a text of no file. */
NODISCARD int yaml_tree_parse(struct span text, struct yaml_item **root, struct err *err);
void yaml_tree_free(struct yaml_item *root);

/* The member of a map, or NULL. */
struct yaml_item *yaml_tree_member(const struct yaml_item *map, const char *key);

/* The value a path like "services.web.ports[0].target" leads to, or the last one on the way that is
 * there: where a complaint about the path belongs. */
const struct yaml_item *yaml_tree_find(const struct yaml_item *root, const char *path);

/* -- what a scalar means -------------------------------------------------------------------------
 */

/* As readers of Compose files take plain words (YAML 1.2's core, with 0644 as octal and 1_000 as a
 * thousand): yes, no, on, off and 22:22 are texts. */
enum yaml_word {
    YAML_WORD_TEXT,
    YAML_WORD_NULL,
    YAML_WORD_BOOL,
    YAML_WORD_INTEGER,
    YAML_WORD_REAL
};

/* What the scalar is; quoted ones are texts, and filled in ones are never null. */
enum yaml_word yaml_word_of(const struct yaml_item *item);

/* The number of an integer's text: decimal, 0x, 0o, 0b, or octal by a leading 0; "_" between digits
 * is passed over. False when it is none or does not fit. */
bool yaml_word_integer(const char *text, long long *number);

/* The item's value where a text is meant, as Compose writes it: of a plain number its shortest form
 * (0644 is 420, 1.10 is 1.1), of true in any case "true"; else the text. `room` has room_bytes >=
 * 32 and may be used for the result, which is valid as long as both. */
const char *yaml_word_text(const struct yaml_item *item, char *room, size_t room_bytes);

/* True for a scalar that stands for nothing, and for NULL. */
bool yaml_is_null(const struct yaml_item *item);

/* -- changing a tree -----------------------------------------------------------------------------
 */

/* A new item with the file, dir and line of `like`; key and text are copied and may be NULL. NULL
 * without memory. */
struct yaml_item *yaml_item_new(const struct yaml_item *like, enum yaml_kind kind, const char *key,
                                const char *text);

/* A copy with all that is below, under `key` (NULL: the item's own); *values is lessened by each
 * value copied, and NULL comes back when it does not suffice (*values is then 0) or memory is
 * short. */
struct yaml_item *yaml_item_copy(const struct yaml_item *item, const char *key, size_t *values);

/* Takes an item out of its parent; the caller owns it then. */
void yaml_item_detach(struct yaml_item *parent, struct yaml_item *item);

/* Puts an item at the end of a list or map. */
void yaml_item_append(struct yaml_item *parent, struct yaml_item *item);

/* Puts an item (with its key) where `old` stands, and frees that one. */
void yaml_item_replace(struct yaml_item *parent, struct yaml_item *old, struct yaml_item *item);

#endif
