/* follow_test: the ends an activate or a rollback can come to, as statuses show them. */
#include "ports/app/control/follow.h"

#include "platform/base/text.h"
#include "platform/base/units.h"
#include "tests/check.h"

/* One status of app web; committed, candidate: one letter for a release, or '-'. */
static enum follow_end step(struct follow *follow, const char *phase, char committed,
                            char candidate, char wanted, const char *verdict, int verdict_gen)
{
    char json[1024];
    char generations[2][64] = {"null", "null"};
    const char letters[2] = {committed, candidate};
    for (size_t i = 0; i < 2; i++) {
        if (letters[i] != '-') {
            (void)snprintf(generations[i], sizeof generations[i], "{\"release\":\"%c\",\"gen\":%d}",
                           letters[i], letters[i] - 'a' + 1);
        }
    }
    (void)snprintf(json, sizeof json,
                   "{\"apps\":[{\"app\":\"other\",\"phase\":\"rest\"},{\"app\":\"web\",\"phase\":"
                   "\"%s\",\"committed\":%s,\"candidate\":%s,\"wanted\":\"%c\",\"verdict\":\"%s\","
                   "\"verdictGen\":%d,\"reason\":\"crashed\"}]}",
                   phase, generations[0], generations[1], wanted, verdict, verdict_gen);
    return follow_step(follow, span_text(json));
}

static void good(void)
{
    struct follow follow = {.app = "web"};
    CHECK_INT_EQ(step(&follow, "rest", 'a', '-', 'b', "bad", 3), FOLLOW_ON); /* an old verdict */
    CHECK_INT_EQ(step(&follow, "prepare", 'a', 'b', 'b', "bad", 3), FOLLOW_ON);
    CHECK_INT_EQ(step(&follow, "unproven", 'a', 'b', 'b', "bad", 3), FOLLOW_ON);
    CHECK_INT_EQ(step(&follow, "rest", 'b', '-', 'b', "good", 4), FOLLOW_GOOD);
}

static void first_ever_and_removed(void)
{
    struct follow follow = {.app = "web"};
    CHECK_INT_EQ(follow_step(&follow, span_text("{\"apps\":[]}")), FOLLOW_ON);
    CHECK_INT_EQ(step(&follow, "rest", '-', '-', 'a', "none", 0), FOLLOW_ON);
    CHECK_INT_EQ(step(&follow, "prepare", '-', 'a', 'a', "none", 0), FOLLOW_ON);
    CHECK_INT_EQ(step(&follow, "rest", '-', '-', 'a', "bad", 1), FOLLOW_WENT_BACK);
    CHECK_STR_EQ(follow.reason, "crashed");
}

static void went_back_between_two_statuses(void)
{
    struct follow follow = {.app = "web"};
    CHECK_INT_EQ(step(&follow, "rest", 'a', '-', 'b', "good", 3), FOLLOW_ON);
    CHECK_INT_EQ(step(&follow, "rest", 'a', '-', 'b', "bad", 4), FOLLOW_WENT_BACK);
}

static void no_longer_wanted_after_a_bad_verdict(void)
{
    struct follow seen = {.app = "web"};
    struct follow unseen = {.app = "web"};
    CHECK_INT_EQ(step(&seen, "unproven", 'a', 'b', 'b', "good", 1), FOLLOW_ON);
    CHECK_INT_EQ(step(&seen, "rest", 'a', '-', 'a', "bad", 2), FOLLOW_WENT_BACK);
    CHECK_STR_EQ(seen.reason, "crashed");
    CHECK_INT_EQ(step(&unseen, "rest", 'a', '-', 'b', "good", 1), FOLLOW_ON);
    CHECK_INT_EQ(step(&unseen, "rest", 'a', '-', 'a', "bad", 2), FOLLOW_WENT_BACK);
}

static void inconclusive(void)
{
    struct follow follow = {.app = "web"};
    CHECK_INT_EQ(step(&follow, "prepare", 'a', 'b', 'b', "bad", 3), FOLLOW_ON);
    CHECK_INT_EQ(step(&follow, "rest", 'a', '-', 'b', "inconclusive", 4), FOLLOW_INCONCLUSIVE);
}

static void replaced(void)
{
    struct follow follow = {.app = "web"};
    CHECK_INT_EQ(step(&follow, "prepare", 'a', 'b', 'b', "none", 0), FOLLOW_ON);
    CHECK_INT_EQ(step(&follow, "prepare", 'a', 'b', 'c', "none", 0), FOLLOW_REPLACED);
}

static void rollback_of_a_candidate(void)
{
    struct follow follow = {.app = "web"};
    CHECK_INT_EQ(step(&follow, "unproven", 'a', 'b', 'a', "good", 3), FOLLOW_ON);
    CHECK_INT_EQ(step(&follow, "rest", 'a', '-', 'a', "inconclusive", 4), FOLLOW_GOOD);
}

