/* coordinator: a session, what is read in it, the claim, and then the turns in which it acts. */
#include "agent/fleet/coordinator_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

wall_ms coordinator_wall(const struct coordinator *coordinator)
{
    bool is_trusted = false;
    return coordinator->ports.clock.ops->wall(coordinator->ports.clock.self, &is_trusted);
}

void coordinator_say(const struct coordinator *coordinator, enum log_level level, const char *fmt,
                     ...)
{
    char line[LOG_LINE_BYTES_MAX];
    va_list args;
    va_start(args, fmt);
    text_shorten_va(line, sizeof line, fmt, args);
    va_end(args);
    coordinator->ports.log.ops->line(coordinator->ports.log.self, level, line);
}

/* Callbacks come between two steps, long after the last one perhaps: what they note is of now. */
void coordinator_clock_read(struct coordinator *coordinator)
{
    coordinator->now = coordinator->ports.clock.ops->mono(coordinator->ports.clock.self);
}

/* -- the session ------------------------------------------------------------------------------ */

/* The will names the session and no epoch: whoever reads it knows whose claim is free. */
static void link_greet(void *ctx, const char *session, struct link_hello *hello)
{
    struct coordinator *coordinator = ctx;
    struct claim will = {.is_released = true};
    struct topic topic = {.kind = TOPIC_COORDINATOR};
    struct text text;
    memcpy(topic.fleet, coordinator->fleet, sizeof topic.fleet);
    memcpy(will.fleet, coordinator->fleet, sizeof will.fleet);
    (void)text_copy(will.nonce, sizeof will.nonce, session);
    (void)snprintf(hello->client_id, sizeof hello->client_id, "coordinator-%s", session);
    topic_render(&topic, hello->will_topic);
    text_init(&text, hello->will, sizeof hello->will);
    if (!coordinator_claim_sign(coordinator, &will, &text)) {
        hello->will_topic[0] = '\0';
    }
}

static void link_opened(void *ctx, const char *session)
{
    struct coordinator *coordinator = ctx;
    coordinator_clock_read(coordinator);
    roster_forget_session(&coordinator->mirror.roster);
    for (size_t i = 0; i < coordinator->mirror.rollouts.count; i++) {
        struct kept *kept = coordinator->mirror.rollouts.list[i];
        kept->spec_echo = kept->control_echo = kept->release_echo = ECHO_MISSING;
        kept->is_release_asked = false;
        kept->is_end_there = false;
        kept->is_state_told = kept->is_led = false;
    }
    coordinator->mirror.operators_echo = ECHO_MISSING;
    rolls_unsee(&coordinator->mirror.rolls);
    coordinator->mirror.has_frozen = false; /* this broker has not shown it */
    coordinator_files_unsee(coordinator);
    coordinator_names_unsee(coordinator);
    coordinator->rival = (struct claim){0};
    (void)text_copy(coordinator->claim.nonce, sizeof coordinator->claim.nonce, session);
    coordinator->claim_step = CLAIM_READING;
    coordinator->subscribing = 0;
    coordinator_reading_begin(coordinator);
}

static void link_closed(void *ctx, const struct err *err, bool was_open)
{
    struct coordinator *coordinator = ctx;
    if (was_open || coordinator->link.failures == 0) {
        coordinator_say(coordinator, LOG_LEVEL_WARNING, "%s: %s (%s)",
                        was_open ? "the link to the broker ended" : "no way to the broker",
                        err->text, err_word(err->code));
    }
    coordinator_echo_forget(coordinator);
    coordinator->has_left = true;
    coordinator->is_farewell_due = false; /* the will has said it */
    coordinator->claim_step = CLAIM_OFFLINE;
}

static void link_received(void *ctx, const char *topic, struct span payload, bool is_retained)
{
    struct coordinator *coordinator = ctx;
    coordinator_clock_read(coordinator);
    if (coordinator_reading_note(coordinator, topic, is_retained)) {
        return;
    }
    coordinator->is_dirty = true;
    coordinator_receive(coordinator, topic, payload);
}

/* -- life ------------------------------------------------------------------------------------- */

/* Of an operator who is none any more it ends with the key, and so do its copies. */
static void freeze_remember(struct coordinator *coordinator, struct span envelope)
{
    struct err err = {0};
    if (envelope.len > 0 && mirror_freeze_keep(&coordinator->mirror, envelope, &err) != 0) {
        coordinator_say(coordinator, LOG_LEVEL_WARNING, "the freeze that was kept here: %s",
                        err.text);
    }
}

