/* rollout_word: read, changed, signed, written, read back; and again. */
#include "ports/app/berth/rollout_word.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ports/app/berth/operators_file.h"

#define TRIES_MAX 20
/* A coordinator that acts takes a word at once; one that was stopped is replaced within this. */
#define TAKEN_MS SECONDS_MS(12)
/* Without one a word must stand for so long: a colleague may have read what stood before. */
#define STANDS_MS 1500
#define AGAIN_MS  400

struct saying {
    struct rollout_word *word;
    struct session session;
    struct fleet_dir dir;
    struct trust trust;
    struct rollout_world world;
    struct rollout_control control; /* as it was written last */
    struct digest digest;
    uint8_t memory[4 * ENVELOPE_BYTES_MAX];
};

enum ending { ENDING_TAKEN, ENDING_STANDS, ENDING_AGAIN, ENDING_SILENT };

static int world_read(struct saying *saying, const struct kept **rollout, struct err *err)
{
    struct rollout_word *word = saying->word;
    rollout_world_close(&saying->world);
    memset(&saying->world, 0, sizeof saying->world);
    int rc = rollout_world_open(&saying->world, &saying->dir, &saying->trust,
                                &saying->session.keyring, err);
    if (rc == 0) {
        rc = rollout_world_read(&saying->world, &saying->session,
                                word->is_of_nodes ? WORLD_NODES : WORLD_ROLLOUTS, err);
    }
    rc = rc == 0 ? rollout_world_find(&saying->world, word->id, rollout, err) : rc;
    if (rc == 0) {
        (void)text_copy(word->full_id, sizeof word->full_id, (*rollout)->spec.id);
    }
    if (rc == 0 && rollout_phase_is_end((*rollout)->told.phase)) {
        rc = err_set(err, ERR_NOTHING, "rollout %s has ended: %s", word->full_id,
                     rollout_phase_word((*rollout)->told.phase));
    }
    return rc;
}

static uint64_t taken_serial(const struct kept *rollout)
{
    return rollout->has_told ? rollout->told.control_serial : 0;
}

static int control_make(struct saying *saying, const struct kept *rollout, struct err *err)
{
    struct rollout_control *control = &saying->control;
    uint64_t taken = taken_serial(rollout);
    *control = *kept_control(rollout);
    uint64_t next = control->serial > taken + 1 ? control->serial + 1 : taken + 1;
    int rc = saying->word->change(saying->word->ctx, &saying->world, rollout, control, err);
    (void)text_copy(control->fleet, sizeof control->fleet, saying->dir.fleet);
    (void)text_copy(control->id, sizeof control->id, rollout->spec.id);
    control->serial = next;
    return rc;
}

static int control_write(struct saying *saying, struct err *err)
{
    struct topic topic = {.kind = TOPIC_ROLLOUT_CONTROL};
    const struct keyring *keyring = &saying->session.keyring;
    char name[BUS_TOPIC_BYTES];
    char data[ROLLOUT_BYTES_MAX];
    struct span envelope;
    struct arena arena;
    struct text text;
    (void)text_copy(topic.fleet, sizeof topic.fleet, saying->dir.fleet);
    (void)text_copy(topic.rollout, sizeof topic.rollout, saying->word->full_id);
    topic_render(&topic, name);
    text_init(&text, data, sizeof data);
    rollout_control_render(&saying->control, &text);
    struct span payload = span_of(text.data, text.len);
    keyring->verify.ops->sha256(keyring->verify.self, payload, &saying->digest);
    arena_init(&arena, saying->memory, sizeof saying->memory);
    int rc = operators_file_sign(keyring, &saying->dir, &saying->world.mirror.operators,
                                 signed_type(SIGNED_CONTROL), payload, &arena, &envelope, err);
    return rc == 0 ? session_publish(&saying->session, name, envelope, err) : rc;
}

/* Ours was taken, or cannot be any more; STANDS while neither is so. */
static enum ending judge(const struct saying *saying, const struct kept *rollout)
{
    if (digest_is_equal(&rollout->told.control_digest, &saying->digest) && rollout->has_told) {
        return ENDING_TAKEN;
    }
    return taken_serial(rollout) >= saying->control.serial ||
                   rollout_phase_is_end(rollout->told.phase)
               ? ENDING_AGAIN
               : ENDING_STANDS;
}

