/* The tables against reality: every verb has a function and a page, reads every option of its row,
 * and every example is a command line that is taken. */
#include <ctype.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/wire/labels.h"
#include "agent/wire/operators.h"
#include "platform/base/units.h"
#include "ports/app/berth/compose/open.h"
#include "ports/app/berth/image.h"
#include "ports/app/berth/keyring.h"
#include "ports/app/berth/rollout_verdict.h"
#include "ports/app/berth/verbs.h"
#include "ports/app/control/client.h"
#include "ports/app/words/exits.h"
#include "ports/app/words/help.h"
#include "tests/check.h"
#include "tests/unit/words/typed.h"

static const struct words_pages *const programs[] = {&pages_berth, &pages_berthctl, &pages_berthd};
static struct given given;

static int typed(const struct words_program *program, const char *line)
{
    return typed_read(program, line, &given);
}

static void case_examples(void)
{
    for (size_t i = 0; i < COUNT_OF(programs); i++) {
        const struct words_program *program = programs[i]->program;
        CHECK_INT_EQ(programs[i]->count, program->verb_count);
        for (size_t n = 0; n < program->verb_count; n++) {
            const struct words_page *page = words_page_find(programs[i], program->verbs[n].name);
            CHECK(page->examples[0] != NULL);
            for (size_t e = 0; page->examples[e] != NULL; e++) {
                CHECK_INT_EQ(typed(program, page->examples[e]), 0);
                CHECK_STR_EQ(given.complaints.data, "");
                CHECK(given.verb == &program->verbs[n] || given.wish == GIVEN_HELP);
            }
        }
    }
}

static bool is_sentence(const char *text)
{
    size_t len = strlen(text);
    return len > 0 && !isupper((unsigned char)text[0]) && text[len - 1] != '.' && len < 90;
}

static void options_check(const struct words_option *const *list)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
        CHECK(i < 64); /* a bit each in struct given */
        CHECK(is_sentence(list[i]->sentence));
        CHECK((list[i]->kind == WORDS_FLAG) == (list[i]->value == NULL));
        CHECK((list[i]->kind == WORDS_CHOICE) == (list[i]->choices != NULL));
        for (size_t n = 0; n < i; n++) {
            CHECK(strcmp(list[i]->name, list[n]->name) != 0);
            CHECK(list[i]->letter == 0 || list[i]->letter != list[n]->letter);
        }
    }
}

static void case_rows(void)
{
    for (size_t i = 0; i < COUNT_OF(programs); i++) {
        const struct words_program *program = programs[i]->program;
        options_check(program->options);
        for (size_t n = 0; n < program->verb_count; n++) {
            const struct words_verb *verb = &program->verbs[n];
            CHECK(program->verb_count == 1 || is_sentence(verb->sentence));
            options_check(verb->options);
        }
    }
}

/* Every verb of the table is in its family, every family has a verb. */
static void case_families(void)
{
    size_t found = 0;
    for (size_t i = 0; i < words_berth.family_count; i++) {
        const struct words_family *family = &words_berth.families[i];
        size_t before = found;
        size_t at = 0;
        while (help_family_next(&words_berth, family, &at) != NULL) {
            found++;
        }
        for (size_t n = 0; n < words_berth.verb_count; n++) {
            found += strcmp(words_berth.verbs[n].name, family->name) == 0;
        }
        CHECK(found > before);
        CHECK(is_sentence(family->sentence));
    }
    CHECK_INT_EQ(found, words_berth.verb_count);
}

/* -- every option is asked for ----------------------------------------------------------------- */

static const char *sample(const struct words_option *option)
{
    static const char *const samples[] = {
        [WORDS_TEXT] = "x",           [WORDS_NUMBER] = "7",        [WORDS_DURATION] = "15m",
        [WORDS_SHARE] = "95%",        [WORDS_NAME] = "a",          [WORDS_FILE] = "nowhere/file",
        [WORDS_FOLDER] = "nowhere",   [WORDS_SELECTOR] = "a=b",    [WORDS_LABEL] = "a=b",
        [WORDS_LABEL_NAME] = "a",     [WORDS_SIZE] = "10%",        [WORDS_WAVES] = "1,100%",
        [WORDS_PLATFORM] = "linux/a", [WORDS_HOST] = "broker.lan", [WORDS_BROKER] = "broker.lan",
        [WORDS_ROLE] = "order=a.pub", [WORDS_PREFIX] = "/etc/b",
    };
    static char first[32];
    if (option->kind == WORDS_CHOICE) {
        text_shorten(first, sizeof first, span_of(option->choices, strcspn(option->choices, "|")));
        return first;
    }
    return samples[option->kind];
}

