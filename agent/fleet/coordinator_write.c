/* coordinator_write: what is published: the claim, orders, states; and the plans they come from. */
#include "agent/fleet/coordinator_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/fleet/failure.h"
#include "agent/wire/envelope.h"
#include "platform/base/crc.h"
#include "platform/base/law.h"

/* What may not begin is looked at again after so long: a clock may be set. */
#define BEGIN_AGAIN_MS 60000

/* -- publishing ------------------------------------------------------------------------------- */

/* The broker took an order, or it did not. */
static void order_told(struct coordinator *coordinator, const struct flight *flight, bool is_taken)
{
    struct roster *roster = &coordinator->mirror.roster;
    const struct roster_node *node = roster_find(roster, flight->node);
    const struct roster_app *app = node != NULL ? roster_app_find(node, flight->app) : NULL;
    roster_order_sent(roster, flight->node, flight->app, flight->id, is_taken, is_taken);
    if (is_taken && app != NULL && strcmp(app->order.id, flight->id) == 0 &&
        !app->order.is_echoed) {
        coordinator_echo_wait(coordinator, flight);
    }
}

static void echo_set(struct coordinator *coordinator, const struct flight *flight, enum echo echo)
{
    struct kept *kept = kept_find(&coordinator->mirror.rollouts, flight->id);
    if (kept == NULL) {
        return;
    }
    if (flight->kind == TOPIC_ROLLOUT_SPEC) {
        kept->spec_echo = echo;
    } else if (flight->kind == TOPIC_ROLLOUT_CONTROL) {
        kept->control_echo = echo;
    } else if (flight->kind == TOPIC_RELEASE) {
        kept->release_echo = echo;
    } else if (flight->kind == TOPIC_ROLLOUT_STATE && echo == ECHO_MISSING) {
        kept->is_state_told = false;
    }
}

size_t coordinator_places(const struct coordinator *coordinator)
{
    size_t free_places = 0;
    for (size_t i = 0; i < COORDINATOR_PUBLISHES_MAX; i++) {
        free_places += coordinator->flights[i].coordinator == NULL ? 1 : 0;
    }
    return free_places;
}

/* A failed publish is not kept: the next turn finds what is missing. */
static void published(void *ctx, const struct err *err)
{
    struct flight *flight = ctx;
    struct flight done = *flight;
    struct coordinator *coordinator = done.coordinator;
    flight->coordinator = NULL;
    coordinator->is_dirty = true;
    if (done.kind == TOPIC_COORDINATOR && done.id[0] != '\0') {
        coordinator->has_left = true; /* the farewell */
    }
    if (done.kind == TOPIC_ORDER) {
        order_told(coordinator, &done, err == NULL);
    } else if (done.kind == TOPIC_FILE) {
        coordinator_files_told(coordinator, &done.piece, err == NULL);
    }
    if (err == NULL) {
        echo_set(coordinator, &done, ECHO_THERE);
        return;
    }
    if (err->code != ERR_NETWORK) {
        coordinator_say(coordinator, LOG_LEVEL_WARNING, "not taken by the broker: %s", err->text);
    }
    echo_set(coordinator, &done, ECHO_MISSING);
    if (done.kind == TOPIC_COORDINATOR && coordinator->claim_step == CLAIM_SENT) {
        coordinator->claim_step = CLAIM_READING;
    }
}

bool coordinator_publish(struct coordinator *coordinator, const struct topic *topic,
                         struct span payload, const struct flight *flight)
{
    const struct bus *bus = &coordinator->ports.bus;
    char text[BUS_TOPIC_BYTES];
    struct flight *place = NULL;
    bool is_claim = topic->kind == TOPIC_COORDINATOR;
    size_t places = COORDINATOR_PUBLISHES_MAX + (is_claim ? 1 : 0);
    if (coordinator->claim_step == CLAIM_ACTING && !is_claim &&
        !coordinator_has_lease(coordinator)) {
        return false; /* the next turn reads the fleet again */
    }
    for (size_t i = places; i > 0; i--) { /* the claim's own comes first for it */
        bool is_free = coordinator->flights[i - 1].coordinator == NULL;
        if (is_free && (place == NULL || !is_claim)) {
            place = &coordinator->flights[i - 1];
        }
    }
    if (place == NULL) {
        return false; /* each answer makes a turn */
    }
    *place = *flight;
    place->coordinator = coordinator;
    place->kind = topic->kind;
    topic_render(topic, text);
    if (bus->ops->publish(bus->self, text, payload, true, published, place, NULL) != 0) {
        place->coordinator = NULL;
        return false;
    }
    return true;
}

