/* json: what the lint refuses, each with its code, and how complaints name their place. */
#include "agent/wire/json.h"

#include "agent/limits.h"
#include "platform/base/text.h"
#include "platform/base/units.h"
#include "tests/check.h"

static const char *const decimal_keys[] = {"cpus", NULL};
static const struct json_rules rules = {.bytes_max = 65536, .decimal_keys = decimal_keys};

static int parse_code(struct span text)
{
    struct json_document document;
    struct err err;
    int rc = json_parse(text, &rules, &document, &err);
    json_free(&document);
    return rc;
}

static void check_code(const char *text, int want)
{
    int got = parse_code(span_text(text));
    if (got != want) {
        printf("    text: %s\n", text);
    }
    CHECK_STR_EQ(err_word(got), err_word(want));
}

static void case_good(void)
{
    static const char *const good[] = {
        "{}",
        " [ ] ",
        "[1,-1,0,9007199254740991,-9007199254740991]",
        "{\"cpus\":0.5}",
        "\"\\u00e9\\ud83d\\ude00\\n\\\\\"",
        "\"\xc3\xa9\xf0\x9f\x98\x80\xe2\x82\xac\"",
        "[true,false,null,\"\"]",
        "{\"a\":{\"b\":1},\"b\":{\"a\":1}}",
        "{\"A\":1,\"a\":2}",
    };
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        check_code(good[i], 0);
    }
}

static void case_syntax(void)
{
    static const char *const bad[] = {
        "",
        " ",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "{\"a\"}",
        "{a:1}",
        "{'a':1}",
        "[1 2]",
        "01",
        "+1",
        "-",
        ".5",
        "1.",
        "nul",
        "trueish",
        "[1]]",
        "{} {}",
        "1 // x",
        "\"\\x\"",
        "\"\\u12\"",
        "\"a",
        "\"\\\"",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "\"\\ud800\\u0041\"",
        "\"\\u0000\"",
        "\"\t\"",
        "\xef\xbb\xbf{}",
        "\"\xc0\xaf\"",
        "\"\xed\xa0\x80\"",
        "\"\xf4\x90\x80\x80\"",
        "\"\xff\"",
        "\"\xe2\x82\"",
        "NaN",
        "Infinity",
        "\xc3\xa9",
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        check_code(bad[i], ERR_SYNTAX);
    }
    CHECK_INT_EQ(parse_code(span_of("{}\0", 3)), ERR_SYNTAX);
    CHECK_INT_EQ(parse_code(span_of("\"a\0b\"", 5)), ERR_SYNTAX);
    CHECK_INT_EQ(parse_code(span_of(NULL, 0)), ERR_SYNTAX);
}

static void case_numbers(void)
{
    check_code("9007199254740992", ERR_VALUE);
    check_code("-9007199254740992", ERR_VALUE);
    check_code("99999999999999999999999999", ERR_VALUE);
    check_code("1e3", ERR_VALUE);
    check_code("1E400", ERR_VALUE);
    check_code("-0", ERR_VALUE);
    check_code("1.5", ERR_VALUE);
    check_code("{\"cpu\":1.5}", ERR_VALUE);
    check_code("{\"cpus\":1.5001}", ERR_VALUE);
    check_code("{\"cpus\":{\"other\":1.5}}", ERR_VALUE);
    check_code("{\"cpus\":1.5e1}", ERR_VALUE);
    check_code("{\"cpus\":[0.125]}", ERR_VALUE);
    check_code("[1e]", ERR_VALUE);
}

static void case_duplicate(void)
{
    struct json_document document;
    struct err err = {0};
    check_code("{\"a\":1,\"a\":2}", ERR_DUPLICATE_KEY);
    check_code("{\"a\":1,\"b\":2,\"\\u0061\":3}", ERR_DUPLICATE_KEY);
    check_code("[{\"x\":[{\"k\":1,\"l\":0,\"k\":1}]}]", ERR_DUPLICATE_KEY);
    CHECK_INT_EQ(json_parse(span_text("{\"s\":[0,{\"k\":1,\"k\":1}]}"), &rules, &document, &err),
                 ERR_DUPLICATE_KEY);
    CHECK_CONTAINS(err.text, "s[1].k: ");
}

