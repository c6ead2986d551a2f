/* coordinator_claim: who acts. The claim is a lease: it is renewed all the time, and who cannot see
 * its own renewals at the broker publishes nothing. */
#include "agent/fleet/coordinator_private.h"

#include <string.h>

/* -- publishing ------------------------------------------------------------------------------- */

bool coordinator_claim_sign(struct coordinator *coordinator, const struct claim *claim,
                            struct text *text)
{
    struct arena arena;
    struct span envelope;
    struct text plain;
    struct err err = {0};
    char data[512];
    text_init(&plain, data, sizeof data);
    claim_render(claim, &plain);
    arena_init(&arena, coordinator->memory, sizeof coordinator->memory);
    int rc = signed_make(signed_type(SIGNED_CLAIM), span_of(plain.data, plain.len),
                         &coordinator->ports.sign, &coordinator->ports.verify, coordinator->pem,
                         &arena, &envelope, &err);
    if (rc != 0 && !coordinator->is_unsigned_said) {
        coordinator_say(coordinator, LOG_LEVEL_ERROR, "the claim is not signed: %s", err.text);
    }
    coordinator->is_unsigned_said = rc != 0;
    if (rc != 0) {
        return false;
    }
    text_append_span(text, envelope);
    return !text->cut;
}

static bool claim_publish(struct coordinator *coordinator, const struct claim *claim, bool is_last)
{
    const struct topic topic = coordinator_topic(coordinator, TOPIC_COORDINATOR, "");
    struct flight flight = {.id = ""};
    char data[2048];
    struct text text;
    text_init(&text, data, sizeof data);
    if (!coordinator_claim_sign(coordinator, claim, &text)) {
        return false;
    }
    if (is_last) {
        (void)text_copy(flight.id, sizeof flight.id, "leaving");
    }
    return coordinator_publish(coordinator, &topic, span_of(text.data, text.len), &flight);
}

/* Reports have no say in it: a node that lies would lift it out of all reach. The clock has: a
 * coordinator that knows nothing, at a broker that has lost everything, is not a step behind. */
uint64_t coordinator_epoch(const struct coordinator *coordinator)
{
    bool is_trusted = false;
    wall_ms wall = coordinator->ports.clock.ops->wall(coordinator->ports.clock.self, &is_trusted);
    uint64_t clock = is_trusted && wall > 0 ? (uint64_t)wall / 1000 : 0;
    uint64_t ordered = roster_epoch(&coordinator->mirror.roster);
    uint64_t epoch = coordinator->epoch_seen;
    epoch = ordered > epoch ? ordered : epoch;
    epoch = clock > epoch ? clock : epoch;
    return coordinator->trust.epoch_base > epoch ? coordinator->trust.epoch_base : epoch;
}

static void epoch_choose(struct coordinator *coordinator)
{
    struct err err = {0};
    coordinator->claim.epoch = coordinator_epoch(coordinator) + 1;
    coordinator->claim.since = coordinator_wall(coordinator);
    coordinator->claim.beat = coordinator->beat_echoed = 0;
    memcpy(coordinator->claim.fleet, coordinator->fleet, sizeof coordinator->fleet);
    coordinator->epoch_seen = coordinator->claim.epoch;
    if (coordinator->epoch_keep != NULL &&
        coordinator->epoch_keep(coordinator->epoch_ctx, coordinator->claim.epoch, &err) != 0) {
        coordinator_say(coordinator, LOG_LEVEL_WARNING,
                        "epoch %llu is not kept here: %s; should the broker lose its memory, the "
                        "next coordinator has only its clock to go by",
                        (unsigned long long)coordinator->claim.epoch, err.text);
    }
}

void coordinator_claim(struct coordinator *coordinator)
{
    if (coordinator->claim_step == CLAIM_READING) {
        epoch_choose(coordinator);
    }
    coordinator->beat_at = coordinator->now; /* also of one that has to wait */
    coordinator->claim.beat++;
    if (!claim_publish(coordinator, &coordinator->claim, false)) {
        coordinator->claim.beat--;
        return;
    }
    coordinator->beat_sent_at[coordinator->claim.beat % COORDINATOR_BEATS_MAX] = coordinator->now;
    if (coordinator->claim_step == CLAIM_READING) {
        coordinator->claim_step = CLAIM_SENT;
    }
}

void coordinator_farewell(struct coordinator *coordinator)
{
    struct claim farewell = coordinator->claim;
    farewell.is_released = true;
    farewell.beat++;
    coordinator->is_farewell_due = !claim_publish(coordinator, &farewell, true);
}

