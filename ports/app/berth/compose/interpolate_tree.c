/* interpolate_tree: each value of a tree, with the place of each fault. */
#include <stdlib.h>

#include "ports/app/berth/compose/interpolate.h"

struct walking {
    const struct lookup *lookup;
    struct findings *findings;
    struct growing path;
    size_t *bytes;
    const struct yaml_item *item; /* the value being filled in, */
    enum interpolate_part part;   /* and where it stands */
    struct err *err;
};

void interpolate_fault(struct findings *findings, const struct yaml_item *item, const char *path,
                       enum variable_fault fault, const char *name, const char *message)
{
    char *remedy = NULL;
    switch (fault) {
    case VARIABLE_UNSET:
        if (asprintf(&remedy,
                     "set it in the environment or in .env, or write ${%s:-VALUE} (${%s-} for "
                     "nothing)",
                     name, name) < 0) {
            remedy = NULL;
        }
        findings_add(findings, FINDING_REFUSED, item, path, remedy, "the variable %s is not set",
                     name);
        break;
    case VARIABLE_REQUIRED:
        findings_add(findings, FINDING_REFUSED, item, path, "set it in the environment or in .env",
                     "the variable %s must be set%s%s", name, message[0] != '\0' ? ": " : "",
                     message);
        break;
    case VARIABLE_INVALID:
        findings_add(findings, FINDING_REFUSED, item, path,
                     "write ${NAME}, ${NAME:-VALUE}, ${NAME:?MESSAGE} or ${NAME:+VALUE}, and $$ "
                     "for a dollar sign",
                     "%.200s is no variable", name);
        break;
    case VARIABLE_ELSEWHERE:
        findings_add(findings, FINDING_NOTE, item, path,
                     "move it there, or write $$( where these letters are meant",
                     "%.200s stays as it is: the node fills it in in values of environment only",
                     name);
        break;
    case VARIABLE_AMBIGUOUS:
        findings_add(findings, FINDING_REFUSED, item, path, "put something between them",
                     "a dollar sign right before %.200s cannot be told from $$(...)", name);
        break;
    }
    free(remedy);
}

static void fault_note(void *ctx, enum variable_fault fault, const char *name, const char *message)
{
    const struct walking *walking = ctx;
    if (fault == VARIABLE_ELSEWHERE && walking->part != INTERPOLATE_OF_SERVICE) {
        return; /* it may be an anchor's, for an environment */
    }
    interpolate_fault(walking->findings, walking->item, growing_get(&walking->path), fault, name,
                      message);
}

static int scalar_fill(struct walking *walking, struct yaml_item *item)
{
    const struct interpolation rules = {.lookup = walking->lookup,
                                        .is_for_node = walking->part == INTERPOLATE_ENVIRONMENT,
                                        .fault = fault_note,
                                        .ctx = walking};
    struct growing out = {.max = *walking->bytes < INTERPOLATE_BYTES_MAX ? *walking->bytes
                                                                         : INTERPOLATE_BYTES_MAX};
    walking->item = item;
    interpolate_text(&rules, item->text, &out);
    int rc = growing_status(&out, growing_get(&walking->path), walking->err);
    char *text = rc == 0 ? strdup(growing_get(&out)) : NULL;
    if (rc == 0 && text == NULL) {
        rc = err_set(walking->err, ERR_MEMORY, "no memory");
    }
    if (rc == 0) {
        *walking->bytes -= out.len;
        free(item->text);
        item->text = text;
        item->is_filled = true;
    } else {
        rc = err_wrap(walking->err, rc, "%s:%zu", item->file != NULL ? item->file : "", item->line);
    }
    growing_free(&out);
    return rc;
}

/* The part that a member of a map, or an element (without a key), is. */
static enum interpolate_part part_below(enum interpolate_part part, const char *key)
{
    if (part == INTERPOLATE_FILE) {
        return key != NULL && strcmp(key, "services") == 0 ? INTERPOLATE_SERVICES
                                                           : INTERPOLATE_OTHER;
    }
    if (part == INTERPOLATE_SERVICES) {
        return INTERPOLATE_SERVICE;
    }
    if (part == INTERPOLATE_SERVICE) {
        return key != NULL && strcmp(key, "environment") == 0 ? INTERPOLATE_ENVIRONMENT
                                                              : INTERPOLATE_OF_SERVICE;
    }
    return part;
}

static int item_fill(struct walking *walking, struct yaml_item *item)
{
    enum interpolate_part part = walking->part;
    size_t len = walking->path.len;
    size_t index = 0;
    int rc = 0;
    if (item->kind == YAML_TREE_SCALAR) {
        return strchr(item->text, '$') != NULL ? scalar_fill(walking, item) : 0;
    }
    for (struct yaml_item *child = item->child; rc == 0 && child != NULL; child = child->next) {
        if (item->kind == YAML_TREE_LIST) {
            growing_printf(&walking->path, "[%zu]", index++);
        } else {
            growing_printf(&walking->path, "%s%s", len > 0 ? "." : "", child->key);
        }
        walking->part = part_below(part, child->key);
        rc = item_fill(walking, child);
        walking->part = part;
        growing_cut(&walking->path, len);
    }
    return rc;
}

int interpolate_item(struct yaml_item *item, enum interpolate_part part, const char *path,
                     const struct lookup *lookup, size_t *bytes, struct findings *findings,
                     struct err *err)
{
    struct walking walking = {.lookup = lookup,
                              .part = part,
                              .findings = findings,
                              .path = {.max = 65536},
                              .bytes = bytes,
                              .err = err};
    growing_text(&walking.path, path);
    int rc = item_fill(&walking, item);
    growing_free(&walking.path);
    return rc;
}

int interpolate_tree(struct yaml_item *root, const struct lookup *lookup, size_t *bytes,
                     struct findings *findings, struct err *err)
{
    return interpolate_item(root, INTERPOLATE_FILE, "", lookup, bytes, findings, err);
}
