/* yaml: trees with lines, merges and bounds, and the way from a path back to a line. */
#include "ports/yaml/tree.h"

#include "platform/base/units.h"
#include "tests/check.h"

static const char sample[] = "base: &base\n"
                             "  a: 1\n"
                             "  b: [x, \"2\"]\n"
                             "own:\n"
                             "  <<: *base\n"
                             "  a: 3\n"
                             "dotted:\n"
                             "  net.core: 7\n";

static void case_tree(void)
{
    struct yaml_item *root = NULL;
    CHECK_INT_EQ(yaml_tree_parse(span_text(sample), &root, NULL), 0);
    const struct yaml_item *own = yaml_tree_member(root, "own");
    CHECK_STR_EQ(yaml_tree_member(own, "a")->text, "3");
    CHECK_INT_EQ(yaml_tree_member(own, "a")->line, 6);
    const struct yaml_item *list = yaml_tree_member(own, "b");
    CHECK_INT_EQ(list->kind, YAML_TREE_LIST);
    CHECK(list->child->is_plain && !list->child->next->is_plain);
    CHECK_STR_EQ(list->child->next->text, "2");
    CHECK(yaml_tree_member(own, "<<") == NULL);
    yaml_tree_free(root);
}

static void case_find(void)
{
    struct yaml_item *root = NULL;
    CHECK_INT_EQ(yaml_tree_parse(span_text(sample), &root, NULL), 0);
    CHECK_INT_EQ(yaml_tree_find(root, "own.a: bad")->line, 6);
    CHECK_INT_EQ(yaml_tree_find(root, "base.b[1]: bad")->line, 3);
    CHECK_INT_EQ(yaml_tree_find(root, "base.b[9].x: bad")->line, 3);
    CHECK_INT_EQ(yaml_tree_find(root, "dotted.net.core: bad")->line, 8);
    CHECK_INT_EQ(yaml_tree_find(root, "dotted.none: bad")->line, 7);
    CHECK_INT_EQ(yaml_tree_find(root, "nothing here")->line, 1);
    yaml_tree_free(root);
}

static void case_refused(void)
{
    static const struct {
        const char *text;
        int code;
        const char *message;
    } rows[] = {{"a: 1\na: 2\n", ERR_DUPLICATE_KEY, "line 2:"},
                {"a: [1\n", ERR_SYNTAX, "line "},
                {"a: *none\n", ERR_SYNTAX, "line 1"},
                {"", ERR_SYNTAX, "empty"},
                {"a: 1\n---\nb: 2\n", ERR_SYNTAX, "more than one document"},
                {"{a: 1}: 2\n", ERR_SYNTAX, "plain word"},
                {"a:\n  <<: 1\n", ERR_SYNTAX, "only a map can be merged"},
                {"a: \"\\0\"\n", ERR_SYNTAX, "NUL"},
                {"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\n"
                 "c: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\n"
                 "e: [*d,*d,*d,*d,*d,*d,*d,*d]\n",
                 ERR_OVERSIZE, "too many values"},
                {"a: &a\n  b: *a\n", ERR_DEPTH, "too deeply"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct yaml_item *root = NULL;
        struct err err = {0};
        int rc = yaml_tree_parse(span_text(rows[i].text), &root, &err);
        CHECK_STR_EQ(err_word(rc), err_word(rows[i].code));
        CHECK_CONTAINS(err.text, rows[i].message);
        CHECK(root == NULL);
    }
}

static void case_file(void)
{
    struct yaml_item *root = NULL;
    const char *name = "c.yaml";
    CHECK_INT_EQ(
        yaml_tree_read(span_text("a: !reset []\nb: !override {c: 1}\n"), name, &root, NULL), 0);
    CHECK(root->file == name && yaml_tree_find(root, "b.c")->file == name);
    CHECK_INT_EQ(root->tag, YAML_TAG_NONE);
    CHECK_INT_EQ(yaml_tree_member(root, "a")->tag, YAML_TAG_RESET);
    CHECK_INT_EQ(yaml_tree_member(root, "b")->tag, YAML_TAG_OVERRIDE);
    yaml_tree_free(root);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"tree", case_tree}, {"file", case_file}, {"find", case_find}, {"refused", case_refused}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