struct topic coordinator_topic(const struct coordinator *coordinator, enum topic_kind kind,
                               const char *rollout)
{
    struct topic topic = {.kind = kind};
    memcpy(topic.fleet, coordinator->fleet, sizeof topic.fleet);
    (void)text_copy(topic.rollout, sizeof topic.rollout, rollout);
    return topic;
}

struct topic coordinator_node_topic(const struct coordinator *coordinator, enum topic_kind kind,
                                    const char *node)
{
    LAW(BOUNDED, node[0] != '\0');
    struct topic topic = coordinator_topic(coordinator, kind, "");
    topic.level = roster_level(roster_find(&coordinator->mirror.roster, node));
    topic_shard(&coordinator->ports.verify, node, topic.shard);
    (void)text_copy(topic.node, sizeof topic.node, node);
    return topic;
}

/* -- orders ----------------------------------------------------------------------------------- */

/* The order key's own name, made once. */
static int key_name(struct coordinator *coordinator, struct err *why)
{
    const struct sign *sign = &coordinator->ports.sign;
    uint8_t point[VERIFY_KEY_BYTES];
    struct digest digest;
    if (coordinator->key_id[0] != '\0') {
        return 0;
    }
    int rc = sign->ops->key_public(sign->self, coordinator->pem, point, why);
    if (rc == 0) {
        coordinator->ports.verify.ops->sha256(coordinator->ports.verify.self,
                                              span_of(point, sizeof point), &digest);
        digest_render(&digest, coordinator->key_id);
    }
    return rc;
}

/* Its echo need not be verified, as far as the trust document has this key alone suffice. */
static void own_note(struct coordinator *coordinator, struct span envelope)
{
    const struct trust *trust = &coordinator->trust;
    struct digest name;
    bool does_suffice = false;
    for (size_t i = 0; i < trust->key_count; i++) {
        does_suffice |= strcmp(trust->keys[i].id, coordinator->key_id) == 0 &&
                        (trust->keys[i].roles & 1u << TRUST_ROLE_ORDER) != 0 &&
                        trust->threshold[TRUST_ROLE_ORDER] == 1;
    }
    if (does_suffice) {
        verified_name(&coordinator->ports.verify, TRUST_ROLE_ORDER, envelope, &name);
        verified_note(&coordinator->mirror.verified, &name);
    }
}

/* Signs the order and publishes it on its node's topic. */
bool coordinator_order(struct coordinator *coordinator, const struct order *order, struct err *why)
{
    struct topic topic = coordinator_node_topic(coordinator, TOPIC_ORDER, order->node);
    const struct sign *sign = &coordinator->ports.sign;
    const char *type = trust_role_type(TRUST_ROLE_ORDER);
    struct flight flight = {.id = ""};
    struct envelope_signature signature = {.key_id = ""};
    uint8_t der[SIGN_DER_BYTES_MAX];
    char payload[ORDER_BYTES_MAX];
    struct span encoding, envelope;
    struct arena arena;
    struct text text;
    size_t len = 0;
    text_init(&text, payload, sizeof payload);
    order_render(order, &text);
    struct span content = span_of(text.data, text.len);
    arena_init(&arena, coordinator->memory, sizeof coordinator->memory);
    int rc = envelope_encoding(type, content, &arena, &encoding, why);
    rc = rc == 0 ? key_name(coordinator, why) : rc;
    rc =
        rc == 0 ? sign->ops->signature(sign->self, coordinator->pem, encoding, der, &len, why) : rc;
    if (rc == 0) {
        memcpy(signature.key_id, coordinator->key_id, sizeof signature.key_id);
        signature.der = span_of(der, len);
        rc = envelope_render(type, content, &signature, 1, &arena, &envelope, why);
    }
    if (rc != 0) {
        (void)err_wrap(why, rc, "a signature for the order of %s", order->node);
        coordinator_say(coordinator, LOG_LEVEL_ERROR, "an order waits: %s", why->text);
        return false;
    }
    own_note(coordinator, envelope);
    memcpy(topic.app, order->app, sizeof topic.app);
    memcpy(flight.id, order->id, sizeof order->id);
    memcpy(flight.node, order->node, sizeof flight.node);
    memcpy(flight.app, order->app, sizeof flight.app);
    return coordinator_publish(coordinator, &topic, envelope, &flight);
}

