/* extends: the chain of a service stands on the stack, so that a circle is seen. */
#include "ports/app/berth/compose/extends.h"

#include <stdlib.h>

#include "ports/app/berth/compose/merge.h"
#include "ports/app/berth/compose/paths.h"

struct link {
    const struct link *outer;
    const char *file, *service;
    size_t depth;
};

static int service_extend(const struct scope *scope, struct yaml_item *root,
                          struct yaml_item *service, const struct link *outer);

static void say(const struct scope *scope, const struct yaml_item *item, const char *service,
                const char *what)
{
    struct growing path = {.max = 4096};
    growing_printf(&path, "services.%s.extends", service);
    findings_add(scope->loading->findings, FINDING_REFUSED, item, growing_get(&path), NULL, "%s",
                 what);
    growing_free(&path);
}

/* "a.yaml:w, b.yaml:v, ..." from the outermost on. */
static void chain_print(const struct link *link, struct growing *out)
{
    if (link->outer != NULL) {
        chain_print(link->outer, out);
        growing_text(out, ", ");
    }
    growing_printf(out, "%s of %s", link->service, link->file);
}

/* Says so and is true when the chain cannot be followed on. */
static bool is_endless(const struct scope *scope, const struct yaml_item *item,
                       const struct link *link)
{
    bool is_circle = false;
    for (const struct link *step = link->outer; step != NULL; step = step->outer) {
        is_circle = is_circle || (strcmp(step->file, link->file) == 0 &&
                                  strcmp(step->service, link->service) == 0);
    }
    if (!is_circle && link->depth <= PROJECT_DEPTH_MAX) {
        return false;
    }
    struct growing text = {.max = 65536};
    if (is_circle) {
        growing_text(&text, "goes in a circle: ");
    } else {
        growing_printf(&text, "more than %d services one after the other: ", PROJECT_DEPTH_MAX);
    }
    chain_print(link, &text);
    const struct link *first = link;
    while (first->outer != NULL) {
        first = first->outer;
    }
    say(scope, item, first->service, growing_get(&text));
    growing_free(&text);
    return true;
}

/* Of another file only the services that are taken are filled in: the others are nobody's. */
static int service_fill(const struct scope *scope, struct yaml_item *service)
{
    const struct lookup lookup = {.find = scope_find, .ctx = (void *)scope};
    struct growing path = {.max = 4096};
    growing_printf(&path, "services.%s", service->key);
    int rc = interpolate_item(service, INTERPOLATE_SERVICE, growing_get(&path), &lookup,
                              &scope->loading->filled_left, scope->loading->findings,
                              scope->loading->err);
    growing_free(&path);
    return rc;
}

/* The service of another file, made whole and taken out of its tree; NULL after a finding. */
static int other_take(const struct scope *scope, const struct yaml_item *file, const char *name,
                      const struct link *link, struct yaml_item **base)
{
    struct growing key = {.max = 4096};
    growing_printf(&key, "services.%s.extends", link->service);
    const struct naming naming = {.item = file, .path = growing_get(&key)};
    char *path = project_path(scope->loading->request, file, file->text);
    char *folder = paths_folder(file->file);
    char *shown = folder != NULL ? paths_join(folder, file->text) : NULL;
    char *dir = path != NULL ? paths_folder(path) : NULL;
    struct scope inner = {.loading = scope->loading, .outer = scope, .is_filled_late = true};
    struct yaml_item *root = NULL;
    inner.dir = dir != NULL ? loading_dir(scope->loading, dir) : NULL;
    int rc = dir == NULL || shown == NULL ? loading_no_memory(scope->loading)
             : inner.dir == NULL          ? scope->loading->err->code
                                          : loading_parse(&inner, path, shown, naming, &root);
    struct yaml_item *services = yaml_tree_member(root, "services");
    *base = yaml_tree_member(services, name);
    if (rc == 0 && root != NULL && *base == NULL) {
        struct growing text = {.max = 4096};
        growing_printf(&text, "the service %s is not in %s", name, shown);
        say(scope, file, link->service, growing_get(&text));
        growing_free(&text);
    }
    if (rc == 0 && *base != NULL) {
        rc = service_fill(&inner, *base);
        rc = rc == 0 ? service_extend(&inner, root, *base, link) : rc;
        yaml_item_detach(services, *base);
    }
    yaml_tree_free(root);
    growing_free(&key);
    free(path);
    free(folder);
    free(shown);
    free(dir);
    return rc;
}

