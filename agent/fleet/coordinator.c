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
static void clock_read(struct coordinator *coordinator)
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

static void subscribed(void *ctx, const struct err *err)
{
    struct coordinator *coordinator = ctx;
    clock_read(coordinator);
    if (coordinator->subscribing > 0) {
        coordinator->subscribing--;
    }
    if (err != NULL && err->code != ERR_NETWORK) {
        coordinator_say(coordinator, LOG_LEVEL_WARNING, "cannot read the fleet: %s", err->text);
    }
    coordinator->are_fences_due |=
        coordinator->subscribing == 0 && coordinator->claim_step == CLAIM_READING;
    coordinator->read_at = coordinator->now;
}

struct reading {
    enum topic_kind kind;
    unsigned level;
};

static void filter_make(const struct coordinator *coordinator, const struct reading *reading,
                        unsigned shard, char filter[BUS_TOPIC_BYTES])
{
    struct topic topic = {.kind = reading->kind, .level = reading->level};
    memcpy(topic.fleet, coordinator->fleet, sizeof topic.fleet);
    if (shard < TOPIC_SHARDS) {
        (void)snprintf(topic.shard, sizeof topic.shard, "%02x", shard & 0xff);
    }
    topic_render(&topic, filter);
}

/* `shard`: TOPIC_SHARDS for all of them. */
static void filter_ask(struct coordinator *coordinator, const struct reading *reading,
                       unsigned shard)
{
    const struct bus *bus = &coordinator->ports.bus;
    char filter[BUS_TOPIC_BYTES];
    struct err err = {0};
    filter_make(coordinator, reading, shard, filter);
    if (bus->ops->subscribe(bus->self, filter, subscribed, coordinator, &err) == 0) {
        coordinator->subscribing++;
    } else {
        coordinator_say(coordinator, LOG_LEVEL_WARNING, "cannot read the fleet: %s", err.text);
    }
}

static bool is_in_pieces(const struct coordinator *coordinator)
{
    return coordinator->mirror.roster.node_count > COORDINATOR_WHOLE_MAX;
}

/* Who may ask comes before what is asked; states before specs: of a rollout that is over, the end
 * is known when its spec comes. What lies at berth/1 before what lies at berth/2, which it hides;
 * both before orders: they count where their node reads them. */
static const struct reading readings[] = {
    {TOPIC_OPERATORS, 1},    {TOPIC_COORDINATOR, 1},     {TOPIC_ROLLOUT_STATE, 1},
    {TOPIC_ROLLOUT_SPEC, 1}, {TOPIC_ROLLOUT_CONTROL, 1}, {TOPIC_LABELS, 1},
    {TOPIC_LABELS, 2},       {TOPIC_PRESENCE, 1},        {TOPIC_PRESENCE, 2},
    {TOPIC_REPORT, 1},       {TOPIC_ORDER, 1},           {TOPIC_ORDER, 2},
    {TOPIC_REPORT, 2}};

static void subscribe_all(struct coordinator *coordinator, bool has_two)
{
    for (size_t i = 0; i < COUNT_OF(readings); i++) {
        if (readings[i].level == 1 || has_two) {
            filter_ask(coordinator, &readings[i], TOPIC_SHARDS);
        }
    }
    coordinator->reread_at = coordinator->now + COORDINATOR_REREAD_MS;
}

/* -- the end of the burst --------------------------------------------------------------------- */

static const char *fence_mark(const struct coordinator *coordinator, char mark[24])
{
    (void)snprintf(mark, 24, "~%s", coordinator->link.session);
    return mark;
}

/* The filter with a name of ours in each '+'; false where there is none. */
static bool fence_make(const struct coordinator *coordinator, size_t index,
                       char topic[BUS_TOPIC_BYTES])
{
    char filter[BUS_TOPIC_BYTES], mark[24];
    struct text text;
    filter_make(coordinator, &readings[index], TOPIC_SHARDS, filter);
    text_init(&text, topic, BUS_TOPIC_BYTES);
    fence_mark(coordinator, mark);
    for (const char *at = filter; *at != '\0'; at++) {
        if (*at == '+') {
            text_append(&text, mark);
        } else {
            text_append_span(&text, span_of(at, 1));
        }
    }
    return strchr(filter, '+') != NULL && !text.cut;
}

