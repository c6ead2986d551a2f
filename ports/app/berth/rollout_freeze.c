/* berth rollout freeze, rollout thaw: for a while no rollout begins anything, whoever asks for it.
 * Said as a control is: read, signed with the next serial, written, read back. */
#include "ports/app/berth/rollout_freeze.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/wire/duration.h"
#include "ports/app/berth/confirm.h"
#include "ports/app/berth/files.h"
#include "ports/app/berth/operators_file.h"
#include "ports/app/berth/rollout_word.h"
#include "ports/app/berth/verbs.h"

/* A coordinator that acts takes a word at once; one that was stopped is replaced within this. */
#define TAKEN_MS SECONDS_MS(12)
/* Without one a word must stand for so long: a colleague may have read what stood before. */
#define STANDS_MS  1500
#define SAID_BYTES (FREEZE_REASON_BYTES + NAME_BYTES + 64)

/* -- for other verbs -------------------------------------------------------------------------- */

static bool holds(const struct rollout_world *world, const struct freeze **freeze,
                  const char **owner)
{
    return mirror_is_frozen(&world->mirror, (wall_ms)time(NULL) * 1000, freeze, owner);
}

bool rollout_freeze_say(const struct rollout_world *world, struct text *text)
{
    const struct freeze *freeze = NULL;
    const char *owner = NULL;
    if (!holds(world, &freeze, &owner)) {
        return false;
    }
    freeze_say(freeze, owner, text);
    return true;
}

int rollout_freeze_refuse(const struct rollout_world *world, const char *what, struct err *err)
{
    char said[SAID_BYTES];
    struct text text;
    text_init(&text, said, sizeof said);
    return rollout_freeze_say(world, &text)
               ? err_set(err, ERR_CONFLICT,
                         "%s: the fleet is frozen by %s (berth rollout thaw ends it)", what, said)
               : 0;
}

void rollout_freeze_json(const struct rollout_world *world, struct text *text)
{
    const struct freeze *freeze = NULL;
    const char *owner = NULL;
    if (!holds(world, &freeze, &owner)) {
        text_append(text, "\"frozen\":null");
        return;
    }
    text_append(text, "\"frozen\":{\"owner\":");
    text_append_json(text, owner);
    text_printf(text, ",\"since\":%lld,\"until\":%lld,\"reason\":", (long long)freeze->since,
                (long long)freeze->until);
    text_append_json(text, freeze->reason);
    text_append(text, "}");
}

int rollout_freeze_load(const struct fleet_dir *dir, char **memory, struct span *envelope,
                        struct err *err)
{
    char path[PATH_MAX];
    size_t len = 0;
    fleet_dir_file(dir, "freeze.json", path);
    *memory = NULL;
    *envelope = span_of("", 0);
    if (access(path, F_OK) != 0) {
        return 0;
    }
    int rc = file_read(path, ENVELOPE_BYTES_MAX, memory, &len, err);
    if (rc == 0) {
        *envelope = span_of(*memory, len);
    }
    return rc;
}

int rollout_freeze_keep(const struct fleet_dir *dir, struct span envelope, struct err *err)
{
    char path[PATH_MAX];
    fleet_dir_file(dir, "freeze.json", path);
    return file_write(path, envelope, 0644, err);
}

/* -- the verbs -------------------------------------------------------------------------------- */

struct freezing {
    struct session session;
    struct fleet_dir dir;
    struct trust trust;
    struct rollout_world world;
    struct freeze freeze; /* as it is written */
    struct digest digest;
    bool is_confirmed;
    uint8_t memory[4 * ENVELOPE_BYTES_MAX];
};

static int world_read(struct freezing *freezing, struct err *err)
{
    char path[PATH_MAX];
    fleet_dir_file(&freezing->dir, "keys/trust.json", path);
    int rc = keyring_trust_load(&freezing->session.keyring, path, &freezing->trust, err);
    rc = rc == 0 ? rollout_world_open(&freezing->world, &freezing->dir, &freezing->trust,
                                      &freezing->session.keyring, err)
                 : rc;
    return rc == 0 ? rollout_world_read(&freezing->world, &freezing->session, WORLD_ROLLOUTS, err)
                   : rc;
}

