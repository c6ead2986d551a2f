/* include: a project in a scope of its own, merged from its files, then its parts moved over. */
#include "ports/app/berth/compose/include.h"

#include <stdlib.h>

#include "platform/base/units.h"
#include "ports/app/berth/compose/extends.h"
#include "ports/app/berth/compose/merge.h"
#include "ports/app/berth/compose/paths.h"
#include "ports/app/berth/compose/service_env.h"

static int memory_fail(const struct scope *scope)
{
    return loading_no_memory(scope->loading);
}

static void say(const struct scope *scope, const struct yaml_item *item, const char *what)
{
    findings_add(scope->loading->findings, FINDING_REFUSED, item, "include", NULL, "%s", what);
}

/* True for trees that say the same, wherever they stand. */
static bool is_same_tree(const struct yaml_item *a, const struct yaml_item *b)
{
    if (a->kind != b->kind || (a->text != NULL && strcmp(a->text, b->text) != 0)) {
        return false;
    }
    a = a->child;
    b = b->child;
    for (; a != NULL && b != NULL; a = a->next, b = b->next) {
        if ((a->key != NULL && strcmp(a->key, b->key) != 0) || !is_same_tree(a, b)) {
            return false;
        }
    }
    return a == b;
}

/* Moves the members of one top-level map, unless they are there already. */
static void part_move(const struct scope *scope, const char *key, struct yaml_item *to,
                      struct yaml_item *from)
{
    while (from->child != NULL) {
        struct yaml_item *item = from->child;
        const struct yaml_item *old = yaml_tree_member(to, item->key);
        yaml_item_detach(from, item);
        if (old == NULL) {
            yaml_item_append(to, item);
            continue;
        }
        if (!is_same_tree(old, item)) {
            struct growing path = {.max = 4096};
            growing_printf(&path, "%s.%s", key, item->key);
            findings_add(scope->loading->findings, FINDING_REFUSED, old, growing_get(&path),
                         "give one of them another name, or change the included one in a further "
                         "file (-f)",
                         "stands in the included %s:%zu as well", item->file, item->line);
            growing_free(&path);
        }
        yaml_tree_free(item);
    }
}

static int parts_move(const struct scope *scope, struct yaml_item *root, struct yaml_item *other)
{
    static const char *const keys[] = {"services", "networks", "volumes",
                                       "secrets",  "configs",  "models"};
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        struct yaml_item *from = yaml_tree_member(other, keys[i]);
        struct yaml_item *to = yaml_tree_member(root, keys[i]);
        if (from == NULL || from->kind != YAML_TREE_MAP) {
            continue;
        }
        if (to == NULL || yaml_is_null(to)) {
            struct yaml_item *made = yaml_item_new(from, YAML_TREE_MAP, keys[i], NULL);
            if (made == NULL) {
                return memory_fail(scope);
            }
            if (to != NULL) {
                yaml_item_replace(root, to, made);
            } else {
                yaml_item_append(root, made);
            }
            to = made;
        }
        if (to->kind == YAML_TREE_MAP) {
            part_move(scope, keys[i], to, from);
        }
    }
    return 0;
}

/* What an entry says under a key, as a list that is walked by `next`: the text itself, or the
 * first of a list's. */
static const struct yaml_item *texts_of(const struct yaml_item *item)
{
    return item != NULL && item->kind == YAML_TREE_LIST ? item->child : item;
}

static const struct yaml_item *text_next(const struct yaml_item *all, const struct yaml_item *text)
{
    return all->kind == YAML_TREE_LIST ? text->next : NULL;
}

/* The file's name for people: as the including file names it. */
static char *shown_of(const struct yaml_item *path)
{
    char *folder = paths_folder(path->file);
    char *shown = folder != NULL ? paths_join(folder, path->text) : NULL;
    free(folder);
    return shown;
}

/* One file of the included project, over those before it. */
static int file_add(const struct scope *inner, const struct yaml_item *named,
                    const struct include_chain *chain, struct yaml_item *merged)
{
    const struct naming naming = {.item = named, .path = "include"};
    char *path = project_path(inner->loading->request, named, named->text);
    char *shown = shown_of(named);
    struct yaml_item *root = NULL;
    int rc = path != NULL && shown != NULL ? loading_file(inner, path, shown, naming, &root)
                                           : memory_fail(inner);
    if (rc == 0 && root != NULL) {
        const struct include_chain own = {.outer = chain, .path = path, .depth = chain->depth + 1};
        const struct merge_place place = {0};
        rc = include_file(inner, root, &own);
        if (rc == 0) {
            rc = merge_trees(merged, root, place, false, inner->loading->findings,
                             inner->loading->err);
            root = NULL;
        }
    }
    yaml_tree_free(root);
    free(path);
    free(shown);
    return rc;
}

