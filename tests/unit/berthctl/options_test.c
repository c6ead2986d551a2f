/* options: what berthctl's verbs are given; the refusals are the parser's. */
#include "ports/app/berthctl/options.h"

#include "platform/base/units.h"
#include "tests/check.h"

static int typed(const char *line, struct options *options)
{
    static struct given given;
    static char copy[256];
    static char *words[16];
    char *rest = NULL;
    int count = 1;
    words[0] = (char *)(uintptr_t) "berthctl";
    (void)text_copy(copy, sizeof copy, line);
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        words[count++] = word;
    }
    words[count] = NULL;
    int rc = given_read(&words_berthctl, NULL, count, words, &given);
    if (rc == 0 && given.verb != NULL) {
        options_take(&given, options);
    }
    return rc;
}

static void case_taken(void)
{
    struct options options;
    CHECK_INT_EQ(typed("--socket /x activate f --wait", &options), 0);
    CHECK_STR_EQ(options.control.socket_path, "/x");
    CHECK_STR_EQ(options.argument, "f");
    CHECK(options.is_waiting && !options.is_forced && !options.is_json);
    CHECK_INT_EQ(typed("activate - --force", &options), 0);
    CHECK_STR_EQ(options.argument, "-");
    CHECK(!options.is_waiting && options.is_forced);
    CHECK_STR_EQ(options.control.socket_path, "/run/berth/control.sock");
    CHECK_INT_EQ(typed("events --after 12 --json", &options), 0);
    CHECK_INT_EQ(options.after, 12);
    CHECK(options.is_json && options.argument == NULL);
    CHECK_INT_EQ(typed("status", &options), 0);
    CHECK_INT_EQ(options.after, 0);
    CHECK_INT_EQ(typed("rollback web --wait", &options), 0);
    CHECK_STR_EQ(options.argument, "web");
}

static void case_refused(void)
{
    static const char *const lines[] = {
        "status -",       "activate",         "activate a b", "activate a --after 1",
        "events --after", "events --after x", "events web",   "dance",
        "--force",        "rollback Web",     "history a/b",  "rollback"};
    struct options options;
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        CHECK_INT_EQ(typed(lines[i], &options), ERR_USAGE);
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"taken", case_taken}, {"refused", case_refused}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