int coordinator_new(const struct coordinator_settings *settings,
                    const struct coordinator_ports *ports, struct coordinator **made,
                    struct err *err)
{
    const struct link_user user = {.greet = link_greet,
                                   .opened = link_opened,
                                   .closed = link_closed,
                                   .received = link_received};
    struct coordinator *coordinator = calloc(1, sizeof *coordinator);
    if (coordinator == NULL) {
        return err_set(err, ERR_MEMORY, "no memory for a coordinator");
    }
    coordinator->trust = *settings->trust;
    const struct mirror_settings reading = {.fleet = settings->fleet,
                                            .trust = &coordinator->trust,
                                            .operators = settings->operators,
                                            .verify = ports->verify,
                                            .is_restating = true};
    int rc = mirror_init(&coordinator->mirror, &reading, err);
    if (rc != 0 || !text_copy(coordinator->fleet, sizeof coordinator->fleet, settings->fleet) ||
        !text_copy(coordinator->pem, sizeof coordinator->pem, settings->order_key_pem)) {
        coordinator_free(coordinator);
        return err_set(err, ERR_VALUE, "the fleet's name or the order key is too long");
    }
    coordinator->ports = *ports;
    coordinator->settle_ms = settings->settle_ms != 0 ? settings->settle_ms : COORDINATOR_SETTLE_MS;
    coordinator->epoch_seen = settings->epoch_kept;
    coordinator->epoch_keep = settings->epoch_keep;
    coordinator->operators_keep = settings->operators_keep;
    coordinator->roll_keep = settings->roll_keep;
    coordinator->freeze_keep = settings->freeze_keep;
    coordinator->epoch_ctx = settings->epoch_ctx;
    coordinator->audits_always = settings->audits_always;
    coordinator->begun_keep = settings->begun_keep;
    if (settings->begun_kept != NULL && !begun_copy(&coordinator->begun, settings->begun_kept)) {
        coordinator_free(coordinator);
        return err_set(err, ERR_MEMORY, "no memory for a coordinator");
    }
    freeze_remember(coordinator, settings->freeze_kept);
    struct link_user mine = user;
    mine.ctx = coordinator;
    link_init(&coordinator->link, ports->bus, ports->entropy, &mine);
    *made = coordinator;
    return 0;
}

void coordinator_free(struct coordinator *coordinator)
{
    explicit_bzero(coordinator->pem, sizeof coordinator->pem);
    if (coordinator->link.bus.ops != NULL) {
        link_stop(&coordinator->link);
    }
    coordinator_files_close(coordinator);
    coordinator_names_unsee(coordinator);
    coordinator_echo_forget(coordinator);
    mirror_close(&coordinator->mirror);
    begun_close(&coordinator->begun);
    free(coordinator);
}

/* The one who acts puts back what the broker has lost; what it does not know, the others do. What
 * was started here it cannot know before it is there. */
static mono_ms standby_at(const struct coordinator *coordinator)
{
    mono_ms at = coordinator->heard_at + 2 * coordinator->settle_ms;
    return at > coordinator->plan_not_before ? at : coordinator->plan_not_before;
}

static void standby_turn(struct coordinator *coordinator)
{
    coordinator_assert_started(coordinator);
    if (coordinator->is_dirty && coordinator->now >= standby_at(coordinator)) {
        coordinator->is_dirty = false;
        coordinator->plan_not_before = coordinator->now + COORDINATOR_PLAN_GAP_MS;
        coordinator_begun_note(coordinator); /* what ends, and goes, before this one acts */
        coordinator_assert(coordinator);
    }
}

/* A plan that takes long is not made so often: whoever is to be heard is heard in between. */
static void plan_space(struct coordinator *coordinator)
{
    mono_ms began = coordinator->now;
    coordinator_clock_read(coordinator);
    coordinator->plan_not_before += COORDINATOR_PLAN_SHARE * (coordinator->now - began);
}