/* A fleet has one freeze: a second one would end with the first one's thaw. */
static int may(struct freezing *freezing, struct err *err)
{
    char said[SAID_BYTES];
    struct text text;
    text_init(&text, said, sizeof said);
    bool is_frozen = rollout_freeze_say(&freezing->world, &text);
    if (freezing->freeze.is_frozen) {
        return is_frozen ? err_set(err, ERR_CONFLICT,
                                   "the fleet is frozen already, by %s; to change that: berth "
                                   "rollout thaw, then freeze again",
                                   said)
                         : 0;
    }
    return is_frozen ? confirm(freezing->is_confirmed, err,
                               "Thaw the fleet? It is frozen by %s. Rollouts go on then.", said)
                     : err_set(err, ERR_NOTHING, "the fleet is not frozen");
}

static int freeze_write(struct freezing *freezing, struct err *err)
{
    const struct mirror *mirror = &freezing->world.mirror;
    const struct keyring *keyring = &freezing->session.keyring;
    struct freeze *freeze = &freezing->freeze;
    struct topic topic = {.kind = TOPIC_FREEZE};
    char name[BUS_TOPIC_BYTES], data[SMALL_BYTES_MAX];
    struct span envelope;
    struct arena arena;
    struct text text;
    uint64_t offered = mirror->has_freeze ? mirror->freeze.freeze.serial : 0;
    uint64_t taken = mirror->has_frozen ? mirror->frozen.freeze.serial : 0;
    freeze->serial = (offered > taken ? offered : taken) + 1;
    (void)text_copy(freeze->fleet, sizeof freeze->fleet, freezing->dir.fleet);
    (void)text_copy(topic.fleet, sizeof topic.fleet, freezing->dir.fleet);
    topic_render(&topic, name);
    text_init(&text, data, sizeof data);
    freeze_render(freeze, &text);
    struct span payload = span_of(text.data, text.len);
    keyring->verify.ops->sha256(keyring->verify.self, payload, &freezing->digest);
    arena_init(&arena, freezing->memory, sizeof freezing->memory);
    int rc = operators_file_sign(keyring, &freezing->dir, &mirror->operators,
                                 signed_type(SIGNED_FREEZE), payload, &arena, &envelope, err);
    return rc == 0 ? session_publish(&freezing->session, name, envelope, err) : rc;
}

static bool is_taken(const struct freezing *freezing)
{
    const struct mirror *mirror = &freezing->world.mirror;
    return mirror->has_frozen && digest_is_equal(&mirror->frozen.digest, &freezing->digest);
}

/* A colleague's was taken, or lies over ours and nobody acts who could have taken ours. */
static int lost_say(const struct freezing *freezing, struct err *err)
{
    const struct mirror *mirror = &freezing->world.mirror;
    bool is_beaten = mirror->has_frozen &&
                     mirror->frozen.freeze.serial >= freezing->freeze.serial && !is_taken(freezing);
    bool is_over =
        mirror->has_freeze && !digest_is_equal(&mirror->freeze.digest, &freezing->digest);
    if (!is_beaten && !is_over) {
        return 0;
    }
    return err_set(err, ERR_CONFLICT, "%s was there first: see berth rollout status, and ask again",
                   is_beaten ? mirror->frozen.owner : mirror->freeze.owner);
}