static bool is_overwritten(const struct saying *saying, const struct kept *rollout)
{
    return rollout->has_control && !digest_is_equal(&rollout->offer.digest, &saying->digest);
}

static enum ending wait_for(struct saying *saying, const struct kept *rollout)
{
    bool is_led = rollout_world_is_coordinated(&saying->world);
    mono_ms begun = linux_loop_now();
    mono_ms end = begun + (is_led ? TAKEN_MS : STANDS_MS);
    enum ending ending = ENDING_STANDS;
    while (ending == ENDING_STANDS && saying->session.is_open && linux_loop_now() < end) {
        session_turn(&saying->session, end - linux_loop_now());
        ending = judge(saying, rollout);
        /* Whoever acts has taken ours before it, or takes the other one: that is seen soon. */
        if (ending == ENDING_STANDS && is_overwritten(saying, rollout)) {
            end = mono_min(end, linux_loop_now() + STANDS_MS);
        }
    }
    if (ending == ENDING_STANDS && is_overwritten(saying, rollout)) {
        return ENDING_AGAIN;
    }
    return ending == ENDING_STANDS && is_led ? ENDING_SILENT : ending;
}

static int try_once(struct saying *saying, enum ending *ending, struct err *err)
{
    const struct kept *rollout = NULL;
    char filter[BUS_TOPIC_BYTES];
    int rc = world_read(saying, &rollout, err);
    rc = rc == 0 ? control_make(saying, rollout, err) : rc;
    (void)snprintf(filter, sizeof filter, TOPIC_PREFIX "%s/rollout/%s/+", saying->dir.fleet,
                   saying->word->full_id);
    if (rc == 0) {
        rc = session_listen(&saying->session, filter, rollout_world_take, &saying->world, err);
    }
    rc = rc == 0 ? control_write(saying, err) : rc;
    if (rc == 0) {
        *ending = wait_for(saying, rollout);
    }
    session_listen_end(&saying->session, filter);
    return rc;
}

static void pause_somewhat(struct saying *saying)
{
    uint16_t random = 0;
    int rc = saying->session.entropy.ops->fill(saying->session.entropy.self, &random, sizeof random,
                                               NULL);
    mono_ms end = linux_loop_now() + (rc == 0 ? random % AGAIN_MS : AGAIN_MS);
    while (linux_loop_now() < end) {
        session_turn(&saying->session, end - linux_loop_now());
    }
}

static int say(struct saying *saying, bool *is_taken, struct err *err)
{
    enum ending ending = ENDING_AGAIN;
    char path[PATH_MAX];
    fleet_dir_file(&saying->dir, "keys/trust.json", path);
    int rc = keyring_trust_load(&saying->session.keyring, path, &saying->trust, err);
    for (int i = 0; rc == 0 && i < TRIES_MAX && ending == ENDING_AGAIN; i++) {
        if (i > 0) {
            pause_somewhat(saying);
        }
        rc = try_once(saying, &ending, err);
    }
    rollout_world_close(&saying->world);
    *is_taken = ending == ENDING_TAKEN;
    if (rc == 0 && ending == ENDING_SILENT) {
        rc = err_set(err, ERR_TIMEOUT,
                     "a coordinator claims to act, and took nothing for %d s; what was asked lies "
                     "at the broker, and is done when one takes it: berth rollout status %s",
                     (int)(TAKEN_MS / 1000), saying->word->full_id);
    }
    if (rc == 0 && ending == ENDING_AGAIN) {
        rc = err_set(err, ERR_CONFLICT, "others' words on rollout %s came first %d times: again",
                     saying->word->full_id, TRIES_MAX);
    }
    return rc;
}

int rollout_word_say(struct rollout_word *word, bool *is_taken, struct err *err)
{
    struct saying *saying = calloc(1, sizeof *saying);
    if (saying == NULL) {
        return err_set(err, ERR_MEMORY, "no memory");
    }
    saying->word = word;
    int rc = session_start(&saying->session, word->dir, &saying->dir, err);
    if (rc == 0) {
        rc = say(saying, is_taken, err);
        session_close(&saying->session);
    }
    free(saying);
    return rc;
}
