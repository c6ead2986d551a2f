/* mirror_roll: which nodes the fleet has, and what it calls them: signed by operators, and, as long
 * as these do not demand more, labels that nobody signed. */
#include <string.h>

#include "agent/fleet/mirror_private.h"

static bool is_demanded(const struct mirror *mirror, enum operators_demand demand)
{
    return mirror->operators.is_demanding[demand];
}

static const struct roll_entry *entry_of(const struct mirror *mirror, const char *node)
{
    char shard[TOPIC_SHARD_BYTES];
    if (mirror->rolls.shards == NULL) {
        return NULL;
    }
    topic_shard(&mirror->verify, node, shard);
    return rolls_find(&mirror->rolls, shard, node);
}

/* -- who is meant ----------------------------------------------------------------------------- */

static void node_judge(struct mirror *mirror, struct roster_node *node)
{
    const struct roll_entry *entry = entry_of(mirror, node->name);
    bool is_stranger = entry == NULL && is_demanded(mirror, OPERATORS_DEMAND_ROLL);
    bool is_unlabelled = entry != NULL && node->labels_version < entry->labels &&
                         is_demanded(mirror, OPERATORS_DEMAND_LABELS);
    roster_judge(&mirror->roster, node, entry != NULL, is_stranger || is_unlabelled);
}

/* A report or a presence changes nothing of a node that the roll has. */
void mirror_node_judge(struct mirror *mirror, const struct topic *topic)
{
    struct roster_node *node = roster_find(&mirror->roster, topic->node);
    if (node != NULL && (topic->kind == TOPIC_LABELS || !node->is_listed || node->is_barred)) {
        node_judge(mirror, node);
    }
}

/* What nobody signed goes, where that is demanded now. */
static void hearsay_drop(struct mirror *mirror, const struct roster_node *node)
{
    if (node->is_hearsay && is_demanded(mirror, OPERATORS_DEMAND_LABELS)) {
        roster_labels_clear(&mirror->roster, node->name);
    }
}

void mirror_judge_all(struct mirror *mirror)
{
    for (uint32_t i = 0; i < mirror->roster.number_count; i++) {
        struct roster_node *node = roster_by_number(&mirror->roster, i);
        if (node != NULL) {
            hearsay_drop(mirror, node);
            node = roster_by_number(&mirror->roster, i); /* it may have gone with them */
        }
        if (node != NULL) {
            node_judge(mirror, node);
        }
    }
}

static void list_judge(struct mirror *mirror, const struct roll *roll)
{
    for (size_t i = 0; i < roll->count; i++) {
        struct roster_node *node = roster_find(&mirror->roster, roll->list[i].node);
        if (node != NULL) {
            node_judge(mirror, node);
        }
    }
}

/* -- the roll --------------------------------------------------------------------------------- */

/* What operators sign, and is read again and again: bytes that were verified are not verified
 * again. Opened into the mirror's memory. */
static int known_open(struct mirror *mirror, enum signed_kind kind, struct span envelope,
                      struct span *payload, struct err *err)
{
    char signer[NAME_BYTES];
    struct digest name, digest;
    struct envelope_parts parts;
    struct arena arena;
    arena_init(&arena, mirror->memory, sizeof mirror->memory);
    verified_name_by(&mirror->verify, kind, mirror->operators.version, envelope, &name);
    if (verified_is_known(&mirror->verified, &name)) {
        int rc = envelope_take_apart(envelope, &arena, &parts, err);
        *payload = rc == 0 ? parts.payload : span_of(NULL, 0);
        return rc;
    }
    int rc = mirror_signed_take(mirror, kind, envelope, payload, &digest, signer, err);
    if (rc == 0) {
        verified_note(&mirror->verified, &name);
    }
    return rc;
}

static int roll_check(const struct mirror *mirror, const struct roll *roll, const char *shard,
                      struct err *err)
{
    char of_name[TOPIC_SHARD_BYTES];
    if (strcmp(roll->fleet, mirror->fleet) != 0) {
        return err_set(err, ERR_WRONG_FLEET, "it is a roll of the fleet %s", roll->fleet);
    }
    if (strcmp(roll->shard, shard) != 0) {
        return err_set(err, ERR_VALUE, "it is the roll's shard %s", roll->shard);
    }
    for (size_t i = 0; i < roll->count; i++) {
        topic_shard(&mirror->verify, roll->list[i].node, of_name);
        if (strcmp(of_name, shard) != 0) {
            return err_set(err, ERR_VALUE, "%s is of shard %s", roll->list[i].node, of_name);
        }
    }
    return 0;
}

static int roll_put(struct mirror *mirror, struct roll *roll, struct span envelope,
                    const struct digest *digest, struct mirror_news *news)
{
    unsigned index = rolls_index(roll->shard);
    struct roll before;
    int rc = rolls_take(&mirror->rolls, roll, envelope, digest, &before, &news->err);
    if (rc == 0) {
        mirror->rolls.shards[index].echo = ECHO_THERE;
    }
    news->is_new = rc == 0 && roll->version == 0;
    if (news->is_new) {
        list_judge(mirror, &before);
        list_judge(mirror, &mirror->rolls.shards[index].roll);
    }
    roll_free(&before);
    return rc;
}

