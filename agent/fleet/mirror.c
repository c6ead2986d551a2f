/* mirror: one row for each kind of document: how it is read, and what its clearing means. */
#include "agent/fleet/mirror_private.h"

#include <stdlib.h>
#include <string.h>


#include "platform/base/law.h"

#define UNREAD_FIRST 16

int mirror_init(struct mirror *mirror, const struct mirror_settings *settings, struct err *err)
{
    memset(mirror, 0, sizeof *mirror);
    roster_init(&mirror->roster);
    if (!text_is_name(settings->fleet, NAME_BYTES - 1)) {
        return err_set(err, ERR_VALUE, "the fleet's name is too long, or none");
    }
    (void)text_copy(mirror->fleet, sizeof mirror->fleet, settings->fleet);
    mirror->trust = settings->trust;
    if (settings->operators != NULL) {
        mirror->operators = *settings->operators;
    }
    mirror->verify = settings->verify;
    mirror->is_restating = settings->is_restating;
    return 0;
}

void mirror_close(struct mirror *mirror)
{
    for (size_t i = 0; i < mirror->unread_count; i++) {
        free(mirror->unread[i]);
    }
    free(mirror->unread);
    mirror->unread = NULL;
    mirror->unread_count = mirror->unread_room = mirror->foreign_count = 0;
    verified_forget(&mirror->verified);
    kept_bytes_free(&mirror->operators_bytes);
    rolls_close(&mirror->rolls);
    kept_bytes_free(&mirror->freeze.bytes);
    kept_close(&mirror->rollouts);
    roster_close(&mirror->roster);
}

/* -- what cannot be read ---------------------------------------------------------------------- */