/* What was asked for waits while the release before comes to its own bad end. */
static void verdict_of_the_release_before(void)
{
    struct follow follow = {.app = "web"};
    CHECK_INT_EQ(step(&follow, "unproven", 'a', 'b', 'c', "good", 1), FOLLOW_ON);
    CHECK_INT_EQ(step(&follow, "rest", 'a', '-', 'c', "bad", 2), FOLLOW_ON);
    CHECK_INT_EQ(step(&follow, "prepare", 'a', 'c', 'c', "bad", 2), FOLLOW_ON);
    CHECK_INT_EQ(step(&follow, "rest", 'c', '-', 'c', "good", 3), FOLLOW_GOOD);
}

/* An accepted answer, and then statuses of an agent that says whose the last verdict was. */
struct said {
    const char *phase;
    char committed, candidate, wanted;
    const char *verdict, *reason;
    int verdicts;
    char of;
};

static struct follow accepted(char wanted, int verdicts)
{
    char answer[128];
    struct follow follow = {.app = "web"};
    (void)snprintf(answer, sizeof answer,
                   "{\"accepted\":true,\"event\":41,\"release\":\"%c\",\"verdicts\":%d}\n", wanted,
                   verdicts);
    CHECK_INT_EQ(follow_accepted(&follow, span_text(answer)), 41);
    return follow;
}

static enum follow_end say(struct follow *follow, const struct said *said)
{
    char json[1024];
    (void)snprintf(json, sizeof json,
                   "{\"apps\":[{\"app\":\"web\",\"phase\":\"%s\",\"committed\":{\"release\":\"%c\","
                   "\"gen\":1},\"candidate\":{\"release\":\"%c\",\"gen\":2},\"wanted\":\"%c\","
                   "\"verdict\":\"%s\",\"verdictGen\":2,\"reason\":\"%s\",\"verdicts\":%d,"
                   "\"verdictRelease\":\"%c\"}]}",
                   said->phase, said->committed, said->candidate, said->wanted, said->verdict,
                   said->reason, said->verdicts, said->of);
    return follow_step(follow, span_text(json));
}

#define SAY(follow, ...) say(follow, &(struct said){__VA_ARGS__})

static void whose_verdict_it_is(void)
{
    struct follow follow = accepted('c', 3);
    CHECK_INT_EQ(SAY(&follow, "unproven", 'a', 'b', 'c', "bad", "crashed", 3, 'c'), FOLLOW_ON);
    CHECK_INT_EQ(SAY(&follow, "rest", 'a', '-', 'c', "bad", "crashed", 4, 'b'), FOLLOW_ON);
    CHECK_INT_EQ(SAY(&follow, "prepare", 'a', 'c', 'c', "bad", "crashed", 4, 'b'), FOLLOW_ON);
    CHECK_INT_EQ(SAY(&follow, "rest", 'c', '-', 'c', "good", "soaked", 5, 'c'), FOLLOW_GOOD);
}

/* The first status comes when all is over, and the node wants the release before again. */
static void over_before_the_first_status(void)
{
    struct follow bad = accepted('b', 0);
    struct follow good = accepted('b', 0);
    CHECK_INT_EQ(SAY(&bad, "rest", 'a', '-', 'a', "bad", "crashed", 1, 'b'), FOLLOW_WENT_BACK);
    CHECK_STR_EQ(bad.reason, "crashed");
    CHECK_INT_EQ(SAY(&good, "unproven", 'b', 'c', 'c', "good", "soaked", 1, 'b'), FOLLOW_GOOD);
}

/* The same digest again by force, on the same generation number: only the new verdict counts. */
static void forced_again(void)
{
    struct follow follow = accepted('b', 1);
    CHECK_INT_EQ(SAY(&follow, "rest", 'a', '-', 'b', "bad", "unready", 1, 'b'), FOLLOW_ON);
    CHECK_INT_EQ(SAY(&follow, "prepare", 'a', 'b', 'b', "bad", "unready", 1, 'b'), FOLLOW_ON);
    CHECK_INT_EQ(SAY(&follow, "rest", 'a', '-', 'a', "bad", "crashed", 2, 'b'), FOLLOW_WENT_BACK);
}

/* The last try of those that end inconclusive: the node wants what it has. */
static void tries_used_up(void)
{
    struct follow follow = accepted('b', 2);
    CHECK_INT_EQ(SAY(&follow, "prepare", 'a', 'b', 'b', "inconclusive", "pull-failed", 2, 'b'),
                 FOLLOW_ON);
    CHECK_INT_EQ(SAY(&follow, "rest", 'a', '-', 'a', "inconclusive", "pull-failed", 3, 'b'),
                 FOLLOW_INCONCLUSIVE);
}

