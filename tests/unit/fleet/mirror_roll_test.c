/* mirror_roll: labels and roll by each wrong writer, again when newer ones were read, and for names
 * that nobody has; and what is unsigned, before and after the operators demand that it is not. */
#include "agent/fleet/mirror.h"

#include "tests/check.h"
#include "tests/sim/sealing.h"
#include "tests/unit/fleet/mirror_desk.h"

#define LABELS_1 "node/gw-1/labels"
#define BARE     "{\"schema\":1,\"labels\":{\"ring\":\"canary\"}}"

static struct selector canary, everybody;

static void shard_of(const char *node, char shard[TOPIC_SHARD_BYTES])
{
    const struct verify verify = seal_verify_port();
    topic_shard(&verify, node, shard);
}

static enum mirror_answer heard_at(const char *topic, struct span payload)
{
    mirror_take(&mirror, topic, payload, 1000, &news);
    return news.answer;
}

/* Below the node's own name at berth/2. */
static enum mirror_answer heard_2(const char *node, const char *kind, struct span payload)
{
    struct topic topic = {.kind = TOPIC_LABELS, .level = 2, .fleet = "sim"};
    char name[BUS_TOPIC_BYTES];
    topic.kind = strcmp(kind, "presence") == 0 ? TOPIC_PRESENCE : TOPIC_LABELS;
    (void)text_copy(topic.node, sizeof topic.node, node);
    shard_of(node, topic.shard);
    topic_render(&topic, name);
    return heard_at(name, payload);
}

static void present(const char *node)
{
    CHECK_INT_EQ(
        heard_2(node, "presence",
                span_text("{\"schema\":1,\"session\":\"aaaaaaaaaaaaaaaa\",\"online\":true}")),
        MIRROR_TAKEN);
}

static struct labels_given given_of(const char *node, uint32_t version, const char *ring)
{
    struct labels_given given = {.version = version};
    (void)text_copy(given.node, sizeof given.node, node);
    CHECK_INT_EQ(labels_set(&given.labels, "ring", ring, NULL), 0);
    return given;
}

static struct span labels_sealed(const char *node, uint32_t version, const char *ring,
                                 const char *pem)
{
    struct labels_given given = given_of(node, version, ring);
    return sealing_labels(&given, pem);
}

static enum mirror_answer labels_heard(const char *node, uint32_t version, const char *ring)
{
    return heard_2(node, "labels", labels_sealed(node, version, ring, SEALING_ANN));
}

/* The roll's shard of this node, which has `labels`, and nobody else. */
static struct roll roll_of(const char *node, uint64_t version, uint32_t labels)
{
    struct roll roll = {.version = version};
    shard_of(node, roll.shard);
    CHECK_INT_EQ(roll_set(&roll, node, labels, NULL), 0);
    return roll;
}

static enum mirror_answer roll_heard(struct roll roll, const char *pem)
{
    char topic[BUS_TOPIC_BYTES];
    (void)snprintf(topic, sizeof topic, "berth/1/sim/roll/%s", roll.shard);
    enum mirror_answer answer = heard_at(topic, sealing_roll(&roll, pem));
    roll_free(&roll);
    return answer;
}

static void demand(bool labels, bool roll)
{
    struct operators operators = sealing_operators(mirror.operators.version + 1);
    operators.is_demanding[OPERATORS_DEMAND_LABELS] = labels;
    operators.is_demanding[OPERATORS_DEMAND_ROLL] = roll;
    trust.keys[0].roles |= 1u << TRUST_ROLE_TRUST;
    CHECK_INT_EQ(
        heard_at("berth/1/sim/operators", sealing_operators_document(&operators, SEAL_PEM_TRUSTED)),
        MIRROR_TAKEN);
}

static bool is_canary(const char *node)
{
    const struct roster_node *found = roster_find(&mirror.roster, node);
    return found != NULL && roster_matches(found, &canary);
}

static bool is_meant(const char *node)
{
    const struct roster_node *found = roster_find(&mirror.roster, node);
    return found != NULL && roster_matches(found, &everybody);
}

static void desk(void)
{
    mirror_desk_open(true);
    CHECK_INT_EQ(selector_parse("ring=canary", &canary, NULL), 0);
    CHECK_INT_EQ(selector_parse("", &everybody, NULL), 0);
}