static void fence_told(void *ctx, const struct err *err)
{
    struct coordinator *coordinator = ctx;
    if (err != NULL && err->code == ERR_DENIED) {
        coordinator_say(coordinator, LOG_LEVEL_WARNING, "cannot read all of the fleet: %s",
                        err->text);
        coordinator->fences =
            0; /* the burst is over when it is quiet, as far as anybody can tell */
    }
}

static void fences_send(struct coordinator *coordinator)
{
    const struct bus *bus = &coordinator->ports.bus;
    coordinator->are_fences_due = false;
    coordinator->fences = 0;
    coordinator->read_at = coordinator->now;
    for (size_t i = 0; i < COUNT_OF(readings); i++) {
        char topic[BUS_TOPIC_BYTES];
        if (fence_make(coordinator, i, topic) &&
            bus->ops->publish(bus->self, topic, span_text("{}"), false, fence_told, coordinator,
                              NULL) == 0) {
            coordinator->fences |= UINT32_C(1) << i;
        }
    }
}

/* True when it is a fence: ours, or another reader's. */
static bool fence_take(struct coordinator *coordinator, const char *topic)
{
    char ours[BUS_TOPIC_BYTES];
    if (strchr(topic, '~') == NULL) {
        return false;
    }
    for (size_t i = 0; i < COUNT_OF(readings); i++) {
        if (fence_make(coordinator, i, ours) && strcmp(ours, topic) == 0) {
            coordinator->fences &= ~(UINT32_C(1) << i);
            coordinator->read_at = coordinator->now;
        }
    }
    return true;
}

/* A fence that does not come: of berth/2, where nothing else comes from either, the broker drops it
 * in silence as everything there; any other was dropped with more, and all is read again. */
static void fences_stall(struct coordinator *coordinator)
{
    uint32_t ones = 0;
    for (size_t i = 0; i < COUNT_OF(readings); i++) {
        ones |= readings[i].level == 1 ? UINT32_C(1) << i : 0;
    }
    if ((coordinator->fences & ones) == 0 && !coordinator->is_two_heard) {
        coordinator->fences = 0;
        coordinator_say(coordinator, LOG_LEVEL_WARNING,
                        "nothing comes from berth/2: the broker's rights may be older than this "
                        "coordinator (berth fleet upgrade)");
        return;
    }
    coordinator_say(coordinator, LOG_LEVEL_WARNING,
                    "the broker stopped before the end of what it holds, and may have dropped the "
                    "rest (Mosquitto: max_queued_messages 0): nothing is begun until all is read");
    coordinator->fences = 0;
    coordinator->read_at = coordinator->now;
    subscribe_all(coordinator, true);
}

/* One shard again, all of them within COORDINATOR_REREAD_MS; the one before is asked for no more.
 */
static void shard_reread(struct coordinator *coordinator)
{
    static const struct reading pieces[] = {
        {TOPIC_LABELS, 2}, {TOPIC_PRESENCE, 2}, {TOPIC_ORDER, 2}, {TOPIC_REPORT, 2}};
    const struct bus *bus = &coordinator->ports.bus;
    unsigned before = (coordinator->shard + TOPIC_SHARDS - 1) % TOPIC_SHARDS;
    for (size_t i = 0; i < COUNT_OF(pieces); i++) {
        char filter[BUS_TOPIC_BYTES];
        filter_make(coordinator, &pieces[i], before, filter);
        if (coordinator->is_shard_open) {
            (void)bus->ops->unsubscribe(bus->self, filter, NULL);
        }
        filter_ask(coordinator, &pieces[i], coordinator->shard);
    }
    coordinator->is_shard_open = true;
    coordinator->shard = (coordinator->shard + 1) % TOPIC_SHARDS;
    coordinator->shard_at = coordinator->now + COORDINATOR_REREAD_MS / TOPIC_SHARDS;
}