/* The defaults of the included project's variables. */
static int variables_read(struct scope *inner, const struct yaml_item *files)
{
    int rc = 0;
    if (files == NULL) {
        char *path = paths_join(inner->dir, ".env");
        const struct naming none = {.path = "include"};
        rc = path != NULL ? loading_env(inner, path, path, none, true) : memory_fail(inner);
        free(path);
        return rc;
    }
    for (const struct yaml_item *file = texts_of(files); rc == 0 && file != NULL;
         file = text_next(files, file)) {
        const struct naming naming = {.item = file, .path = "include"};
        if (file->kind != YAML_TREE_SCALAR) {
            say(inner, file, "env_file must be a file or a list of files");
            continue;
        }
        char *path = project_path(inner->loading->request, file, file->text);
        char *shown = shown_of(file);
        rc = path != NULL && shown != NULL ? loading_env(inner, path, shown, naming, false)
                                           : memory_fail(inner);
        free(path);
        free(shown);
    }
    return rc;
}

/* The folder in which the included project's paths start. */
static int dir_set(struct scope *inner, const struct yaml_item *entry, const char *first)
{
    const struct yaml_item *said =
        entry->kind == YAML_TREE_MAP ? yaml_tree_member(entry, "project_directory") : NULL;
    bool is_said = said != NULL && said->kind == YAML_TREE_SCALAR && said->text[0] != '\0';
    char *dir =
        is_said ? project_path(inner->loading->request, said, said->text) : paths_folder(first);
    inner->dir = dir != NULL ? loading_dir(inner->loading, dir) : NULL;
    int rc = inner->dir != NULL ? 0 : dir == NULL ? memory_fail(inner) : inner->loading->err->code;
    free(dir);
    return rc;
}

/* Says so and is true when the file includes itself, or too deep. */
static bool is_endless(const struct scope *scope, const struct yaml_item *named, const char *path,
                       const struct include_chain *chain)
{
    const struct include_chain *step = chain;
    while (step != NULL && strcmp(step->path, path) != 0) {
        step = step->outer;
    }
    if (step == NULL && chain->depth <= PROJECT_DEPTH_MAX) {
        return false;
    }
    struct growing text = {.max = 65536};
    if (step != NULL) {
        growing_printf(&text, "goes in a circle: %s includes itself", named->text);
    } else {
        growing_printf(&text, "more than %d files that include each other", PROJECT_DEPTH_MAX);
    }
    say(scope, named, growing_get(&text));
    growing_free(&text);
    return true;
}

static int project_include(const struct scope *scope, struct yaml_item *root,
                           const struct yaml_item *entry, const struct yaml_item *paths,
                           const char *first, const struct include_chain *chain)
{
    struct scope inner = {.loading = scope->loading, .outer = scope};
    struct yaml_item *merged = yaml_item_new(entry, YAML_TREE_MAP, NULL, NULL);
    int rc = merged != NULL ? dir_set(&inner, entry, first) : memory_fail(scope);
    if (rc == 0) {
        rc = variables_read(
            &inner, entry->kind == YAML_TREE_MAP ? yaml_tree_member(entry, "env_file") : NULL);
    }
    for (const struct yaml_item *path = texts_of(paths); rc == 0 && path != NULL;
         path = text_next(paths, path)) {
        if (path->kind != YAML_TREE_SCALAR) {
            say(scope, path, "path must be a file or a list of files");
            continue;
        }
        rc = file_add(&inner, path, chain, merged);
    }
    rc = rc == 0 ? merge_unique(merged, scope->loading->err) : rc;
    rc = rc == 0 ? service_env_inherit(&inner, merged) : rc;
    rc = rc == 0 ? parts_move(scope, root, merged) : rc;
    yaml_tree_free(merged);
    variables_free(&inner.variables);
    return rc;
}

static int entry_include(const struct scope *scope, struct yaml_item *root,
                         const struct yaml_item *entry, const struct include_chain *chain)
{
    static const char *const keys[] = {"path", "project_directory", "env_file", NULL};
    const struct yaml_item *paths =
        entry->kind == YAML_TREE_MAP ? yaml_tree_member(entry, "path") : entry;
    loading_keys(scope->loading, entry, "include", keys);
    const struct yaml_item *first = paths != NULL ? texts_of(paths) : NULL;
    if (entry->kind == YAML_TREE_LIST || first == NULL || first->kind != YAML_TREE_SCALAR ||
        first->text[0] == '\0') {
        say(scope, entry, "must name a file, or have the key path");
        return 0;
    }
    char *path = project_path(scope->loading->request, first, first->text);
    int rc = path != NULL ? 0 : memory_fail(scope);
    if (rc == 0 && !is_endless(scope, first, path, chain)) {
        rc = project_include(scope, root, entry, paths, path, chain);
    }
    free(path);
    return rc;
}

int include_apply(const struct scope *scope, struct yaml_item *root,
                  const struct include_chain *chain)
{
    struct yaml_item *include = yaml_tree_member(root, "include");
    int rc = 0;
    if (include == NULL) {
        return 0;
    }
    yaml_item_detach(root, include);
    if (include->kind == YAML_TREE_LIST) {
        for (const struct yaml_item *entry = include->child; rc == 0 && entry != NULL;
             entry = entry->next) {
            rc = entry_include(scope, root, entry, chain);
        }
    } else if (!yaml_is_null(include)) {
        say(scope, include, "must be a list");
    }
    yaml_tree_free(include);
    return rc;
}

int include_file(const struct scope *scope, struct yaml_item *root,
                 const struct include_chain *chain)
{
    int rc = extends_apply(scope, root);
    return rc == 0 ? include_apply(scope, root, chain) : rc;
}
