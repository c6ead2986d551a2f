/* coordinator_read: every message into the table it belongs to; what is not signed is not believed.
 */
#include "agent/fleet/coordinator_private.h"

#include <stdlib.h>
#include <string.h>

#include "agent/wire/envelope.h"
#include "agent/wire/labels.h"

/* -- rollouts --------------------------------------------------------------------------------- */

/* Each document is read before it takes a place: what cannot be read takes none. */
static struct kept *place_for(struct coordinator *coordinator, const char *id)
{
    struct kept *kept = kept_need(&coordinator->kept, id);
    if (kept == NULL) {
        coordinator_say(coordinator, LOG_LEVEL_ERROR, "rollout %s is not followed: no memory", id);
    }
    return kept;
}

static void receive_spec(struct coordinator *coordinator, const struct topic *topic,
                         struct span payload)
{
    const char *id = topic->rollout;
    struct rollout_spec spec;
    struct selector selector;
    struct err err = {0};
    int rc = rollout_spec_parse(payload, &spec, &err);
    if (rc == 0 && strcmp(spec.id, id) != 0) {
        rc = err_set(&err, ERR_VALUE, "it is the spec of %s", spec.id);
    }
    rc = rc == 0 ? selector_parse(spec.selector, &selector, &err) : rc;
    if (rc != 0) {
        coordinator_say(coordinator, LOG_LEVEL_WARNING, "rollout %s is not followed: %s", id,
                        err.text);
        return;
    }
    struct kept *kept = place_for(coordinator, id);
    if (kept == NULL) {
        return;
    }
    kept->spec_echo = ECHO_THERE;
    if (kept->spec.created == 0 && /* written once */
        selector_parse(spec.selector, &kept->selector, NULL) == 0) {
        kept->spec = spec;
    }
}

static void receive_control(struct coordinator *coordinator, const struct topic *topic,
                            struct span payload)
{
    const char *id = topic->rollout;
    struct rollout_control control;
    struct err err = {0};
    if (rollout_control_parse(payload, &control, &err) != 0) {
        coordinator_say(coordinator, LOG_LEVEL_WARNING, "control of rollout %s: %s", id, err.text);
        return;
    }
    struct kept *kept = place_for(coordinator, id);
    if (kept != NULL) {
        kept->control = control;
        kept->has_control = true;
        kept->control_echo = ECHO_THERE;
    }
}

/* An end that was written holds for whoever coordinates; the rest is planned anew. */
static void receive_state(struct coordinator *coordinator, const struct topic *topic,
                          struct span payload)
{
    const char *id = topic->rollout;
    struct rollout_state state;
    struct err err = {0};
    if (rollout_state_parse(payload, &state, &err) != 0) {
        coordinator_say(coordinator, LOG_LEVEL_WARNING, "state of rollout %s: %s", id, err.text);
        return;
    }
    struct kept *kept = place_for(coordinator, id);
    if (kept == NULL) {
        return;
    }
    bool is_mine = coordinator->claim_step == CLAIM_ACTING;
    kept->is_end_there = rollout_phase_is_end(state.phase);
    if (!is_mine || rollout_phase_is_end(state.phase)) {
        kept->state = state;
    } else if (state.epoch < coordinator->claim.epoch) {
        kept->is_state_told = false; /* one that was followed still wrote over ours */
    }
}

static void receive_release(struct coordinator *coordinator, const struct topic *topic,
                            struct span payload)
{
    struct digest digest;
    if (!digest_parse(topic->digest, &digest) || payload.len > ENVELOPE_BYTES_MAX) {
        return;
    }
    for (size_t i = 0; i < coordinator->kept.count; i++) {
        struct kept *kept = coordinator->kept.list[i];
        if (!digest_is_equal(&kept->spec.release, &digest)) {
            continue;
        }
        kept->release_echo = ECHO_THERE;
        if (kept->release == NULL && kept_is_live(kept)) {
            kept->release = malloc(payload.len);
            kept->release_len = kept->release != NULL ? payload.len : 0;
            if (kept->release != NULL) {
                memcpy(kept->release, payload.data, payload.len);
            }
        }
    }
}

/* -- nodes ------------------------------------------------------------------------------------ */

static void receive_report(struct coordinator *coordinator, const struct topic *topic,
                           struct span payload)
{
    struct err err = {0};
    struct report *report = &coordinator->report;
    int rc = report_parse(payload, report, &err);
    if (rc == 0 && (strcmp(report->node, topic->node) != 0 ||
                    strcmp(report->fleet, coordinator->fleet) != 0)) {
        rc = err_set(&err, ERR_WRONG_NODE, "it speaks for node %s", report->node);
    }
    if (rc != 0) {
        coordinator_say(coordinator, LOG_LEVEL_WARNING, "report of %s: %s", topic->node, err.text);
        return;
    }
    roster_report(&coordinator->roster, report, coordinator_wall(coordinator));
}