/* Whoever is no operator calls a node nothing, and adds none. */
static void case_forged(void)
{
    static const char *const strangers[] = {SEAL_PEM_STRANGER, SEAL_PEM_TRUSTED, "seal:9"};
    desk();
    present("gw-1");
    for (size_t i = 0; i < COUNT_OF(strangers); i++) {
        CHECK_INT_EQ(heard_2("gw-1", "labels", labels_sealed("gw-1", 1, "canary", strangers[i])),
                     MIRROR_UNREADABLE);
        CHECK_INT_EQ(news.err.code, ERR_SIGNATURE);
        CHECK_INT_EQ(roll_heard(roll_of("gw-1", 1, 0), strangers[i]), MIRROR_UNREADABLE);
        CHECK_INT_EQ(news.err.code, ERR_SIGNATURE);
    }
    CHECK_INT_EQ(heard_2("gw-1", "labels", span_text(BARE)), MIRROR_UNREADABLE);
    CHECK_INT_EQ(news.err.code, ERR_UNSIGNED);
    CHECK_INT_EQ(mirror.unread_count, 2);
    CHECK(!is_canary("gw-1") && mirror.rolls.node_count == 0);
    /* One document is not another, whoever signed it. */
    struct roll roll = roll_of("gw-1", 1, 0);
    CHECK_INT_EQ(heard_2("gw-1", "labels", sealing_roll(&roll, SEALING_ANN)), MIRROR_UNREADABLE);
    CHECK_INT_EQ(news.err.code, ERR_PAYLOAD_TYPE);
    roll_free(&roll);
    CHECK_INT_EQ(labels_heard("gw-1", 1, "canary"), MIRROR_TAKEN);
    CHECK(is_canary("gw-1") && news.labels->version == 1);
    CHECK_INT_EQ(roll_heard(roll_of("gw-1", 1, 0), SEALING_BEN), MIRROR_TAKEN);
    CHECK(news.is_new && roster_find(&mirror.roster, "gw-1")->is_listed);
    mirror_close(&mirror);
}

/* Signed by the right one, for another node, fleet or shard. */
static void case_elsewhere(void)
{
    struct labels_given given = given_of("gw-1", 1, "canary");
    struct roll roll = roll_of("gw-1", 1, 0);
    char topic[BUS_TOPIC_BYTES];
    desk();
    present("gw-2");
    CHECK_INT_EQ(heard_2("gw-2", "labels", sealing_labels(&given, SEALING_ANN)), MIRROR_UNREADABLE);
    CHECK_INT_EQ(news.err.code, ERR_WRONG_NODE);
    (void)text_copy(given.fleet, sizeof given.fleet, "other");
    CHECK_INT_EQ(heard_2("gw-1", "labels", sealing_labels(&given, SEALING_ANN)), MIRROR_UNREADABLE);
    CHECK_INT_EQ(news.err.code, ERR_WRONG_FLEET);
    CHECK_INT_EQ(heard_at("berth/1/sim/roll/00", sealing_roll(&roll, SEALING_ANN)),
                 MIRROR_UNREADABLE);
    CHECK_INT_EQ(news.err.code, ERR_VALUE);
    (void)text_copy(roll.fleet, sizeof roll.fleet, "other");
    (void)snprintf(topic, sizeof topic, "berth/1/sim/roll/%s", roll.shard);
    CHECK_INT_EQ(heard_at(topic, sealing_roll(&roll, SEALING_ANN)), MIRROR_UNREADABLE);
    CHECK_INT_EQ(news.err.code, ERR_WRONG_FLEET);
    roll.fleet[0] = '\0';
    CHECK_INT_EQ(roll_set(&roll, "zz", 0, NULL), 0); /* a name of another shard */
    CHECK_INT_EQ(heard_at(topic, sealing_roll(&roll, SEALING_ANN)), MIRROR_UNREADABLE);
    CHECK_CONTAINS(news.err.text, "zz is of shard ");
    CHECK_INT_EQ(mirror.rolls.node_count, 0);
    roll_free(&roll);
    mirror_close(&mirror);
}

/* What was signed once is not believed again when a newer one was read, in this session or, by the
 * roll, in an earlier one. */
