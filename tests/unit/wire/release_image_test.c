/* release_image: which of an image's platforms a node takes, and what an image may be. */
#include "agent/wire/release.h"
#include "platform/base/text.h"
#include "platform/base/units.h"
#include "tests/check.h"
#include "tests/unit/wire/sample.h"

#define HEX60 "000000000000000000000000000000000000000000000000000000000000"

/* "arm/v6 arm64 ...": the first is image 1, and so on. The number of the one that is taken; 0:
 * none.
 */
static int taken(const char *platforms, const char *service, const char *arch, const char *variant,
                 struct err *err)
{
    static char json[8000];
    static struct plan plan;
    struct text text;
    struct release_node node = {.name = "gw1", .arch = arch, .variant = variant};
    text_init(&text, json, sizeof json);
    text_append(&text, "{\"schema\":1,\"x-berth\":{\"app\":\"a\",\"sequence\":1},\"services\":{"
                       "\"s\":{\"image\":\"r@sha256:" SAMPLE_INDEX "\",");
    if (service[0] != '\0') {
        text_printf(&text, "\"platform\":\"%s\",", service);
    }
    text_append(&text,
                "\"x-berth\":{\"image\":{\"index\":\"sha256:" SAMPLE_INDEX "\",\"platforms\":[");
    for (unsigned i = 1; platforms[0] != '\0'; i++) {
        size_t len = strcspn(platforms, " ");
        size_t arch_len = strcspn(platforms, " /");
        text_printf(&text, "%s{\"arch\":\"%.*s\"", i > 1 ? "," : "", (int)arch_len, platforms);
        if (arch_len < len) {
            text_printf(&text, ",\"variant\":\"%.*s\"", (int)(len - arch_len - 1),
                        platforms + arch_len + 1);
        }
        text_printf(&text, ",\"manifest\":\"" HEX60 "%04x\",\"config\":\"sha256:" HEX60 "%04x\"}",
                    i, i + 256);
        platforms += platforms[len] == ' ' ? len + 1 : len;
    }
    text_append(&text, "]}}}}}");
    CHECK(!text.cut);
    int rc = release_compile(span_of(json, text.len), &node, &plan, err);
    if (rc != 0) {
        CHECK_INT_EQ(rc, ERR_ARCHITECTURE);
        return 0;
    }
    CHECK_INT_EQ(plan.services[0].config.bytes[30], 1);
    CHECK_INT_EQ(plan.services[0].config.bytes[31], plan.services[0].manifest.bytes[31]);
    return plan.services[0].manifest.bytes[31];
}

static void case_platforms(void)
{
    static const struct {
        const char *platforms, *service, *arch, *variant;
        int taken;
    } rows[] = {
        {"amd64", "", "amd64", NULL, 1},
        {"arm64 amd64", "", "amd64", "", 2},
        {"arm64", "", "amd64", NULL, 0},
        /* The very variant, then one without or of any, then the newest that an arm node runs. */
        {"amd64 amd64/v2", "", "amd64", "v2", 2},
        {"amd64/v2 amd64", "", "amd64", "v2", 1},
        {"amd64/v2 amd64", "", "amd64", "v3", 1},
        {"amd64 amd64/v2", "", "amd64", NULL, 1},
        {"amd64/v2 amd64", "", "amd64", NULL, 2},
        {"amd64/v2", "", "amd64", NULL, 1},
        {"amd64/v2", "", "amd64", "v1", 1},
        {"arm/v5 arm/v6 arm/v7", "", "arm", "v6", 2},
        {"arm/v5 arm/v6 arm/v8", "", "arm", "v7", 2},
        {"arm/v6 arm/v5", "", "arm", "v7", 1},
        {"arm/v7", "", "arm", "v6", 0},
        {"arm/v7", "", "arm", "v7", 1},
        {"arm arm/v6", "", "arm", "v7", 1},
        {"arm/v6 arm", "", "arm", "v7", 2},
        {"arm/v6", "", "arm", NULL, 1},
        {"arm/x6", "", "arm", "v7", 0},
        {"arm/v6", "", "arm", "x7", 0},
        {"arm/x6", "", "arm", "x7", 0},
        /* Nobody's node: the first. */
        {"arm64 amd64", "", NULL, NULL, 1},
        /* What the service asks for. */
        {"amd64/v2 amd64", "linux/amd64", "amd64", NULL, 2},
        {"arm/v6 arm/v7", "linux/arm/v6", "arm", "v7", 1},
        {"arm/v6 arm/v7", "linux/arm/v7", "arm", "v6", 0},
        {"arm arm/v6", "linux/arm/v6", "arm", "v6", 2},
        {"arm arm/v5", "linux/arm/v6", "arm", "v6", 1},
        {"arm/v6 arm/v7", "linux/arm/v8", "arm", "v8", 0},
        {"arm64 arm", "linux/arm", "arm", "v7", 2},
        {"arm arm64", "linux/arm64", NULL, NULL, 2},
        {"arm arm64", "linux/arm/v7", NULL, NULL, 1},
        {"amd64", "linux/arm/v7", NULL, NULL, 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};
        int failures = check_failures_;
        CHECK_INT_EQ(taken(rows[i].platforms, rows[i].service, rows[i].arch, rows[i].variant, &err),
                     rows[i].taken);
        if (check_failures_ != failures) {
            printf("    at row %zu: %s\n", i, err.text);
        }
    }
}

