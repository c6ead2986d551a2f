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
    } rows[] = {
        {"a: 1\na: 2\n", ERR_DUPLICATE_KEY, "line 2: the key a stands here twice, first in line 1"},
        {"x: &x {}\ny: &y {}\nz:\n  <<: *x\n  <<: *y\n", ERR_DUPLICATE_KEY,
         "line 5: << stands here twice, first in line 4"},
        {"a:\n\tb: 1\n", ERR_SYNTAX, "line 2: a tab stands where"},
        {"a: \xff\n", ERR_SYNTAX, "line 1: invalid leading UTF-8"},
        {"a: b\nc: \xff\n", ERR_SYNTAX, "line 2: invalid leading UTF-8"},
        {"# only this\n", ERR_SYNTAX, "empty"},
        {"a: 1\n--- 5\n", ERR_SYNTAX, "line 2: more than one document"},
        {"\"a\\0\": 1\n", ERR_SYNTAX, "NUL"},
        {"a: [1\n", ERR_SYNTAX, "line "},
        {"a: *none\n", ERR_SYNTAX, "line 1"},
        {"", ERR_SYNTAX, "empty"},
        {"a: 1\n---\nb: 2\n", ERR_SYNTAX, "more than one document"},
        {"{a: 1}: 2\n", ERR_SYNTAX, "plain word"},
        {"a:\n  <<: 1\n", ERR_SYNTAX, "only a map can be merged"},
        {"a:\n  <<: [{}, [{}]]\n", ERR_SYNTAX, "only a map can be merged"},
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
    const struct yaml_source source = {.file = "c.yaml", .dir = "/p"};
    CHECK_INT_EQ(
        yaml_tree_read(span_text("a: !reset []\nb: !override {c: 1}\n"), &source, &root, NULL), 0);
    CHECK(root->file == source.file && yaml_tree_find(root, "b.c")->file == source.file);
    CHECK(yaml_tree_find(root, "b.c")->dir == source.dir);
    CHECK_INT_EQ(root->tag, YAML_TAG_NONE);
    CHECK_INT_EQ(yaml_tree_member(root, "a")->tag, YAML_TAG_RESET);
    CHECK_INT_EQ(yaml_tree_member(root, "b")->tag, YAML_TAG_OVERRIDE);
    yaml_tree_free(root);
}

/* Bytes that are no part of the document change nothing. */
static void case_bytes(void)
{
    static const char *const rows[] = {"\xef\xbb\xbf"
                                       "a: b\n",
                                       "a: b\r\n",
                                       "---\na: b\n...\n",
                                       "a: b\n---\n",
                                       "%YAML 1.2\n---\na: b\n",
                                       "{\"a\": \"b\"}",
                                       "{\n\t\"a\":\n\t\"b\"\n}\n",
                                       "a: b # c\n\n# d\n"};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct yaml_item *root = NULL;
        struct err err = {0};
        CHECK_INT_EQ(yaml_tree_parse(span_text(rows[i]), &root, &err), 0);
        CHECK_STR_EQ(err.text, "");
        CHECK_STR_EQ(root != NULL ? root->child->text : "nothing", "b");
        yaml_tree_free(root);
    }
}

static void case_merged(void)
{
    struct yaml_item *root = NULL;
    CHECK_INT_EQ(yaml_tree_parse(span_text("x: &x {a: 1, b: 1, c: 1}\ny: &y {<<: *x, b: 2}\n"
                                           "z: &z {b: 3, d: 3}\nw: {<<: [*y, *z], c: 4}\n"
                                           "\"<<\": 5\n"),
                                 &root, NULL),
                 0);
    CHECK_STR_EQ(yaml_tree_find(root, "w.a")->text, "1");
    CHECK_STR_EQ(yaml_tree_find(root, "w.b")->text, "2");
    CHECK_STR_EQ(yaml_tree_find(root, "w.c")->text, "4");
    CHECK_STR_EQ(yaml_tree_find(root, "w.d")->text, "3");
    CHECK_STR_EQ(yaml_tree_member(root, "<<")->text, "5");
    yaml_tree_free(root);
}