static void case_replayed(void)
{
    desk();
    present("gw-1");
    CHECK_INT_EQ(labels_heard("gw-1", 1, "canary"), MIRROR_TAKEN);
    CHECK_INT_EQ(labels_heard("gw-1", 2, "late"), MIRROR_TAKEN);
    CHECK_INT_EQ(labels_heard("gw-1", 1, "canary"), MIRROR_UNREADABLE);
    CHECK_INT_EQ(news.err.code, ERR_STALE);
    CHECK(!is_canary("gw-1"));
    CHECK_INT_EQ(labels_heard("gw-1", 2, "late"), MIRROR_TAKEN);
    CHECK_INT_EQ(roll_heard(roll_of("gw-1", 5, 2), SEALING_ANN), MIRROR_TAKEN);
    CHECK_INT_EQ(roll_heard(roll_of("gw-1", 4, 1), SEALING_ANN), MIRROR_UNREADABLE);
    CHECK_INT_EQ(news.err.code, ERR_STALE);
    mirror_close(&mirror);
    desk(); /* another session, which knows the roll alone */
    struct roll kept = roll_of("gw-1", 5, 2);
    CHECK_INT_EQ(mirror_roll_seed(&mirror, sealing_roll(&kept, SEALING_ANN), NULL), 0);
    CHECK_INT_EQ(mirror.rolls.shards[rolls_index(kept.shard)].echo, ECHO_MISSING);
    roll_free(&kept);
    present("gw-1");
    CHECK_INT_EQ(labels_heard("gw-1", 1, "canary"), MIRROR_UNREADABLE);
    CHECK_INT_EQ(news.err.code, ERR_STALE);
    CHECK_INT_EQ(roll_heard(roll_of("gw-1", 4, 1), SEALING_ANN), MIRROR_UNREADABLE);
    CHECK_INT_EQ(news.err.code, ERR_STALE);
    CHECK_INT_EQ(labels_heard("gw-1", 2, "late"), MIRROR_TAKEN);
    CHECK(!is_canary("gw-1"));
    mirror_close(&mirror);
}

/* Two operators made the same version: one of the two holds, in whichever order they come. */
static void case_twins(void)
{
    for (int turned = 0; turned < 2; turned++) {
        struct digest first;
        desk();
        (void)roll_heard(roll_of("gw-1", 3, turned == 0 ? 1 : 2), SEALING_ANN);
        (void)roll_heard(roll_of("gw-1", 3, turned == 0 ? 2 : 1), SEALING_BEN);
        char shard[TOPIC_SHARD_BYTES];
        shard_of("gw-1", shard);
        static struct digest held;
        first = mirror.rolls.shards[rolls_index(shard)].digest;
        CHECK(turned == 0 || digest_is_equal(&held, &first));
        held = first;
        mirror_close(&mirror);
    }
}

/* A label for a name that nobody has makes no ghost that a rollout waits for, nor does a node that
 * the roll does not name, once the operators demand it. */
static void case_ghosts(void)
{
    desk();
    CHECK_INT_EQ(heard_span("node/ghost/labels", span_text(BARE)), MIRROR_TAKEN);
    CHECK(!is_meant("ghost") && !is_canary("ghost"));
    present("ghost"); /* somebody's broken rights gave it a presence, too */
    CHECK(is_meant("ghost") && is_canary("ghost"));
    present("gw-1");
    CHECK_INT_EQ(roll_heard(roll_of("gw-1", 1, 0), SEALING_ANN), MIRROR_TAKEN);
    demand(false, true);
    CHECK(is_meant("gw-1") && !is_meant("ghost"));
    present("ghost-2");
    CHECK(!is_meant("ghost-2"));
    /* Signed labels for a name that the roll has not, either. */
    CHECK_INT_EQ(labels_heard("gw-9", 1, "canary"), MIRROR_TAKEN);
    CHECK(!is_canary("gw-9"));
    CHECK_INT_EQ(roll_heard(roll_of("gw-9", 1, 1), SEALING_ANN), MIRROR_TAKEN);
    CHECK(is_canary("gw-9"));
    struct roll none = roll_of("gw-9", 2, 0);
    CHECK(roll_remove(&none, "gw-9"));
    CHECK_INT_EQ(roll_heard(none, SEALING_ANN), MIRROR_TAKEN);
    CHECK(!is_meant("gw-9"));
    mirror_close(&mirror);
}