static uint64_t gen_next(const struct roster_app *app)
{
    uint64_t ordered = app->order.is_there ? app->order.gen : 0;
    uint64_t gen = app->order_gen > ordered ? app->order_gen : ordered;
    return gen < JSON_INTEGER_MAX ? gen + 1 : 1; /* what nobody can read helps nobody */
}

static bool does_retry(const struct rollout_spec *spec)
{
    uint32_t retries = 0;
    for (enum rollout_class i = 0; i < ROLLOUT_CLASS_COUNT; i++) {
        retries += failure_retries(spec, i);
    }
    return retries > 0;
}

/* Where a rollout tries again by itself, the last digit counts the tries: an order is all that
 * remembers them. What an operator asks for again begins a new count. */
static void order_id_make(const struct rollout_spec *spec, const struct roster_app *app,
                          uint64_t random, char id[ORDER_ID_BYTES])
{
    uint32_t tries = 0;
    if (does_retry(spec)) {
        bool is_again = app->order.is_there && strcmp(app->order.rollout, spec->id) == 0;
        tries = is_again ? failure_try(app->order.id) + 1 : 0;
        random = (random & ~UINT64_C(15)) | (tries < 15 ? tries : 15);
    }
    (void)snprintf(id, ORDER_ID_BYTES, "%016llx", (unsigned long long)random);
}

/* Noted before it is published: where there is no memory to know of an order, none is given. One
 * that could not be published is as if it had never been. */
static bool order_give(struct coordinator *coordinator, struct roster_node *node,
                       const struct roster_app *before, const struct order *order, struct err *why)
{
    struct roster *roster = &coordinator->mirror.roster;
    if (!roster_order(roster, order, false)) {
        (void)err_set(why, ERR_MEMORY, "memory for the order of %s", node->name);
        return false;
    }
    if (!coordinator_order(coordinator, order, why)) {
        (void)roster_app_put(roster, node, before);
        return false;
    }
    roster_order_sent(roster, node->name, order->app, order->id, true, false);
    return true;
}

/* False when the order was not written; `why` then says what for it waits, empty: a place. */
static bool order_write(struct coordinator *coordinator, const struct kept *kept,
                        const struct planner_order *planned, struct err *why)
{
    struct roster_node *node = roster_at(&coordinator->mirror.roster, planned->node);
    struct roster_app app = {.app = ""};
    uint64_t random = 0;
    if (roster_app_copy(node, kept->spec.app, &app) == NULL) {
        memcpy(app.app, kept->spec.app, sizeof app.app);
    }
    struct order order = {.epoch = roster_epoch_for(node, coordinator->claim.epoch),
                          .gen = gen_next(&app),
                          .release = planned->release,
                          .before = planned->before,
                          .force = kept->spec.force,
                          .issued = coordinator_wall(coordinator)};
    if (coordinator->ports.entropy.ops->fill(coordinator->ports.entropy.self, &random,
                                             sizeof random, why) != 0) {
        (void)err_wrap(why, ERR_ENTROPY, "a number for the order of %s", node->name);
        return false;
    }
    order_id_make(&kept->spec, &app, random, order.id);
    memcpy(order.fleet, coordinator->fleet, sizeof order.fleet);
    (void)text_copy(order.node, sizeof order.node, node->name);
    memcpy(order.app, kept->spec.app, sizeof order.app);
    memcpy(order.rollout, kept->spec.id, sizeof order.rollout);
    order.start_by =
        planned->is_taken_back ? planned->start_by : order.issued + (wall_ms)kept->spec.start_by_ms;
    if (!order_give(coordinator, node, &app, &order, why)) {
        return false;
    }
    coordinator_say(coordinator, LOG_LEVEL_INFO, "%s: order %llu.%llu %s", node->name,
                    (unsigned long long)order.epoch, (unsigned long long)order.gen,
                    planned->is_taken_back ? "takes back what was not begun" : "given");
    return true;
}

