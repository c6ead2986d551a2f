/* builder: Compose's build keys as words of "docker build", and what becomes of a program. */
#include "ports/app/berth/compose/builder.h"

#include "platform/base/units.h"
#include "tests/check.h"

static int words_of(const char *yaml, const char *host, char *line, size_t cap, struct err *err)
{
    struct yaml_item *root = NULL;
    struct builder_words words;
    line[0] = '\0';
    *err = (struct err){0};
    CHECK_INT_EQ(
        yaml_tree_read(span_text(yaml), &(struct yaml_source){.file = "c.yaml"}, &root, err), 0);
    int rc = builder_words(yaml_tree_member(root, "build"), "shop-web", "/p", host, &words, err);
    for (size_t i = 0; rc == 0 && i < words.count; i++) {
        size_t len = strlen(line);
        (void)snprintf(line + len, cap - len, "%s%s", i > 0 ? "|" : "", words.list[i]);
    }
    if (rc == 0) {
        CHECK(words.list[words.count] == NULL);
        builder_words_free(&words);
    }
    yaml_tree_free(root);
    return rc;
}

static void case_words(void)
{
    static const struct {
        const char *yaml, *line;
    } rows[] = {
        {"build: .", "docker|build|--tag|shop-web|/p/."},
        {"build: ./web", "docker|build|--tag|shop-web|/p/./web"},
        {"build: {context: /src, dockerfile: D, target: t}",
         "docker|build|--tag|shop-web|--file|D|--target|t|/src"},
        {"build: {context: web, dockerfile: D}",
         "docker|build|--tag|shop-web|--file|/p/web/D|/p/web"},
        {"build: {args: {A: 1, B: }, labels: [x=y]}",
         "docker|build|--tag|shop-web|--build-arg|A=1|--build-arg|B|--label|x=y|/p/."},
        {"build: {args: [A=1, B], no_cache: true, pull: false}",
         "docker|build|--tag|shop-web|--build-arg|A=1|--build-arg|B|--no-cache|/p/."},
        {"build: {extra_hosts: {db: 10.0.0.1}, tags: [a, b], platforms: [linux/arm/v7]}",
         "docker|build|--tag|shop-web|--add-host|db:10.0.0.1|--tag|a|--tag|b|--platform|"
         "linux/arm/v7|/p/."},
        {"build: {dockerfile_inline: FROM x, x-note: 1, secrets: []}",
         "docker|build|--tag|shop-web|--file|-|/p/."},
        {"build: 'https://example.com/r.git'",
         "docker|build|--tag|shop-web|https://example.com/r.git"},
        {"build: {context: 'a; b $(c)'}", "docker|build|--tag|shop-web|/p/a; b $(c)"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char line[1024];
        struct err err;
        CHECK_INT_EQ(words_of(rows[i].yaml, NULL, line, sizeof line, &err), 0);
        CHECK_STR_EQ(line, rows[i].line);
    }
}

static void case_host_and_refusals(void)
{
    char line[1024];
    struct err err;
    CHECK_INT_EQ(words_of("build: .", "/run/e.sock", line, sizeof line, &err), 0);
    CHECK_STR_EQ(line, "docker|--host|unix:///run/e.sock|build|--tag|shop-web|/p/.");
    CHECK_INT_EQ(words_of("build:\n  context: .\n  secrets: [a]\n", NULL, line, sizeof line, &err),
                 ERR_VALUE);
    CHECK_CONTAINS(err.text, "c.yaml:3: build.secrets is not passed on");
    CHECK_INT_EQ(words_of("build: {labels: [[a]]}", NULL, line, sizeof line, &err), ERR_VALUE);
}

static int run(const char *program, const char *word, const char *input, struct err *err)
{
    char *list[] = {(char *)(size_t)program, (char *)(size_t)word, NULL};
    struct builder_words words = {.list = list, .count = word != NULL ? 2 : 1};
    *err = (struct err){0};
    return builder_run(&words, input, err);
}

static void case_run(void)
{
    char large[200000];
    struct err err;
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    CHECK_INT_EQ(run("true", NULL, NULL, &err), 0);
    CHECK_INT_EQ(run("false", NULL, NULL, &err), ERR_ENGINE);
    CHECK_INT_EQ(run("no-such-program-of-this-name", NULL, NULL, &err), ERR_NOT_FOUND);
    CHECK_CONTAINS(err.text, "no program no-such-program-of-this-name is there");
    CHECK_INT_EQ(run("grep", "--regexp=^FROM", "FROM x\n", &err), 0);
    CHECK_INT_EQ(run("grep", "--regexp=^FROM", "RUN x\n", &err), ERR_ENGINE);
    CHECK_INT_EQ(run("true", NULL, large, &err), 0); /* it does not read, and nobody hangs */
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"words", case_words}, {"host_and_refusals", case_host_and_refusals}, {"run", case_run}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
