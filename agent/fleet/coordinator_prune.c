/* coordinator_prune: the broker keeps what is retained for ever, and every coordinator reads all of
 * it; so what ended long ago is taken away. */
#include "agent/fleet/coordinator_private.h"

/* Spec, control, state and release of one rollout. */
#define PLACES_NEEDED 4

/* One whose spec a cut removal has taken already has no instant, and is the oldest. */
static struct kept *oldest_ended(struct coordinator *coordinator, size_t *count)
{
    struct kept *oldest = NULL;
    *count = 0;
    for (size_t i = 0; i < coordinator->mirror.rollouts.count; i++) {
        struct kept *kept = coordinator->mirror.rollouts.list[i];
        if (kept_is_live(kept)) {
            continue;
        }
        (*count)++;
        if (oldest == NULL || kept->spec.created < oldest->spec.created) {
            oldest = kept;
        }
    }
    return oldest;
}

/* A node that was away may still have to fetch what its order names. */
static bool is_release_wanted(const struct coordinator *coordinator, const struct kept *kept)
{
    const struct digest *release = &kept->spec.release;
    const struct roster *roster = &coordinator->mirror.roster;
    for (size_t i = 0; i < coordinator->mirror.rollouts.count; i++) {
        const struct kept *other = coordinator->mirror.rollouts.list[i];
        if (other != kept && digest_is_equal(&other->spec.release, release)) {
            return true;
        }
    }
    for (size_t i = 0; i < roster->node_count; i++) {
        struct roster_app app;
        for (size_t at = 0; roster_app_next(roster_at(roster, i), &at, &app);) {
            if (app.order.is_there && (digest_is_equal(&app.order.release, release) ||
                                       digest_is_equal(&app.order.before, release))) {
                return true;
            }
        }
    }
    return false;
}

static void topic_clear(struct coordinator *coordinator, const struct kept *kept,
                        enum topic_kind kind)
{
    const struct flight flight = {.id = ""};
    struct topic topic = coordinator_topic(coordinator, kind, kept->spec.id);
    if (kind == TOPIC_RELEASE) {
        topic.rollout[0] = '\0';
        digest_render(&kept->spec.release, topic.digest);
    }
    (void)coordinator_publish(coordinator, &topic, span_of(NULL, 0), &flight);
}

/* Pieces of files go before the release that names them: who is cut off finds it and goes on. */
static bool files_clear(struct coordinator *coordinator, const struct kept *kept)
{
    return kept->spec.created == 0 || is_release_wanted(coordinator, kept) ||
           (coordinator_names_are_read(coordinator) &&
            coordinator_names_clear(coordinator, &kept->spec.release));
}

/* The spec first: without it nobody begins the rollout again. What a lost link leaves of the rest
 * is found by the next who reads. */
static void rollout_clear(struct coordinator *coordinator, struct kept *kept)
{
    topic_clear(coordinator, kept, TOPIC_ROLLOUT_SPEC);
    topic_clear(coordinator, kept, TOPIC_ROLLOUT_CONTROL);
    topic_clear(coordinator, kept, TOPIC_ROLLOUT_STATE);
    if (kept->spec.created != 0 && !is_release_wanted(coordinator, kept)) {
        topic_clear(coordinator, kept, TOPIC_RELEASE);
    }
    kept_remove(&coordinator->mirror.rollouts, kept);
}

void coordinator_prune(struct coordinator *coordinator)
{
    size_t ended = 0;
    for (;;) {
        struct kept *oldest = oldest_ended(coordinator, &ended);
        if (ended <= COORDINATOR_ENDED_MAX || coordinator_places(coordinator) < PLACES_NEEDED) {
            return; /* each answer makes a turn */
        }
        if (!files_clear(coordinator, oldest) || coordinator_places(coordinator) < PLACES_NEEDED) {
            return;
        }
        rollout_clear(coordinator, oldest);
    }
}