/* What keeps a verb from doing anything, once it has read its options: refused together, or needed
 * for it to come so far. */
static const struct {
    const char *verb, *words;
} besides[] = {{"deploy", "--sudo"}, {"deploy", "--node=a"}, {"node label", "a=b"}};

static void option_append(const struct words_option *option, struct text *line)
{
    text_printf(line, " --%s%s%s", option->name, option->kind != WORDS_FLAG ? "=" : "",
                option->kind != WORDS_FLAG ? sample(option) : "");
}

/* The verb with one of its options, in a folder that is no fleet's: it fails, after it has read
 * what it was given. */
static void option_try(const struct words_verb *verb, const struct words_option *option)
{
    char bytes[512];
    struct text line;
    struct err err = {0};
    text_init(&line, bytes, sizeof bytes);
    text_append(&line, verb->name);
    for (size_t i = 0; i < WORDS_ARGUMENTS && verb->arguments[i].name != NULL; i++) {
        text_append(&line, verb->arguments[i].least > 0 ? " nowhere" : "");
    }
    for (size_t i = 0; verb->options[i] != NULL; i++) {
        bool is_yes = strcmp(verb->options[i]->name, "yes") == 0;
        if ((verb->options[i]->is_needed || is_yes) && verb->options[i] != option) {
            option_append(verb->options[i], &line);
        }
    }
    for (size_t i = 0; i < COUNT_OF(besides); i++) {
        if (strcmp(besides[i].verb, verb->name) == 0 &&
            strncmp(besides[i].words + 2, option->name, strlen(option->name)) != 0) {
            text_printf(&line, " %s", besides[i].words);
        }
    }
    option_append(option, &line);
    CHECK_INT_EQ(typed(&words_berth, bytes), 0);
    CHECK_STR_EQ(given.complaints.data, "");
    CHECK(verb_find(verb->name)(&given, &err) != 0);
    const struct words_option *unasked = given_unasked(&given);
    if (unasked != NULL) {
        printf("    berth %s: --%s is ignored\n", verb->name, unasked->name);
    }
    CHECK(unasked == NULL);
}

/* Verbs that make something where nothing is. */
static bool makes(const struct words_verb *verb)
{
    return strcmp(verb->name, "keys new") == 0 || strcmp(verb->name, "fleet init") == 0;
}

static void case_options_asked(void)
{
    char folder[] = "/tmp/words-table.XXXXXX";
    CHECK(mkdtemp(folder) != NULL && chdir(folder) == 0);
    CHECK(freopen("/dev/null", "r", stdin) != NULL); /* no verb finds a terminal to ask at */
    (void)setenv("HOME", folder, 1);
    (void)unsetenv("BERTH_FLEET");
    for (size_t i = 0; i < words_berth.verb_count; i++) {
        const struct words_verb *verb = &words_berth.verbs[i];
        for (size_t n = 0; verb->options != NULL && verb->options[n] != NULL; n++) {
            if (!makes(verb)) {
                option_try(verb, verb->options[n]);
            }
        }
    }
    CHECK(chdir("/") == 0 && rmdir(folder) == 0); /* and nothing was made there */
}

/* -- statuses and limits stand twice; here they meet ------------------------------------------- */

static bool has_status(const struct words_exit *exits, int status)
{
    while (exits->sentence != NULL && exits->status != status) {
        exits++;
    }
    return exits->sentence != NULL;
}