static void replaced_by_an_order(void)
{
    struct follow seen = accepted('b', 0);
    struct follow dropped = accepted('b', 0);
    struct follow rolled_back = accepted('b', 0);
    CHECK_INT_EQ(SAY(&seen, "prepare", 'a', 'b', 'c', "none", "none", 0, '-'), FOLLOW_REPLACED);
    CHECK_INT_EQ(SAY(&dropped, "prepare", 'a', 'c', 'c', "inconclusive", "replaced", 1, 'b'),
                 FOLLOW_REPLACED);
    CHECK_INT_EQ(SAY(&rolled_back, "rest", 'a', '-', 'a', "inconclusive", "rolled-back", 1, 'b'),
                 FOLLOW_REPLACED);
}

static void rollback_ends(void)
{
    struct follow candidate = accepted('a', 1); /* of a candidate under way */
    struct follow previous = accepted('p', 1);  /* to the release before */
    CHECK_INT_EQ(SAY(&candidate, "unproven", 'a', 'b', 'a', "good", "soaked", 1, 'a'), FOLLOW_ON);
    CHECK_INT_EQ(SAY(&candidate, "rest", 'a', '-', 'a', "inconclusive", "rolled-back", 2, 'b'),
                 FOLLOW_GOOD);
    CHECK_INT_EQ(SAY(&previous, "rest", 'a', '-', 'p', "good", "soaked", 1, 'a'), FOLLOW_ON);
    CHECK_INT_EQ(SAY(&previous, "prepare", 'a', 'p', 'p', "good", "soaked", 1, 'a'), FOLLOW_ON);
    CHECK_INT_EQ(SAY(&previous, "rest", 'a', '-', 'a', "bad", "unready", 2, 'p'), FOLLOW_WENT_BACK);
}

/* An agent that was started again counts verdicts from its own start. */
static void agent_starts_again(void)
{
    struct follow bad = accepted('b', 5);
    struct follow good = accepted('b', 5);
    CHECK_INT_EQ(SAY(&bad, "unproven", 'a', 'b', 'b', "good", "soaked", 5, 'a'), FOLLOW_ON);
    CHECK_INT_EQ(SAY(&bad, "unproven", 'a', 'b', 'b', "good", "soaked", 0, '-'), FOLLOW_ON);
    CHECK_INT_EQ(SAY(&bad, "rest", 'a', '-', 'a', "bad", "crashed", 1, 'b'), FOLLOW_WENT_BACK);
    CHECK_INT_EQ(SAY(&good, "rest", 'b', '-', 'b', "good", "soaked", 0, '-'), FOLLOW_GOOD);
}

/* It died just after the verdict: the next one remembers it, and has given none itself. */
static void agent_dies_after_its_verdict(void)
{
    struct follow follow = accepted('b', 5);
    CHECK_INT_EQ(SAY(&follow, "unproven", 'a', 'b', 'b', "good", "soaked", 5, 'a'), FOLLOW_ON);
    follow.verdict_gen = 1; /* of the status before */
    CHECK_INT_EQ(SAY(&follow, "rest", 'a', '-', 'a', "bad", "crashed", 0, '-'), FOLLOW_WENT_BACK);
    CHECK_STR_EQ(follow.reason, "crashed");
}

static void accepted_answers(void)
{
    struct follow follow = {.app = "web"};
    CHECK_INT_EQ(follow_accepted(&follow, span_text("{\"accepted\":true,\"event\":41}\n")), 41);
    CHECK_STR_EQ(follow.wanted, "");
    CHECK_INT_EQ(follow_accepted(&follow, span_text("")), 0);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"good", good},
        {"first_ever_and_removed", first_ever_and_removed},
        {"went_back_between_two_statuses", went_back_between_two_statuses},
        {"no_longer_wanted_after_a_bad_verdict", no_longer_wanted_after_a_bad_verdict},
        {"inconclusive", inconclusive},
        {"replaced", replaced},
        {"rollback_of_a_candidate", rollback_of_a_candidate},
        {"verdict_of_the_release_before", verdict_of_the_release_before},
        {"whose_verdict_it_is", whose_verdict_it_is},
        {"over_before_the_first_status", over_before_the_first_status},
        {"forced_again", forced_again},
        {"tries_used_up", tries_used_up},
        {"replaced_by_an_order", replaced_by_an_order},
        {"rollback_ends", rollback_ends},
        {"agent_starts_again", agent_starts_again},
        {"agent_dies_after_its_verdict", agent_dies_after_its_verdict},
        {"accepted_answers", accepted_answers},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
