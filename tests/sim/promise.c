/* promise: what was answered, beside what serves in the end and what the node reports. */
#include "tests/sim/promise.h"

#include <stdlib.h>

bool release_is_hopeless(enum release_name name)
{
    switch ((int)name) {
    case RELEASE_SILENT:
    case RELEASE_CRASHING:
    case RELEASE_STILLBORN:
    case RELEASE_FADING:
    case RELEASE_HANGING:
    case RELEASE_MISSING:
    case RELEASE_LOGBAD:
    case RELEASE_ABSENT:
    case RELEASE_UNLOGGED:
        return true;
    default:
        return false;
    }
}

void promise_init(struct promise *promise, size_t app)
{
    *promise = (struct promise){
        .app = app, .stands = SCENARIO_NONE, .before = SCENARIO_NONE, .failed = ASKED_NOTHING};
}

/* A rollback ends where its scenario ends. */
static int target_of(int asked, const struct scenario *scenario)
{
    return asked == ASKED_ROLLBACK ? (int)scenario->ends_in : asked;
}

/* By itself, or because it was revoked and is not what stands. */
static bool is_hopeless(const struct gateway *gateway, enum release_name name)
{
    const struct digest *digest = &gateway->releases->made[name].digest;
    bool is_revoked = false;
    for (size_t i = 0; i < gateway->revoked.count; i++) {
        is_revoked = is_revoked || digest_is_equal(&gateway->revoked.digests[i], digest);
    }
    return release_is_hopeless(name) || is_revoked;
}

void promise_note(struct promise *promise, const struct gateway *gateway,
                  const struct scenario *scenario)
{
    int target = target_of(gateway->words[promise->app].promised, scenario);
    if (target == ASKED_NOTHING) {
        return;
    }
    if (target != (int)SCENARIO_NONE && is_hopeless(gateway, (enum release_name)target)) {
        promise->failed = target;
        promise->stands = promise->stands == target ? promise->before : promise->stands;
    } else {
        promise->before = promise->stands == target ? promise->before : promise->stands;
        promise->stands = target;
        promise->failed = ASKED_NOTHING;
    }
}

static const char *word_of(int release)
{
    return release >= 0 && release < (int)RELEASE_COUNT ? release_word((enum release_name)release)
                                                        : "nothing";
}

/* The node reports a bad or inconclusive verdict on its last candidate, and why. */
static bool has_verdict(const struct gateway *gateway, size_t which)
{
    struct report *report = calloc(1, sizeof *report);
    bool has = false;
    if (report == NULL || gateway->agent == NULL) {
        free(report);
        return false;
    }
    conductor_report(gateway->agent, report);
    for (size_t i = 0; i < report->app_count; i++) {
        const struct report_app *app = &report->apps[i];
        has = has ||
              (strcmp(app->app, which == 0 ? RELEASES_APP : RELEASES_BESIDE) == 0 &&
               app->verdict_gen != 0 &&
               (strcmp(app->verdict, "bad") == 0 || strcmp(app->verdict, "inconclusive") == 0) &&
               app->reason[0] != '\0' && strcmp(app->reason, "none") != 0);
    }
    free(report);
    return has;
}

/* It was taken after the last promise, and the answer never came: it may be honoured or not. */
static bool is_open(const struct gateway_word *word, const struct scenario *scenario, int release)
{
    for (int asked = 0; asked <= ASKED_ROLLBACK; asked++) {
        if ((word->open & (UINT64_C(1) << asked)) != 0 && target_of(asked, scenario) == release) {
            return true;
        }
    }
    return false;
}

void promise_judge(const struct promise *promise, struct gateway *gateway,
                   const struct scenario *scenario, int ends_in, bool is_forgiven)
{
    struct sim_machine *machine = &gateway->machine;
    struct sim_checker *checker = promise->app == 0 ? &machine->checker : &machine->beside;
    const struct gateway_word *word = &gateway->words[promise->app];
    bool is_honoured = ends_in == promise->stands || is_open(word, scenario, ends_in);
    if (!is_honoured && !(is_forgiven && has_verdict(gateway, promise->app))) {
        sim_checker_breach(checker, 3, "%s was promised, and it ends in %s without a verdict",
                           word_of(promise->stands), word_of(ends_in));
    }
    if (promise->failed != ASKED_NOTHING && word->open == 0 &&
        !has_verdict(gateway, promise->app)) {
        sim_checker_breach(checker, 3, "%s was promised, and its failure got no verdict",
                           word_of(promise->failed));
    }
}