static void link_opened(void *ctx, const char *session)
{
    struct coordinator *coordinator = ctx;
    clock_read(coordinator);
    roster_forget_session(&coordinator->mirror.roster);
    for (size_t i = 0; i < coordinator->mirror.rollouts.count; i++) {
        struct kept *kept = coordinator->mirror.rollouts.list[i];
        kept->spec_echo = kept->control_echo = kept->release_echo = ECHO_MISSING;
        kept->is_release_asked = false;
        kept->is_end_there = false;
        kept->is_state_told = kept->is_led = false;
    }
    coordinator->mirror.operators_echo = ECHO_MISSING;
    coordinator_files_unsee(coordinator);
    coordinator->rival = (struct claim){0};
    (void)text_copy(coordinator->claim.nonce, sizeof coordinator->claim.nonce, session);
    coordinator->claim_step = CLAIM_READING;
    coordinator->subscribing = 0;
    coordinator->fences = 0;
    coordinator->are_fences_due = coordinator->is_two_heard = false;
    coordinator->read_at = coordinator->now;
    subscribe_all(coordinator, true);
    coordinator->is_shard_open = false;
    coordinator->shard_at = coordinator->reread_at;
}

void coordinator_read_again(struct coordinator *coordinator)
{
    for (size_t i = 0; i < coordinator->mirror.rollouts.count; i++) {
        coordinator->mirror.rollouts.list[i]->is_led = false;
    }
    coordinator->claim_step = CLAIM_READING;
    coordinator->read_at = coordinator->now;
    coordinator->fences = 0;
    subscribe_all(coordinator, true);
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
    clock_read(coordinator);
    if (is_retained) {
        coordinator->read_at = coordinator->now; /* still reading what was there before */
    }
    if (fence_take(coordinator, topic)) {
        return;
    }
    coordinator->is_two_heard |= strncmp(topic, TOPIC_PREFIX_2, sizeof TOPIC_PREFIX_2 - 1) == 0;
    coordinator->is_dirty = true;
    coordinator_receive(coordinator, topic, payload);
}

/* -- life ------------------------------------------------------------------------------------- */

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
    coordinator->epoch_ctx = settings->epoch_ctx;
    coordinator->audits_always = settings->audits_always;
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
    coordinator_echo_forget(coordinator);
    mirror_close(&coordinator->mirror);
    free(coordinator);
}

bool coordinator_reading_turn(struct coordinator *coordinator)
{
    if (coordinator->are_fences_due) {
        fences_send(coordinator);
    }
    bool is_quiet = coordinator->subscribing == 0 && !coordinator->are_fences_due &&
                    coordinator->fences == 0 &&
                    coordinator->now >= coordinator->read_at + COORDINATOR_QUIET_MS;
    if (!is_quiet && coordinator->fences != 0 &&
        coordinator->now >= coordinator->read_at + COORDINATOR_STALL_MS) {
        fences_stall(coordinator);
    }
    return is_quiet;
}

mono_ms coordinator_reading_deadline(const struct coordinator *coordinator)
{
    if (coordinator->subscribing > 0) {
        return MONO_NEVER;
    }
    int64_t patience = coordinator->fences != 0 ? COORDINATOR_STALL_MS : COORDINATOR_QUIET_MS;
    return coordinator->are_fences_due ? 0 : coordinator->read_at + patience;
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
        coordinator_assert(coordinator);
    }
}

/* A plan that takes long is not made so often: whoever is to be heard is heard in between. */
static void plan_space(struct coordinator *coordinator)
{
    mono_ms began = coordinator->now;
    clock_read(coordinator);
    coordinator->plan_not_before += COORDINATOR_PLAN_SHARE * (coordinator->now - began);
}

void coordinator_step(struct coordinator *coordinator)
{
    clock_read(coordinator);
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
    if (coordinator->now >= coordinator->reread_at) {
        subscribe_all(coordinator, !is_in_pieces(coordinator));
    }
    if (is_in_pieces(coordinator) && coordinator->now >= coordinator->shard_at) {
        shard_reread(coordinator);
    }
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
    deadline = mono_min(deadline, coordinator->reread_at);
    deadline = mono_min(deadline, coordinator_echo_deadline(coordinator));
    if (is_in_pieces(coordinator)) {
        deadline = mono_min(deadline, coordinator->shard_at);
    }
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
        coordinator->mirror.operators = *operators;
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