static void repeat(struct text *text, const char *piece, int count)
{
    while (count-- > 0) {
        text_append(text, piece);
    }
}

static void case_bounds(void)
{
    static char memory[80000];
    struct text text;
    text_init(&text, memory, sizeof memory);
    repeat(&text, "[", JSON_DEPTH_MAX);
    repeat(&text, "]", JSON_DEPTH_MAX);
    check_code(memory, 0);
    text_init(&text, memory, sizeof memory);
    repeat(&text, "[", JSON_DEPTH_MAX + 1);
    repeat(&text, "]", JSON_DEPTH_MAX + 1);
    check_code(memory, ERR_DEPTH);
    text_init(&text, memory, sizeof memory);
    repeat(&text, "[", 70000);
    check_code(memory, ERR_OVERSIZE);
    text_init(&text, memory, sizeof memory);
    text_append(&text, "[0");
    repeat(&text, ",0", JSON_VALUES_MAX - 1);
    text_append(&text, "]");
    check_code(memory, ERR_OVERSIZE);
    text_init(&text, memory, sizeof memory);
    text_append(&text, "{\"\":0");
    for (int i = 0; i < JSON_MEMBERS_MAX; i++) {
        text_printf(&text, ",\"%d\":0", i);
    }
    text_append(&text, "}");
    check_code(memory, ERR_OVERSIZE);
}

static void case_place(void)
{
    struct err err;
    struct json_document document;
    CHECK_INT_EQ(json_parse(span_text("{\"x"), &rules, &document, &err), ERR_SYNTAX);
    CHECK_CONTAINS(err.text, "line 1, column 4: the string does not end");
    CHECK_INT_EQ(json_parse(span_text("{\n\"x\": 1,\n?}"), &rules, &document, &err), ERR_SYNTAX);
    CHECK_CONTAINS(err.text, "line 3, column 1");
}

static int read_number(const struct json_place *at, void *into, struct err *err)
{
    return json_integer(at, 1, 10, into, err);
}

static void check_read(const char *text, int code, const char *message)
{
    static const struct json_key keys[] = {{"n", read_number, NULL, true},
                                           {"old", NULL, "write n instead", false}};
    struct json_document document;
    struct err err = {0};
    int64_t value = 0;
    CHECK_INT_EQ(json_parse(span_text(text), &rules, &document, &err), 0);
    struct json_place root = json_root(&document);
    CHECK_INT_EQ(json_read_object(&root, keys, COUNT_OF(keys), &value, &err), code);
    if (code != 0) {
        CHECK_STR_EQ(err.text, message);
    }
    json_free(&document);
}

static void case_read(void)
{
    check_read("{\"n\":3}", 0, NULL);
    check_read("{\"n\":11}", ERR_VALUE, "n: must be between 1 and 10");
    check_read("{\"n\":\"1\"}", ERR_VALUE, "n: must be an integer");
    check_read("{}", ERR_MISSING, "n: missing; it is required");
    check_read("{\"N\":3}", ERR_UNKNOWN_KEY, "N: unknown key; check its spelling or remove it");
    check_read("{\"n\":3,\"old\":1}", ERR_UNKNOWN_KEY, "old: write n instead");
    check_read("[]", ERR_VALUE, "document: must be an object");
    check_read("{\"n\":1,\"a\\n\\u001b[2J\":1}", ERR_UNKNOWN_KEY,
               "a??[2J: unknown key; check its spelling or remove it");
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"good", case_good},       {"syntax", case_syntax},
        {"numbers", case_numbers}, {"duplicate", case_duplicate},
        {"bounds", case_bounds},   {"place", case_place},
        {"read", case_read}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
