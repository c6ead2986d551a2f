/* yaml_item: making, copying and moving the items of a tree. */
#include <stdlib.h>
#include <string.h>

#include "ports/yaml/tree.h"

struct yaml_item *yaml_item_new(const struct yaml_item *like, enum yaml_kind kind, const char *key,
                                const char *text)
{
    struct yaml_item *item = calloc(1, sizeof *item);
    if (item == NULL) {
        return NULL;
    }
    item->kind = kind;
    item->file = like->file;
    item->dir = like->dir;
    item->line = like->line;
    item->key = key != NULL ? strdup(key) : NULL;
    item->text = text != NULL ? strdup(text) : NULL;
    if ((key != NULL && item->key == NULL) || (text != NULL && item->text == NULL)) {
        yaml_tree_free(item);
        return NULL;
    }
    return item;
}

struct yaml_item *yaml_item_copy(const struct yaml_item *item, const char *key, size_t *values)
{
    if (*values == 0) {
        return NULL;
    }
    --*values;
    struct yaml_item *copy =
        yaml_item_new(item, item->kind, key != NULL ? key : item->key, item->text);
    if (copy == NULL) {
        return NULL;
    }
    copy->tag = item->tag;
    copy->is_plain = item->is_plain;
    copy->is_filled = item->is_filled;
    struct yaml_item **end = &copy->child;
    for (const struct yaml_item *child = item->child; child != NULL; child = child->next) {
        *end = yaml_item_copy(child, NULL, values);
        if (*end == NULL) {
            yaml_tree_free(copy);
            return NULL;
        }
        end = &(*end)->next;
    }
    return copy;
}

/* Where the parent points at the item. */
static struct yaml_item **link_of(struct yaml_item *parent, const struct yaml_item *item)
{
    struct yaml_item **link = &parent->child;
    while (*link != item) {
        link = &(*link)->next;
    }
    return link;
}

void yaml_item_detach(struct yaml_item *parent, struct yaml_item *item)
{
    *link_of(parent, item) = item->next;
    item->next = NULL;
}

void yaml_item_append(struct yaml_item *parent, struct yaml_item *item)
{
    *link_of(parent, NULL) = item;
}

void yaml_item_replace(struct yaml_item *parent, struct yaml_item *old, struct yaml_item *item)
{
    *link_of(parent, old) = item;
    item->next = old->next;
    old->next = NULL;
    yaml_tree_free(old);
}
