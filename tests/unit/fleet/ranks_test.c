/* ranks: the next one is found as by walking, whatever went in and out before. */
#include "agent/fleet/ranks.h"

#include "platform/base/units.h"
#include "tests/check.h"

static void size_try(size_t size)
{
    static bool is_in[70000];
    struct ranks ranks;
    uint32_t random = (uint32_t)size + 1;
    size_t count = 0;
    memset(is_in, 0, sizeof is_in);
    CHECK(ranks_init(&ranks, size));
    CHECK(ranks_next(&ranks, 0) == RANKS_NONE);
    for (int turn = 0; turn < 2000; turn++) {
        random = random * 1664525 + 1013904223;
        size_t rank = (random >> 8) % size;
        bool will_be = (random & 3) == 0;
        count = count - is_in[rank] + will_be;
        is_in[rank] = will_be;
        ranks_set(&ranks, rank, will_be);
        CHECK_INT_EQ(ranks.count, count);
        size_t want = (random >> 4) % size;
        size_t from = want;
        while (want < size && !is_in[want]) {
            want++;
        }
        CHECK(ranks_next(&ranks, from) == (want < size ? want : RANKS_NONE));
    }
    CHECK(ranks_next(&ranks, size) == RANKS_NONE);
    ranks_close(&ranks);
}

static void case_sizes(void)
{
    static const size_t sizes[] = {1, 2, 63, 64, 65, 127, 4095, 4096, 4097, 69999};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        size_try(sizes[i]);
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"sizes", case_sizes}};
    return check_run(cases, sizeof cases / sizeof cases[0], argc, argv);
}
