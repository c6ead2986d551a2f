/* words: kept once, counted, and gone with the last use; found whatever went before. */
#include "agent/fleet/words.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/check.h"

#define WORDS 3000

static void case_counted(void)
{
    struct words words = {.resize = realloc};
    CHECK_INT_EQ(words_find(&words, "a", 1), 0);
    uint32_t a = words_take(&words, "a", 1);
    uint32_t ab = words_take(&words, "a\0b", 3);
    CHECK(a != 0 && ab != 0 && a != ab);
    CHECK_INT_EQ(words_take(&words, "a", 1), a);
    CHECK_INT_EQ(words_count(&words), 2);
    CHECK_INT_EQ(words_at(&words, ab)->len, 3);
    CHECK(memcmp(words_at(&words, ab)->bytes, "a\0b", 4) == 0);
    words_drop(&words, a);
    CHECK_INT_EQ(words_find(&words, "a", 1), a);
    words_drop(&words, a);
    words_drop(&words, 0); /* stands for none */
    CHECK_INT_EQ(words_find(&words, "a", 1), 0);
    CHECK_INT_EQ(words_find(&words, "a\0b", 3), ab);
    CHECK_INT_EQ(words_take(&words, "c", 1), a); /* its number is free again */
    words_close(&words);
}

/* Thousands come and go in a mixed order: each is found as long as it is used, and none after. */
static void case_many(void)
{
    static uint32_t ids[WORDS];
    struct words words = {.resize = realloc};
    char text[16];
    uint32_t random = 7;
    for (int turn = 0; turn < 20 * WORDS; turn++) {
        random = random * 1664525 + 1013904223;
        uint32_t i = (random >> 8) % WORDS;
        int len = snprintf(text, sizeof text, "w%u", i);
        CHECK_INT_EQ(words_find(&words, text, (size_t)len), ids[i]);
        if (ids[i] == 0) {
            ids[i] = words_take(&words, text, (size_t)len);
            CHECK(ids[i] != 0);
        } else {
            words_drop(&words, ids[i]);
            ids[i] = 0;
        }
    }
    uint32_t used = 0;
    for (uint32_t i = 0; i < WORDS; i++) {
        int len = snprintf(text, sizeof text, "w%u", i);
        CHECK_INT_EQ(words_find(&words, text, (size_t)len), ids[i]);
        used += ids[i] != 0;
    }
    CHECK_INT_EQ(words_count(&words), used);
    CHECK(used > WORDS / 4);
    words_close(&words);
}

static int memory_left;

static void *scarce(void *memory, size_t size)
{
    return memory_left-- > 0 ? realloc(memory, size) : NULL;
}

/* Without memory nothing is taken, and what is there stays; one that is there needs none. */
static void case_short(void)
{
    struct words words = {.resize = scarce};
    uint32_t id = 0;
    for (int steps = 0; id == 0; steps++) {
        memory_left = steps;
        id = words_take(&words, "a", 1);
        CHECK_INT_EQ(words_count(&words), id != 0);
    }
    memory_left = 0;
    CHECK_INT_EQ(words_take(&words, "a", 1), id);
    CHECK_INT_EQ(words_take(&words, "b", 1), 0);
    CHECK_INT_EQ(words_find(&words, "a", 1), id);
    words_close(&words);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"counted", case_counted}, {"many", case_many}, {"short", case_short}};
    return check_run(cases, sizeof cases / sizeof cases[0], argc, argv);
}
