/* coordinator_read: the mirror takes each message; what is ours to do about it is done here. */
#include "agent/fleet/coordinator_private.h"

#include <stdlib.h>
#include <string.h>

/* -- rollouts and orders ---------------------------------------------------------------------- */

/* An end that was written holds for whoever coordinates; the rest is planned anew. */
static void state_heard(struct coordinator *coordinator, struct kept *kept)
{
    bool is_mine = coordinator->claim_step == CLAIM_ACTING;
    if (!is_mine || rollout_phase_is_end(kept->told.phase)) {
        kept->state = kept->told;
    } else if (kept->told.epoch < coordinator->claim.epoch) {
        kept->is_state_told = false; /* one that was followed still wrote over ours */
    }
}

/* What is not believed has replaced an order of ours on its topic: the order is published again. At
 * most one in a while: what made the first one unbelievable may be with us (our key is not in the
 * trust document), and then each echo would bring the next. */
static void order_uncover(struct coordinator *coordinator, const struct topic *topic)
{
    const struct roster *roster = &coordinator->mirror.roster;
    if (topic->level == roster_level(roster_find(roster, topic->node)) &&
        coordinator->now >= coordinator->uncover_not_before &&
        roster_order_covered(&coordinator->mirror.roster, topic->node, topic->app)) {
        coordinator->uncover_not_before = coordinator->now + COORDINATOR_UNCOVER_GAP_MS;
    }
}

/* -- the claim -------------------------------------------------------------------------------- */

/* True when `a` goes before `b`. */
static bool is_higher(const struct claim *a, const struct claim *b)
{
    return a->epoch != b->epoch ? a->epoch > b->epoch : strcmp(a->nonce, b->nonce) > 0;
}

static void hear_rival(struct coordinator *coordinator, const struct claim *claim)
{
    bool is_mine_out = coordinator->claim_step == CLAIM_SENT ||
                       coordinator->claim_step == CLAIM_HEARD ||
                       coordinator->claim_step == CLAIM_ACTING;
    if (claim->epoch > coordinator_epoch(coordinator) + EPOCH_CLAIM_JUMP_MAX) {
        coordinator_say(
            coordinator, LOG_LEVEL_WARNING,
            "a claim of epoch %llu is not believed: no coordinator of this fleet can be "
            "there; another client may write to its topic",
            (unsigned long long)claim->epoch);
        if (is_mine_out) {
            coordinator_claim(coordinator);
        }
        return;
    }
    coordinator->rival = *claim;
    if (claim->epoch > coordinator->epoch_seen) {
        coordinator->epoch_seen = claim->epoch;
    }
    if (!is_mine_out) {
        return;
    }
    if (is_higher(claim, &coordinator->claim)) {
        coordinator->claim_step = CLAIM_STANDBY;
        coordinator->heard_at = coordinator->now;
        coordinator_say(coordinator, LOG_LEVEL_INFO, "another coordinator acts as epoch %llu",
                        (unsigned long long)claim->epoch);
    } else {
        coordinator_claim(coordinator); /* it wrote over ours: ours is said again */
    }
}

void coordinator_hear_claim(struct coordinator *coordinator, const struct claim *claim)
{
    bool is_mine = strcmp(claim->nonce, coordinator->claim.nonce) == 0;
    if (is_mine) {
        if (coordinator->claim_step == CLAIM_SENT && claim->epoch == coordinator->claim.epoch) {
            coordinator->claim_step = CLAIM_HEARD;
            coordinator->heard_at = coordinator->now;
        }
    } else if (!claim->is_released) {
        hear_rival(coordinator, claim);
    } else if (strcmp(claim->nonce, coordinator->rival.nonce) == 0) {
        coordinator->rival.is_released = true;
        if (coordinator->claim_step == CLAIM_ACTING || coordinator->claim_step == CLAIM_HEARD) {
            coordinator_claim(coordinator);
        }
    } else if (coordinator->claim_step == CLAIM_ACTING || coordinator->claim_step == CLAIM_HEARD) {
        coordinator_claim(coordinator); /* somebody's late farewell lies over ours */
    }
}

