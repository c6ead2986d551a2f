/* json_edge: what the lint and its readers take and refuse at each side of a bound. */
#include "agent/wire/json.h"
#include "platform/base/text.h"
#include "platform/base/units.h"
#include "tests/check.h"

static char data[80000];
static struct text text;

static struct text *fresh(void)
{
    text_init(&text, data, sizeof data);
    return &text;
}

static void repeat(const char *piece, int count)
{
    for (; count > 0; count--) {
        text_append(&text, piece);
    }
}

/* -- JSON ------------------------------------------------------------------------------------- */

static const char *const decimal_keys[] = {"a", "cpus", NULL};
static const struct json_rules rules = {.bytes_max = 65536, .decimal_keys = decimal_keys};

static void check_json(const char *given, int code, const char *message)
{
    struct json_document document;
    struct err err = {0};
    int rc = json_parse(span_text(given), &rules, &document, &err);
    CHECK_STR_EQ(err_word(rc), err_word(code));
    if (code != 0) {
        CHECK_CONTAINS(err.text, message);
    }
    json_free(&document);
}

/* The first and the last of each length of UTF-8, and their neighbours. */
static void case_utf8(void)
{
    static const struct {
        const char *bytes;
        bool is_good;
    } rows[] = {
        {"\x7f", true},
        {"\xc2\x80", true},
        {"\xdf\xbf", true},
        {"\xc1\xbf", false},
        {"\x80", false},
        {"\xe0\xa0\x80", true},
        {"\xe0\x9f\xbf", false},
        {"\xed\x9f\xbf", true},
        {"\xed\xa0\x80", false},
        {"\xed\xbf\xbf", false},
        {"\xee\x80\x80", true},
        {"\xef\xbf\xbf", true},
        {"\xf0\x90\x80\x80", true},
        {"\xf0\x8f\xbf\xbf", false},
        {"\xf4\x8f\xbf\xbf", true},
        {"\xf4\x90\x80\x80", false},
        {"\xf5\x80\x80\x80", false},
        {"\xc2\xc2", false},
        {"\xe1\x80\xc0", false},
        {"\xf1\x80\x80\x7f", false},
        {"\xc2", false},
        {"\xe1\x80", false},
        {"\xf1\x80\x80", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)snprintf(data, sizeof data, "\"%s\"", rows[i].bytes);
        check_json(data, rows[i].is_good ? 0 : ERR_SYNTAX, "not UTF-8");
    }
    /* At the very end of the text, where nothing more may be read. */
    struct json_document document;
    for (size_t len = 1; len < 4; len++) {
        char *exact = malloc(len + 1);
        CHECK(exact != NULL);
        if (exact != NULL) {
            memcpy(exact, "\"\xf1\x80\x80", len + 1);
            CHECK_INT_EQ(json_parse(span_of(exact, len + 1), &rules, &document, NULL), ERR_SYNTAX);
            free(exact);
        }
    }
}

