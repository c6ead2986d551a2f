/* coordinator_assert: what is kept of rollouts, and said again to a broker that does not show it.
 */
#include "agent/fleet/coordinator_private.h"

#include <stdlib.h>
#include <string.h>

/* As an operator signed it: nobody else can. */
static void bytes_assert(struct coordinator *coordinator, const struct kept *kept,
                         enum topic_kind kind, const struct kept_bytes *bytes, enum echo *echo)
{
    const struct topic topic = coordinator_topic(coordinator, kind, kept->spec.id);
    struct flight flight = {.id = ""};
    memcpy(flight.id, kept->spec.id, sizeof flight.id);
    if (bytes->len > 0 &&
        coordinator_publish(coordinator, &topic, span_of(bytes->data, bytes->len), &flight)) {
        *echo = ECHO_SENT;
    }
}

static void operators_assert(struct coordinator *coordinator)
{
    const struct topic topic = coordinator_topic(coordinator, TOPIC_OPERATORS, "");
    const struct flight flight = {.id = ""};
    struct mirror *mirror = &coordinator->mirror;
    if (mirror->operators_echo == ECHO_MISSING && mirror->operators_bytes.len > 0 &&
        coordinator_publish(coordinator, &topic,
                            span_of(mirror->operators_bytes.data, mirror->operators_bytes.len),
                            &flight)) {
        mirror->operators_echo = ECHO_SENT;
    }
}

static void release_found(void *ctx, const struct err *err)
{
    (void)ctx;
    (void)err;
}

/* Whoever coordinates, or may have to, holds the releases of what is live: a broker that forgets
 * gets them from any of them, and one that lies there need not travel. */
void coordinator_ask(struct coordinator *coordinator)
{
    const struct bus *bus = &coordinator->ports.bus;
    for (size_t i = 0; i < coordinator->mirror.rollouts.count; i++) {
        struct kept *kept = coordinator->mirror.rollouts.list[i];
        if (!kept_is_live(kept) || kept->spec.created == 0 || kept->is_release_asked) {
            continue;
        }
        struct topic topic = coordinator_topic(coordinator, TOPIC_RELEASE, "");
        char filter[BUS_TOPIC_BYTES];
        digest_render(&kept->spec.release, topic.digest);
        topic_render(&topic, filter);
        kept->is_release_asked =
            bus->ops->subscribe(bus->self, filter, release_found, coordinator, NULL) == 0;
    }
}

void coordinator_release_receive(struct coordinator *coordinator, const struct topic *topic,
                                 struct span payload)
{
    struct digest digest;
    if (!digest_parse(topic->digest, &digest) || payload.len > ENVELOPE_BYTES_MAX) {
        return;
    }
    coordinator_names_receive(coordinator, &digest, payload);
    for (size_t i = 0; i < coordinator->mirror.rollouts.count; i++) {
        struct kept *kept = coordinator->mirror.rollouts.list[i];
        if (!digest_is_equal(&kept->spec.release, &digest)) {
            continue;
        }
        kept->release_echo = payload.len > 0 ? ECHO_THERE : ECHO_MISSING;
        if (kept->release == NULL && payload.len > 0 && kept_is_live(kept)) {
            kept->release = malloc(payload.len);
            kept->release_len = kept->release != NULL ? payload.len : 0;
            if (kept->release != NULL) {
                memcpy(kept->release, payload.data, payload.len);
            }
        }
    }
}

static void release_assert(struct coordinator *coordinator, struct kept *kept)
{
    struct topic topic = coordinator_topic(coordinator, TOPIC_RELEASE, "");
    struct flight flight = {.id = ""};
    digest_render(&kept->spec.release, topic.digest);
    memcpy(flight.id, kept->spec.id, sizeof flight.id);
    if (kept->release != NULL &&
        coordinator_publish(coordinator, &topic, span_of(kept->release, kept->release_len),
                            &flight)) {
        kept->release_echo = ECHO_SENT;
    }
}