static void case_exits(void)
{
    static const int rollout[] = {0,
                                  1,
                                  2,
                                  ROLLOUT_EXIT_STOPPED,
                                  ROLLOUT_EXIT_ENDED,
                                  ROLLOUT_EXIT_OFFLINE,
                                  ROLLOUT_EXIT_INTERRUPTED};
    static const int swap[] = {EXIT_GOOD, EXIT_FAILED, EXIT_USAGE, EXIT_WENT_BACK,
                               EXIT_INCONCLUSIVE};
    for (size_t i = 0; i < COUNT_OF(rollout); i++) {
        CHECK(has_status(exits_rollout, rollout[i]));
    }
    for (size_t i = 0; i < COUNT_OF(swap); i++) {
        CHECK(has_status(exits_swap, swap[i]));
    }
}

static const struct words_option *option_of(const char *line, const char *name)
{
    CHECK_INT_EQ(typed(&words_berth, line), 0);
    for (size_t i = 0; given.verb->options[i] != NULL; i++) {
        if (strcmp(given.verb->options[i]->name, name) == 0) {
            return given.verb->options[i];
        }
    }
    CHECK(false);
    return NULL;
}

static void case_limits(void)
{
    CHECK_INT_EQ(option_of("release sign a --key b", "key")->times, KEYRING_FILES_MAX);
    CHECK_INT_EQ(option_of("rollout start a", "group-by")->times, ROLLOUT_GROUPS_MAX);
    CHECK_INT_EQ(option_of("node add a", "label")->times, LABELS_MAX);
    CHECK_INT_EQ(option_of("keys operators", "add")->times, OPERATORS_MAX);
    CHECK_INT_EQ(option_of("keys operators", "remove")->times, OPERATORS_MAX);
    CHECK_INT_EQ(option_of("release lint", "file")->times, OPEN_WORDS_MAX);
    CHECK_INT_EQ(option_of("release lint", "env-file")->times, OPEN_WORDS_MAX);
    CHECK_INT_EQ(option_of("release lint", "profile")->times, OPEN_WORDS_MAX);
    CHECK_INT_EQ(option_of("release build -o a", "platform")->times, IMAGE_FILTERS_MAX);
    CHECK_INT_EQ(option_of("release build -o a", "plain-http")->times, REGISTRY_PLAIN_HOSTS_MAX);
    CHECK_INT_EQ(option_of("keys trust a --fleet a", "fleet")->most, NAME_BYTES - 1);
    CHECK_INT_EQ(option_of("deploy", "node")->most, NODE_NAME_BYTES - 1);
    CHECK_INT_EQ(option_of("release build -o a", "sequence")->most, JSON_INTEGER_MAX);
}

/* -- help -------------------------------------------------------------------------------------- */

static size_t lines_check(const char *text)
{
    size_t lines = 0;
    for (const char *at = text; *at != '\0'; lines++) {
        size_t len = strcspn(at, "\n");
        CHECK(len <= 80 || strstr(at, "    ") == NULL || len <= 100);
        at += len + (at[len] == '\n');
    }
    return lines;
}

static size_t helped(const struct words_pages *pages, const char *line, char *bytes, size_t cap)
{
    FILE *out = fmemopen(bytes, cap, "w");
    CHECK_INT_EQ(typed(pages->program, line), 0);
    CHECK_INT_EQ(given.wish, GIVEN_HELP);
    help_print(&given, pages, out);
    (void)fclose(out);
    return lines_check(bytes);
}

static void case_help(void)
{
    static char bytes[16384];
    char line[80];
    for (size_t i = 0; i < COUNT_OF(programs); i++) {
        CHECK(helped(programs[i], "--help", bytes, sizeof bytes) <= 32); /* one screen */
        for (size_t n = 0; n < programs[i]->program->verb_count; n++) {
            const char *verb = programs[i]->program->verbs[n].name;
            if (strcmp(verb, "help") == 0) {
                continue; /* that is the program's */
            }
            (void)snprintf(line, sizeof line, "%s --help", verb);
            (void)helped(programs[i], line, bytes, sizeof bytes);
            CHECK_CONTAINS(bytes, "examples:");
            CHECK_CONTAINS(bytes, "exit status:");
        }
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"rows", case_rows},
        {"families", case_families},
        {"examples", case_examples},
        {"exits", case_exits},
        {"limits", case_limits},
        {"help", case_help},
        {"options are asked for", case_options_asked},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