/* -- states ----------------------------------------------------------------------------------- */

bool coordinator_state(struct coordinator *coordinator, struct kept *kept)
{
    const struct topic topic = coordinator_topic(coordinator, TOPIC_ROLLOUT_STATE, kept->spec.id);
    struct flight flight = {.id = ""};
    char data[ROLLOUT_BYTES_MAX];
    struct span envelope;
    struct arena arena;
    struct text text;
    struct err err = {0};
    text_init(&text, data, sizeof data);
    rollout_told_render(&kept->state, &kept->control, &text);
    arena_init(&arena, coordinator->memory, sizeof coordinator->memory);
    int rc = text.cut ? err_set(&err, ERR_LIMIT, "it is over %d bytes", ROLLOUT_BYTES_MAX)
                      : signed_make(signed_type(SIGNED_STATE), span_of(text.data, text.len),
                                    &coordinator->ports.sign, &coordinator->ports.verify,
                                    coordinator->pem, &arena, &envelope, &err);
    if (rc != 0) {
        coordinator_say(coordinator, LOG_LEVEL_ERROR, "the state of rollout %s waits: %s",
                        kept->spec.id, err.text);
        return false;
    }
    memcpy(flight.id, kept->spec.id, sizeof flight.id);
    return coordinator_publish(coordinator, &topic, envelope, &flight);
}

/* What the planner does not know of: whose state it is, and what was taken. */
static void state_complete(const struct coordinator *coordinator, struct kept *kept)
{
    struct rollout_state *state = &kept->state;
    memcpy(state->fleet, coordinator->fleet, sizeof state->fleet);
    state->epoch = coordinator->claim.epoch;
    state->is_unbegun = !kept->is_begun;
    state->control_serial = kept->control.serial;
    state->control_digest = kept->control_digest;
    memcpy(state->control_signer, kept->control_signer, sizeof state->control_signer);
    state->updated = 0;
    state->revision = 0;
}

static uint32_t state_sum(const struct kept *kept)
{
    char data[ROLLOUT_BYTES_MAX];
    struct text text;
    text_init(&text, data, sizeof data);
    rollout_state_render(&kept->state, &text);
    return crc32c(0, text.data, text.len);
}

static void state_tell(struct coordinator *coordinator, struct kept *kept)
{
    if (kept->is_end_there) {
        return;
    }
    state_complete(coordinator, kept);
    uint32_t sum = state_sum(kept);
    if (kept->is_state_told && sum == kept->state_sum) {
        return;
    }
    /* An end, or a stop that needs a person, is told at once: its coordinator may leave next. */
    bool is_pressing =
        rollout_phase_is_end(kept->state.phase) || kept->state.phase == ROLLOUT_PAUSED;
    if (coordinator->now < kept->state_not_before && !is_pressing) {
        coordinator->wake_at = mono_min(coordinator->wake_at, kept->state_not_before);
        return;
    }
    kept->state.updated = coordinator_wall(coordinator);
    kept->state.revision = ++kept->revision;
    if (coordinator_state(coordinator, kept)) {
        kept->is_state_told = true;
        kept->state_sum = sum;
        kept->state_not_before = coordinator->now + COORDINATOR_STATE_GAP_MS;
    }
}

/* -- plans ------------------------------------------------------------------------------------ */

/* A wave that opens, is reached or is taken back; that the rollout goes back. */
static bool is_memory_new(const struct rollout_state *before, const struct rollout_state *now)
{
    bool is_new = before->wave_count != now->wave_count || before->wave_first != now->wave_first ||
                  before->is_rolling_back != now->is_rolling_back ||
                  before->burst_at != now->burst_at;
    for (size_t i = 0; i < now->wave_count && !is_new; i++) {
        is_new = before->waves[i].cut != now->waves[i].cut ||
                 before->waves[i].soak_until != now->waves[i].soak_until;
    }
    return is_new;
}