static void case_escapes(void)
{
    static const struct {
        const char *text;
        int code;
        const char *message;
    } rows[] = {
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", 0, ""},
        {"\"\\a\"", ERR_SYNTAX, "no such escape"},
        {"\"\\u09aF\"", 0, ""},
        {"\"\\u00g0\"", ERR_SYNTAX, "\\u needs four hex digits"},
        {"\"\\u00/0\"", ERR_SYNTAX, "\\u needs four hex digits"},
        {"\"\\u00:0\"", ERR_SYNTAX, "\\u needs four hex digits"},
        {"\"\\u00`0\"", ERR_SYNTAX, "\\u needs four hex digits"},
        {"\"\\u000\"", ERR_SYNTAX, "\\u needs four hex digits"},
        {"\"\\u0001\"", 0, ""},
        {"\"\\u0000\"", ERR_SYNTAX, "a NUL character is not allowed"},
        {"\"\\ud7ff\\ue000\"", 0, ""},
        {"\"\\ud800\\udc00\"", 0, ""},
        {"\"\\udbff\\udfff\"", 0, ""},
        {"\"\\ud800\\udbff\"", ERR_SYNTAX, "half of a surrogate pair"},
        {"\"\\ud800\\ue000\"", ERR_SYNTAX, "half of a surrogate pair"},
        {"\"\\udc00\\udc00\"", ERR_SYNTAX, "half of a surrogate pair"},
        {"\"\\ud800x\"", ERR_SYNTAX, "half of a surrogate pair"},
        {"\"\x1f\"", ERR_SYNTAX, "a control character must be escaped"},
        {"\"\\", ERR_SYNTAX, "the string does not end"},
        {"\"\\u12", ERR_SYNTAX, "\\u needs four hex digits"},
        {"\"\\u123", ERR_SYNTAX, "\\u needs four hex digits"},
        {"\"\\u1234", ERR_SYNTAX, "the string does not end"},
        {"\"\\ud800\\udc0", ERR_SYNTAX, "half of a surrogate pair"},
        {"\"\\ud800\\udc00", ERR_SYNTAX, "the string does not end"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check_json(rows[i].text, rows[i].code, rows[i].message);
    }
}

static void case_numbers(void)
{
    static const struct {
        const char *text;
        int code;
        const char *message;
    } rows[] = {
        {"{\"cpus\":0.001}", 0, ""},
        {"{\"a\":0.125}", 0, ""},
        {"{\"cpus\":0.0001}", ERR_VALUE, "at most three decimal places"},
        {"{\"cpus\":-0.5}", 0, ""},
        {"{\"cpu\":0.5}", ERR_VALUE, "this number must be an integer"},
        {"{\"cpus\":1.}", ERR_SYNTAX, "a decimal point needs digits after it"},
        {"00", ERR_SYNTAX, "must not begin with 0"},
        {"-01", ERR_SYNTAX, "must not begin with 0"},
        {"-0", ERR_VALUE, "minus zero"},
        {"-1", 0, ""},
        {"9007199254740991", 0, ""},
        {"9007199254740992", ERR_VALUE, "beyond 2^53 - 1"},
        {"1E1", ERR_VALUE, "without an exponent"},
        {"1e1", ERR_VALUE, "without an exponent"},
        {"-x", ERR_SYNTAX, "expected a value"},
        {"tru", ERR_SYNTAX, "expected a value"},
        {"falsy", ERR_SYNTAX, "expected a value"},
        {"[1", ERR_SYNTAX, "expected a comma or a closing bracket"},
        {"[1}", ERR_SYNTAX, "expected a comma or a closing bracket"},
        {"{\"a\" 1}", ERR_SYNTAX, "expected a colon"},
        {"{1:1}", ERR_SYNTAX, "expected a string in double quotes"},
        {"[", ERR_SYNTAX, "the text ends too early"},
        {"1 1", ERR_SYNTAX, "something follows the end of the document"},
        {" \t\r\n1 \t\r\n", 0, ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check_json(rows[i].text, rows[i].code, rows[i].message);
    }
}

static void case_json_bounds(void)
{
    text_append(fresh(), "[0"); /* the list, and 4095 values in it */
    repeat(",0", 4094);
    text_append(&text, "]");
    check_json(data, 0, "");
    text_append(fresh(), "[0");
    repeat(",0", 4095);
    text_append(&text, "]");
    check_json(data, ERR_OVERSIZE, "too many values");
    for (int count = 512; count <= 513; count++) {
        text_append(fresh(), "{\"\":0");
        for (int i = 1; i < count; i++) {
            text_printf(&text, ",\"%d\":0", i);
        }
        text_append(&text, "}");
        check_json(data, count == 512 ? 0 : ERR_OVERSIZE, "more than 512 members");
    }
    for (int len = 65536; len <= 65537; len++) {
        text_append(fresh(), "1");
        repeat(" ", len - 1);
        check_json(data, len == 65536 ? 0 : ERR_OVERSIZE, "65537 bytes; at most 65536 are allowed");
    }
    text_append(fresh(), "[");
    repeat("[[[[[[[[[[[[[[[]]]]]]]]]]]]]]],", 3); /* as deep again after it came up */
    text_append(&text, "0]");
    check_json(data, 0, "");
    check_json("[\n1,\n x]", ERR_SYNTAX, "line 3, column 2: expected a value");
}

/* Each kind of space before, between and after all the words of a document; and each document that
 * ends before its last word. */
static void case_spaces(void)
{
    static const char *const words[] = {
        "{", "\"a\"", ":",     "1", ",", "\"b\"", ":", "[",    "]", ",",    "\"c\"", ":", "{",
        "}", ",",     "\"d\"", ":", "[", "true",  ",", "null", ",", "\"\"", "]",     "}"};
    static const char *const spaces[] = {" ", "\t", "\n", "\r"};
    for (size_t i = 0; i <= COUNT_OF(words); i++) {
        for (size_t k = 0; k < COUNT_OF(spaces); k++) {
            (void)fresh();
            for (size_t j = 0; j < COUNT_OF(words); j++) {
                text_append(&text, j == i ? spaces[k] : "");
                text_append(&text, words[j]);
            }
            text_append(&text, i == COUNT_OF(words) ? spaces[k] : "");
            check_json(data, 0, "");
        }
        if (i < COUNT_OF(words)) {
            (void)fresh();
            for (size_t j = 0; j < i; j++) {
                text_append(&text, words[j]);
            }
            check_json(data, ERR_SYNTAX, "line 1, column ");
        }
    }
    check_json("\v1", ERR_SYNTAX, "expected a value");
}

/* Rules with a bound of their own. */
static void case_few_values(void)
{
    static const struct json_rules one = {.bytes_max = 10, .values_max = 1};
    static const struct json_rules three = {.bytes_max = 20, .values_max = 3};
    CHECK_INT_EQ(json_lint(span_text("[]"), &one, NULL), 0);
    CHECK_INT_EQ(json_lint(span_text("[1]"), &one, NULL), ERR_OVERSIZE);
    CHECK_INT_EQ(json_lint(span_text("{\"a\":1,\"b\":2}"), &three, NULL), 0);
    CHECK_INT_EQ(json_lint(span_text("[1,2,3]"), &three, NULL), ERR_OVERSIZE);
}

static void check_path(const char *given, const char *message)
{
    struct json_document document;
    struct err err = {0};
    CHECK_INT_EQ(json_parse(span_text(given), &rules, &document, &err), ERR_DUPLICATE_KEY);
    CHECK_CONTAINS(err.text, message);
    json_free(&document);
}

#define K40 "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"

static void case_paths(void)
{
    check_path("{\"a\":[0,0,{\"b\":{\"c\":1,\"c\":2}}]}", "a[2].b.c: the key stands here twice");
    check_path("{\"" K40 "\":1,\"" K40 "\":1}", K40 ": the key");
    check_path("{\"" K40 "k\":1,\"" K40 "k\":1}", K40 "...: the key");
    check_path("{\" ~\":1,\" ~\":1}", " ~: the key");
    check_path("{\"\x7f\":1,\"\x7f\":1}", "?: the key");
}

static int read_any(const struct json_place *at, void *into, struct err *err)
{
    (void)at, (void)err;
    (*(int *)into)++;
    return 0;
}

/* Numbers, as they are asked for. */
static void case_values(void)
{
    static const struct {
        const char *text;
        int64_t least, most, value;
        bool is_thousandths;
        int code;
    } rows[] = {
        {"{\"a\":1}", 1, 3, 1, false, 0},           {"{\"a\":3}", 1, 3, 3, false, 0},
        {"{\"a\":0}", 1, 3, 0, false, ERR_VALUE},   {"{\"a\":4}", 1, 3, 0, false, ERR_VALUE},
        {"{\"a\":1.5}", 1, 3, 0, false, ERR_VALUE}, {"{\"a\":true}", 1, 3, 0, false, ERR_VALUE},
        {"{\"a\":0.001}", 1, 3, 1, true, 0},        {"{\"a\":0.003}", 1, 3, 3, true, 0},
        {"{\"a\":0}", 1, 3, 0, true, ERR_VALUE},    {"{\"a\":0.004}", 1, 3, 0, true, ERR_VALUE},
        {"{\"a\":-0.002}", -3, 3, -2, true, 0},     {"{\"a\":\"1\"}", 1, 3, 0, true, ERR_VALUE},
        {"{\"a\":1.015}", 0, 9999, 1015, true, 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct json_document document;
        struct json_place at;
        int64_t value = 77;
        CHECK_INT_EQ(json_parse(span_text(rows[i].text), &rules, &document, NULL), 0);
        struct json_place root = json_root(&document);
        CHECK(json_member(&root, "a", &at));
        int rc = rows[i].is_thousandths
                     ? json_thousandths(&at, rows[i].least, rows[i].most, &value, NULL)
                     : json_integer(&at, rows[i].least, rows[i].most, &value, NULL);
        CHECK_STR_EQ(err_word(rc), err_word(rows[i].code));
        CHECK_INT_EQ(value, rows[i].code == 0 ? rows[i].value : 77);
        json_free(&document);
    }
}

/* What a place is, and how many are in it. */
static void case_kinds(void)
{
    static const struct json_key keys[] = {{"b", read_any, NULL, false},
                                           {"a", read_any, NULL, true}};
    struct json_document document;
    struct json_place at;
    int read = 0;
    CHECK_INT_EQ(json_parse(span_text("{\"a\":[1,2,3],\"b\":null}"), &rules, &document, NULL), 0);
    struct json_place root = json_root(&document);
    CHECK(json_is_object(&root) && !json_is_array(&root) && !json_is_string(&root));
    CHECK_INT_EQ(json_count(&root), 2);
    CHECK(json_member(&root, "a", &at) && json_is_array(&at) && !json_is_object(&at));
    CHECK_INT_EQ(json_count(&at), 3);
    CHECK(!json_member(&at, "a", &at));
    CHECK(!json_member(&root, "c", &at));
    CHECK(json_member(&root, "b", &at) && json_is_null(&at));
    struct json_place step = {0};
    CHECK(!json_next(&at, &step));
    CHECK_INT_EQ(json_read_object(&root, keys, COUNT_OF(keys), &read, NULL), 0);
    CHECK_INT_EQ(read, 2);
    json_free(&document);
    CHECK(document.root == NULL);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"utf-8", case_utf8},
        {"escapes", case_escapes},
        {"numbers", case_numbers},
        {"json bounds", case_json_bounds},
        {"paths", case_paths},
        {"values", case_values},
        {"kinds", case_kinds},
        {"spaces", case_spaces},
        {"few values", case_few_values},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