void coordinator_step(struct coordinator *coordinator)
{
    coordinator_clock_read(coordinator);
    link_step(&coordinator->link, coordinator->now);
    if (!link_is_open(&coordinator->link)) {
        return;
    }
    coordinator_claim_turn(coordinator);
    coordinator_echo_step(coordinator);
    if (coordinator->is_farewell_due) {
        coordinator_farewell(coordinator);
    }
    if (coordinator_is_informed(coordinator)) {
        coordinator_ask(coordinator);
        coordinator_files_ask(coordinator);
    }
    coordinator_reread_turn(coordinator);
    if (coordinator->claim_step == CLAIM_STANDBY) {
        standby_turn(coordinator);
        return;
    }
    if (coordinator->claim_step != CLAIM_ACTING ||
        coordinator->now < coordinator->plan_not_before ||
        (!coordinator->is_dirty && coordinator->now < coordinator->wake_at)) {
        return;
    }
    coordinator->is_dirty = false;
    coordinator->wake_at = MONO_NEVER;
    coordinator->plan_not_before = coordinator->now + COORDINATOR_PLAN_GAP_MS;
    coordinator_roll_turn(coordinator);
    coordinator_plan(coordinator); /* first: what it takes back is not to be said again */
    coordinator_assert(coordinator);
    coordinator_prune(coordinator);
    plan_space(coordinator);
}

mono_ms coordinator_deadline(const struct coordinator *coordinator)
{
    mono_ms deadline = link_deadline(&coordinator->link);
    if (!link_is_open(&coordinator->link)) {
        return deadline;
    }
    deadline = mono_min(deadline, coordinator_reread_deadline(coordinator));
    deadline = mono_min(deadline, coordinator_echo_deadline(coordinator));
    deadline = mono_min(deadline, coordinator_claim_deadline(coordinator));
    if (coordinator->claim_step == CLAIM_ACTING) {
        mono_ms wake = coordinator->is_dirty ? 0 : coordinator->wake_at;
        mono_ms plan = coordinator->plan_not_before;
        deadline = mono_min(deadline, wake > plan ? wake : plan);
    } else if (coordinator->claim_step == CLAIM_STANDBY && coordinator->is_dirty) {
        deadline = mono_min(deadline, standby_at(coordinator));
    }
    return deadline;
}

bool coordinator_is_acting(const struct coordinator *coordinator)
{
    return coordinator->claim_step == CLAIM_ACTING;
}

bool coordinator_is_informed(const struct coordinator *coordinator)
{
    return coordinator->claim_step != CLAIM_OFFLINE && coordinator->claim_step != CLAIM_READING;
}

bool coordinator_has_left(const struct coordinator *coordinator)
{
    return coordinator->has_left;
}

void coordinator_operators(struct coordinator *coordinator, const struct operators *operators)
{
    if (operators->version > coordinator->mirror.operators.version) {
        mirror_operators_set(&coordinator->mirror, operators);
    }
}

bool coordinator_view_at(const struct coordinator *coordinator, size_t index,
                         struct rollout_view *view)
{
    for (size_t i = 0; i < coordinator->mirror.rollouts.count; i++) {
        const struct kept *kept = coordinator->mirror.rollouts.list[i];
        if (kept->spec.created != 0 && index-- == 0) {
            bool is_acting = coordinator->claim_step == CLAIM_ACTING;
            *view = (struct rollout_view){
                &kept->spec, is_acting ? &kept->control : kept_control(kept), &kept->state};
            return true;
        }
    }
    return false;
}

bool coordinator_view(const struct coordinator *coordinator, const char *id,
                      struct rollout_view *view)
{
    for (size_t i = 0; coordinator_view_at(coordinator, i, view); i++) {
        if (strcmp(view->spec->id, id) == 0) {
            return true;
        }
    }
    return false;
}

bool coordinator_is_published(const struct coordinator *coordinator, const char *id)
{
    const struct kept *kept = kept_find(&coordinator->mirror.rollouts, id);
    return kept != NULL && kept->spec_echo == ECHO_THERE;
}

const struct roster *coordinator_roster(const struct coordinator *coordinator)
{
    return &coordinator->mirror.roster;
}

enum node_condition coordinator_condition(const struct coordinator *coordinator, const char *id,
                                          const struct roster_node *node)
{
    const struct kept *kept = kept_find(&coordinator->mirror.rollouts, id);
    if (kept == NULL) {
        return NODE_OFFLINE;
    }
    const struct planner_rollout rollout = {
        .spec = &kept->spec, .control = &kept->control, .selector = &kept->selector};
    return planner_condition(&rollout, node, coordinator_wall(coordinator));
}