/* Memory goes before the orders that come of it: whoever goes on after us must not cut anew. */
static void plan_take(struct coordinator *coordinator, struct kept *kept,
                      const struct rollout_state *planned)
{
    bool is_new = is_memory_new(&kept->state, planned);
    kept->state = *planned;
    if (is_new) {
        kept->state_not_before = 0;
        state_tell(coordinator, kept);
    }
    coordinator_begun_note(coordinator);
}

static void kept_plan(struct coordinator *coordinator, struct kept *kept, wall_ms wall)
{
    struct planner_result result;
    struct err why = {0};
    coordinator_tally_plan(coordinator, kept, wall, &result);
    plan_take(coordinator, kept, &result.state);
    /* Until the release lies at the broker an order would only wait for it. What an undo brings
     * was at its node before. */
    bool may_order = kept->release_echo == ECHO_THERE || kept->spec.shape.undo[0] != '\0';
    for (size_t i = 0; i < result.order_count; i++) {
        if (result.orders[i].is_taken_back || may_order) {
            (void)order_write(coordinator, kept, &result.orders[i], &why);
        }
    }
    if (result.order_count > 0) { /* what was just ordered belongs to the state that is told */
        coordinator_tally_plan(coordinator, kept, wall, &result);
        kept->state = result.state;
    }
    if (!may_order && kept->state.phase == ROLLOUT_RUNNING) {
        (void)snprintf(kept->state.waiting, sizeof kept->state.waiting,
                       kept->release != NULL
                           ? "the release to arrive at the broker"
                           : "the release at the broker: publish it (berth release publish)");
    } else if (why.code != 0 && kept->state.phase == ROLLOUT_RUNNING) {
        text_shorten_printf(kept->state.waiting, sizeof kept->state.waiting, "%s", why.text);
    }
    if (result.wake_at != 0) {
        coordinator->wake_at =
            mono_min(coordinator->wake_at, coordinator->now + (result.wake_at - wall));
    }
}

/* It is told as what waits, so that an operator sees it, and nobody takes that for a beginning. */
static void begin_wait(struct coordinator *coordinator, struct kept *kept, const struct err *why)
{
    struct rollout_state *state = &kept->state;
    if (strncmp(state->waiting, why->text, sizeof state->waiting - 1) != 0) {
        coordinator_say(coordinator, LOG_LEVEL_WARNING, "rollout %s waits for %s", kept->spec.id,
                        why->text);
    }
    memcpy(state->id, kept->spec.id, sizeof state->id);
    text_shorten_printf(state->waiting, sizeof state->waiting, "%s", why->text);
    coordinator->wake_at = mono_min(coordinator->wake_at, coordinator->now + BEGIN_AGAIN_MS);
}

/* Before anything is counted by them. */
static void controls_take(struct coordinator *coordinator)
{
    for (size_t i = 0; i < coordinator->mirror.rollouts.count; i++) {
        struct kept *kept = coordinator->mirror.rollouts.list[i];
        if (kept->spec.created != 0 && kept_is_live(kept)) {
            coordinator_control_take(coordinator, kept);
            kept->is_led = true;
        }
    }
}

/* Every one before the first plan: one that begins supersedes others, whatever their order is. */
static void begins_judge(struct coordinator *coordinator)
{
    struct err why;
    for (size_t i = 0; i < coordinator->mirror.rollouts.count; i++) {
        struct kept *kept = coordinator->mirror.rollouts.list[i];
        if (kept->spec.created != 0 && kept_is_live(kept)) {
            (void)coordinator_may_begin(coordinator, kept, &why);
        }
    }
}

void coordinator_plan(struct coordinator *coordinator)
{
    wall_ms wall = coordinator_wall(coordinator);
    struct err why = {0};
    coordinator_freeze_turn(coordinator);
    controls_take(coordinator);
    begins_judge(coordinator);
    coordinator_begun_note(coordinator);
    coordinator_tallies_take(coordinator, wall);
    for (size_t i = 0; i < coordinator->mirror.rollouts.count; i++) {
        struct kept *kept = coordinator->mirror.rollouts.list[i];
        if (kept->spec.created == 0) {
            continue;
        }
        if (kept_is_live(kept) && coordinator_may_begin(coordinator, kept, &why)) {
            kept_plan(coordinator, kept, wall);
        } else if (kept_is_live(kept)) {
            begin_wait(coordinator, kept, &why);
        }
        state_tell(coordinator, kept);
    }
}
