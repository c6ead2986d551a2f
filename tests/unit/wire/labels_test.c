/* labels: Kubernetes' rules, a sorted list, and the document at a node's topic. */
#include "agent/wire/labels.h"

#include "platform/base/units.h"
#include "tests/check.h"

#define A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void case_words(void)
{
    static const char *const keys[] = {"a", "site", "Site.name_1-x", "example.com/site",
                                       A63, "0",    "a-b.c/D_e"};
    static const char *const no_keys[] = {"",      "-a",    "a-",  "/a",      "a/",
                                          "a/b/c", "a b",   "A/b", "a..b/c",  "-a/b",
                                          "a-/b",  A63 "a", "a=b", "\xc3\xa4"};
    static const char *const values[] = {"", "1", "North", "a.b_c-d", A63};
    static const char *const no_values[] = {"-", "a/b", "a b", ".a", A63 "a", "a\"b"};
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        CHECK(label_is_key(keys[i]));
    }
    for (size_t i = 0; i < COUNT_OF(no_keys); i++) {
        CHECK(!label_is_key(no_keys[i]));
    }
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        CHECK(label_is_value(values[i]));
    }
    for (size_t i = 0; i < COUNT_OF(no_values); i++) {
        CHECK(!label_is_value(no_values[i]));
    }
}

static void case_set(void)
{
    struct labels labels = {0};
    struct err err = {0};
    CHECK_INT_EQ(labels_set(&labels, "site", "north", &err), 0);
    CHECK_INT_EQ(labels_set(&labels, "arm", "yes", &err), 0);
    CHECK_INT_EQ(labels_set(&labels, "site", "south", &err), 0);
    CHECK_INT_EQ(labels.count, 2);
    CHECK_STR_EQ(labels.list[0].key, "arm");
    CHECK_STR_EQ(labels_get(&labels, "site"), "south");
    CHECK(labels_get(&labels, "s") == NULL);
    CHECK_INT_EQ(labels_set(&labels, "a b", "x", &err), ERR_VALUE);
    CHECK_CONTAINS(err.text, "'a b' is no label's key");
    CHECK_INT_EQ(labels_set(&labels, "a", "x y", &err), ERR_VALUE);
    CHECK_CONTAINS(err.text, "'x y' is no value of a");
    CHECK(labels_remove(&labels, "arm"));
    CHECK(!labels_remove(&labels, "arm"));
    CHECK_INT_EQ(labels.count, 1);
    CHECK_STR_EQ(labels_get(&labels, "site"), "south");
}

static void case_limit(void)
{
    struct labels labels = {0};
    struct err err = {0};
    char key[8];
    for (int i = 0; i < LABELS_MAX; i++) {
        (void)snprintf(key, sizeof key, "k%d", i);
        CHECK_INT_EQ(labels_set(&labels, key, "v", &err), 0);
    }
    CHECK_INT_EQ(labels_set(&labels, "more", "v", &err), ERR_LIMIT);
    CHECK_INT_EQ(labels_set(&labels, "k7", "w", &err), 0);
    CHECK_STR_EQ(labels_get(&labels, "k7"), "w");
}

static void case_document(void)
{
    struct labels labels = {0}, again = {0};
    char document[SMALL_BYTES_MAX];
    struct text text;
    CHECK_INT_EQ(labels_set(&labels, "site", "north", NULL), 0);
    CHECK_INT_EQ(labels_set(&labels, "example.com/tier", "", NULL), 0);
    text_init(&text, document, sizeof document);
    labels_render(&labels, &text);
    CHECK_STR_EQ(document,
                 "{\"schema\":1,\"labels\":{\"example.com/tier\":\"\",\"site\":\"north\"}}");
    CHECK_INT_EQ(labels_parse(span_of(document, text.len), &again, NULL), 0);
    CHECK_INT_EQ(again.count, 2);
    CHECK_STR_EQ(labels_get(&again, "site"), "north");
    CHECK_STR_EQ(labels_get(&again, "example.com/tier"), "");
}

static void check_refused(const char *document, int code, const char *message)
{
    struct labels labels = {.count = 7};
    struct err err = {0};
    CHECK_STR_EQ(err_word(labels_parse(span_text(document), &labels, &err)), err_word(code));
    CHECK_CONTAINS(err.text, message);
    CHECK_INT_EQ(labels.count, 7);
}

static void case_refused(void)
{
    check_refused("{\"schema\":1}", ERR_MISSING, "labels");
    check_refused("{\"schema\":2,\"labels\":{}}", ERR_SCHEMA, "schema");
    check_refused("{\"schema\":1,\"labels\":{},\"x\":1}", ERR_UNKNOWN_KEY, "x");
    check_refused("{\"schema\":1,\"labels\":{\"a\":1}}", ERR_VALUE, "labels.a");
    check_refused("{\"schema\":1,\"labels\":{\"a\":\"x y\"}}", ERR_VALUE, "labels.a: 'x y' is no");
    check_refused("{\"schema\":1,\"labels\":{\"-\":\"x\"}}", ERR_VALUE, "is no label's key");
    check_refused("{\"schema\":1,\"labels\":{\"a\":\"x\",\"a\":\"y\"}}", ERR_DUPLICATE_KEY, "");
    check_refused("[]", ERR_VALUE, "");
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"words", case_words},
                                              {"set", case_set},
                                              {"limit", case_limit},
                                              {"document", case_document},
                                              {"refused", case_refused}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