/* A copy of the service of the same file, made whole; NULL after a finding. */
static int own_copy(const struct scope *scope, struct yaml_item *root,
                    const struct yaml_item *extends, const char *name, const struct link *link,
                    struct yaml_item **base)
{
    struct yaml_item *other = yaml_tree_member(yaml_tree_member(root, "services"), name);
    *base = NULL;
    if (other == NULL) {
        struct growing text = {.max = 4096};
        growing_printf(&text, "the service %s is not in this file", name);
        say(scope, extends, link->service, growing_get(&text));
        growing_free(&text);
        return 0;
    }
    int rc = scope->is_filled_late ? service_fill(scope, other) : 0;
    rc = rc == 0 ? service_extend(scope, root, other, link) : rc;
    if (rc != 0) {
        return rc;
    }
    *base = yaml_item_copy(other, NULL, &scope->loading->values_left);
    if (*base == NULL) {
        return scope->loading->values_left == 0
                   ? err_set(scope->loading->err, ERR_OVERSIZE,
                             "%s: the project has more than %d values, extended ones counted each",
                             other->file, PROJECT_VALUES_MAX)
                   : loading_no_memory(scope->loading);
    }
    return 0;
}

static const struct yaml_item *text_member(const struct yaml_item *map, const char *key)
{
    const struct yaml_item *member = yaml_tree_member(map, key);
    return member != NULL && member->kind == YAML_TREE_SCALAR && !yaml_is_null(member) ? member
                                                                                       : NULL;
}

/* Puts the service over its base, in the base's memory, and back where the service stood. */
static int base_merge(const struct scope *scope, struct yaml_item *service, struct yaml_item *base)
{
    const char *keys[] = {"services", service->key};
    const struct merge_place place = {.keys = keys, .count = 2};
    struct yaml_item *over = yaml_item_new(service, service->kind, NULL, NULL);
    if (over == NULL) {
        yaml_tree_free(base);
        return loading_no_memory(scope->loading);
    }
    over->child = service->child;
    service->child = NULL;
    over->tag = YAML_TAG_NONE;
    merge_strip(base);
    int rc = merge_trees(base, over, place, true, scope->loading->findings, scope->loading->err);
    service->child = base->child;
    base->child = NULL;
    yaml_tree_free(base);
    return rc;
}

static void keys_check(const struct scope *scope, const struct yaml_item *extends,
                       const char *service)
{
    static const char *const keys[] = {"service", "file", NULL};
    struct growing path = {.max = 4096};
    growing_printf(&path, "services.%s.extends", service);
    loading_keys(scope->loading, extends, growing_get(&path), keys);
    growing_free(&path);
}

static void extends_drop(struct yaml_item *service)
{
    struct yaml_item *extends = yaml_tree_member(service, "extends");
    if (extends != NULL) {
        yaml_item_detach(service, extends);
        yaml_tree_free(extends);
    }
}

static int service_extend(const struct scope *scope, struct yaml_item *root,
                          struct yaml_item *service, const struct link *outer)
{
    struct yaml_item *extends = yaml_tree_member(service, "extends");
    const struct link link = {.outer = outer,
                              .file = service->file,
                              .service = service->key,
                              .depth = outer != NULL ? outer->depth + 1 : 1};
    if (extends == NULL || service->kind != YAML_TREE_MAP) {
        return 0;
    }
    if (is_endless(scope, extends, &link)) {
        return 0;
    }
    keys_check(scope, extends, service->key);
    const struct yaml_item *name =
        extends->kind == YAML_TREE_SCALAR ? extends : text_member(extends, "service");
    const struct yaml_item *file = text_member(extends, "file");
    struct yaml_item *base = NULL;
    int rc = 0;
    if (name == NULL || yaml_is_null(name)) {
        say(scope, extends, service->key, "must name a service, or have the key service");
    } else if (file != NULL) {
        rc = other_take(scope, file, name->text, &link, &base);
    } else {
        rc = own_copy(scope, root, extends, name->text, &link, &base);
    }
    extends_drop(service);
    if (base != NULL) {
        extends_drop(base); /* of a circle: it is said already */
    }
    if (rc != 0 || base == NULL || base->kind != YAML_TREE_MAP) {
        yaml_tree_free(base);
        return rc;
    }
    return base_merge(scope, service, base);
}

int extends_apply(const struct scope *scope, struct yaml_item *root)
{
    const struct yaml_item *services = yaml_tree_member(root, "services");
    int rc = 0;
    if (services == NULL || services->kind != YAML_TREE_MAP) {
        return 0;
    }
    for (struct yaml_item *service = services->child; rc == 0 && service != NULL;
         service = service->next) {
        rc = service_extend(scope, root, service, NULL);
    }
    return rc;
}
