/* paths: names of files put together, and texts that grow. */
#include "ports/app/berth/compose/paths.h"

#include <stdio.h>

#include "platform/base/units.h"
#include "ports/app/berth/compose/growing.h"
#include "tests/check.h"

static void case_clean(void)
{
    static const struct {
        const char *path, *clean;
    } rows[] = {{"", "."},           {".", "."},           {"/", "/"},
                {"//", "/"},         {"a", "a"},           {"./a//b/", "a/b"},
                {"a/..", "."},       {"a/../..", ".."},    {"../../a", "../../a"},
                {"/..", "/"},        {"/../a", "/a"},      {"/a/../../b", "/b"},
                {"a/b/../c", "a/c"}, {"/a/b/..", "/a"},    {"../a/../b", "../b"},
                {"...", "..."},      {"..a/.b", "..a/.b"}, {"/a/..", "/"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char *clean = paths_clean(rows[i].path);
        CHECK_STR_EQ(clean, rows[i].clean);
        free(clean);
    }
}

static void case_joined(void)
{
    static const struct {
        const char *dir, *path, *joined, *folder;
    } rows[] = {{"/p", "./x", "/p/x", "/p"}, {"/p", "../x/y", "/x/y", "/x"},
                {"/p", "/x", "/x", "/"},     {"/", "x", "/x", "/"},
                {".", "x", "x", "."},        {"d", "../x", "x", "."},
                {"/p", "", "/p", "/"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char *joined = paths_join(rows[i].dir, rows[i].path);
        char *folder = paths_folder(joined);
        CHECK_STR_EQ(joined, rows[i].joined);
        CHECK_STR_EQ(folder, rows[i].folder);
        free(joined);
        free(folder);
    }
    CHECK(paths_is_there("/") && !paths_is_there("/nothing-of-this-name"));
}

static void case_growing(void)
{
    struct growing text = {.max = 5};
    struct err err = {0};
    CHECK_STR_EQ(growing_get(&text), "");
    growing_text(&text, "ab");
    growing_printf(&text, "%d", 345);
    CHECK_STR_EQ(growing_get(&text), "ab345");
    CHECK_INT_EQ(growing_status(&text, "it", &err), 0);
    growing_text(&text, "");
    CHECK_INT_EQ(growing_status(&text, "it", &err), 0);
    growing_text(&text, "6");
    growing_cut(&text, 1);
    growing_text(&text, "b");
    CHECK_STR_EQ(growing_get(&text), "a");
    CHECK_INT_EQ(growing_status(&text, "it", &err), ERR_OVERSIZE);
    CHECK_STR_EQ(err.text, "it: longer than 5 bytes");
    growing_free(&text);
    CHECK_INT_EQ(growing_status(&text, "it", &err), 0);
    CHECK(text.max == 5 && text.data == NULL);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"clean", case_clean}, {"joined", case_joined}, {"growing", case_growing}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
