/* release_files: files that travel with a release: limits, names, the trees that are mounted. */
#include "agent/wire/release.h"

#include "platform/base/text.h"
#include "platform/base/units.h"
#include "tests/check.h"
#include "tests/unit/wire/sample.h"

#define HEX  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEXB "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define ONE  "\"c/a.conf\":{\"bytes\":5,\"mode\":292,\"pieces\":[\"" HEX "\"]}"
#define TWO  "\"c/d/b\":{\"bytes\":65537,\"mode\":365,\"pieces\":[\"" HEX "\",\"" HEXB "\"]}"

#define FILES(files) ",\"files\":{" files "}"
#define MOUNT(source, more)                                                                        \
    ",\"volumes\":[{\"type\":\"file\",\"source\":\"" source "\",\"target\":\"/x\"" more "}]"

static uint8_t memory[65536];

static struct engine_mount render(const char *files, const char *mount)
{
    static struct engine_spec spec;
    const struct sample sample = {.top = files, .service = mount};
    struct arena arena;
    struct err err = {0};
    arena_init(&arena, memory, sizeof memory);
    CHECK_INT_EQ(sample_render(&sample, &arena, &spec, &err), 0);
    CHECK_STR_EQ(err.text, "");
    CHECK_INT_EQ(spec.mount_count, 1);
    return spec.mounts[0];
}

static void case_mounted(void)
{
    struct engine_mount mount = render(FILES(ONE "," TWO), MOUNT("c/a.conf", ""));
    CHECK_STR_EQ(mount.recipe, "444 5 " HEX " a.conf\n");
    /* By the name of a tree an agent of another version finds it again. */
    CHECK_STR_EQ(mount.source, "/f/72d0ce1e8a4888a5/a.conf");
    CHECK(mount.read_only && !mount.is_volume);
    mount = render(FILES(ONE "," TWO), MOUNT("c", ""));
    CHECK_STR_EQ(mount.recipe, "444 5 " HEX " a.conf\n555 65537 " HEX " " HEXB " d/b\n");
    CHECK_INT_EQ(strlen(mount.source), 3 + 16);
    mount = render(FILES("\"e\":{\"bytes\":0,\"mode\":292,\"pieces\":[]}"), MOUNT("e", ""));
    CHECK_STR_EQ(mount.recipe, "444 0 e\n");
}

static void spec_of(const char *files, const char *mount, char spec[17])
{
    static struct plan plan;
    const struct sample sample = {.top = files, .service = mount};
    struct err err = {0};
    CHECK_INT_EQ(sample_compile(&sample, &plan, &err), 0);
    CHECK_STR_EQ(err.text, "");
    memcpy(spec, plan.services[0].spec, 17);
    CHECK_INT_EQ(plan.services[0].powers, 0);
    CHECK(plan.services[0].order != PLAN_STOP_FIRST || plan.services[0].port_count == 0);
}

/* What a file holds is part of the container; what no service mounts is not. */
static void case_specification(void)
{
    char first[17], second[17];
    spec_of(FILES(ONE), MOUNT("c/a.conf", ""), first);
    spec_of(FILES(ONE "," TWO), MOUNT("c/a.conf", ""), second);
    CHECK_STR_EQ(first, second);
    spec_of(FILES("\"c/a.conf\":{\"bytes\":5,\"mode\":292,\"pieces\":[\"" HEXB "\"]}"),
            MOUNT("c/a.conf", ""), second);
    CHECK(strcmp(first, second) != 0);
    spec_of(FILES("\"c/a.conf\":{\"bytes\":5,\"mode\":365,\"pieces\":[\"" HEX "\"]}"),
            MOUNT("c/a.conf", ""), second);
    CHECK(strcmp(first, second) != 0);
    spec_of(FILES(ONE "," TWO), MOUNT("c", ""), second);
    CHECK(strcmp(first, second) != 0);
}

#define SEED(options)                                                                              \
    ",\"volumes\":[{\"type\":\"volume\",\"source\":\"dir-c\",\"target\":\"/"                       \
    "x\",\"volume\":{" options "}}]"

