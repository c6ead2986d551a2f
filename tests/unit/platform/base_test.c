/* base: errors, bounded texts, spans and digests, the arena and the checksum, each at its edge. */
#include "platform/base/arena.h"
#include "platform/base/crc.h"
#include "platform/base/err.h"
#include "platform/base/text.h"
#include "platform/base/units.h"
#include "tests/check.h"

static void case_err(void)
{
    struct err err;
    char long_text[ERR_TEXT_BYTES + 88];
    CHECK_INT_EQ(err_set(&err, ERR_STORE, "open %s", "x"), ERR_STORE);
    CHECK_INT_EQ(err_wrap(&err, ERR_CORRUPT, "load %d", 7), ERR_CORRUPT);
    CHECK_INT_EQ(err.code, ERR_CORRUPT);
    CHECK_STR_EQ(err.text, "load 7: open x");
    CHECK_INT_EQ(err_set(NULL, ERR_IO, "nobody asks"), ERR_IO);
    CHECK_INT_EQ(err_wrap(NULL, ERR_IO, "nobody asks"), ERR_IO);
    memset(long_text, 'x', sizeof long_text);
    long_text[sizeof long_text - 1] = '\0';
    (void)err_set(&err, ERR_IO, "%s", long_text);
    CHECK_INT_EQ(strlen(err.text), ERR_TEXT_BYTES - 1);
    (void)err_wrap(&err, ERR_IO, "outer");
    CHECK(strncmp(err.text, "outer: xxx", 10) == 0);
    CHECK_INT_EQ(strlen(err.text), ERR_TEXT_BYTES - 1);
    /* Whatever is put around it, the cause at the end stays whole. */
    (void)err_set(&err, ERR_ENGINE, "OCI runtime: %s: exec: \"/serve\": no such file", long_text);
    (void)err_wrap(&err, ERR_ENGINE, "start of %s", long_text);
    CHECK(strncmp(err.text, "start of xxx", 12) == 0);
    CHECK(strstr(err.text, " ... ") != NULL);
    CHECK_STR_EQ(err.text + strlen(err.text) - 31, "x: exec: \"/serve\": no such file");
    (void)err_wrap(&err, ERR_IO, "%s", long_text);
    CHECK(strlen(err.text) < ERR_TEXT_BYTES);
}

/* However long the name outside, a cause of usual length is whole; at the edge nothing is lost. */
static void case_err_room(void)
{
    struct err err;
    char name[4 * ERR_TEXT_BYTES];
    char cause[ERR_TEXT_BYTES - 130];
    memset(cause, 'c', sizeof cause);
    cause[0] = '<';
    cause[sizeof cause - 2] = '>';
    cause[sizeof cause - 1] = '\0';
    for (size_t len = 1; len < sizeof name; len += len < ERR_TEXT_BYTES ? 1 : 97) {
        memset(name, 'n', len);
        name[len] = '\0';
        (void)err_set(&err, ERR_PULL, "%s", cause);
        (void)err_wrap(&err, ERR_PULL, "%s", name);
        const char *inner = strstr(err.text, ": <");
        CHECK(inner != NULL && strcmp(inner + 2, cause) == 0);
        CHECK(len > 127 || strncmp(err.text, name, len) == 0);
    }
    char named[TEXT_NAMED_BYTES];
    name[TEXT_NAMED_BYTES - 1] = '\0';
    CHECK_STR_EQ(text_named(named, name), name);
    memcpy(name + TEXT_NAMED_BYTES - 1, "end", 4);
    CHECK_INT_EQ(strlen(text_named(named, name)), TEXT_NAMED_BYTES - 1);
    CHECK_CONTAINS(named, " ... ");
    CHECK_STR_EQ(named + TEXT_NAMED_BYTES - 4, "end");
}

