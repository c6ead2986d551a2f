/* coordinator_read: the mirror takes each message; what is ours to do about it is done here. */
#include "agent/fleet/coordinator_private.h"

#include <stdlib.h>
#include <string.h>

/* -- rollouts and orders ---------------------------------------------------------------------- */

/* What was taken before goes on: it is not offered again. */
static void taken_adopt(struct kept *kept)
{
    const struct rollout_state *told = &kept->told;
    if (told->control_serial >= kept->control.serial && told->control_serial > 0) {
        kept->control = kept->told_control;
        kept->control_digest = told->control_digest;
        memcpy(kept->control_signer, told->control_signer, sizeof kept->control_signer);
    }
}

/* An end that was written holds for whoever coordinates; the rest is planned anew. */
static void state_heard(struct coordinator *coordinator, struct kept *kept)
{
    bool is_mine = coordinator->claim_step == CLAIM_ACTING;
    if (kept->told.revision > kept->revision) {
        kept->revision = kept->told.revision;
    }
    if (!is_mine || rollout_phase_is_end(kept->told.phase)) {
        kept->state = kept->told;
        kept->is_begun |= !kept->told.is_unbegun;
        taken_adopt(kept);
    } else if (kept->told.epoch < coordinator->claim.epoch) {
        kept->is_state_told = false; /* one that was followed still wrote over ours */
    }
}

/* Whoever was not believed before may be now, and the other way round. */
static void operators_heard(struct coordinator *coordinator)
{
    const struct mirror *mirror = &coordinator->mirror;
    struct err err = {0};
    coordinator_say(coordinator, LOG_LEVEL_INFO, "operators: version %llu, %zu keys",
                    (unsigned long long)mirror->operators.version, mirror->operators.count);
    if (coordinator->operators_keep != NULL &&
        coordinator->operators_keep(
            coordinator->epoch_ctx,
            span_of(mirror->operators_bytes.data, mirror->operators_bytes.len), &err) != 0) {
        coordinator_say(coordinator, LOG_LEVEL_WARNING, "the operators' keys are not kept here: %s",
                        err.text);
    }
    coordinator->reread_at = coordinator->now;
}

/* What is not believed lies over what is: that is published again, at most once in a while. */
static void rollout_uncover(struct coordinator *coordinator, const struct mirror_news *news)
{
    struct kept *kept = kept_find(&coordinator->mirror.rollouts, news->topic.rollout);
    if (kept == NULL || coordinator->now < coordinator->uncover_not_before) {
        return;
    }
    if (news->topic.kind == TOPIC_ROLLOUT_SPEC) {
        kept->spec_echo = ECHO_MISSING;
    } else if (news->topic.kind == TOPIC_ROLLOUT_CONTROL) {
        kept->control_echo = ECHO_MISSING;
    } else {
        kept->is_state_told = kept->is_end_there = false;
    }
    coordinator->uncover_not_before = coordinator->now + COORDINATOR_UNCOVER_GAP_MS;
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
        [TOPIC_COORDINATOR] = {"a claim", " is ignored"},
        [TOPIC_OPERATORS] = {"operators' keys", " are not taken"},
        [TOPIC_ROLL] = {"the roll's shard ", " is not taken"},
        [TOPIC_FREEZE] = {"a freeze", " is not taken"},
        [TOPIC_FROZEN] = {"the state of the freeze", " is not believed"},
    };
    const struct topic *topic = &news->topic;
    const char *before = words[topic->kind].before;
    const char *after = words[topic->kind].after;
    const char *shard = topic->kind == TOPIC_ROLL ? topic->shard : "";
    coordinator_say(coordinator, LOG_LEVEL_WARNING, "%s%s%s%s%s%s%s: %s",
                    before != NULL ? before : "document of ", shard, topic->rollout, topic->node,
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
    } else if (news->topic.kind == TOPIC_OPERATORS && news->is_new) {
        operators_heard(coordinator);
    } else if (news->topic.kind == TOPIC_ROLL && news->is_new) {
        coordinator_roll_heard(coordinator, &news->topic);
    }
}

static void unread_take(struct coordinator *coordinator, const struct mirror_news *news)
{
    if (news->is_first) {
        unread_say(coordinator, news);
    }
    if (news->topic.kind == TOPIC_ORDER) {
        order_uncover(coordinator, &news->topic);
    } else if (news->topic.rollout[0] != '\0') {
        rollout_uncover(coordinator, news);
    }
}

static void other_take(struct coordinator *coordinator, const struct topic *topic,
                       struct span payload)
{
    if (topic->kind == TOPIC_RELEASE) {
        coordinator_release_receive(coordinator, topic, payload);
    } else if (topic->kind == TOPIC_FILE) {
        coordinator_files_receive(coordinator, topic, payload);
    }
}

static void short_say(const struct coordinator *coordinator, const struct topic *topic)
{
    bool is_roll = topic->kind == TOPIC_ROLL;
    bool is_rollout = topic->rollout[0] != '\0';
    coordinator_say(coordinator, LOG_LEVEL_ERROR, "%s %s is not followed: no memory",
                    is_roll      ? "the roll's shard"
                    : is_rollout ? "rollout"
                                 : "node",
                    is_roll      ? topic->shard
                    : is_rollout ? topic->rollout
                                 : topic->node);
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
        short_say(coordinator, &news.topic);
        break;
    case MIRROR_CLEARED:
    case MIRROR_HIDDEN:
    case MIRROR_FOREIGN:
        break;
    }
}