int mirror_roll_take(struct mirror *mirror, struct mirror_news *news, struct span envelope)
{
    struct span payload;
    struct digest digest;
    struct roll roll = {.version = 0};
    int rc = known_open(mirror, SIGNED_ROLL, envelope, &payload, &news->err);
    if (rc == 0) {
        mirror->verify.ops->sha256(mirror->verify.self, payload, &digest);
        rc = roll_parse(payload, &roll, &news->err);
    }
    rc = rc == 0 ? roll_check(mirror, &roll, news->topic.shard, &news->err) : rc;
    rc = rc == 0 ? roll_put(mirror, &roll, envelope, &digest, news) : rc;
    roll_free(&roll);
    if (rc != 0) {
        mirror_roll_clear(mirror, news); /* what holds does not lie there */
    }
    return rc;
}

/* It takes nobody out of the fleet: what was signed holds until a higher version comes. */
void mirror_roll_clear(struct mirror *mirror, struct mirror_news *news)
{
    if (mirror->rolls.shards != NULL) {
        mirror->rolls.shards[rolls_index(news->topic.shard)].echo = ECHO_MISSING;
    }
}

int mirror_roll_seed(struct mirror *mirror, struct span envelope, struct err *err)
{
    struct mirror_news news = {.topic = {.kind = TOPIC_ROLL}};
    struct roll roll = {.version = 0};
    struct span payload;
    int rc = known_open(mirror, SIGNED_ROLL, envelope, &payload, err);
    rc = rc == 0 ? roll_parse(payload, &roll, err) : rc;
    if (rc != 0) {
        return rc;
    }
    memcpy(news.topic.shard, roll.shard, sizeof news.topic.shard);
    roll_free(&roll);
    rc = mirror_roll_take(mirror, &news, envelope);
    if (rc != 0) {
        return err_set(err, rc, "%s", news.err.text);
    }
    mirror_roll_clear(mirror, &news); /* it was not read there */
    return 0;
}

/* -- labels ----------------------------------------------------------------------------------- */

static void labels_split(const struct labels *labels, const char *names[LABELS_MAX],
                         const char *values[LABELS_MAX])
{
    for (size_t i = 0; i < labels->count; i++) {
        names[i] = labels->list[i].key;
        values[i] = labels->list[i].value;
    }
}

/* The lowest version that is believed of this node's labels. */
static uint32_t labels_floor(const struct mirror *mirror, const char *name)
{
    const struct roster_node *node = roster_find(&mirror->roster, name);
    const struct roll_entry *entry = entry_of(mirror, name);
    uint32_t seen = node != NULL ? node->labels_version : 0;
    return entry != NULL && entry->labels > seen ? entry->labels : seen;
}

static int given_check(const struct mirror *mirror, const struct topic *topic,
                       const struct labels_given *given, struct err *err)
{
    uint32_t least = labels_floor(mirror, topic->node);
    if (strcmp(given->fleet, mirror->fleet) != 0) {
        return err_set(err, ERR_WRONG_FLEET, "they are labels of the fleet %s", given->fleet);
    }
    if (strcmp(given->node, topic->node) != 0) {
        return err_set(err, ERR_WRONG_NODE, "they are the labels of %s", given->node);
    }
    return given->version >= least
               ? 0
               : err_set(err, ERR_STALE, "version %u is older than %u, which holds", given->version,
                         least);
}

static int signed_labels_take(struct mirror *mirror, struct mirror_news *news, struct span envelope)
{
    const char *names[LABELS_MAX];
    const char *values[LABELS_MAX];
    struct span payload;
    struct labels_given *given = &mirror->given;
    int rc = known_open(mirror, SIGNED_LABELS, envelope, &payload, &news->err);
    rc = rc == 0 ? labels_given_parse(payload, given, &news->err) : rc;
    rc = rc == 0 ? given_check(mirror, &news->topic, given, &news->err) : rc;
    if (rc == 0) {
        labels_split(&given->labels, names, values);
        roster_labels_signed(&mirror->roster, news->topic.node, names, values, given->labels.count,
                             given->version);
        news->labels = given;
    }
    return rc;
}

static int bare_labels_take(struct mirror *mirror, struct mirror_news *news, struct span payload)
{
    const char *names[LABELS_MAX];
    const char *values[LABELS_MAX];
    struct labels_given *given = &mirror->given;
    if (is_demanded(mirror, OPERATORS_DEMAND_LABELS)) {
        return err_set(&news->err, ERR_UNSIGNED,
                       "these labels are not signed, and the operators demand that they are: who "
                       "wrote them is no operator, or uses a berth that signs none yet (berth "
                       "node label gives them again)");
    }
    *given = (struct labels_given){.version = 0};
    int rc = labels_parse(payload, &given->labels, &news->err);
    if (rc == 0 && labels_floor(mirror, news->topic.node) > 0) {
        news->answer = MIRROR_HIDDEN;
    } else if (rc == 0) {
        labels_split(&given->labels, names, values);
        roster_labels(&mirror->roster, news->topic.node, names, values, given->labels.count);
        news->labels = given;
    }
    return rc;
}

int mirror_labels_take(struct mirror *mirror, struct mirror_news *news, struct span payload)
{
    return news->topic.level == 2 ? signed_labels_take(mirror, news, payload)
                                  : bare_labels_take(mirror, news, payload);
}

/* What the roll says a node has, nobody takes from it by clearing a topic. */
void mirror_labels_clear(struct mirror *mirror, struct mirror_news *news)
{
    const struct roll_entry *entry = entry_of(mirror, news->topic.node);
    const struct roster_node *node = roster_find(&mirror->roster, news->topic.node);
    bool is_signed = node != NULL && node->labels_version > 0;
    bool is_kept = news->topic.level == 2 ? entry != NULL && entry->labels > 0 : is_signed;
    if (is_kept) {
        news->answer = MIRROR_HIDDEN;
    } else {
        roster_labels_clear(&mirror->roster, news->topic.node);
    }
}