static void case_err_words(void)
{
    static const int codes[] = {
#define CODE_(name, word) ERR_##name,
        ERR_CODES(CODE_)
#undef CODE_
    };
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        CHECK(codes[i] < 0);
        CHECK_INT_EQ(err_code_of(err_word(codes[i])), codes[i]); /* no word twice */
    }
    CHECK_STR_EQ(err_word(0), "ok");
    CHECK_STR_EQ(err_word(1), "unknown");
    CHECK_INT_EQ(err_code_of("no such word"), 0);
}

static void case_text(void)
{
    char data[8];
    struct text text;
    text_init(&text, data, sizeof data);
    text_append(&text, "1234567");
    CHECK(!text.cut && text.len == 7);
    text_append(&text, "8");
    CHECK(text.cut);
    CHECK_STR_EQ(data, "1234567");
    text_init(&text, data, sizeof data);
    text_append(&text, "123");
    text_printf(&text, "%d", 45678);
    CHECK(text.cut);
    CHECK_STR_EQ(data, "123");
    text_append(&text, "4"); /* after a cut nothing is added any more */
    CHECK_STR_EQ(data, "123");
    text_init(&text, data, 1);
    text_append(&text, "");
    CHECK(!text.cut && data[0] == '\0');
}

static void case_text_json(void)
{
    char data[64];
    struct text text;
    text_init(&text, data, sizeof data);
    text_append_json(&text, "a\"b\\c\n\x1f\xc3\xa9");
    CHECK_STR_EQ(data, "\"a\\\"b\\\\c\\u000a\\u001f\xc3\xa9\"");
}