/* A folder is brought into a volume: what of it is part of the container, the pieces are. */
static void case_seeded(void)
{
    static struct plan plan;
    char first[17];
    struct engine_mount mount =
        render(FILES(ONE "," TWO), SEED("\"seed\":\"c\",\"owner\":\"1000:20\""));
    CHECK_STR_EQ(mount.recipe, "444 5 " HEX " a.conf\n555 65537 " HEX " " HEXB " d/b\n");
    CHECK_INT_EQ(strlen(mount.seed), 16);
    CHECK_STR_EQ(mount.owner, "1000:20");
    CHECK_CONTAINS(mount.source, "_dir-c");
    CHECK(mount.is_volume && mount.no_copy && !mount.read_only);
    mount = render(FILES(ONE), SEED("\"nocopy\":true"));
    CHECK(mount.seed == NULL && mount.recipe == NULL);
    const char *const differing[] = {SEED("\"nocopy\":true"), SEED("\"seed\":\"c\""),
                                     SEED("\"seed\":\"c/d\""),
                                     SEED("\"seed\":\"c\",\"owner\":\"1:1\"")};
    for (size_t i = 0; i < COUNT_OF(differing); i++) {
        const struct sample sample = {.top = FILES(ONE "," TWO), .service = differing[i]};
        struct err err = {0};
        memcpy(first, plan.services[0].spec, sizeof first);
        CHECK_INT_EQ(sample_compile(&sample, &plan, &err), 0);
        CHECK(strcmp(first, plan.services[0].spec) != 0);
        CHECK_INT_EQ(plan.services[0].has_seeds, i > 0);
        CHECK_INT_EQ(plan.services[0].order, PLAN_STOP_FIRST); /* it is written */
    }
}

static void check_refused(const char *files, const char *mount, const char *text)
{
    static struct plan plan;
    const struct sample sample = {.top = files, .service = mount};
    struct err err = {0};
    int rc = sample_compile(&sample, &plan, &err);
    CHECK(rc != 0);
    CHECK_CONTAINS(err.text, text);
}

static void case_refused(void)
{
    static const char *const names[] = {"",          "/a",   "a/",   "a//b",   "./a",
                                        "a/../b",    "..",   "a/.",  "a\\\\b", "a\\nb",
                                        "a\\u007fb", "a/..", "a/./b"};
    char files[256];
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        (void)snprintf(files, sizeof files, FILES("\"%s\":{\"bytes\":0,\"mode\":0,\"pieces\":[]}"),
                       names[i]);
        check_refused(files, NULL, "below the project's folder");
    }
    check_refused(FILES(ONE), MOUNT("c/b.conf", ""), "names no file that travels");
    check_refused(FILES(ONE), MOUNT("c/a", ""), "names no file that travels");
    check_refused(NULL, MOUNT("c/a.conf", ""), "names no file that travels");
    check_refused(FILES(ONE), MOUNT("c", ",\"read_only\":false"), "always read-only");
    check_refused(FILES("\"c\":{\"bytes\":0,\"mode\":0,\"pieces\":[]}," ONE), NULL,
                  "stand beside c");
    check_refused(FILES(ONE ",\"c\":{\"bytes\":0,\"mode\":0,\"pieces\":[]}"), NULL, "stand beside");
    check_refused(FILES("\"a\":{\"bytes\":1,\"mode\":512,\"pieces\":[\"" HEX "\"]}"), NULL, "mode");
    check_refused(FILES("\"a\":{\"bytes\":1,\"mode\":292,\"pieces\":[\"x\"]}"), NULL, "64 hex");
    check_refused(FILES("\"a\":{\"bytes\":1,\"mode\":292}"), NULL, "pieces: missing");
}