/* Where the topic stands, or would. */
static size_t unread_place(const struct mirror *mirror, const char *topic)
{
    size_t low = 0;
    size_t high = mirror->unread_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(mirror->unread[middle]->topic, topic) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool unread_is_at(const struct mirror *mirror, size_t at, const char *topic)
{
    return at < mirror->unread_count && strcmp(mirror->unread[at]->topic, topic) == 0;
}

const struct mirror_unread *mirror_unread_find(const struct mirror *mirror, const char *topic)
{
    size_t at = unread_place(mirror, topic);
    return unread_is_at(mirror, at, topic) ? mirror->unread[at] : NULL;
}

static void unread_remove(struct mirror *mirror, const char *topic)
{
    size_t at = unread_place(mirror, topic);
    if (unread_is_at(mirror, at, topic)) {
        struct mirror_unread **place = &mirror->unread[at];
        mirror->foreign_count -= (*place)->is_foreign;
        free(*place);
        mirror->unread_count--;
        memmove(place, place + 1, (mirror->unread_count - at) * sizeof(struct mirror_unread *));
    }
}

static bool unread_room_make(struct mirror *mirror)
{
    if (mirror->unread_count < mirror->unread_room) {
        return true;
    }
    size_t room = mirror->unread_room == 0 ? UNREAD_FIRST : 2 * mirror->unread_room;
    struct mirror_unread **grown = realloc(mirror->unread, room * sizeof(struct mirror_unread *));
    if (grown == NULL) {
        return false;
    }
    mirror->unread = grown;
    mirror->unread_room = room;
    return true;
}

/* Notes it; false when it stands there with this reason already. */
static bool unread_note(struct mirror *mirror, const char *topic, const char *reason,
                        bool is_foreign)
{
    size_t at = unread_place(mirror, topic);
    if (!unread_is_at(mirror, at, topic)) {
        struct mirror_unread *made = unread_room_make(mirror) ? calloc(1, sizeof *made) : NULL;
        if (made == NULL) {
            mirror->is_short = true;
            return true;
        }
        (void)text_copy(made->topic, sizeof made->topic, topic);
        made->is_foreign = is_foreign;
        struct mirror_unread **place = &mirror->unread[at];
        memmove(place + 1, place, (mirror->unread_count - at) * sizeof(struct mirror_unread *));
        *place = made;
        mirror->unread_count++;
        mirror->foreign_count += is_foreign;
    } else if (strcmp(mirror->unread[at]->reason, reason) == 0) {
        return false;
    }
    (void)text_copy(mirror->unread[at]->reason, sizeof mirror->unread[at]->reason, reason);
    return true;
}

/* -- signatures ------------------------------------------------------------------------------- */

int mirror_open(struct mirror *mirror, enum trust_role role, struct span envelope,
                struct span *payload, struct err *err)
{
    LAW(ONLY_SIGNED, role < TRUST_ROLE_COUNT);
    struct envelope_parts parts;
    struct digest name, digest;
    struct arena arena;
    arena_init(&arena, mirror->memory, sizeof mirror->memory);
    verified_name(&mirror->verify, role, envelope, &name);
    if (verified_is_known(&mirror->verified, &name)) {
        int rc = envelope_take_apart(envelope, &arena, &parts, err);
        LAW(ONLY_SIGNED, rc == 0); /* these bytes were taken apart before */
        *payload = parts.payload;
        return rc;
    }
    mirror->verifications++;
    int rc = envelope_open(envelope, role, mirror->trust, &mirror->verify, &arena, payload, &digest,
                           err);
    if (rc == 0) {
        verified_note(&mirror->verified, &name);
    }
    return rc;
}

/* -- levels ----------------------------------------------------------------------------------- */

/* An agent of this version clears what it said at berth/1 before it says anything at berth/2; so
 * what lies at berth/1 is of an agent of the version before, perhaps put in the place of this one,
 * and what lies at berth/2 is of its past. */
static bool is_hidden(const struct mirror *mirror, const struct topic *topic)
{
    const struct roster_node *node = roster_find(&mirror->roster, topic->node);
    return topic->level == 2 && node != NULL &&
           (topic->kind == TOPIC_PRESENCE ? node->has_presence_1 : node->has_report_1);
}

/* A presence or a report was taken. */
static void level_note(struct mirror *mirror, const struct topic *topic)
{
    struct roster_node *node = roster_find(&mirror->roster, topic->node);
    if (node == NULL) {
        return; /* no memory */
    }
    roster_level_set(&mirror->roster, node, topic->level);
    if (topic->level == 1 && topic->kind == TOPIC_PRESENCE) {
        node->has_presence_1 = true;
    } else if (topic->level == 1) {
        node->has_report_1 = true;
    }
}

/* It was cleared; true when it was hidden anyway. */
static bool level_clear(struct mirror *mirror, const struct topic *topic)
{
    struct roster_node *node = roster_find(&mirror->roster, topic->node);
    bool was_hidden = is_hidden(mirror, topic);
    if (node != NULL && topic->level == 1 && topic->kind == TOPIC_PRESENCE) {
        node->has_presence_1 = false;
    } else if (node != NULL && topic->level == 1) {
        node->has_report_1 = false;
    }
    return was_hidden;
}

/* Where this node reads its orders. */
static bool is_read_there(const struct mirror *mirror, const struct topic *topic)
{
    return topic->level == roster_level(roster_find(&mirror->roster, topic->node));
}

/* -- nodes ------------------------------------------------------------------------------------ */

static int report_take(struct mirror *mirror, struct mirror_news *news, struct span payload)
{
    struct report *report = &mirror->report;
    int rc = report_parse(payload, report, &news->err);
    if (rc == 0 && (strcmp(report->node, news->topic.node) != 0 ||
                    strcmp(report->fleet, mirror->fleet) != 0)) {
        rc = err_set(&news->err, ERR_WRONG_NODE, "it speaks for node %s of fleet %s", report->node,
                     report->fleet);
    }
    if (rc == 0 && is_hidden(mirror, &news->topic)) {
        news->answer = MIRROR_HIDDEN;
    } else if (rc == 0) {
        roster_report(&mirror->roster, report, mirror->roster.now);
        level_note(mirror, &news->topic);
        news->report = report;
    }
    return rc;
}

static void report_clear(struct mirror *mirror, struct mirror_news *news)
{
    if (level_clear(mirror, &news->topic)) {
        news->answer = MIRROR_HIDDEN;
    } else {
        roster_report_clear(&mirror->roster, news->topic.node);
    }
}

static int presence_take(struct mirror *mirror, struct mirror_news *news, struct span payload)
{
    struct presence presence;
    int rc = presence_parse(payload, &presence, &news->err);
    if (rc == 0 && is_hidden(mirror, &news->topic)) {
        news->answer = MIRROR_HIDDEN;
    } else if (rc == 0) {
        roster_presence(&mirror->roster, news->topic.node, &presence);
        level_note(mirror, &news->topic);
    }
    return rc;
}

static void presence_clear(struct mirror *mirror, struct mirror_news *news)
{
    if (level_clear(mirror, &news->topic)) {
        news->answer = MIRROR_HIDDEN;
    } else {
        roster_presence_clear(&mirror->roster, news->topic.node);
    }
}

/* An order is believed when the order keys signed it and it lies where it belongs. */
static int order_take(struct mirror *mirror, struct mirror_news *news, struct span envelope)
{
    struct span payload;
    struct order order;
    const struct topic *topic = &news->topic;
    int rc = mirror_open(mirror, TRUST_ROLE_ORDER, envelope, &payload, &news->err);
    rc = rc == 0 ? order_parse(payload, &order, &news->err) : rc;
    if (rc == 0 && (strcmp(order.node, topic->node) != 0 || strcmp(order.app, topic->app) != 0 ||
                    strcmp(order.fleet, mirror->fleet) != 0)) {
        rc =
            err_set(&news->err, ERR_WRONG_NODE, "it is for node %s, app %s", order.node, order.app);
    }
    if (rc == 0) {
        roster_order(&mirror->roster, &order, is_read_there(mirror, topic));
    }
    return rc;
}

static void order_clear(struct mirror *mirror, struct mirror_news *news)
{
    if (is_read_there(mirror, &news->topic)) {
        roster_order_clear(&mirror->roster, news->topic.node, news->topic.app,
                           mirror->is_restating);
    } else {
        news->answer = MIRROR_HIDDEN;
    }
}

/* -- who acts --------------------------------------------------------------------------------- */

static int claim_take(struct mirror *mirror, struct mirror_news *news, struct span envelope)
{
    char signer[NAME_BYTES];
    struct claim claim;
    struct span payload;
    struct digest digest;
    int rc =
        mirror_signed_take(mirror, SIGNED_CLAIM, envelope, &payload, &digest, signer, &news->err);
    rc = rc == 0 ? claim_parse(payload, &claim, &news->err) : rc;
    if (rc == 0 && strcmp(claim.fleet, mirror->fleet) != 0) {
        rc = err_set(&news->err, ERR_WRONG_FLEET, "it is a claim of the fleet %s", claim.fleet);
    }
    if (rc == 0) {
        mirror->claim = claim;
        mirror->has_claim = true;
    }
    return rc;
}

static void claim_clear(struct mirror *mirror, struct mirror_news *news)
{
    (void)news;
    mirror->claim = (struct claim){0};
    mirror->has_claim = false;
}

/* -- the table -------------------------------------------------------------------------------- */

struct reader {
    int (*take)(struct mirror *mirror, struct mirror_news *news, struct span payload);
    void (*clear)(struct mirror *mirror, struct mirror_news *news);
};

static const struct reader readers[TOPIC_KIND_COUNT] = {
    [TOPIC_ORDER] = {order_take, order_clear},
    [TOPIC_LABELS] = {mirror_labels_take, mirror_labels_clear},
    [TOPIC_REPORT] = {report_take, report_clear},
    [TOPIC_PRESENCE] = {presence_take, presence_clear},
    [TOPIC_ROLLOUT_SPEC] = {mirror_spec_take, mirror_spec_clear},
    [TOPIC_ROLLOUT_STATE] = {mirror_state_take, mirror_state_clear},
    [TOPIC_ROLLOUT_CONTROL] = {mirror_control_take, mirror_control_clear},
    [TOPIC_COORDINATOR] = {claim_take, claim_clear},
    [TOPIC_FREEZE] = {mirror_freeze_take, mirror_freeze_clear},
    [TOPIC_FROZEN] = {mirror_frozen_take, mirror_frozen_clear},
    [TOPIC_OPERATORS] = {mirror_operators_take, mirror_operators_clear},
    [TOPIC_ROLL] = {mirror_roll_take, mirror_roll_clear},
};

static void document_take(struct mirror *mirror, const struct reader *reader, struct span payload,
                          struct mirror_news *news)
{
    bool was_short = mirror->roster.is_short;
    news->answer = MIRROR_TAKEN;
    mirror->roster.is_short = false;
    int rc = reader->take(mirror, news, payload);
    if (news->topic.node[0] != '\0') {
        mirror_node_judge(mirror, &news->topic);
    }
    bool is_short = rc == ERR_MEMORY || mirror->roster.is_short;
    mirror->roster.is_short |= was_short;
    if (is_short || rc != 0) {
        news->answer = is_short ? MIRROR_SHORT : MIRROR_UNREADABLE;
    }
    if (is_short && rc == 0) {
        (void)err_set(&news->err, ERR_MEMORY, "no memory");
    }
}

static void document_clear(struct mirror *mirror, const struct reader *reader,
                           struct mirror_news *news)
{
    bool is_rollout = news->topic.rollout[0] != '\0';
    news->rollout = is_rollout ? kept_find(&mirror->rollouts, news->topic.rollout) : NULL;
    news->answer = MIRROR_CLEARED;
    if (!is_rollout || news->rollout != NULL) {
        reader->clear(mirror, news);
    }
    if (news->topic.node[0] != '\0') {
        mirror_node_judge(mirror, &news->topic);
    }
}

/* Below this fleet's name, but not where anything of ours lies. A reader's own end mark ("~") is
 * no document. */
static bool is_stray(const struct mirror *mirror, const char *text)
{
    size_t len = strlen(mirror->fleet);
    return (strncmp(text, TOPIC_PREFIX, sizeof TOPIC_PREFIX - 1) == 0 ||
            strncmp(text, TOPIC_PREFIX_2, sizeof TOPIC_PREFIX_2 - 1) == 0) &&
           strncmp(text + sizeof TOPIC_PREFIX - 1, mirror->fleet, len) == 0 &&
           text[sizeof TOPIC_PREFIX - 1 + len] == '/' && strchr(text, '~') == NULL;
}

static bool is_its_shard(const struct mirror *mirror, const struct topic *topic)
{
    char shard[TOPIC_SHARD_BYTES] = "";
    if (topic->level == 2) {
        topic_shard(&mirror->verify, topic->node, shard);
    }
    return topic->kind == TOPIC_ROLL || strcmp(topic->shard, shard) == 0;
}

void mirror_take(struct mirror *mirror, const char *text, struct span payload, wall_ms now,
                 struct mirror_news *news)
{
    *news = (struct mirror_news){.answer = MIRROR_FOREIGN};
    if (!topic_parse(text, &news->topic)) {
        if (is_stray(mirror, text) && payload.len > 0) {
            news->is_first =
                unread_note(mirror, text, "no document of this version lies there", true);
        } else {
            unread_remove(mirror, text);
        }
        return;
    }
    if (strcmp(news->topic.fleet, mirror->fleet) != 0) {
        return;
    }
    const struct reader *reader = &readers[news->topic.kind];
    mirror->roster.now = now;
    if (!is_its_shard(mirror, &news->topic)) {
        news->answer = payload.len > 0 ? MIRROR_UNREADABLE : MIRROR_OTHER;
        (void)err_set(&news->err, ERR_VALUE, "not the shard of this node's name");
    } else if (reader->take == NULL) {
        news->answer = MIRROR_OTHER;
    } else if (payload.len == 0) {
        document_clear(mirror, reader, news);
    } else {
        document_take(mirror, reader, payload, news);
    }
    if (news->answer == MIRROR_UNREADABLE) {
        news->is_first = unread_note(mirror, text, news->err.text, false);
    } else {
        unread_remove(mirror, text);
    }
}