/* Every way in which bytes are no UTF-8, each at the edge of what is. */
static void case_text_json_is_utf8(void)
{
    static const struct {
        const char *bytes, *json;
    } rows[] = {
        {"\x80", "\"\xEF\xBF\xBD\""},
        {"\xC3", "\"\xEF\xBF\xBD\""},
        {"\xC1\xBF", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
        {"\xE0\x9F\xBF", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
        {"\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
        {"\xE2\x82x", "\"\xEF\xBF\xBD\xEF\xBF\xBDx\""},
        {"\xF5\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
        {"\xF4\x8F\xBF\xBF", "\"\xF4\x8F\xBF\xBF\""},
        {"\xED\x9F\xBF\xE0\xA0\x80", "\"\xED\x9F\xBF\xE0\xA0\x80\""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char data[64];
        struct text text;
        text_init(&text, data, sizeof data);
        text_append_json(&text, rows[i].bytes);
        CHECK_STR_EQ(data, rows[i].json);
    }
    char data[16];
    struct text text;
    text_init(&text, data, sizeof data);
    text_append_json_span(&text, span_of("a\0b", 3));
    CHECK_STR_EQ(data, "\"a\xEF\xBF\xBD"
                       "b\"");
}

static void case_text_shorten(void)
{
    char data[21];
    text_shorten(data, sizeof data, span_text("12345678901234567890"));
    CHECK_STR_EQ(data, "12345678901234567890"); /* what fits is whole */
    text_shorten(data, sizeof data, span_text("123456789012345678901"));
    CHECK_STR_EQ(data, "12345 ... 2345678901");
    text_shorten(data, sizeof data, span_text("1234\xC3\xA9-----------------no such file"));
    CHECK_STR_EQ(data, "1234 ...  such file");
    text_shorten(data, sizeof data, span_text("12345-----------------x\xE2\x82\xAC 3456789"));
    CHECK_STR_EQ(data, "12345 ...  3456789"); /* no half of a character */
    text_shorten(data, sizeof data, span_of(NULL, 0));
    CHECK_STR_EQ(data, "");
    text_shorten_line(data, sizeof data, span_text("# warning\nError: no\n\n"));
    CHECK_STR_EQ(data, "# warning Error: no");
    text_shorten_line(data, sizeof data, span_of("a\0b", 3));
    CHECK_STR_EQ(data, "a b");
    text_shorten_printf(data, sizeof data, "%s: %s", data, "disk is full");
    CHECK_STR_EQ(data, "a b: disk is full");
}

/* A text beyond what is formatted at all says so. */
static void case_text_shorten_huge(void)
{
    static char huge[TEXT_FORMAT_BYTES + 1];
    char data[64];
    memset(huge, 'y', sizeof huge - 1);
    text_shorten_printf(data, sizeof data, "%s", huge);
    CHECK_STR_EQ(data + strlen(data) - 6, "yyy...");
}

static void case_names(void)
{
    static const char *const bad[] = {"",    "-a",  "a-",       "A",    "a_b",
                                      "a.b", "a b", "\xc3\xa9", "abcde"};
    char copy[4];
    CHECK(text_is_name("a", 4) && text_is_name("0", 4) && text_is_name("a--b", 4));
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        CHECK(!text_is_name(bad[i], 4));
    }
    CHECK(text_copy(copy, sizeof copy, "abc"));
    CHECK_STR_EQ(copy, "abc");
    CHECK(!text_copy(copy, sizeof copy, "abcd"));
    CHECK_STR_EQ(copy, "");
}

static void case_digest(void)
{
    char hex[DIGEST_HEX_BYTES + 8];
    struct digest digest = {{0}};
    struct digest read = {{9}};
    CHECK(digest_is_none(&digest));
    digest.bytes[DIGEST_BYTES - 1] = 0xaf;
    CHECK(!digest_is_none(&digest));
    digest_render(&digest, hex);
    CHECK_STR_EQ(hex + 60, "00af");
    CHECK(digest_parse(hex, &read) && digest_is_equal(&read, &digest));
    hex[63] = 'F';
    CHECK(!digest_parse(hex, &read));
    hex[63] = '\0';
    CHECK(!digest_parse(hex, &read));
    memcpy(hex + 63, "ff", 3);
    CHECK(!digest_parse(hex, &read) && digest_is_equal(&read, &digest));
    CHECK(!digest_parse("", &read) && !digest_parse("sha256:", &read));
    CHECK(span_is_equal(span_of(NULL, 0), span_text("")));
    CHECK(!span_is_equal(span_text("a"), span_text("b")));
}

static void case_arena(void)
{
    _Alignas(max_align_t) uint8_t data[128];
    struct arena arena;
    memset(data, 0xff, sizeof data);
    arena_init(&arena, data + 1, sizeof data - 1); /* not aligned */
    uint8_t *one = arena_alloc(&arena, 3);
    uint8_t *two = arena_alloc(&arena, 16);
    CHECK(one != NULL && two != NULL && two >= one + 3);
    CHECK((uintptr_t)one % alignof(max_align_t) == 0 && (uintptr_t)two % alignof(max_align_t) == 0);
    CHECK(one[0] == 0 && one[2] == 0 && two[15] == 0);
    CHECK(arena_alloc(&arena, SIZE_MAX) == NULL && arena_alloc(&arena, 128) == NULL);
    CHECK_STR_EQ(arena_text(&arena, "abcdef", 3), "abc");
    while (arena_alloc(&arena, 1) != NULL) {
    }
    CHECK(arena.used <= arena.cap);
    CHECK(arena_text(&arena, "x", 1) == NULL);
}

static void case_crc(void)
{
    CHECK_INT_EQ(crc32c(0, "123456789", 9), 0xE3069283); /* the check value of RFC 3720 */
    CHECK_INT_EQ(crc32c(crc32c(0, "1234", 4), "56789", 5), 0xE3069283);
    CHECK_INT_EQ(crc32c(0, "", 0), 0);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"errors", case_err},
                                              {"errors_room", case_err_room},
                                              {"error words", case_err_words},
                                              {"text", case_text},
                                              {"json", case_text_json},
                                              {"json is UTF-8", case_text_json_is_utf8},
                                              {"shorten", case_text_shorten},
                                              {"shorten huge", case_text_shorten_huge},
                                              {"names", case_names},
                                              {"digest", case_digest},
                                              {"arena", case_arena},
                                              {"crc", case_crc}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