static void case_seed_refused(void)
{
    static const char *const owners[] = {"",     "1",   "1:",   ":1",           "1:1:1",
                                         "-1:1", "a:1", "1 :1", "1234567890:1", "1:1234567890"};
    char mount[256];
    for (size_t i = 0; i < COUNT_OF(owners); i++) {
        (void)snprintf(mount, sizeof mount, SEED("\"seed\":\"c\",\"owner\":\"%s\""), owners[i]);
        check_refused(FILES(ONE), mount, "numbers of a user and a group");
    }
    check_refused(FILES(ONE), SEED("\"seed\":\"b\""), "names no file that travels");
    check_refused(FILES(ONE), SEED("\"seed\":\"c/a.conf\""), "only a folder is brought");
    check_refused(FILES(ONE), SEED("\"seed\":1"), "seed");
    static struct plan plan;
    const struct sample named = {.top = FILES(ONE),
                                 .service = SEED("\"seed\":\"c\""),
                                 .root = ",\"volumes\":{\"dir-c\":{\"name\":\"theirs\"}}"};
    struct err err = {0};
    CHECK_INT_EQ(sample_compile(&named, &plan, &err), ERR_VALUE);
    CHECK_CONTAINS(err.text, "only a volume of the app's own can have a seed");
}

/* A file of so many bytes and pieces. */
static void file_write(struct text *text, size_t number, size_t bytes, size_t pieces)
{
    text_printf(text, "%s\"f%zu\":{\"bytes\":%zu,\"mode\":292,\"pieces\":[", number > 0 ? "," : "",
                number, bytes);
    for (size_t i = 0; i < pieces; i++) {
        text_printf(text, "%s\"%064zx\"", i > 0 ? "," : "", 1000 * number + i);
    }
    text_append(text, "]}");
}

static void check_files(size_t count, size_t bytes, size_t pieces, const char *complaint)
{
    static char files[65536];
    static struct plan plan;
    const struct sample sample = {.top = files};
    struct err err = {0};
    struct text text;
    text_init(&text, files, sizeof files);
    text_append(&text, ",\"files\":{");
    for (size_t i = 0; i < count; i++) {
        file_write(&text, i, bytes, pieces);
    }
    text_append(&text, "}");
    int rc = sample_compile(&sample, &plan, &err);
    CHECK(text.cut == false);
    CHECK_INT_EQ(rc == 0, complaint == NULL);
    CHECK_CONTAINS(err.text, complaint != NULL ? complaint : "");
    CHECK_INT_EQ(plan.file_count, rc == 0 ? count : plan.file_count);
}

static void case_limits(void)
{
    check_files(64, 1, 1, NULL);
    check_files(65, 1, 1, "65 files travel with it, at most 64");
    check_files(1, 65536, 1, NULL);
    check_files(1, 65537, 2, NULL);
    check_files(1, 65536, 2, "must be a list of 1 digests");
    check_files(1, 65537, 1, "must be a list of 2 digests");
    check_files(1, 0, 1, "must be a list of 0 digests");
    check_files(16, 65536, 1, NULL);
    check_files(1, 1048576, 16, NULL);
    check_files(1, 1048577, 17, "between 0 and 1048576");
    check_files(17, 65536, 1, "1114112 bytes travel with it, at most 1048576");
    check_files(64, 16384, 1, NULL);
    check_files(64, 16385, 1, "1048640 bytes travel");
}

struct told {
    char text[512];
};

static void file_told(void *ctx, const struct plan_file *file)
{
    struct told *told = ctx;
    size_t len = strlen(told->text);
    (void)snprintf(told->text + len, sizeof told->text - len, "%s %u %o %zu;", file->name,
                   (unsigned)file->bytes, (unsigned)file->mode, file->piece_count);
}

static void tree_told(void *ctx, const char *tree)
{
    struct told *told = ctx;
    size_t len = strlen(told->text);
    (void)snprintf(told->text + len, sizeof told->text - len, " tree %zu", strlen(tree));
}

static void case_told(void)
{
    struct told told = {.text = ""};
    const struct release_files_sink sink = {.file = file_told, .tree = tree_told, .ctx = &told};
    const struct sample sample = {.top = FILES(ONE "," TWO), .service = MOUNT("c", "")};
    struct err err = {0};
    CHECK_INT_EQ(sample_files(&sample, &sink, &err), 0);
    CHECK_STR_EQ(told.text, "c/a.conf 5 444 1;c/d/b 65537 555 2; tree 16");
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"mounted", case_mounted}, {"specification", case_specification},
        {"refused", case_refused}, {"limits", case_limits},
        {"seeded", case_seeded},   {"seed_refused", case_seed_refused},
        {"told", case_told}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
