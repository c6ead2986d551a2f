/* follow: reads statuses for one app; an old verdict does not count until a new try was seen. */
#include "ports/app/berthctl/follow.h"

#include <string.h>

#include "agent/node/control_scan.h"
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

/* Which generation the try of what is wanted is. */
static void note_candidate(struct follow *follow, struct span app)
{
    struct span candidate;
    if (generation_is(app, "candidate", follow->wanted) &&
        scan_member(app, "candidate", &candidate)) {
        follow->gen = scan_member_integer(candidate, "gen", 0);
    }
}

/* At rest again with a bad verdict: the node no longer wants it. */
static bool has_failed(struct follow *follow, struct span app)
{
    char phase[64];
    char verdict[64];
    return scan_member_text(app, "phase", phase, sizeof phase) && strcmp(phase, "rest") == 0 &&
           scan_member_text(app, "verdict", verdict, sizeof verdict) &&
           strcmp(verdict, "bad") == 0 &&
           scan_member_text(app, "reason", follow->reason, sizeof follow->reason);
}

enum follow_end follow_step(struct follow *follow, struct span status)
{
    struct span app;
    char wanted[DIGEST_HEX_BYTES];
    char word[64];
    if (!app_find(status, follow->app, &app)) {
        return FOLLOW_ON;
    }
    (void)scan_member_text(app, "wanted", wanted, sizeof wanted);
    int64_t verdict_gen = scan_member_integer(app, "verdictGen", 0);
    if (follow->wanted[0] == '\0') {
        (void)text_copy(follow->wanted, sizeof follow->wanted, wanted);
        follow->verdict_gen = verdict_gen;
    }
    note_candidate(follow, app);
    bool is_its_verdict =
        verdict_gen != follow->verdict_gen && (follow->gen == 0 || follow->gen == verdict_gen);
    if (is_its_verdict && has_failed(follow, app)) {
        return FOLLOW_WENT_BACK;
    }
    if (strcmp(wanted, follow->wanted) != 0) {
        return FOLLOW_REPLACED;
    }
    follow->has_begun = follow->has_begun || verdict_gen != follow->verdict_gen ||
                        generation_is(app, "candidate", wanted);
    if (!scan_member_text(app, "phase", word, sizeof word) || strcmp(word, "rest") != 0) {
        return FOLLOW_ON;
    }
    (void)scan_member_text(app, "reason", follow->reason, sizeof follow->reason);
    if (generation_is(app, "committed", wanted)) {
        return FOLLOW_GOOD;
    }
    if (!follow->has_begun) {
        return FOLLOW_ON;
    }
    (void)scan_member_text(app, "verdict", word, sizeof word);
    return strcmp(word, "bad") == 0 ? FOLLOW_WENT_BACK : FOLLOW_INCONCLUSIVE;
}

uint64_t follow_after(struct span answer)
{
    int64_t number = scan_member_integer(answer, "event", 0);
    return number > 0 ? (uint64_t)number : 0;
}