/* -- every message ---------------------------------------------------------------------------- */

/* Each document that cannot be read is named once, and again when the reason is another. */
static void unread_say(const struct coordinator *coordinator, const struct mirror_news *news)
{
    static const struct {
        const char *before, *after;
    } words[TOPIC_KIND_COUNT] = {
        [TOPIC_ORDER] = {"the order for ", " is not believed"},
        [TOPIC_LABELS] = {"labels of ", ""},
        [TOPIC_REPORT] = {"report of ", ""},
        [TOPIC_PRESENCE] = {"presence of ", ""},
        [TOPIC_ROLLOUT_SPEC] = {"rollout ", " is not followed"},
        [TOPIC_ROLLOUT_STATE] = {"state of rollout ", ""},
        [TOPIC_ROLLOUT_CONTROL] = {"control of rollout ", ""},
        [TOPIC_COORDINATOR] = {"claim", ""},
    };
    const struct topic *topic = &news->topic;
    const char *before = words[topic->kind].before;
    const char *after = words[topic->kind].after;
    coordinator_say(coordinator, LOG_LEVEL_WARNING, "%s%s%s%s%s%s: %s",
                    before != NULL ? before : "document of ", topic->rollout, topic->node,
                    topic->app[0] != '\0' ? " " : "", topic->app, after != NULL ? after : "",
                    news->err.text);
}

/* An order where its node does not read any more goes, once it lies where the node does. Where
 * there is no place for that now, it is heard again with the next reading. */
static void order_heard(struct coordinator *coordinator, const struct topic *topic)
{
    const struct roster_node *node = roster_find(&coordinator->mirror.roster, topic->node);
    const struct roster_app *app = node != NULL ? roster_app_find(node, topic->app) : NULL;
    if (coordinator->claim_step == CLAIM_ACTING && app != NULL && app->order.is_echoed &&
        topic->level != roster_level(node)) {
        const struct flight flight = {.id = ""};
        (void)coordinator_publish(coordinator, topic, span_of(NULL, 0), &flight);
    }
}

static void news_take(struct coordinator *coordinator, const struct mirror_news *news)
{
    if (news->topic.kind == TOPIC_COORDINATOR) {
        coordinator_hear_claim(coordinator, &coordinator->mirror.claim);
    } else if (news->topic.kind == TOPIC_ROLLOUT_STATE) {
        state_heard(coordinator, news->rollout);
    } else if (news->topic.kind == TOPIC_ORDER) {
        order_heard(coordinator, &news->topic);
    }
}

static void unread_take(struct coordinator *coordinator, const struct mirror_news *news)
{
    if (news->is_first) {
        unread_say(coordinator, news);
    }
    if (news->topic.kind == TOPIC_ORDER) {
        order_uncover(coordinator, &news->topic);
    }
}

static void other_take(struct coordinator *coordinator, const struct topic *topic,
                       struct span payload)
{
    if (topic->kind == TOPIC_RELEASE) {
        coordinator_release_receive(coordinator, topic, payload);
    } else if (topic->kind == TOPIC_FILE && payload.len > 0) {
        coordinator_files_receive(coordinator, topic, payload);
    }
}

void coordinator_receive(struct coordinator *coordinator, const char *text, struct span payload)
{
    struct mirror_news news;
    mirror_take(&coordinator->mirror, text, payload, coordinator_wall(coordinator), &news);
    switch (news.answer) {
    case MIRROR_TAKEN:
        news_take(coordinator, &news);
        break;
    case MIRROR_UNREADABLE:
        unread_take(coordinator, &news);
        break;
    case MIRROR_OTHER:
        other_take(coordinator, &news.topic, payload);
        break;
    case MIRROR_SHORT:
        coordinator_say(coordinator, LOG_LEVEL_ERROR, "%s %s is not followed: no memory",
                        news.topic.rollout[0] != '\0' ? "rollout" : "node",
                        news.topic.rollout[0] != '\0' ? news.topic.rollout : news.topic.node);
        break;
    case MIRROR_CLEARED:
    case MIRROR_HIDDEN:
    case MIRROR_FOREIGN:
        break;
    }
}
