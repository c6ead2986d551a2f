/* options: berthd reads its few words itself, for its size; they are those of its table. */
#include "ports/app/berthd/options.h"

#include "ports/app/words/words.h"
#include "tests/check.h"

static bool is_taken(const char *word, const char *value, struct options *options)
{
    char *argv[] = {(char *)(uintptr_t) "berthd", (char *)(uintptr_t)word, (char *)(uintptr_t)value,
                    NULL};
    return options_read(value != NULL ? 3 : 2, argv, options);
}

static void each_is_taken(const struct words_option *const *list)
{
    for (; *list != NULL; list++) {
        struct options options;
        char word[32];
        (void)snprintf(word, sizeof word, "--%s", (*list)->name);
        CHECK(is_taken(word, (*list)->value, &options));
        CHECK(options.mode != MODE_AGENT || options.is_config_given);
        (void)snprintf(word, sizeof word, "-%c", (*list)->letter);
        CHECK((*list)->letter == 0 || is_taken(word, NULL, &options));
    }
}

static void case_table(void)
{
    each_is_taken(words_berthd.verbs[0].options);
    each_is_taken(words_berthd.options);
}

static void case_refused(void)
{
    struct options options;
    CHECK(!is_taken("--chek", NULL, &options));
    CHECK(!is_taken("x", NULL, &options));
    CHECK(!is_taken("--config", NULL, &options));
}

static void case_usage(void)
{
    static char text[4096];
    FILE *out = fmemopen(text, sizeof text, "w");
    usage_print(out);
    (void)fclose(out);
    CHECK_CONTAINS(text, "--self-test");
    CHECK_CONTAINS(text, "--version");
    CHECK_CONTAINS(text, words_berthd.verbs[0].options[0]->sentence);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"table", case_table}, {"refused", case_refused}, {"usage", case_usage}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
