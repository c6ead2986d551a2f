/* given: command lines, what of them is understood, and all that is wrong with them. */
#include "ports/app/words/given.h"

#include "platform/base/units.h"
#include "tests/check.h"

#define OPTIONS(...) ((const struct words_option *const[]){__VA_ARGS__, NULL})

static const struct words_option help = {"help", 'h', WORDS_FLAG, .sentence = ""};
static const struct words_option version = {"version", 0, WORDS_FLAG, .sentence = ""};
static const struct words_option json = {"json", 0, WORDS_FLAG, .sentence = ""};
static const struct words_option dir = {"dir", 0, WORDS_FOLDER, .value = "DIR", .sentence = ""};
static const struct words_option label = {"label",          'l',           WORDS_TEXT, .times = 2,
                                          .value = "LABEL", .sentence = ""};
static const struct words_option count = {"count",    0,         WORDS_NUMBER,  .value = "N",
                                          .least = 1, .most = 9, .sentence = ""};
static const struct words_option offline = {
    "offline", 0, WORDS_CHOICE, .value = "WHAT", .choices = "later|wait|fail", .sentence = ""};
static const struct words_option share = {"share", 0, WORDS_SHARE, .value = "SHARE",
                                          .sentence = ""};
static const struct words_option name = {"name",          0,         WORDS_NAME,
                                         .value = "NAME", .most = 4, .sentence = ""};
static const struct words_option output = {
    "output", 'o', WORDS_FILE, .value = "FILE", .sentence = "", .is_needed = true};
static const struct words_option version_number = {"version",    0,          WORDS_NUMBER,
                                                   .value = "N", .most = 99, .sentence = ""};

static const struct words_verb verbs[] = {
    {"node list", "", {{0}}, OPTIONS(&label, &json, &dir)},
    {"node show", "", {{"NODE", WORDS_NAME, 1, 1, 4}}, OPTIONS(&json, &dir)},
    {"build", "", {{"FILE", WORDS_FILE, 0, WORDS_MANY, 0}}, OPTIONS(&output, &version_number)},
    {"retry", "", {{"ID", WORDS_NAME, 1, 1, 8}, {"NODE", WORDS_NAME, 0, WORDS_MANY, 4}}, NULL},
    {"start", "", {{"FILE", WORDS_FILE, 1, 1, 0}}, OPTIONS(&count, &offline, &share, &name)},
};
static const struct words_family families[] = {
    {"node", "Nodes", ""}, {"build", NULL, ""}, {"retry", NULL, ""}, {"start", NULL, ""}};
static const struct words_program program = {.name = "tool",
                                             .sentence = "",
                                             .section = '1',
                                             .verbs = verbs,
                                             .verb_count = COUNT_OF(verbs),
                                             .families = families,
                                             .family_count = COUNT_OF(families),
                                             .options = OPTIONS(&help, &version)};

static struct given given;

static int typed(const char *line)
{
    static char copy[512];
    static char *words[64];
    char *rest = NULL;
    int many = 1;
    words[0] = (char *)(uintptr_t) "tool";
    (void)text_copy(copy, sizeof copy, line);
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        words[many++] = word;
    }
    words[many] = NULL;
    return given_read(&program, NULL, many, words, &given);
}

/* -- understood -------------------------------------------------------------------------------- */

static void case_values(void)
{
    size_t at = 0;
    CHECK_INT_EQ(typed("node list -l a=b --label=c=d --json --dir /x"), 0);
    CHECK_STR_EQ(given.verb->name, "node list");
    CHECK_STR_EQ(given_next(&given, "label", &at), "a=b");
    CHECK_STR_EQ(given_next(&given, "label", &at), "c=d");
    CHECK(given_next(&given, "label", &at) == NULL);
    CHECK(given_has(&given, "json"));
    CHECK_STR_EQ(given_value(&given, "dir"), "/x");
    CHECK_INT_EQ(typed("node list -la=b"), 0);
    CHECK_STR_EQ(given_value(&given, "label"), "a=b");
    CHECK(!given_has(&given, "json") && given_value(&given, "dir") == NULL);
    CHECK_INT_EQ(typed("start f --count 9 --share 100% --name a-b --offline wait"), 0);
    CHECK_INT_EQ(given_number(&given, "count", 3), 9);
    CHECK_INT_EQ(typed("start f"), 0);
    CHECK_INT_EQ(given_number(&given, "count", 3), 3);
    CHECK_INT_EQ(typed("node list --json --json"), 0); /* said twice is said */
}

/* Options stand anywhere, "-" is a word, and after "--" everything is. */
static void case_words(void)
{
    CHECK_INT_EQ(typed("--dir /x node --json show gw-1"), 0);
    CHECK_STR_EQ(given.arguments[0], "gw-1");
    CHECK_STR_EQ(given_value(&given, "dir"), "/x");
    CHECK_INT_EQ(typed("build - a -o x b"), 0);
    CHECK_INT_EQ(given.argument_count, 3);
    CHECK_STR_EQ(given.arguments[0], "-");
    CHECK_STR_EQ(given.arguments[2], "b");
    CHECK(given.arguments[3] == NULL);
    CHECK_INT_EQ(typed("build -o x -- -a --help"), 0);
    CHECK_INT_EQ(given.argument_count, 2);
    CHECK_STR_EQ(given.arguments[1], "--help");
    CHECK_INT_EQ(typed("retry web gw-1 gw-2"), 0);
    CHECK_INT_EQ(given.argument_count, 3);
    CHECK_INT_EQ(typed("build node -o node"), 0); /* a verb's word may be an argument */
    CHECK_STR_EQ(given.arguments[0], "node");
}