static bool is_mine_out(const struct coordinator *coordinator)
{
    return coordinator->claim_step == CLAIM_SENT || coordinator->claim_step == CLAIM_HEARD ||
           coordinator->claim_step == CLAIM_ACTING;
}

void coordinator_leave(struct coordinator *coordinator)
{
    bool is_mine = is_mine_out(coordinator);
    coordinator->claim_step = CLAIM_LEAVING;
    coordinator->has_left = !is_mine || !link_is_open(&coordinator->link);
    if (!coordinator->has_left) {
        coordinator_farewell(coordinator);
    }
}

/* -- hearing ---------------------------------------------------------------------------------- */

/* True when `a` goes before `b`. */
static bool is_higher(const struct claim *a, const struct claim *b)
{
    return a->epoch != b->epoch ? a->epoch > b->epoch : strcmp(a->nonce, b->nonce) > 0;
}

/* A claim that was seen before is a copy: it proves nobody's life. */
static void rival_note(struct coordinator *coordinator, const struct claim *claim)
{
    const struct claim *rival = &coordinator->rival;
    bool is_known = strcmp(rival->nonce, claim->nonce) == 0 && rival->epoch == claim->epoch;
    if (is_known && claim->beat <= rival->beat) {
        return;
    }
    coordinator->rival = *claim;
    coordinator->rival_beat_at = coordinator->now;
    if (claim->epoch > coordinator->epoch_seen) {
        coordinator->epoch_seen = claim->epoch;
    }
}

