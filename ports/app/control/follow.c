/* follow: reads statuses for one app; only verdicts on what is wanted count. */
#include "ports/app/control/follow.h"

#include <string.h>

#include "ports/app/control/scan.h"
#include "agent/node/memory.h"
#include "platform/base/text.h"

static bool app_find(struct span status, const char *name, struct span *app)
{
    struct span apps;
    char found[NAME_BYTES];
    size_t at = 0;
    if (!scan_member(status, "apps", &apps)) {
        return false;
    }
    while (scan_element(apps, &at, app)) {
        if (scan_member_text(*app, "app", found, sizeof found) && strcmp(found, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool generation_is(struct span app, const char *role, const char *release)
{
    struct span generation;
    char found[DIGEST_HEX_BYTES];
    return scan_member(app, role, &generation) &&
           scan_member_text(generation, "release", found, sizeof found) &&
           strcmp(found, release) == 0;
}

/* Which generation is under way, and whether it is what is wanted. */
static void note_candidate(struct follow *follow, struct span app)
{
    struct span candidate;
    if (!scan_member(app, "candidate", &candidate)) {
        return;
    }
    int64_t gen = scan_member_integer(candidate, "gen", 0);
    if (generation_is(app, "candidate", follow->wanted)) {
        follow->gen = gen;
    } else if (gen != 0) {
        follow->other_gen = gen;
    }
}

static void note_start(struct follow *follow, struct span app, const char *wanted)
{
    if (follow->wanted[0] == '\0') {
        (void)text_copy(follow->wanted, sizeof follow->wanted, wanted);
        follow->verdicts = scan_member_integer(app, "verdicts", 0);
    }
    if (!follow->has_start) {
        follow->verdict_gen = scan_member_integer(app, "verdictGen", 0);
        follow->has_start = true;
    }
}

/* The last verdict is one on what is wanted, given since the agent accepted. */
static bool is_judged(struct follow *follow, struct span app, bool is_at_rest)
{
    char release[DIGEST_HEX_BYTES];
    int64_t verdicts = scan_member_integer(app, "verdicts", -1);
    if (verdicts < follow->verdicts) {
        follow->verdicts = 0; /* another agent counts from its own start */
    }
    if (verdicts > 0) {
        return verdicts > follow->verdicts &&
               scan_member_text(app, "verdictRelease", release, sizeof release) &&
               strcmp(release, follow->wanted) == 0;
    }
    /* An agent that does not say whose it was, or has given none since it started. */
    int64_t verdict_gen = scan_member_integer(app, "verdictGen", 0);
    if (verdict_gen == follow->other_gen && verdict_gen != follow->gen) {
        follow->verdict_gen = verdict_gen;
    }
    return is_at_rest && verdict_gen != follow->verdict_gen;
}

static enum follow_end end_of(struct follow *follow, struct span app)
{
    char verdict[64];
    (void)scan_member_text(app, "reason", follow->reason, sizeof follow->reason);
    (void)scan_member_text(app, "verdict", verdict, sizeof verdict);
    bool is_given_up = strcmp(follow->reason, reason_word(REASON_REPLACED)) == 0 ||
                       strcmp(follow->reason, reason_word(REASON_ROLLED_BACK)) == 0;
    return strcmp(verdict, verdict_word(VERDICT_GOOD)) == 0  ? FOLLOW_GOOD
           : strcmp(verdict, verdict_word(VERDICT_BAD)) == 0 ? FOLLOW_WENT_BACK
           : is_given_up                                     ? FOLLOW_REPLACED
                                                             : FOLLOW_INCONCLUSIVE;
}

enum follow_end follow_step(struct follow *follow, struct span status)
{
    struct span app;
    char wanted[DIGEST_HEX_BYTES];
    char phase[64];
    if (!app_find(status, follow->app, &app)) {
        return FOLLOW_ON;
    }
    (void)scan_member_text(app, "wanted", wanted, sizeof wanted);
    (void)scan_member_text(app, "phase", phase, sizeof phase);
    note_start(follow, app, wanted);
    note_candidate(follow, app);
    bool is_at_rest = strcmp(phase, "rest") == 0;
    bool is_wanted = strcmp(wanted, follow->wanted) == 0;
    if (is_at_rest && is_wanted && generation_is(app, "committed", wanted)) {
        (void)scan_member_text(app, "reason", follow->reason, sizeof follow->reason);
        return FOLLOW_GOOD;
    }
    if (is_judged(follow, app, is_at_rest)) {
        return end_of(follow, app);
    }
    return is_wanted ? FOLLOW_ON : FOLLOW_REPLACED;
}

uint64_t follow_accepted(struct follow *follow, struct span answer)
{
    int64_t number = scan_member_integer(answer, "event", 0);
    if (scan_member_text(answer, "release", follow->wanted, sizeof follow->wanted)) {
        follow->verdicts = scan_member_integer(answer, "verdicts", 0);
    }
    return number > 0 ? (uint64_t)number : 0;
}
