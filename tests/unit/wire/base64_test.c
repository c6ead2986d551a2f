/* base64: RFC 4648's examples both ways, and every laxness refused. */
#include "agent/wire/base64.h"

#include "platform/base/units.h"
#include "tests/check.h"

static void case_both_ways(void)
{
    static const char *const pairs[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"},
                                           {"\xff\xef\xbe", "/+++"}};
    uint8_t memory[256];
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        struct arena arena;
        struct span data;
        arena_init(&arena, memory, sizeof memory);
        CHECK_STR_EQ(base64_encode(span_text(pairs[i][0]), &arena), pairs[i][1]);
        CHECK_INT_EQ(base64_decode(pairs[i][1], &arena, &data, NULL), 0);
        CHECK(span_is_equal(data, span_text(pairs[i][0])));
    }
}

static void case_strict(void)
{
    static const char *const bad[] = {"Z",        "Zg",   "Zg=",  "Zh==",   "Zm9=",
                                      "Zg==Zg==", "====", "Z===", "Zm9v\n", " Zm9v",
                                      "Zm-v",     "Zm_v", "Zm=v", "=Zm9"};
    uint8_t memory[256];
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct arena arena;
        struct span data;
        arena_init(&arena, memory, sizeof memory);
        int rc = base64_decode(bad[i], &arena, &data, NULL);
        if (rc != ERR_SYNTAX) {
            printf("    text: %s\n", bad[i]);
        }
        CHECK_INT_EQ(rc, ERR_SYNTAX);
    }
}

static void case_full(void)
{
    uint8_t memory[4];
    struct arena arena;
    struct span data;
    arena_init(&arena, memory, sizeof memory);
    CHECK_INT_EQ(base64_decode("Zm9vYmFy", &arena, &data, NULL), ERR_LIMIT);
    CHECK(base64_encode(span_text("foobar"), &arena) == NULL);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"both ways", case_both_ways}, {"strict", case_strict}, {"full", case_full}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