/* What Compose 2.26 puts into a container's environment for each plain word. */
static const struct {
    const char *yaml;
    enum yaml_word word;
    const char *text;
} words[] = {{"yes", YAML_WORD_TEXT, "yes"},
             {"off", YAML_WORD_TEXT, "off"},
             {"22:22", YAML_WORD_TEXT, "22:22"},
             {"12:30:45", YAML_WORD_TEXT, "12:30:45"},
             {"2020-01-01", YAML_WORD_TEXT, "2020-01-01"},
             {"True", YAML_WORD_BOOL, "true"},
             {"FALSE", YAML_WORD_BOOL, "false"},
             {"~", YAML_WORD_NULL, ""},
             {"", YAML_WORD_NULL, ""},
             {"NULL", YAML_WORD_NULL, ""},
             {"nULL", YAML_WORD_TEXT, "nULL"},
             {"'null'", YAML_WORD_TEXT, "null"},
             {"0644", YAML_WORD_INTEGER, "420"},
             {"0o17", YAML_WORD_INTEGER, "15"},
             {"0x10", YAML_WORD_INTEGER, "16"},
             {"-0x1F", YAML_WORD_INTEGER, "-31"},
             {"0X1F", YAML_WORD_INTEGER, "31"},
             {"0b11", YAML_WORD_INTEGER, "3"},
             {"1_000", YAML_WORD_INTEGER, "1000"},
             {"1_", YAML_WORD_INTEGER, "1"},
             {"_1", YAML_WORD_TEXT, "_1"},
             {"0x", YAML_WORD_TEXT, "0x"},
             {"+5", YAML_WORD_INTEGER, "5"},
             {"0", YAML_WORD_INTEGER, "0"},
             {"-0", YAML_WORD_INTEGER, "0"},
             {"-0.0", YAML_WORD_REAL, "-0"},
             {"089", YAML_WORD_REAL, "89"},
             {"1.10", YAML_WORD_REAL, "1.1"},
             {"\"1.10\"", YAML_WORD_TEXT, "1.10"},
             {"!!str 1.10", YAML_WORD_TEXT, "1.10"},
             {"!!str null", YAML_WORD_TEXT, "null"},
             {"&a !!str 1.10", YAML_WORD_TEXT, "1.10"},
             {"&a1 1.10", YAML_WORD_REAL, "1.1"},
             {"1.10 # !!str", YAML_WORD_REAL, "1.1"},
             {"1.", YAML_WORD_REAL, "1"},
             {".5", YAML_WORD_REAL, "0.5"},
             {".", YAML_WORD_TEXT, "."},
             {"1e3", YAML_WORD_REAL, "1000"},
             {"1e6", YAML_WORD_REAL, "1e+06"},
             {"1e", YAML_WORD_TEXT, "1e"},
             {"1e400", YAML_WORD_REAL, "1e400"},
             {"0.0001", YAML_WORD_REAL, "0.0001"},
             {"0.00001", YAML_WORD_REAL, "1e-05"},
             {"123456789.5", YAML_WORD_REAL, "1.234567895e+08"},
             {"99999999999999999999", YAML_WORD_REAL, "1e+20"},
             {"18446744073709551615", YAML_WORD_REAL, "18446744073709551615"},
             {"1.2.3", YAML_WORD_TEXT, "1.2.3"},
             {"10m", YAML_WORD_TEXT, "10m"}};

static void case_words(void)
{
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        struct yaml_item *root = NULL;
        char yaml[64];
        char room[64];
        (void)snprintf(yaml, sizeof yaml, "\xc3\xa4: \xc3\xb6\na: %s\n", words[i].yaml);
        CHECK_INT_EQ(yaml_tree_parse(span_text(yaml), &root, NULL), 0);
        const struct yaml_item *item = yaml_tree_member(root, "a");
        CHECK_STR_EQ(yaml_word_text(item, room, sizeof room), words[i].text);
        CHECK_INT_EQ(yaml_word_of(item), words[i].word);
        CHECK_INT_EQ(yaml_is_null(item), words[i].word == YAML_WORD_NULL);
        yaml_tree_free(root);
    }
    struct yaml_item filled = {.text = (char[]){"null"}, .is_plain = true, .is_filled = true};
    CHECK(!yaml_is_null(&filled) && yaml_is_null(NULL));
    char room[64];
    filled.text = (char[]){"1.10"};
    CHECK_STR_EQ(yaml_word_text(&filled, room, sizeof room), "1.10");
    CHECK_INT_EQ(yaml_word_of(&filled), YAML_WORD_REAL);
}

