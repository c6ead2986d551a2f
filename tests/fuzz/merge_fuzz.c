/* merge: two texts as Compose files, one over the other: parsed, merged, made unique. */
#include "ports/app/berth/compose/merge.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

static struct yaml_item *parse(struct span text, const char *file)
{
    const struct yaml_source source = {.file = file};
    struct yaml_item *root = NULL;
    struct err err = {0};
    int rc = yaml_tree_read(text, &source, &root, &err);
    PROMISE((rc == 0) == (root != NULL));
    PROMISE(rc == 0 || strncmp(err.text, "line ", 5) == 0);
    if (root != NULL && root->kind != YAML_TREE_MAP) {
        yaml_tree_free(root);
        root = NULL;
    }
    return root;
}

/* Every key stands once in its map, scalars have a text, nothing tagged remains. */
static void item_check(const struct yaml_item *item, const struct yaml_item *parent)
{
    PROMISE((item->text != NULL) == (item->kind == YAML_TREE_SCALAR));
    PROMISE(item->tag == YAML_TAG_NONE);
    if (parent != NULL) {
        PROMISE((item->key != NULL) == (parent->kind == YAML_TREE_MAP));
        PROMISE(item->key == NULL || yaml_tree_member(parent, item->key) == item);
    }
    for (const struct yaml_item *child = item->child; child != NULL; child = child->next) {
        item_check(child, item);
    }
}

static bool is_same(const struct yaml_item *a, const struct yaml_item *b)
{
    if (a->kind != b->kind || (a->text != NULL && strcmp(a->text, b->text) != 0) ||
        (a->key != NULL && strcmp(a->key, b->key) != 0)) {
        return false;
    }
    a = a->child;
    b = b->child;
    for (; a != NULL && b != NULL; a = a->next, b = b->next) {
        if (!is_same(a, b)) {
            return false;
        }
    }
    return a == b;
}

static void merged_check(struct yaml_item *root, struct findings *findings)
{
    static const struct merge_place top = {0};
    size_t values = 200000;
    item_check(root, NULL);
    struct yaml_item *before = yaml_item_copy(root, NULL, &values);
    PROMISE(before != NULL);
    PROMISE(merge_unique(root, NULL) == 0);
    PROMISE(merge_trees(root, yaml_item_new(root, YAML_TREE_MAP, NULL, NULL), top, false, findings,
                        NULL) == 0);
    PROMISE(is_same(root, before));
    yaml_tree_free(before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct merge_place top = {0};
    struct span input = span_of(data, size);
    struct span first = input_piece(&input);
    struct yaml_item *base = parse(first, "a");
    struct yaml_item *over = parse(input, "b");
    struct findings *findings = findings_new();
    PROMISE(findings != NULL);
    if (base != NULL && over != NULL) {
        struct yaml_item *root = yaml_item_new(base, YAML_TREE_MAP, NULL, NULL);
        PROMISE(root != NULL);
        int rc = merge_trees(root, base, top, false, findings, NULL);
        PROMISE(rc == 0); /* over nothing, whatever it is */
        rc = merge_trees(root, over, top, false, findings, NULL);
        PROMISE(rc == 0 || rc == ERR_DEPTH);
        if (rc == 0) {
            PROMISE(merge_unique(root, NULL) == 0);
            merged_check(root, findings);
        }
        base = NULL;
        over = NULL;
        yaml_tree_free(root);
    }
    yaml_tree_free(base);
    yaml_tree_free(over);
    findings_free(findings);
    return 0;
}