/* Clearing topics takes nobody's labels and nobody out of the fleet. */
static void case_cleared(void)
{
    char topic[BUS_TOPIC_BYTES];
    char shard[TOPIC_SHARD_BYTES];
    desk();
    demand(true, true);
    present("gw-1");
    CHECK_INT_EQ(labels_heard("gw-1", 2, "canary"), MIRROR_TAKEN);
    CHECK_INT_EQ(roll_heard(roll_of("gw-1", 1, 2), SEALING_ANN), MIRROR_TAKEN);
    shard_of("gw-1", shard);
    (void)snprintf(topic, sizeof topic, "berth/1/sim/roll/%s", shard);
    CHECK_INT_EQ(heard_at(topic, span_of(NULL, 0)), MIRROR_CLEARED);
    CHECK_INT_EQ(mirror.rolls.shards[rolls_index(shard)].echo, ECHO_MISSING);
    CHECK_INT_EQ(heard_2("gw-1", "labels", span_of(NULL, 0)), MIRROR_HIDDEN);
    CHECK(is_canary("gw-1"));
    mirror_close(&mirror);
    /* Who never read them does not take the node for one without labels. */
    desk();
    demand(true, true);
    present("gw-1");
    CHECK_INT_EQ(roll_heard(roll_of("gw-1", 1, 2), SEALING_ANN), MIRROR_TAKEN);
    CHECK(!is_meant("gw-1"));
    CHECK_INT_EQ(labels_heard("gw-1", 2, "late"), MIRROR_TAKEN);
    CHECK(is_meant("gw-1") && !is_canary("gw-1"));
    mirror_close(&mirror);
}

/* From labels that nobody signed to signed ones, without a day on which all change. */
static void case_before(void)
{
    desk();
    present("gw-1");
    CHECK_INT_EQ(heard_span(LABELS_1, span_text(BARE)), MIRROR_TAKEN);
    CHECK(is_canary("gw-1") && news.labels->version == 0);
    CHECK_INT_EQ(labels_heard("gw-1", 1, "late"), MIRROR_TAKEN);
    CHECK(!is_canary("gw-1"));
    CHECK_INT_EQ(heard_span(LABELS_1, span_text(BARE)), MIRROR_HIDDEN); /* read again */
    CHECK_INT_EQ(cleared(LABELS_1), MIRROR_HIDDEN);
    CHECK(!is_canary("gw-1") && roster_label(roster_find(&mirror.roster, "gw-1"), "ring") != NULL);
    present("gw-2");
    CHECK_INT_EQ(heard_span("node/gw-2/labels", span_text(BARE)), MIRROR_TAKEN);
    CHECK(is_canary("gw-2"));
    demand(true, false);
    CHECK(!is_canary("gw-2") && is_meant("gw-2"));
    CHECK_INT_EQ(heard_span("node/gw-2/labels", span_text(BARE)), MIRROR_UNREADABLE);
    CHECK_INT_EQ(news.err.code, ERR_UNSIGNED);
    CHECK(!is_canary("gw-2"));
    mirror_close(&mirror);
}

/* Bytes that were verified are not verified again, until the operators change. */
static void case_verified_once(void)
{
    desk();
    present("gw-1");
    struct span sealed = labels_sealed("gw-1", 1, "canary", SEALING_BEN);
    CHECK_INT_EQ(heard_2("gw-1", "labels", sealed), MIRROR_TAKEN);
    unsigned once = verified;
    CHECK_INT_EQ(heard_2("gw-1", "labels", sealed), MIRROR_TAKEN);
    CHECK_INT_EQ(verified, once);
    struct operators operators = sealing_operators(4);
    operators.count = 1; /* ben is none any more */
    mirror_operators_set(&mirror, &operators);
    CHECK_INT_EQ(heard_2("gw-1", "labels", sealed), MIRROR_UNREADABLE);
    CHECK_INT_EQ(news.err.code, ERR_SIGNATURE);
    mirror_close(&mirror);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"forged", case_forged},     {"elsewhere", case_elsewhere},
        {"replayed", case_replayed}, {"twins", case_twins},
        {"ghosts", case_ghosts},     {"cleared", case_cleared},
        {"before", case_before},     {"verified once", case_verified_once}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