static int answer_wait(struct freezing *freezing, struct err *err)
{
    bool is_led = rollout_world_is_coordinated(&freezing->world);
    mono_ms end = linux_loop_now() + (is_led ? TAKEN_MS : STANDS_MS);
    while (freezing->session.is_open && !is_taken(freezing) && linux_loop_now() < end) {
        session_turn(&freezing->session, end - linux_loop_now());
        if (is_led && lost_say(freezing, NULL) != 0) {
            end = mono_min(end, linux_loop_now() + STANDS_MS);
        }
    }
    if (is_taken(freezing)) {
        return 0;
    }
    int rc = lost_say(freezing, err);
    if (rc == 0 && is_led) {
        rc = err_set(err, ERR_TIMEOUT,
                     "a coordinator claims to act, and took nothing for %d s; what was asked lies "
                     "at the broker, and holds when one takes it: berth rollout status",
                     (int)(TAKEN_MS / 1000));
    }
    return rc;
}

static int freezing_run(struct freezing *freezing, struct err *err)
{
    char filter[BUS_TOPIC_BYTES];
    int rc = world_read(freezing, err);
    rc = rc == 0 ? may(freezing, err) : rc;
    (void)snprintf(filter, sizeof filter, TOPIC_PREFIX "%s/freeze/#", freezing->dir.fleet);
    if (rc == 0) {
        rc = session_listen(&freezing->session, filter, rollout_world_take, &freezing->world, err);
        rc = rc == 0 ? freeze_write(freezing, err) : rc;
        rc = rc == 0 ? answer_wait(freezing, err) : rc;
        session_listen_end(&freezing->session, filter);
    }
    return rc;
}

static void done_say(const struct freezing *freezing)
{
    char until[40];
    struct text text;
    text_init(&text, until, sizeof until);
    instant_append(&text, freezing->freeze.until);
    if (freezing->freeze.is_frozen) {
        printf("frozen until %s: no rollout begins anything; pause, abort and undo work%s\n", until,
               is_taken(freezing) ? "" : ROLLOUT_WORD_WAITS);
    } else {
        printf("thawed: rollouts go on%s\n", is_taken(freezing) ? "" : ROLLOUT_WORD_WAITS);
    }
}

static int freezing_whole(struct freezing *freezing, struct given *given, struct err *err)
{
    bool is_trusted = false;
    const char *words = freezing->freeze.is_frozen ? given_value(given, "for") : NULL;
    int64_t for_ms = FREEZE_MS_DEFAULT;
    int rc = session_start(&freezing->session, given_value(given, "dir"), &freezing->dir, err);
    if (rc != 0) {
        return rc;
    }
    struct freeze *freeze = &freezing->freeze;
    bool is_good = words == NULL || duration_parse(words, &for_ms); /* it was judged before */
    assert(is_good);
    freeze->since =
        freezing->session.clock_port.ops->wall(freezing->session.clock_port.self, &is_trusted);
    freeze->until = freeze->since + for_ms;
    rc = freezing_run(freezing, err);
    if (rc == 0) {
        done_say(freezing);
    }
    rollout_world_close(&freezing->world);
    session_close(&freezing->session);
    return rc;
}

static int run(struct given *given, bool is_frozen, struct err *err)
{
    struct freezing *freezing = calloc(1, sizeof *freezing);
    const char *reason = is_frozen ? given_value(given, "reason") : NULL;
    if (freezing == NULL) {
        return err_set(err, ERR_MEMORY, "no memory");
    }
    freezing->freeze.is_frozen = is_frozen;
    freezing->is_confirmed = !is_frozen && given_has(given, "yes");
    if (!text_copy(freezing->freeze.reason, sizeof freezing->freeze.reason,
                   reason != NULL ? reason : "")) {
        given_complain(given, "--reason: %zu bytes, at most %d", strlen(reason),
                       FREEZE_REASON_BYTES - 1);
    }
    int rc = given_judge(given, err);
    rc = rc == 0 ? freezing_whole(freezing, given, err) : rc;
    free(freezing);
    return rc;
}

int verb_rollout_freeze(struct given *given, struct err *err)
{
    return run(given, true, err);
}

int verb_rollout_thaw(struct given *given, struct err *err)
{
    return run(given, false, err);
}