static void case_edit(void)
{
    struct yaml_item *root = NULL;
    size_t values = 100;
    CHECK_INT_EQ(yaml_tree_parse(span_text(sample), &root, NULL), 0);
    struct yaml_item *base = yaml_tree_member(root, "base");
    struct yaml_item *copy = yaml_item_copy(base, "other", &values);
    CHECK_INT_EQ(values, 95);
    CHECK_STR_EQ(copy->key, "other");
    CHECK_STR_EQ(yaml_tree_find(copy, "b[1]")->text, "2");
    CHECK_INT_EQ(yaml_tree_find(copy, "b[1]")->line, 3);
    yaml_item_append(root, copy);
    CHECK(yaml_tree_member(root, "other") == copy && copy->next == NULL);
    struct yaml_item *own = yaml_tree_member(root, "own");
    yaml_item_detach(root, own);
    CHECK(yaml_tree_member(root, "own") == NULL && base->next == yaml_tree_member(root, "dotted"));
    yaml_item_replace(root, base, own);
    CHECK(root->child == own && own->next == yaml_tree_member(root, "dotted"));
    values = 4;
    CHECK(yaml_item_copy(copy, NULL, &values) == NULL);
    CHECK_INT_EQ(values, 0);
    yaml_tree_free(root);
}

struct heard {
    char text[256];
};

static void twice_hear(void *ctx, const struct yaml_item *first, size_t line)
{
    struct heard *heard = ctx;
    size_t len = strlen(heard->text);
    (void)snprintf(heard->text + len, sizeof heard->text - len, "%s %zu %zu;", first->key,
                   first->line, line);
}

static void case_twice(void)
{
    struct yaml_item *root = NULL;
    struct heard heard = {""};
    const struct yaml_source source = {.twice = twice_hear, .ctx = &heard};
    CHECK_INT_EQ(yaml_tree_read(span_text("a: 1\nb: {c: 1, d: 2,\n  c: 3}\na: 2\na: 3\n"), &source,
                                &root, NULL),
                 0);
    CHECK_STR_EQ(heard.text, "c 2 3;a 1 4;a 1 5;");
    CHECK_STR_EQ(yaml_tree_member(root, "a")->text, "1");
    yaml_tree_free(root);
}

/* As much as the bounds allow is read, one more is not. */
static void case_bounds(void)
{
    for (size_t extra = 0; extra < 2; extra++) {
        struct yaml_item *root = NULL;
        struct err err = {0};
        size_t len = (YAML_VALUES_MAX - 1 + extra) * 2;
        char *text = malloc(len + 1);
        for (size_t i = 0; i < len; i++) {
            text[i] = i == 0 ? '[' : i % 2 == 1 ? 'x' : ',';
        }
        text[len] = ']';
        CHECK_INT_EQ(yaml_tree_parse(span_of(text, len + 1), &root, &err),
                     extra == 0 ? 0 : ERR_OVERSIZE);
        CHECK(extra == 0 || strstr(err.text, "over 20000") != NULL);
        yaml_tree_free(root);
        free(text);
    }
    char *text = malloc(YAML_BYTES_MAX / 4 + 64);
    for (size_t extra = 0; extra < 2; extra++) {
        struct yaml_item *root = NULL;
        struct err err = {0};
        memcpy(text, "- &a ", 5);
        memset(text + 5, 'x', YAML_BYTES_MAX / 4 + extra);
        (void)strcpy(text + 5 + YAML_BYTES_MAX / 4 + extra, "\n- *a\n- *a\n- *a\n");
        CHECK_INT_EQ(yaml_tree_parse(span_text(text), &root, &err), extra == 0 ? 0 : ERR_OVERSIZE);
        CHECK(extra == 0 || strstr(err.text, "more than 4194304 bytes") != NULL);
        yaml_tree_free(root);
    }
    free(text);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"tree", case_tree},   {"file", case_file},
                                              {"bytes", case_bytes}, {"merged", case_merged},
                                              {"words", case_words}, {"edit", case_edit},
                                              {"twice", case_twice}, {"bounds", case_bounds},
                                              {"find", case_find},   {"refused", case_refused}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
