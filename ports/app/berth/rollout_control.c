/* berth rollout pause, resume, abort: the one document that says what is wanted of a rollout. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/wire/topic.h"
#include "platform/base/text.h"
#include "ports/app/berth/confirm.h"
#include "ports/app/berth/rollout_verdict.h"
#include "ports/app/berth/rollout_world.h"
#include "ports/app/berth/verbs.h"

struct change {
    const char *id; /* as it was given, then in full */
    const char *want, *said;
    struct session session;
    struct fleet_dir dir;
    struct trust trust;
    struct rollout_world world;
};

static int control_write(struct change *change, const struct rollout_control *control,
                         struct err *err)
{
    struct topic topic = {.kind = TOPIC_ROLLOUT_CONTROL};
    char name[BUS_TOPIC_BYTES];
    char data[ROLLOUT_BYTES_MAX];
    struct text text;
    (void)text_copy(topic.fleet, sizeof topic.fleet, change->dir.fleet);
    (void)text_copy(topic.rollout, sizeof topic.rollout, change->id);
    topic_render(&topic, name);
    text_init(&text, data, sizeof data);
    rollout_control_render(control, &text);
    return session_publish(&change->session, name, span_of(text.data, text.len), err);
}

/* Read, changed, written back: what it says besides `want` is kept; one that cannot be read is
 * written anew. */
static int control_change(struct change *change, struct err *err)
{
    const struct kept *rollout = NULL;
    char path[PATH_MAX];
    fleet_dir_file(&change->dir, "keys/trust.json", path);
    int rc = keyring_trust_load(&change->session.keyring, path, &change->trust, err);
    rc = rc == 0 ? rollout_world_open(&change->world, change->dir.fleet, &change->trust,
                                      change->session.keyring.verify, err)
                 : rc;
    rc = rc == 0 ? rollout_world_read_rollouts(&change->world, &change->session, err) : rc;
    rc = rc == 0 ? rollout_world_find(&change->world, change->id, &rollout, err) : rc;
    change->id = rc == 0 ? rollout->spec.id : change->id;
    if (rc == 0 && rollout_phase_is_end(rollout->told.phase)) {
        rc = err_set(err, ERR_NOTHING, "rollout %s has ended: %s", change->id,
                     rollout_phase_word(rollout->told.phase));
    }
    if (rc == 0) {
        struct rollout_control control = rollout->control;
        (void)text_copy(control.want, sizeof control.want, change->want);
        if (strcmp(change->want, "run") == 0) { /* what has failed so far is accepted */
            control.accepted = rollout_failures(&rollout->spec, &rollout->told);
            control.resumed_at = rollout->told.updated; /* and a new sample begins */
        }
        rc = control_write(change, &control, err);
    }
    if (rc == 0) {
        printf("rollout %s: %s\n", change->id, change->said);
    }
    rollout_world_close(&change->world);
    return rc;
}

static int run(struct given *given, const char *want, const char *said, struct err *err)
{
    struct change *change = calloc(1, sizeof *change);
    if (change == NULL) {
        return err_set(err, ERR_MEMORY, "no memory");
    }
    change->id = given->arguments[0];
    change->want = want;
    change->said = said;
    int rc = session_start(&change->session, given_value(given, "dir"), &change->dir, err);
    if (rc == 0) {
        rc = control_change(change, err);
        session_close(&change->session);
    }
    free(change);
    return rc;
}

int verb_rollout_pause(struct given *given, struct err *err)
{
    return run(given, "pause", "no node gets an order until it is resumed", err);
}

int verb_rollout_resume(struct given *given, struct err *err)
{
    return run(given, "run", "goes on, as soon as a coordinator sees it", err);
}

int verb_rollout_abort(struct given *given, struct err *err)
{
    int rc = confirm(given_has(given, "yes"), err, "Abort rollout %s? It does not go on again.",
                     given->arguments[0]);
    if (rc != 0) {
        return rc;
    }
    return run(given, "abort", "takes back what was not begun, and ends", err);
}
