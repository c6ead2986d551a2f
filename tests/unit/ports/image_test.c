/* image: references taken apart, and which platforms are wanted. */
#include "ports/app/berth/image.h"

#include "platform/base/units.h"
#include "tests/check.h"

static void case_reference(void)
{
    static const struct {
        const char *text, *host, *repository, *path, *version;
    } rows[] = {
        {"web", "", "web", "web", "latest"},
        {"shop/web:1.2", "", "shop/web", "shop/web", "1.2"},
        {"127.0.0.1:5000/web:1", "127.0.0.1:5000", "127.0.0.1:5000/web", "web", "1"},
        {"localhost/web", "localhost", "localhost/web", "web", "latest"},
        {"reg.example/a/b@sha256:abc", "reg.example", "reg.example/a/b", "a/b", "sha256:abc"},
        {"reg.example:5/a:t@sha256:abc", "reg.example:5", "reg.example:5/a", "a", "sha256:abc"}};
    struct image_reference reference;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CHECK_INT_EQ(image_reference_parse(rows[i].text, &reference, NULL), 0);
        CHECK_STR_EQ(reference.host, rows[i].host);
        CHECK_STR_EQ(reference.repository, rows[i].repository);
        CHECK_STR_EQ(reference.path, rows[i].path);
        CHECK_STR_EQ(reference.version, rows[i].version);
    }
    CHECK_INT_EQ(image_reference_parse("", &reference, NULL), ERR_VALUE);
    CHECK_INT_EQ(image_reference_parse("a b", &reference, NULL), ERR_VALUE);
    CHECK_INT_EQ(image_reference_parse("a?x=1", &reference, NULL), ERR_VALUE);
    CHECK_INT_EQ(image_reference_parse("a.b/", &reference, NULL), ERR_VALUE);
}

static void case_wanted(void)
{
    struct image_source all = {0};
    struct image_source some = {.filters = {"linux/amd64", "linux/arm/v7"}, .filter_count = 2};
    CHECK(image_is_wanted(&all, "linux", "riscv64", ""));
    CHECK(!image_is_wanted(&all, "windows", "amd64", ""));
    CHECK(!image_is_wanted(&all, "unknown", "unknown", ""));
    CHECK(image_is_wanted(&some, "linux", "amd64", ""));
    CHECK(image_is_wanted(&some, "linux", "arm", "v7"));
    CHECK(!image_is_wanted(&some, "linux", "arm", "v6"));
    CHECK(!image_is_wanted(&some, "linux", "arm64", ""));
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"reference", case_reference},
                                              {"wanted", case_wanted}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
