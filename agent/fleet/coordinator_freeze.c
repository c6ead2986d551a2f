/* coordinator_freeze: the fleet's lock: which operator's freeze holds, and that everybody can read
 * so. The first of two with the same serial is taken; the other's tool reads that it was not. */
#include "agent/fleet/coordinator_private.h"

#include <string.h>

static void freeze_log(const struct coordinator *coordinator)
{
    const struct frozen *frozen = &coordinator->frozen;
    char line[LOG_LINE_BYTES_MAX];
    struct text text;
    text_init(&text, line, sizeof line);
    freeze_say(&frozen->freeze, frozen->owner, &text);
    if (frozen->freeze.is_frozen) {
        coordinator_say(coordinator, LOG_LEVEL_INFO, "the fleet is frozen by %s", line);
    } else {
        coordinator_say(coordinator, LOG_LEVEL_INFO, "%s thaws the fleet", frozen->owner);
    }
}

/* What a coordinator before this one has taken holds. */
static void told_adopt(struct coordinator *coordinator)
{
    const struct mirror *mirror = &coordinator->mirror;
    if (mirror->has_frozen && mirror->frozen.freeze.serial > coordinator->frozen.freeze.serial) {
        coordinator->frozen = mirror->frozen;
        freeze_log(coordinator);
    }
}

static void refusal_say(struct coordinator *coordinator, const struct mirror_freeze *offer)
{
    if (digest_is_equal(&offer->digest, &coordinator->freeze_refused)) {
        return;
    }
    coordinator->freeze_refused = offer->digest;
    coordinator_say(coordinator, LOG_LEVEL_WARNING,
                    "the freeze of serial %llu by %s is not taken: %s's came first",
                    (unsigned long long)offer->freeze.serial, offer->owner,
                    coordinator->frozen.owner);
}

static void offer_take(struct coordinator *coordinator)
{
    const struct mirror *mirror = &coordinator->mirror;
    const struct mirror_freeze *offer = &mirror->freeze;
    struct frozen *frozen = &coordinator->frozen;
    struct err err = {0};
    if (!mirror->has_freeze || digest_is_equal(&offer->digest, &frozen->digest)) {
        return;
    }
    if (offer->freeze.serial <= frozen->freeze.serial) {
        refusal_say(coordinator, offer);
        return;
    }
    frozen->freeze = offer->freeze;
    frozen->digest = offer->digest;
    memcpy(frozen->owner, offer->owner, sizeof frozen->owner);
    freeze_log(coordinator);
    if (coordinator->freeze_keep != NULL &&
        coordinator->freeze_keep(coordinator->epoch_ctx,
                                 span_of(offer->bytes.data, offer->bytes.len), &err) != 0) {
        coordinator_say(coordinator, LOG_LEVEL_WARNING,
                        "the freeze is not kept here: %s; should the broker lose its memory, an "
                        "old copy of one may be believed",
                        err.text);
    }
}

/* -- telling ---------------------------------------------------------------------------------- */

static bool is_shown(const struct coordinator *coordinator)
{
    const struct mirror *mirror = &coordinator->mirror;
    return mirror->has_frozen &&
           mirror->frozen.freeze.serial == coordinator->frozen.freeze.serial &&
           digest_is_equal(&mirror->frozen.digest, &coordinator->frozen.digest);
}

static bool frozen_publish(struct coordinator *coordinator)
{
    const struct topic topic = coordinator_topic(coordinator, TOPIC_FROZEN, "");
    const struct flight flight = {.id = ""};
    char data[SMALL_BYTES_MAX];
    struct span envelope;
    struct arena arena;
    struct text text;
    struct err err = {0};
    text_init(&text, data, sizeof data);
    frozen_render(&coordinator->frozen, &text);
    arena_init(&arena, coordinator->memory, sizeof coordinator->memory);
    int rc = signed_make(signed_type(SIGNED_FROZEN), span_of(text.data, text.len),
                         &coordinator->ports.sign, &coordinator->ports.verify, coordinator->pem,
                         &arena, &envelope, &err);
    if (rc != 0) {
        coordinator_say(coordinator, LOG_LEVEL_ERROR, "the state of the freeze waits: %s",
                        err.text);
        return false;
    }
    return coordinator_publish(coordinator, &topic, envelope, &flight);
}

/* Published again until the broker shows it: no rollout tells that the fleet is frozen where there
 * is none. */
static void frozen_tell(struct coordinator *coordinator)
{
    struct frozen *frozen = &coordinator->frozen;
    const struct frozen *shown = &coordinator->mirror.frozen;
    if (frozen->freeze.serial == 0 || is_shown(coordinator)) {
        return;
    }
    if (coordinator->now >= coordinator->frozen_tell_at) {
        memcpy(frozen->fleet, coordinator->fleet, sizeof frozen->fleet);
        uint64_t before = shown->revision > frozen->revision ? shown->revision : frozen->revision;
        frozen->epoch = coordinator->claim.epoch;
        frozen->revision = before + 1;
        bool is_sent = frozen_publish(coordinator);
        coordinator->frozen_tell_at = coordinator->now + (is_sent ? COORDINATOR_ECHO_MS : 0);
    }
    coordinator->wake_at = mono_min(coordinator->wake_at, coordinator->frozen_tell_at);
}

void coordinator_freeze_turn(struct coordinator *coordinator)
{
    uint64_t before = coordinator->frozen.freeze.serial;
    told_adopt(coordinator);
    offer_take(coordinator);
    if (coordinator->frozen.freeze.serial != before) {
        coordinator->frozen_tell_at = coordinator->now;
    }
    frozen_tell(coordinator);
}

const struct freeze *coordinator_freeze(const struct coordinator *coordinator)
{
    const struct clock *clock = &coordinator->ports.clock;
    bool is_trusted = false;
    wall_ms now = clock->ops->wall(clock->self, &is_trusted);
    return freeze_holds(&coordinator->frozen.freeze, now, is_trusted) ? &coordinator->frozen.freeze
                                                                      : NULL;
}
