/* project_name: what the project is called, in Compose's order. */
#include <ctype.h>

#include "ports/app/berth/compose/project_private.h"

/* Compose's normal form: lower case, without what is no letter, digit, '-' or '_', and beginning
 * with a letter or digit. False when it does not fit. */
static bool name_normalise(const char *text, char *name)
{
    size_t len = 0;
    for (; *text != '\0'; text++) {
        char byte = (char)tolower((unsigned char)*text);
        bool is_begin = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
        if (!is_begin && (len == 0 || (byte != '-' && byte != '_'))) {
            continue;
        }
        if (len + 1 == PROJECT_NAME_BYTES) {
            return false;
        }
        name[len++] = byte;
    }
    name[len] = '\0';
    return true;
}

static void say(const struct scope *scope, const struct yaml_item *item, const char *name,
                const char *what)
{
    findings_add(scope->loading->findings, FINDING_REFUSED, item, "name",
                 "lower-case letters, digits, - and _ make a name, of at most 63 characters and "
                 "beginning with a letter or digit",
                 "%s: %s", name, what);
}

/* A name that was said on purpose must be one as it stands. */
static void said_set(struct scope *scope, const char *said, enum project_name_from from)
{
    struct project *project = scope->loading->project;
    char name[PROJECT_NAME_BYTES] = "";
    project->name_from = from;
    if (!name_normalise(said, name) || strcmp(name, said) != 0) {
        say(scope, NULL, said, "is no project name");
    }
    (void)memcpy(project->name, name, sizeof name);
}

/* The `name` of the last file that has one, filled in; faults are said when the file is read. */
static const struct yaml_item *file_name(struct scope *scope, struct yaml_item *const *roots,
                                         size_t count, struct growing *name)
{
    const struct lookup lookup = {.find = scope_find, .ctx = scope};
    const struct interpolation rules = {.lookup = &lookup};
    const struct yaml_item *found = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct yaml_item *item = yaml_tree_member(roots[i], "name");
        if (item == NULL || item->kind != YAML_TREE_SCALAR || yaml_is_null(item)) {
            continue;
        }
        growing_cut(name, 0);
        interpolate_text(&rules, item->text, name);
        found = name->len > 0 ? item : found;
    }
    return found;
}

void project_name_set(struct scope *scope, struct yaml_item *const *roots, size_t count)
{
    struct project *project = scope->loading->project;
    const char *env = scope_find(scope, "COMPOSE_PROJECT_NAME");
    struct growing text = {.max = 4096};
    if (scope->loading->request->name != NULL && scope->loading->request->name[0] != '\0') {
        said_set(scope, scope->loading->request->name, PROJECT_NAME_ASKED);
        return;
    }
    if (env != NULL && env[0] != '\0') {
        said_set(scope, env, PROJECT_NAME_ENV);
        return;
    }
    const struct yaml_item *item = file_name(scope, roots, count, &text);
    const char *slash = strrchr(project->dir, '/');
    const char *said = item != NULL ? growing_get(&text) : slash + 1;
    char name[PROJECT_NAME_BYTES] = "";
    project->name_from = item != NULL ? PROJECT_NAME_FILE : PROJECT_NAME_DIR;
    if (!name_normalise(said, name) || name[0] == '\0') {
        say(scope, item, said,
            item != NULL ? "no project name can be made of it"
                         : "no project name can be made of the folder's; give the file a name");
    }
    (void)memcpy(project->name, name, sizeof name);
    growing_free(&text);
}
