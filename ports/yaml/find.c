/* yaml_tree: finding values, by key and by path. */
#include <stdlib.h>
#include <string.h>

#include "ports/yaml/tree.h"

struct yaml_item *yaml_tree_member(const struct yaml_item *map, const char *key)
{
    struct yaml_item *item = map != NULL && map->kind == YAML_TREE_MAP ? map->child : NULL;
    while (item != NULL && (item->key == NULL || strcmp(item->key, key) != 0)) {
        item = item->next;
    }
    return item;
}

/* The member whose key is the longest beginning of the path; keys may contain dots themselves. */
static const struct yaml_item *member_of_path(const struct yaml_item *map, const char *path,
                                              size_t *used)
{
    const struct yaml_item *best = NULL;
    *used = 0;
    for (const struct yaml_item *item = map->child; item != NULL; item = item->next) {
        size_t len = item->key != NULL ? strlen(item->key) : 0;
        if (len > *used && strncmp(path, item->key, len) == 0 &&
            (path[len] == '\0' || strchr(".[:", path[len]) != NULL)) {
            best = item;
            *used = len;
        }
    }
    return best;
}

static const struct yaml_item *element_of_path(const struct yaml_item *list, const char *path,
                                               size_t *used)
{
    char *end = NULL;
    unsigned long index = strtoul(path + 1, &end, 10);
    const struct yaml_item *item = list->child;
    while (item != NULL && index-- > 0) {
        item = item->next;
    }
    *used = (size_t)(end - path) + 1;
    return *end == ']' ? item : NULL;
}

const struct yaml_item *yaml_tree_find(const struct yaml_item *root, const char *path)
{
    const struct yaml_item *at = root;
    for (;;) {
        const struct yaml_item *next = NULL;
        size_t used = 0;
        path += *path == '.';
        if (at->kind == YAML_TREE_MAP) {
            next = member_of_path(at, path, &used);
        } else if (at->kind == YAML_TREE_LIST && *path == '[') {
            next = element_of_path(at, path, &used);
        }
        if (next == NULL) {
            return at;
        }
        at = next;
        path += used;
    }
}