static void case_help(void)
{
    static const char *const of_a_verb[] = {"node show --help", "node show -h", "help node show",
                                            "--help node show", "node show x y z --json --help"};
    for (size_t i = 0; i < COUNT_OF(of_a_verb); i++) {
        CHECK_INT_EQ(typed(of_a_verb[i]), 0);
        CHECK_INT_EQ(given.wish, GIVEN_HELP);
        CHECK(given.verb == &verbs[1]);
    }
    CHECK_INT_EQ(typed("help node"), 0);
    CHECK(given.wish == GIVEN_HELP && given.family == &families[0] && given.verb == NULL);
    CHECK_INT_EQ(typed("node -h"), 0);
    CHECK(given.wish == GIVEN_HELP && given.family == &families[0]);
    CHECK_INT_EQ(typed("help"), 0);
    CHECK(given.wish == GIVEN_HELP && given.family == NULL && given.verb == NULL);
    CHECK_INT_EQ(typed("--version"), 0);
    CHECK_INT_EQ(given.wish, GIVEN_VERSION);
    CHECK_INT_EQ(typed("build --version 7 -o x"), 0); /* the verb's own */
    CHECK_INT_EQ(given.wish, GIVEN_RUN);
    CHECK_INT_EQ(given_number(&given, "version", 0), 7);
}

/* -- refused ----------------------------------------------------------------------------------- */

static void case_refused(void)
{
    static const struct {
        const char *line, *text;
    } rows[] = {
        {"", "say what to do\n"},
        {"node", "node: say what to do\n"},
        {"node --dir", "node: say what to do\n"},
        {"nod list", "nod: no such verb; did you mean node list?\n"},
        {"node lsit", "node lsit: no such verb; did you mean node list?\n"},
        {"node dance", "node dance: no such verb\n"},
        {"biuld x", "biuld: no such verb; did you mean build?\n"},
        {"nodes", "nodes: no such verb; did you mean node?\n"},
        {"dance --json", "dance: no such verb\n"},
        {"help dance", "dance: no such verb\n"},
        {"--jsno", "--jsno: no such option\n"},
        {"node list --jsno", "--jsno: no such option; did you mean --json?\n"},
        {"node list -x", "-x: no such option\n"},
        {"node list --json=1", "--json takes no value\n"},
        {"node list --dir", "--dir needs DIR\n"},
        {"node list -l", "--label needs LABEL\n"},
        {"node list a", "one word too many: a\n"},
        {"node list --dir a --dir b", "--dir: at most 1 time\n"},
        {"node list -la -lb -lc", "--label: at most 2 times\n"},
        {"node show", "NODE is needed\n"},
        {"node show Gw", "'Gw' is no NODE: a name is at most 4 of a-z, 0-9 and '-' inside\n"},
        {"node show gw-11", "'gw-11' is no NODE: a name is at most 4 of a-z, 0-9 and '-' inside\n"},
        {"build x", "-o FILE is needed\n"},
        {"retry", "ID is needed\n"},
        {"start f --count 0", "--count 0: must be a number from 1 to 9\n"},
        {"start f --count 10", "--count 10: must be a number from 1 to 9\n"},
        {"start f --count 1x", "--count 1x: must be a number from 1 to 9\n"},
        {"start f --count 99999999999999999999",
         "--count 99999999999999999999: must be a number from 1 to 9\n"},
        {"start f --offline late", "--offline late: must be one of later|wait|fail\n"},
        {"start f --offline fail|", "--offline fail|: must be one of later|wait|fail\n"},
        {"start f --share 101%", "--share 101%: must be a share like 95%\n"},
        {"start f --share 5", "--share 5: must be a share like 95%\n"},
        {"start f --share %", "--share %: must be a share like 95%\n"},
        {"start f --name abcde",
         "--name abcde: must be a name: at most 4 of a-z, 0-9 and '-' inside\n"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CHECK_INT_EQ(typed(rows[i].line), ERR_USAGE);
        CHECK_STR_EQ(given.complaints.data, rows[i].text);
    }
}

static void case_all_at_once(void)
{
    CHECK_INT_EQ(typed("start --cuont 3 --share x --offline= --name"), ERR_USAGE);
    CHECK_STR_EQ(given.complaints.data, "--cuont: no such option; did you mean --count?\n"
                                        "--share x: must be a share like 95%\n"
                                        "--offline : must be one of later|wait|fail\n"
                                        "--name needs NAME\n");
    CHECK_INT_EQ(typed("start --share x a b"), ERR_USAGE);
    CHECK_STR_EQ(given.complaints.data, "--share x: must be a share like 95%\n"
                                        "one word too many: b\n");
    CHECK_INT_EQ(typed("start --shre x a"), ERR_USAGE); /* x may have been its value */
    CHECK_STR_EQ(given.complaints.data, "--shre: no such option; did you mean --share?\n");
}

/* What a verb never asks for would be ignored in silence: the test of the tables looks for it. */
static void case_unasked(void)
{
    CHECK_INT_EQ(typed("node list --json --dir x"), 0);
    CHECK(given_unasked(&given) == &json);
    (void)given_has(&given, "json");
    CHECK(given_unasked(&given) == &dir);
    (void)given_value(&given, "dir");
    CHECK(given_unasked(&given) == NULL);
    CHECK_INT_EQ(given_judge(&given, NULL), 0);
    given_complain(&given, "%s", "no");
    CHECK_INT_EQ(given_judge(&given, NULL), ERR_USAGE);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"values", case_values},
        {"words", case_words},
        {"help", case_help},
        {"refused", case_refused},
        {"all at once", case_all_at_once},
        {"unasked", case_unasked},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
