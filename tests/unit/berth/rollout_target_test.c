/* rollout_target: who is asked what before a rollout begins; a table of every case. */
#include "ports/app/berth/rollout_target.h"
#include "tests/check.h"

static int asked;
static char question[200];

static bool yes(const char *text)
{
    asked++;
    (void)snprintf(question, sizeof question, "%s", text);
    return true;
}

static bool no(const char *text)
{
    return !yes(text);
}

static void case_judge(void)
{
    static const struct {
        const char *selector;
        bool is_all, is_confirmed;
        size_t matched, known;
        bool (*answer)(const char *);
        int code, asked;
        const char *text;
    } rows[] = {
        {"site=a", false, false, 3, 9, NULL, 0, 0, ""},
        {"site=a", false, false, 9, 9, yes, 0, 0, ""}, /* a selector is an answer */
        {"site=a", false, false, 0, 9, yes, ERR_NOT_FOUND, 0, "no node matches \"site=a\"; 9 are"},
        {"site=a", false, false, 0, 0, yes, ERR_NOT_FOUND, 0, "fleet plant has no node yet"},
        {"", true, true, 0, 0, NULL, ERR_NOT_FOUND, 0, "berth node add"},
        {"", false, false, 9, 9, NULL, ERR_USAGE, 0, "--all for every node (9 now) of fleet plant"},
        {"", false, true, 9, 9, NULL, ERR_USAGE, 0, "--all"}, /* --yes says not which */
        {NULL, false, false, 9, 9, NULL, ERR_USAGE, 0, "-l SELECTOR"},
        {"", true, false, 9, 9, NULL, ERR_CANCELLED, 0, "say --yes; nothing was begun"},
        {"", true, true, 9, 9, NULL, 0, 0, ""},
        {"", true, true, 9, 9, no, 0, 0, ""},
        {"", true, false, 9, 9, yes, 0, 1, ""},
        {"", true, false, 9, 9, no, ERR_CANCELLED, 1, "nothing was begun"},
        {"", false, false, 9, 9, yes, 0, 1, ""},
        {"", false, false, 9, 9, no, ERR_CANCELLED, 1, "nothing was begun"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct rollout_target target = {.selector = rows[i].selector,
                                              .is_all = rows[i].is_all,
                                              .is_confirmed = rows[i].is_confirmed,
                                              .matched = rows[i].matched,
                                              .known = rows[i].known};
        struct err err = {0};
        asked = 0;
        CHECK_INT_EQ(rollout_target_judge(&target, "plant", rows[i].answer, &err), rows[i].code);
        CHECK_INT_EQ(asked, rows[i].asked);
        CHECK_CONTAINS(err.text, rows[i].text);
    }
    CHECK_STR_EQ(question, "Every node of fleet plant (9 now)? [y/N] ");
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"judge", case_judge}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