static void receive_presence(struct coordinator *coordinator, const struct topic *topic,
                             struct span payload)
{
    struct presence presence;
    if (presence_parse(payload, &presence, NULL) == 0) {
        roster_presence(&coordinator->roster, topic->node, &presence);
    }
}

static void receive_labels(struct coordinator *coordinator, const struct topic *topic,
                           struct span payload)
{
    struct labels labels = {0};
    const char *names[LABELS_MAX];
    const char *values[LABELS_MAX];
    struct err err = {0};
    if (payload.len > 0 && labels_parse(payload, &labels, &err) != 0) {
        coordinator_say(coordinator, LOG_LEVEL_WARNING, "labels of %s: %s", topic->node, err.text);
        return;
    }
    for (size_t i = 0; i < labels.count; i++) {
        names[i] = labels.list[i].key;
        values[i] = labels.list[i].value;
    }
    roster_labels(&coordinator->roster, topic->node, names, values, labels.count);
}

/* What is not believed has replaced an order of ours on its topic: the order is published again. At
 * most one in a while: what made the first one unbelievable may be with us (our key is not in the
 * trust document), and then each echo would bring the next. */
static void order_uncover(struct coordinator *coordinator, const struct topic *topic)
{
    if (coordinator->now >= coordinator->uncover_not_before &&
        roster_order_covered(&coordinator->roster, topic->node, topic->app)) {
        coordinator->uncover_not_before = coordinator->now + COORDINATOR_UNCOVER_GAP_MS;
    }
}

/* An order is believed when the order keys signed it and it lies where it belongs. */
static void receive_order(struct coordinator *coordinator, const struct topic *topic,
                          struct span envelope)
{
    struct arena arena;
    struct span payload;
    struct digest digest;
    struct order order;
    struct err err = {0};
    arena_init(&arena, coordinator->memory, sizeof coordinator->memory);
    int rc = envelope_open(envelope, TRUST_ROLE_ORDER, &coordinator->trust,
                           &coordinator->ports.verify, &arena, &payload, &digest, &err);
    rc = rc == 0 ? order_parse(payload, &order, &err) : rc;
    if (rc == 0 && (strcmp(order.node, topic->node) != 0 || strcmp(order.app, topic->app) != 0 ||
                    strcmp(order.fleet, coordinator->fleet) != 0)) {
        rc = err_set(&err, ERR_WRONG_NODE, "it is for node %s, app %s", order.node, order.app);
    }
    if (rc != 0) {
        coordinator_say(coordinator, LOG_LEVEL_WARNING, "the order for %s %s is not believed: %s",
                        topic->node, topic->app, err.text);
        order_uncover(coordinator, topic);
        return;
    }
    roster_order(&coordinator->roster, &order, true);
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

static void receive_claim(struct coordinator *coordinator, const struct topic *topic,
                          struct span payload)
{
    (void)topic;
    struct claim claim;
    struct err err = {0};
    if (claim_parse(payload, &claim, &err) == 0) {
        coordinator_hear_claim(coordinator, &claim);
    } else {
        coordinator_say(coordinator, LOG_LEVEL_WARNING, "claim: %s", err.text);
    }
}

/* What a topic of each kind carries, and who reads it; the others are not of a coordinator. */
void coordinator_receive(struct coordinator *coordinator, const char *text, struct span payload)
{
    static void (*const readers[TOPIC_KIND_COUNT])(struct coordinator *, const struct topic *,
                                                   struct span) = {
        [TOPIC_ORDER] = receive_order,         [TOPIC_LABELS] = receive_labels,
        [TOPIC_REPORT] = receive_report,       [TOPIC_PRESENCE] = receive_presence,
        [TOPIC_RELEASE] = receive_release,     [TOPIC_ROLLOUT_SPEC] = receive_spec,
        [TOPIC_ROLLOUT_STATE] = receive_state, [TOPIC_ROLLOUT_CONTROL] = receive_control,
        [TOPIC_COORDINATOR] = receive_claim,   [TOPIC_FILE] = coordinator_files_receive,
    };
    struct topic topic;
    if (!topic_parse(text, &topic) || strcmp(topic.fleet, coordinator->fleet) != 0) {
        return;
    }
    coordinator->roster.now = coordinator_wall(coordinator);
    if (payload.len > 0 || topic.kind == TOPIC_LABELS) {
        if (readers[topic.kind] != NULL) {
            readers[topic.kind](coordinator, &topic, payload);
        }
    } else if (topic.kind == TOPIC_ROLLOUT_SPEC) {
        coordinator_forget(coordinator, topic.rollout);
    }
}
