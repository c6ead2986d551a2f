/* conductor_seeds: what is said of files that were left alone: whole names, and how many others. */
#include "agent/node/conductor_private.h"

#include "tests/check.h"

static void case_left(void)
{
    static const struct {
        const char *left;
        size_t more, cap;
        const char *want;
    } rows[] = {
        {"", 0, 100, ""},
        {"a\n", 0, 100, "a"},
        {"a\nsub/b\n", 0, 100, "a, sub/b"},
        {"a\nsub/b\n", 3, 100, "a, sub/b and 3 more"},
        {"", 2, 100, "2 more"},
        {"four\nfive\n", 0, SEEDS_MORE_BYTES + 10, "four, five"},
        {"four\nfive\n", 0, SEEDS_MORE_BYTES + 9, "four and 1 more"},
        {"four\nfive\nx\n", 7, SEEDS_MORE_BYTES + 9, "four and 9 more"},
        {"four\nfive\n", 0, SEEDS_MORE_BYTES + 3, "2 more"},
        {"a\n", SIZE_MAX - 1, SEEDS_MORE_BYTES, "18446744073709551615 more"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char data[128];
        struct text text;
        text_init(&text, data, rows[i].cap);
        seeds_left_render(rows[i].left, rows[i].more, &text);
        CHECK_STR_EQ(data, rows[i].want);
        CHECK(!text.cut);
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"left", case_left}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