/* An end goes before its spec: whoever hears of the rollout anew must not begin it again. */
static void kept_assert(struct coordinator *coordinator, struct kept *kept)
{
    bool is_over = !kept_is_live(kept);
    if (is_over && kept->spec_echo == ECHO_MISSING && !coordinator_state(coordinator, kept)) {
        return; /* each answer makes a turn */
    }
    if (kept->spec_echo == ECHO_MISSING) {
        bytes_assert(coordinator, kept, TOPIC_ROLLOUT_SPEC, &kept->spec_bytes, &kept->spec_echo);
    }
    if (kept->control_echo == ECHO_MISSING) {
        bytes_assert(coordinator, kept, TOPIC_ROLLOUT_CONTROL, &kept->offer.bytes,
                     &kept->control_echo);
    }
    if (kept->release_echo == ECHO_MISSING && kept_is_live(kept)) {
        release_assert(coordinator, kept);
    }
}

/* An order that this coordinator knows of and the broker does not show, unless its node has gone
 * past it. False when it has to wait for a place. */
static bool order_assert(struct coordinator *coordinator, const struct roster_node *node,
                         const struct roster_app *app)
{
    const struct roster_order *held = &app->order;
    if (!roster_is_unshown(app)) {
        return true;
    }
    struct err err = {0};
    struct order order = {.epoch = held->epoch,
                          .gen = held->gen,
                          .release = held->release,
                          .before = held->before,
                          .hold = held->hold,
                          .force = held->force,
                          .start_by = held->start_by,
                          .issued = held->issued};
    memcpy(order.id, held->id, sizeof order.id);
    memcpy(order.fleet, coordinator->fleet, sizeof order.fleet);
    (void)text_copy(order.node, sizeof order.node, node->name);
    memcpy(order.app, app->app, sizeof order.app);
    memcpy(order.rollout, held->rollout, sizeof order.rollout);
    if (!coordinator_order(coordinator, &order, &err)) {
        return false;
    }
    roster_order_sent(&coordinator->mirror.roster, node->name, app->app, held->id, true, false);
    return true;
}

/* False when one has to wait for a place. */
static bool orders_assert(struct coordinator *coordinator)
{
    const struct roster_node *node;
    struct roster_app app;
    size_t place = SIZE_MAX;
    while ((node = roster_unshown_next(&coordinator->mirror.roster, &place)) != NULL) {
        for (size_t at = 0; roster_app_next(node, &at, &app);) {
            if (!order_assert(coordinator, node, &app)) {
                return false;
            }
        }
    }
    return true;
}

/* Orders first: whoever hears of a rollout anew knows then who has got one. */
void coordinator_assert(struct coordinator *coordinator)
{
    bool has_room = orders_assert(coordinator);
    for (size_t i = 0; i < coordinator->mirror.rollouts.count && has_room; i++) {
        struct kept *kept = coordinator->mirror.rollouts.list[i];
        if (kept->spec.created != 0) {
            kept_assert(coordinator, kept);
        }
    }
    if (has_room) {
        operators_assert(coordinator);
        has_room = coordinator_roll_assert(coordinator);
    }
    if (has_room) {
        coordinator_files_assert(coordinator);
    }
}

void coordinator_assert_started(struct coordinator *coordinator)
{
    for (size_t i = 0; i < coordinator->mirror.rollouts.count; i++) {
        struct kept *kept = coordinator->mirror.rollouts.list[i];
        if (kept->is_started && kept->spec.created != 0) {
            kept_assert(coordinator, kept);
        }
    }
}

/* The release's envelope, and that an operator of this process asked for it. */
static int started_fill(struct kept *kept, struct span release, struct err *err)
{
    uint8_t *copy = release.len > 0 ? malloc(release.len) : NULL;
    if (copy == NULL && release.len > 0) {
        return err_set(err, ERR_MEMORY, "no memory for the rollout");
    }
    if (copy != NULL) { /* an undo brings no release of its own */
        memcpy(copy, release.data, release.len);
    }
    kept->release = copy;
    kept->release_len = release.len;
    kept->spec_echo = ECHO_MISSING;
    kept->is_started = kept->is_begun = true;
    (void)text_copy(kept->state.id, sizeof kept->state.id, kept->spec.id);
    return 0;
}

int coordinator_start(struct coordinator *coordinator, struct span spec, struct span release,
                      struct err *err)
{
    struct kept *kept = NULL;
    int rc = mirror_start(&coordinator->mirror, spec, &kept, err);
    if (rc != 0) {
        return rc;
    }
    rc = started_fill(kept, release, err);
    if (rc != 0) {
        kept_remove(&coordinator->mirror.rollouts, kept);
    }
    coordinator->is_dirty = true;
    return rc;
}
