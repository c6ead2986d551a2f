/* berth rollout pause, resume, abort: the one document that says what is wanted of a rollout. */
#include <stdio.h>
#include <string.h>

#include "platform/base/text.h"
#include "ports/app/berth/confirm.h"
#include "ports/app/berth/rollout_freeze.h"
#include "ports/app/berth/rollout_verdict.h"
#include "ports/app/berth/rollout_word.h"
#include "ports/app/berth/verbs.h"

static int change(void *ctx, const struct rollout_world *world, const struct kept *rollout,
                  struct rollout_control *control, struct err *err)
{
    const char *want = ctx;
    bool is_going = strcmp(want, "run") == 0 && rollout->spec.shape.undo[0] == '\0';
    int rc = is_going ? rollout_freeze_refuse(world, "not resumed", err) : 0;
    if (rc != 0) {
        return rc;
    }
    if (strcmp(control->want, "abort") == 0 && strcmp(want, "abort") != 0) {
        return err_set(err, ERR_NOTHING, "rollout %s was aborted, and that is not taken back",
                       rollout->spec.id);
    }
    (void)text_copy(control->want, sizeof control->want, want);
    if (strcmp(want, "run") == 0) { /* what has failed so far is accepted */
        control->accepted = rollout_failures(&rollout->spec, &rollout->told);
        control->resumed_at = rollout->told.updated; /* and a new sample begins */
        control->allowed_at = world->now;
    }
    return 0;
}

static int run(struct given *given, char *want, const char *said, struct err *err)
{
    struct rollout_word word = {
        .dir = given_value(given, "dir"), .id = given->arguments[0], .change = change, .ctx = want};
    bool is_taken = false;
    int rc = rollout_word_say(&word, &is_taken, err);
    if (rc == 0) {
        printf("rollout %s: %s%s\n", word.full_id, said, is_taken ? "" : ROLLOUT_WORD_WAITS);
    }
    return rc;
}

int verb_rollout_pause(struct given *given, struct err *err)
{
    char want[] = "pause";
    return run(given, want, "no node gets an order until it is resumed", err);
}

int verb_rollout_resume(struct given *given, struct err *err)
{
    char want[] = "run";
    return run(given, want, "goes on", err);
}

int verb_rollout_abort(struct given *given, struct err *err)
{
    char want[] = "abort";
    int rc = confirm(given_has(given, "yes"), err, "Abort rollout %s? It does not go on again.",
                     given->arguments[0]);
    if (rc != 0) {
        return rc;
    }
    return run(given, want, "takes back what was not begun, and ends", err);
}