/* Whose platform is missing is said: the node's, or where there is none the service's. */
static void case_missing(void)
{
    struct err err = {0};
    CHECK_INT_EQ(taken("arm64", "", "arm", "v7", &err), 0);
    CHECK_STR_EQ(err.text, "services.s.x-berth.image: the image has no platform arm/v7");
    CHECK_INT_EQ(taken("arm64", "", "amd64", "", &err), 0);
    CHECK_STR_EQ(err.text, "services.s.x-berth.image: the image has no platform amd64");
    CHECK_INT_EQ(taken("arm64", "", "amd64", NULL, &err), 0);
    CHECK_STR_EQ(err.text, "services.s.x-berth.image: the image has no platform amd64");
    CHECK_INT_EQ(taken("arm64", "linux/riscv64", NULL, NULL, &err), 0);
    CHECK_STR_EQ(err.text, "services.s.x-berth.image: the image has no platform riscv64");
    CHECK_INT_EQ(taken("amd64", "linux/arm", "amd64", NULL, &err), 0);
    CHECK_CONTAINS(err.text, "services.s.platform: this node is linux/amd64: remove it");
    CHECK_INT_EQ(taken("amd64", "linux/amd6", "amd64", NULL, &err), 0);
    CHECK_INT_EQ(taken("amd64", "linux/amd64x", "amd64", NULL, &err), 0);
}

static void check_words(const struct sample *sample, int code, const char *text)
{
    struct plan plan = {.app = ""};
    struct err err = {0};
    CHECK_STR_EQ(err_word(sample_compile(sample, &plan, &err)), err_word(code));
    if (code != 0) {
        CHECK_CONTAINS(err.text, text);
    }
}

static void case_platform_words(void)
{
    static const char like[] = "services.web.platform: must be like linux/arm64 or linux/arm/v7";
    static const struct {
        const char *service;
        int code;
        const char *text;
    } rows[] = {{",\"platform\":\"linux/amd64\"", 0, ""},
                {",\"platform\":\"linux/\"", ERR_VALUE, like},
                {",\"platform\":\"linux\"", ERR_VALUE, like},
                {",\"platform\":\"amd64\"", ERR_VALUE, like},
                {",\"platform\":\"Linux/amd64\"", ERR_VALUE, like},
                {",\"platform\":\"windows/amd64\"", ERR_VALUE, like},
                {",\"platform\":1", ERR_VALUE, "services.web.platform: must be a string"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct sample sample = {.service = rows[i].service};
        check_words(&sample, rows[i].code, rows[i].text);
    }
}

/* As many platforms as may be, and one more; none. */
static void case_count(void)
{
    static const char sixteen[] = "a b c d e f g h i j k l m n o p";
    char text[200];
    struct err err = {0};
    CHECK_INT_EQ(taken(sixteen, "", "p", NULL, &err), 16);
    for (int count = 0; count <= 17; count += 17) {
        struct release_node node = {.name = "gw1", .arch = "amd64"};
        static char json[8000];
        static struct plan plan;
        struct text all;
        text_init(&all, json, sizeof json);
        text_append(&all, "{\"schema\":1,\"x-berth\":{\"app\":\"a\",\"sequence\":1},\"services\":{"
                          "\"s\":{\"image\":\"r@sha256:" SAMPLE_INDEX "\",\"x-berth\":{\"image\":{"
                          "\"index\":\"" SAMPLE_INDEX "\",\"platforms\":[");
        for (int i = 0; i < count; i++) {
            (void)snprintf(text, sizeof text,
                           "%s{\"arch\":\"amd64\",\"manifest\":\"%s\",\"config\":\"%s\"}",
                           i > 0 ? "," : "", SAMPLE_INDEX, SAMPLE_INDEX);
            text_append(&all, text);
        }
        text_append(&all, "]}}}}}");
        CHECK_INT_EQ(release_compile(span_of(json, all.len), &node, &plan, &err), ERR_VALUE);
        CHECK_CONTAINS(err.text, "image.platforms: must be a list of 1 to 16 platforms");
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"platforms", case_platforms},
                                              {"missing", case_missing},
                                              {"platform words", case_platform_words},
                                              {"count", case_count}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