static void hear_rival(struct coordinator *coordinator, const struct claim *claim)
{
    if (claim->epoch > coordinator_epoch(coordinator) + EPOCH_CLAIM_JUMP_MAX) {
        coordinator_say(coordinator, LOG_LEVEL_WARNING,
                        "a claim of epoch %llu is not believed: no coordinator of this fleet can "
                        "be there; the order key may be stolen (berth keys trust)",
                        (unsigned long long)claim->epoch);
        if (is_mine_out(coordinator)) {
            coordinator_claim(coordinator);
        }
        return;
    }
    rival_note(coordinator, claim);
    if (!is_mine_out(coordinator)) {
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

/* The broker shows a renewal of ours: the lease runs from when that was sent. */
static void hear_own(struct coordinator *coordinator, const struct claim *claim)
{
    if (claim->epoch != coordinator->claim.epoch || claim->is_released ||
        claim->beat <= coordinator->beat_echoed ||
        claim->beat + COORDINATOR_BEATS_MAX <= coordinator->claim.beat) {
        return;
    }
    coordinator->beat_echoed = claim->beat;
    coordinator->lease_from = coordinator->beat_sent_at[claim->beat % COORDINATOR_BEATS_MAX];
    if (coordinator->claim_step == CLAIM_SENT) {
        coordinator->claim_step = CLAIM_HEARD;
        coordinator->heard_at = coordinator->now;
    }
}

void coordinator_hear_claim(struct coordinator *coordinator, const struct claim *claim)
{
    bool is_claimed =
        coordinator->claim_step == CLAIM_ACTING || coordinator->claim_step == CLAIM_HEARD;
    if (strcmp(claim->nonce, coordinator->claim.nonce) == 0) {
        hear_own(coordinator, claim);
    } else if (!claim->is_released) {
        hear_rival(coordinator, claim);
    } else {
        coordinator->rival.is_released |= strcmp(claim->nonce, coordinator->rival.nonce) == 0;
        if (is_claimed) {
            coordinator_claim(coordinator); /* somebody's farewell lies over ours */
        }
    }
}

/* -- time ------------------------------------------------------------------------------------- */

bool coordinator_has_lease(const struct coordinator *coordinator)
{
    return is_mine_out(coordinator) && coordinator->beat_echoed > 0 &&
           coordinator->now <= coordinator->lease_from + coordinator->settle_ms;
}

/* Before the first echo there is nothing to renew: it is said again, in case it was lost. */
static mono_ms beat_due(const struct coordinator *coordinator)
{
    bool is_heard = coordinator->claim_step != CLAIM_SENT;
    return coordinator->beat_at + coordinator->settle_ms / (is_heard ? 3 : 1);
}

/* Those that the broker has not answered: a broker that is slow gets no more of them. */
static bool has_room(const struct coordinator *coordinator)
{
    unsigned count = 0;
    for (size_t i = 0; i <= COORDINATOR_PUBLISHES_MAX; i++) {
        const struct flight *flight = &coordinator->flights[i];
        count += flight->coordinator != NULL && flight->kind == TOPIC_COORDINATOR;
    }
    return count < COORDINATOR_BEATS_WAITING_MAX;
}

static void beat(struct coordinator *coordinator)
{
    if (coordinator->now < beat_due(coordinator)) {
        return;
    }
    if (has_room(coordinator)) {
        coordinator_claim(coordinator);
    }
    coordinator->beat_at = coordinator->now;
}

/* After a pause of this process or of the broker the fleet may be another one, and so may the one
 * who acts. */
static void lease_lapse(struct coordinator *coordinator)
{
    coordinator_say(coordinator, LOG_LEVEL_WARNING,
                    "for %lld ms the broker has not shown this coordinator's claim: nothing is "
                    "published; the fleet is read again first",
                    (long long)(coordinator->now - coordinator->lease_from));
    coordinator_read_again(coordinator);
}

static void claimed_turn(struct coordinator *coordinator)
{
    bool is_over = coordinator->now >= coordinator->heard_at + coordinator->settle_ms;
    if (!coordinator_has_lease(coordinator)) {
        lease_lapse(coordinator);
        return;
    }
    if (coordinator->claim_step == CLAIM_HEARD && is_over) {
        coordinator->claim_step = CLAIM_ACTING;
        coordinator->is_dirty = true;
        coordinator_say(coordinator, LOG_LEVEL_INFO, "coordinating as epoch %llu",
                        (unsigned long long)coordinator->claim.epoch);
    }
    beat(coordinator);
}

static mono_ms rival_over_at(const struct coordinator *coordinator)
{
    return coordinator->rival_beat_at + COORDINATOR_RIVAL_TIMES * coordinator->settle_ms;
}

/* Somebody else acts, or has done so a moment ago: its claim was read and not given back, it may
 * still be renewed, and nobody has ordered above it. */
static bool is_rival_alive(const struct coordinator *coordinator)
{
    const struct claim *rival = &coordinator->rival;
    return rival->epoch != 0 && !rival->is_released &&
           rival->epoch >= roster_epoch(&coordinator->mirror.roster) &&
           coordinator->now < rival_over_at(coordinator);
}

/* The one who comes waits for the one who acts: taking its place would cost the fleet a lease. */
static void reading_turn(struct coordinator *coordinator)
{
    if (!coordinator_reading_turn(coordinator)) {
        return;
    }
    coordinator->read_at = coordinator->now; /* where it has to wait: again in a while */
    if (!is_rival_alive(coordinator)) {
        coordinator_claim(coordinator);
        return;
    }
    coordinator->claim_step = CLAIM_STANDBY;
    coordinator->heard_at = coordinator->now;
    coordinator_say(coordinator, LOG_LEVEL_INFO, "another coordinator acts as epoch %llu",
                    (unsigned long long)coordinator->rival.epoch);
}

static void standby_turn(struct coordinator *coordinator)
{
    if (coordinator->rival.is_released) {
        coordinator->claim_step = CLAIM_READING;
    } else if (coordinator->now >= rival_over_at(coordinator)) {
        coordinator_say(coordinator, LOG_LEVEL_WARNING,
                        "the coordinator of epoch %llu has not renewed its claim: this one goes on",
                        (unsigned long long)coordinator->rival.epoch);
        coordinator_read_again(coordinator);
    }
}

void coordinator_claim_turn(struct coordinator *coordinator)
{
    switch (coordinator->claim_step) {
    case CLAIM_READING:
        reading_turn(coordinator);
        break;
    case CLAIM_SENT:
        beat(coordinator);
        break;
    case CLAIM_HEARD:
    case CLAIM_ACTING:
        claimed_turn(coordinator);
        break;
    case CLAIM_STANDBY:
        standby_turn(coordinator);
        break;
    case CLAIM_OFFLINE:
    case CLAIM_LEAVING:
        break;
    }
}

mono_ms coordinator_claim_deadline(const struct coordinator *coordinator)
{
    switch (coordinator->claim_step) {
    case CLAIM_READING:
        return coordinator_reading_deadline(coordinator);
    case CLAIM_SENT:
    case CLAIM_ACTING:
        return beat_due(coordinator);
    case CLAIM_HEARD:
        return mono_min(beat_due(coordinator), coordinator->heard_at + coordinator->settle_ms);
    case CLAIM_STANDBY:
        return rival_over_at(coordinator);
    case CLAIM_OFFLINE:
    case CLAIM_LEAVING:
        break;
    }
    return MONO_NEVER;
}
