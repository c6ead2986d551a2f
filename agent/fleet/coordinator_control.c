/* coordinator_control: what operators ask of a rollout: whether it may begin, and which control is
 * the next. */
#include "agent/fleet/coordinator_private.h"

#include <string.h>

/* Two operators may have read the same serial: the first one is taken, and the other's tool reads
 * in `state` that it was not, and tries again from what stands now. A coordinator that was not
 * there when the ones between were taken believes their operators, who were. */
static bool is_next(const struct kept *kept)
{
    uint64_t taken = kept->control.serial;
    uint64_t offered = kept->offer.control.serial;
    return kept->is_led ? offered == taken + 1 : offered > taken;
}

static void refusal_say(struct coordinator *coordinator, struct kept *kept)
{
    const struct kept_offer *offer = &kept->offer;
    if (kept->refused_serial == offer->control.serial &&
        digest_is_equal(&kept->refused_digest, &offer->digest)) {
        return;
    }
    kept->refused_serial = offer->control.serial;
    kept->refused_digest = offer->digest;
    coordinator_say(coordinator, LOG_LEVEL_WARNING,
                    "control of rollout %s: serial %llu by %s is not taken: %llu%s%s was taken, "
                    "and only the next one is",
                    kept->spec.id, (unsigned long long)offer->control.serial, offer->signer,
                    (unsigned long long)kept->control.serial,
                    kept->control_signer[0] != '\0' ? " by " : "", kept->control_signer);
}

void coordinator_control_take(struct coordinator *coordinator, struct kept *kept)
{
    const struct kept_offer *offer = &kept->offer;
    if (!kept->has_control || digest_is_equal(&offer->digest, &kept->control_digest)) {
        return;
    }
    if (!is_next(kept)) {
        refusal_say(coordinator, kept);
        return;
    }
    kept->control = offer->control;
    kept->control_digest = offer->digest;
    memcpy(kept->control_signer, offer->signer, sizeof kept->control_signer);
    kept->state_not_before = 0; /* its operator waits for it */
    coordinator_say(coordinator, LOG_LEVEL_INFO, "rollout %s: %s wants it to %s (control %llu)",
                    kept->spec.id, offer->signer, offer->control.want,
                    (unsigned long long)offer->control.serial);
}

static bool is_fresh(wall_ms instant, wall_ms now)
{
    wall_ms age = now > instant ? now - instant : instant - now;
    return instant != 0 && age <= COORDINATOR_FRESH_MS;
}

/* A clock that nothing vouches for is believed as long as no signed document is of a time that it
 * has not reached: one that stands in the past would take an old copy for a fresh one. */
static bool is_contradicted(const struct coordinator *coordinator, wall_ms now)
{
    const struct kept_table *rollouts = &coordinator->mirror.rollouts;
    for (size_t i = 0; i < rollouts->count; i++) {
        const struct kept *kept = rollouts->list[i];
        if (kept->told.updated > now + COORDINATOR_FRESH_MS ||
            kept->offer.control.allowed_at > now + COORDINATOR_FRESH_MS) {
            return true;
        }
    }
    return coordinator->rival.since > now + COORDINATOR_FRESH_MS;
}

/* What lies at the broker may be an old copy: without the state that its coordinators wrote, only
 * its age tells. */
bool coordinator_may_begin(struct coordinator *coordinator, struct kept *kept, struct err *why)
{
    const struct clock *clock = &coordinator->ports.clock;
    bool is_trusted = false;
    wall_ms now = clock->ops->wall(clock->self, &is_trusted);
    bool is_wrong = !is_trusted && is_contradicted(coordinator, now);
    bool is_allowed =
        strcmp(kept->control.want, "run") == 0 && is_fresh(kept->control.allowed_at, now);
    if (strcmp(kept->control.want, "abort") == 0) {
        return true; /* it ends, begun or not */
    }
    if (!kept->is_begun) {
        switch (begun_judge(&coordinator->begun, &kept->spec)) {
        case BEGUN_OURS:
            kept->is_begun = true;
            break;
        case BEGUN_OLDER:
            return true; /* it is superseded, and ends */
        case BEGUN_ENDED:
            (void)err_set(why, ERR_STALE,
                          "a new rollout: this is an old copy of one that has ended");
            return false;
        case BEGUN_NEW:
            break;
        }
    }
    if (kept->is_begun || (!is_wrong && (is_allowed || is_fresh(kept->spec.created, now)))) {
        kept->is_begun = true;
        return true;
    }
    (void)err_set(why, ERR_LATE, "%s",
                  is_wrong ? "the right time: this machine's clock is behind signed documents; set "
                             "it, and see whether the rollout is an old copy"
                           : "an operator's word (berth rollout resume): its spec is not of the "
                             "last hour, and nobody has begun it");
    return false;
}

void coordinator_begun_note(struct coordinator *coordinator)
{
    const struct kept_table *rollouts = &coordinator->mirror.rollouts;
    struct err err = {0};
    bool is_news = false;
    for (size_t i = 0; i < rollouts->count; i++) {
        const struct kept *kept = rollouts->list[i];
        int rc = 0;
        if (kept->spec.created != 0 && kept->is_begun) {
            is_news |= begun_note(&coordinator->begun, &kept->spec, !kept_is_live(kept), &rc);
        }
        if (rc != 0) {
            coordinator_say(coordinator, LOG_LEVEL_ERROR,
                            "no memory for what has begun: a copy of the spec of %s could begin "
                            "it again",
                            kept->spec.id);
        }
    }
    if (is_news && coordinator->begun_keep != NULL &&
        coordinator->begun_keep(coordinator->epoch_ctx, &coordinator->begun, &err) != 0) {
        coordinator_say(coordinator, LOG_LEVEL_WARNING,
                        "what has begun is not kept here: %s; a copy of a spec of the last hour "
                        "could begin it again after a restart",
                        err.text);
    }
}
