/* fleet_stories: what happens to a fleet once, told and judged one story a case. */
#include <stdio.h>
#include <string.h>

#include "tests/check.h"
#include "tests/sim/fleet_checker.h"
#include "tests/sim/sealing.h"

#define NODES      6
#define LIMIT_S    900
#define SETTLED_S  12
#define ROOT       "berth/1/" FLEET_NAME "/"
#define LIVE_MANY  20
#define CLAIM_MS   2000 /* a claim stands so long before its coordinator acts */
#define FIRST_SEAT 0

static struct releases releases;
static struct fleet fleet;
static struct fleet_checker checker;

/* -- telling ---------------------------------------------------------------------------------- */

static void story_open_of(uint64_t seed, uint32_t twos, bool are_words_signed)
{
    static const enum release_name names[] = {RELEASE_V1, RELEASE_V2, RELEASE_V3};
    const struct fleet_setup setup = {.releases = &releases,
                                      .names = names,
                                      .name_count = COUNT_OF(names),
                                      .seed = seed,
                                      .twos = twos,
                                      .are_words_signed = are_words_signed,
                                      .nodes = NODES};
    fleet_open(&fleet, &setup);
    for (size_t i = 0; i < NODES; i++) {
        fleet.nodes[i].gateway.machine.clients.period_ms = 500;
    }
    fleet_checker_init(&checker, &fleet);
}

static void story_open_with(uint64_t seed, uint32_t twos)
{
    story_open_of(seed, twos, false);
}

static void story_open(uint64_t seed)
{
    story_open_with(seed, 0);
}

static void story_close(void)
{
    for (size_t i = 0; i < NODES; i++) {
        CHECK_STR_EQ(fleet.nodes[i].gateway.machine.checker.first, "");
    }
    CHECK_STR_EQ(checker.first, "");
    CHECK_INT_EQ(checker.breaches, 0);
    fleet_close(&fleet);
}

static struct rollout_spec spec_of(const char *id, const char *app, enum release_name name,
                                   const char *selector)
{
    const struct release_made *made = &releases.made[name];
    struct rollout_spec spec = {.release = made->digest,
                                .sequence = made->sequence,
                                .created = fleet_wall(&fleet),
                                .max_unavailable = 1,
                                .start_by_ms = 60000,
                                .lost_after_ms = 60000,
                                .offline = "later"};
    (void)text_copy(spec.id, sizeof spec.id, id);
    (void)text_copy(spec.app, sizeof spec.app, app);
    (void)text_copy(spec.version, sizeof spec.version, made->word);
    (void)text_copy(spec.selector, sizeof spec.selector, selector);
    return spec;
}

static void rollout_begin(const char *id, enum release_name name, const char *selector)
{
    struct rollout_spec spec = spec_of(id, RELEASES_APP, name, selector);
    fleet_checker_rollout(&checker, &spec);
    fleet_rollout(&fleet, &spec);
}

static bool has_ended(const char *id, struct read_state *state)
{
    return fleet_checker_state(&fleet, id, state) && read_is_end(state->phase);
}

static bool rollout_end(const char *id, struct read_state *state)
{
    for (int second = 0; second < LIMIT_S && !has_ended(id, state); second++) {
        fleet_run(&fleet, 1000);
    }
    fleet_run(&fleet, SECONDS_MS(SETTLED_S));
    return has_ended(id, state);
}

/* By the machine's own truth. */
static bool runs(size_t node, enum release_name name)
{
    char hex[65];
    char wanted[65];
    const struct sim_checker *truth = &fleet.nodes[node].gateway.machine.checker;
    digest_render(&releases.made[name].digest, wanted);
    if (truth->committed < 0) {
        return false;
    }
    digest_render(&truth->releases[truth->committed].digest, hex);
    return strcmp(hex, wanted) == 0;
}

static int count_running(enum release_name name)
{
    int count = 0;
    for (size_t i = 0; i < NODES; i++) {
        count += runs(i, name);
    }
    return count;
}

static void begin_with_v1(void)
{
    struct read_state state;
    fleet_seat_take(&fleet, FIRST_SEAT);
    rollout_begin("base", RELEASE_V1, "");
    CHECK(rollout_end("base", &state));
    CHECK_STR_EQ(state.phase, "succeeded");
    CHECK_INT_EQ(count_running(RELEASE_V1), NODES);
}

static void label_give(const char *node, const char *labels)
{
    char topic[BUS_TOPIC_BYTES];
    char text[256];
    (void)snprintf(topic, sizeof topic, ROOT "node/%s/labels", node);
    (void)snprintf(text, sizeof text, "{\"schema\":1,\"labels\":{%s}}", labels);
    fleet_say(&fleet, topic, span_text(text));
}

/* A container that ends by itself and is back at once is told to the fleet. */
static void restarts_are_reported(void)
{
    static struct report report;
    struct span payload = {0};
    story_open(35);
    begin_with_v1();
    struct sim_engine *engine = &fleet.nodes[0].gateway.machine.engine;
    for (int i = 0; i < 2; i++) {
        for (size_t j = 0; j < SIM_CONTAINERS_MAX; j++) {
            if (engine->containers[j].is_used &&
                engine->containers[j].seen.state == ENGINE_RUNNING) {
                sim_engine_kill(engine, &engine->containers[j]);
            }
        }
        fleet_run(&fleet, 20000);
    }
    CHECK(sim_broker_retained(&fleet.broker, ROOT "node/n01/report", &payload) &&
          report_parse(payload, &report, NULL) == 0);
    CHECK(report.apps[0].restarts == 2 && report.apps[0].is_serving);
    story_close();
}

/* -- labels ----------------------------------------------------------------------------------- */

/* Labels that the fleet gives, and only those, choose the nodes. */
static void labels_choose(void)
{
    struct read_state state;
    story_open(3);
    begin_with_v1();
    label_give("n02", "\"site\":\"north\",\"tier\":\"1\"");
    label_give("n05", "\"site\":\"north\",\"tier\":\"2\"");
    label_give("n06", "\"site\":\"south\",\"tier\":\"1\"");
    fleet_run(&fleet, 5000);
    rollout_begin("north", RELEASE_V2, "site=north");
    CHECK(rollout_end("north", &state));
    CHECK_STR_EQ(state.phase, "succeeded");
    CHECK_INT_EQ(state.matched, 2);
    CHECK(runs(1, RELEASE_V2) && runs(4, RELEASE_V2));
    CHECK_INT_EQ(count_running(RELEASE_V1), NODES - 2);
    story_close();
}

/* A label that changes while a rollout lives brings its node in; one that is taken away keeps the
 * node where it is. */
static void labels_change_meanwhile(void)
{
    struct read_state state;
    story_open(4);
    begin_with_v1();
    label_give("n01", "\"site\":\"north\"");
    label_give("n02", "\"site\":\"north\"");
    label_give("n03", "\"site\":\"south\"");
    fleet_run(&fleet, 5000);
    rollout_begin("north", RELEASE_V2, "site=north");
    for (int i = 0; i < 600 && !runs(0, RELEASE_V2); i++) {
        fleet_run(&fleet, 100);
    }
    label_give("n03", "\"site\":\"north\"");
    CHECK(rollout_end("north", &state));
    CHECK_STR_EQ(state.phase, "succeeded");
    CHECK_INT_EQ(state.matched, 3);
    CHECK_INT_EQ(count_running(RELEASE_V2), 3);
    story_close();
}

/* -- labels and roll that are signed ---------------------------------------------------------- */

/* n01 to n06, and the version of their labels. */
static void roll_call(const char *node, uint64_t version, uint32_t labels)
{
    const struct verify verify = seal_verify_port();
    struct roll roll = {.version = version};
    char topic[BUS_TOPIC_BYTES];
    topic_shard(&verify, node, roll.shard);
    for (size_t i = 0; i < NODES; i++) {
        char shard[TOPIC_SHARD_BYTES];
        topic_shard(&verify, fleet.nodes[i].gateway.config.node, shard);
        if (strcmp(shard, roll.shard) == 0) {
            bool is_it = strcmp(fleet.nodes[i].gateway.config.node, node) == 0;
            CHECK_INT_EQ(
                roll_set(&roll, fleet.nodes[i].gateway.config.node, is_it ? labels : 0, NULL), 0);
        }
    }
    (void)snprintf(topic, sizeof topic, ROOT "roll/%s", roll.shard);
    fleet_say(&fleet, topic, sealing_roll(&roll, SEALING_ANN));
    roll_free(&roll);
    fleet_run(&fleet, 500);
    fleet.desk.saying_count = 0; /* it has arrived */
}

/* An operator's labels, at berth/2; `copy`, of 4 KiB, holds them as they were signed. */
static size_t ring_give(const char *node, uint32_t version, const char *ring, char *copy)
{
    const struct verify verify = seal_verify_port();
    struct labels_given given = {.version = version};
    char shard[TOPIC_SHARD_BYTES], topic[BUS_TOPIC_BYTES];
    (void)text_copy(given.node, sizeof given.node, node);
    CHECK_INT_EQ(labels_set(&given.labels, "ring", ring, NULL), 0);
    struct span sealed = sealing_labels(&given, SEALING_ANN);
    memcpy(copy, sealed.data, sealed.len);
    topic_shard(&verify, node, shard);
    (void)snprintf(topic, sizeof topic, "berth/2/" FLEET_NAME "/node/%s/%s/labels", shard, node);
    fleet_say(&fleet, topic, span_of(copy, sealed.len));
    fleet_run(&fleet, 500);
    fleet.desk.saying_count = 0;
    return sealed.len;
}

/* Whoever can write anywhere at the broker moves no node into a wave and makes none: neither by
 * labels that nobody signed, nor by old ones, nor by names that nobody has. */
static void words_by_whoever_can_write(void)
{
    static char old[4096], now[4096];
    struct read_state state;
    char topic[BUS_TOPIC_BYTES], shard[TOPIC_SHARD_BYTES];
    const struct verify verify = seal_verify_port();
    story_open_of(33, 0, true);
    for (size_t i = 0; i < NODES; i++) {
        roll_call(fleet.nodes[i].gateway.config.node, 1, 0);
    }
    begin_with_v1(); /* every node of the roll is meant */
    size_t old_len = ring_give("n01", 1, "canary", old);
    (void)ring_give("n01", 2, "late", now);
    roll_call("n01", 2, 2);
    (void)ring_give("n02", 1, "canary", now);
    roll_call("n02", 3, 1); /* n01 and n02 are of other shards, or its labels would be lost */
    /* The writer: an old word of an operator's, one that nobody signed, and a ghost. */
    topic_shard(&verify, "n01", shard);
    (void)snprintf(topic, sizeof topic, "berth/2/" FLEET_NAME "/node/%s/n01/labels", shard);
    fleet_say(&fleet, topic, span_of(old, old_len));
    label_give("n03", "\"ring\":\"canary\"");
    label_give("ghost", "\"ring\":\"canary\"");
    fleet_say(&fleet, ROOT "node/ghost/presence",
              span_text("{\"schema\":1,\"session\":\"aaaaaaaaaaaaaaaa\",\"online\":true}"));
    fleet_say(&fleet, ROOT "roll/ec", span_text("{\"schema\":1}"));
    fleet_run(&fleet, 5000);
    fleet_seat_kill(&fleet, FIRST_SEAT, 1000); /* the next one has only what lies there */
    fleet_run(&fleet, 15000);
    fleet.desk.saying_count = 0;
    rollout_begin("canary", RELEASE_V2, "ring=canary");
    CHECK(rollout_end("canary", &state) && state.matched == 1);
    CHECK_STR_EQ(state.phase, "succeeded");
    CHECK(runs(1, RELEASE_V2) && !runs(0, RELEASE_V2) && !runs(2, RELEASE_V2));
    rollout_begin("all", RELEASE_V3, ""); /* but n01: its labels are not the last ones */
    CHECK(rollout_end("all", &state) && state.matched == NODES - 1);
    CHECK_STR_EQ(state.phase, "succeeded");
    story_close();
}

/* -- many rollouts ---------------------------------------------------------------------------- */

/* Rollouts of other apps that wait for nodes which do not exist hold up nobody. */
static void many_live_rollouts(void)
{
    struct read_state state;
    story_open(5);
    begin_with_v1();
    for (int i = 0; i < LIVE_MANY; i++) {
        char id[NAME_BYTES];
        char app[NAME_BYTES];
        (void)snprintf(id, sizeof id, "waits%02d", i);
        (void)snprintf(app, sizeof app, "other%02d", i);
        struct rollout_spec spec = spec_of(id, app, RELEASE_V2, "site=nowhere");
        fleet.desk.saying_count = 0; /* the one before has arrived */
        fleet_rollout(&fleet, &spec);
        fleet_run(&fleet, 1500);
    }
    fleet.desk.saying_count = 0;
    rollout_begin("next", RELEASE_V2, "");
    CHECK(rollout_end("next", &state));
    CHECK_STR_EQ(state.phase, "succeeded");
    CHECK_INT_EQ(count_running(RELEASE_V2), NODES);
    for (int i = 0; i < LIVE_MANY; i++) {
        char id[NAME_BYTES];
        (void)snprintf(id, sizeof id, "waits%02d", i);
        CHECK(fleet_checker_state(&fleet, id, &state));
        CHECK_STR_EQ(state.phase, "running");
        CHECK(state.waiting[0] != '\0');
    }
    story_close();
}

/* The earlier one gives no order once the later one is there, comes to its own end, and the nodes
 * end in what the later one brings. */
static void superseded_comes_to_its_end(void)
{
    struct read_state state;
    story_open(6);
    begin_with_v1();
    rollout_begin("early", RELEASE_V2, "");
    for (int i = 0; i < 600 && count_running(RELEASE_V2) < 2; i++) {
        fleet_run(&fleet, 100);
    }
    int reached = count_running(RELEASE_V2);
    CHECK(reached >= 2 && reached < NODES);
    rollout_begin("later", RELEASE_V3, "");
    CHECK(rollout_end("later", &state));
    CHECK_STR_EQ(state.phase, "succeeded");
    CHECK_INT_EQ(count_running(RELEASE_V3), NODES);
    CHECK(has_ended("early", &state));
    CHECK_STR_EQ(state.phase, "superseded");
    CHECK(state.done <= reached + 1);
    fleet_checker_superseded(&checker, "early");
    story_close();
}

/* -- who coordinates -------------------------------------------------------------------------- */

/* The order that came first of all; MONO_NEVER: none. */
static mono_ms first_order(void)
{
    mono_ms at = MONO_NEVER;
    for (size_t i = 0; i < NODES; i++) {
        for (size_t j = 0; j < checker.nodes[i].order_count; j++) {
            at = mono_min(at, checker.nodes[i].orders[j].accepted_at);
        }
    }
    return at;
}

/* Two begin at once: no order comes before the claim of the one that wins has stood its time. */
static void claim_stands_its_time(void)
{
    for (uint64_t seed = 10; seed < 20; seed++) {
        struct read_state state;
        mono_ms claimed = MONO_NEVER;
        story_open(seed);
        fleet_seat_take(&fleet, 0);
        fleet_seat_take(&fleet, 1);
        rollout_begin("base", RELEASE_V1, "");
        CHECK(rollout_end("base", &state));
        for (size_t i = 0; i < checker.claim_count; i++) {
            claimed = mono_min(claimed, checker.claims[i].at);
        }
        CHECK(first_order() != MONO_NEVER && first_order() >= claimed + CLAIM_MS);
        story_close();
    }
}

static size_t acting_seat(void)
{
    for (size_t i = 0; i < FLEET_SEATS; i++) {
        const struct coordinator *coordinator = fleet.seats[i].coordinator;
        if (coordinator != NULL && coordinator_is_acting(coordinator)) {
            return i;
        }
    }
    return FLEET_SEATS;
}

/* The one that acts dies and nobody sits down there again: the other goes on to the end. */
static void seat_stays_dead(bool is_silent)
{
    struct read_state state;
    story_open(is_silent ? 21 : 22);
    begin_with_v1();
    fleet_seat_take(&fleet, 1);
    fleet_run(&fleet, 10000);
    rollout_begin("next", RELEASE_V2, "");
    for (int i = 0; i < 600 && count_running(RELEASE_V2) < 2; i++) {
        fleet_run(&fleet, 100);
    }
    size_t acting = acting_seat();
    CHECK(acting < FLEET_SEATS);
    if (is_silent) { /* its machine loses its power: the broker notices by and by */
        sim_bus_client_cut(&fleet.seats[acting].client);
        coordinator_free(fleet.seats[acting].coordinator);
        fleet.seats[acting].coordinator = NULL;
    } else {
        fleet_seat_kill(&fleet, acting, MONO_NEVER);
    }
    CHECK(rollout_end("next", &state));
    CHECK_STR_EQ(state.phase, "succeeded");
    CHECK_INT_EQ(count_running(RELEASE_V2), NODES);
    CHECK(fleet.seats[acting].coordinator == NULL);
    story_close();
}

static void killed_seat_stays_dead(void)
{
    seat_stays_dead(false);
}

static void seat_without_power_stays_dead(void)
{
    seat_stays_dead(true);
}

/* -- two versions ----------------------------------------------------------------------------- */

/* How many retained documents of nodes end so at berth/1 or berth/2; found without the shard. */
static int documents_at(int level, const char *ending)
{
    int count = 0;
    for (size_t i = 0; i < NODES; i++) {
        for (int shard = 0; shard < (level == 2 ? 256 : 1); shard++) {
            char topic[BUS_TOPIC_BYTES];
            struct span payload;
            int len = level == 2 ? snprintf(topic, sizeof topic,
                                            "berth/2/" FLEET_NAME "/node/%02x/", shard)
                                 : snprintf(topic, sizeof topic, ROOT "node/");
            (void)snprintf(topic + len, sizeof topic - (size_t)len, "%s/%s", fleet.nodes[i].name,
                           ending);
            count += sim_broker_retained(&fleet.broker, topic, &payload) && payload.len > 0;
        }
    }
    return count;
}

static void version_change(size_t node, bool speaks_two)
{
    fleet.nodes[node].gateway.speaks_two = speaks_two;
    gateway_kill(&fleet.nodes[node].gateway);
    fleet_run(&fleet, 5000);
}

/* Agents of the version before, and new ones in their place, one after the other while a rollout
 * goes on; then one of the version before again. Nobody stops, nobody swaps twice; what a node said
 * at berth/1 is gone when it speaks at berth/2, and its order follows. */
static void agents_change_version(void)
{
    struct read_state state;
    story_open(40);
    begin_with_v1();
    CHECK_INT_EQ(documents_at(1, "report"), NODES);
    CHECK_INT_EQ(documents_at(2, "report"), 0);
    rollout_begin("two", RELEASE_V2, "");
    for (size_t i = 0; i < NODES; i++) {
        version_change(i, true);
    }
    CHECK(rollout_end("two", &state));
    CHECK_STR_EQ(state.phase, "succeeded");
    CHECK_INT_EQ(count_running(RELEASE_V2), NODES);
    CHECK_INT_EQ(documents_at(1, "report") + documents_at(1, "presence"), 0);
    CHECK_INT_EQ(documents_at(2, "report"), NODES);
    CHECK_INT_EQ(documents_at(2, "order/" RELEASES_APP), NODES);
    fleet_run(&fleet, 2 * COORDINATOR_REREAD_MS);
    CHECK_INT_EQ(documents_at(1, "order/" RELEASES_APP), 0);
    version_change(0, false);
    CHECK_INT_EQ(documents_at(1, "report"), 1);
    rollout_begin("three", RELEASE_V3, "");
    CHECK(rollout_end("three", &state));
    CHECK_STR_EQ(state.phase, "succeeded");
    CHECK_INT_EQ(count_running(RELEASE_V3), NODES);
    CHECK_INT_EQ(documents_at(1, "order/" RELEASES_APP), 1);
    story_close();
}

static bool allows_one(void *ctx, const char *client, const char *topic)
{
    (void)ctx, (void)client;
    return strncmp(topic, "berth/2/", 8) != 0;
}

/* A broker with the rights of the version before: nodes that know berth/2 stay at berth/1 and do
 * their work there; when the rights come, an agent that begins anew moves. */
static void rights_come_later(void)
{
    struct read_state state;
    story_open_with(41, UINT32_MAX);
    fleet.broker.allows = allows_one;
    begin_with_v1();
    CHECK_INT_EQ(documents_at(1, "report"), NODES);
    CHECK_INT_EQ(documents_at(2, "report") + documents_at(2, "presence"), 0);
    fleet.broker.allows = NULL;
    for (size_t i = 0; i < NODES; i++) {
        version_change(i, true);
    }
    CHECK_INT_EQ(documents_at(1, "report") + documents_at(1, "presence"), 0);
    rollout_begin("two", RELEASE_V2, "");
    CHECK(rollout_end("two", &state));
    CHECK_STR_EQ(state.phase, "succeeded");
    CHECK_INT_EQ(count_running(RELEASE_V2), NODES);
    story_close();
}

/* -- liars ------------------------------------------------------------------------------------ */

/* On its own topic a node reports in another's name that this one runs the release already: the
 * coordinator does not believe it, and that node gets its order. */
static void node_speaks_for_another(void)
{
    static char lie[FLEET_READ_BYTES];
    struct read_state state;
    struct span payload;
    story_open(30);
    begin_with_v1();
    rollout_begin("one", RELEASE_V2, "node in (n01)");
    CHECK(rollout_end("one", &state));
    checker.nodes[0].is_liar = true;
    CHECK(sim_broker_retained(&fleet.broker, ROOT "node/n01/report", &payload));
    (void)snprintf(lie, sizeof lie, "%.*s", (int)payload.len, (const char *)payload.data);
    char *name = strstr(lie, "\"node\":\"n01\"");
    CHECK(name != NULL);
    if (name != NULL) {
        memcpy(name, "\"node\":\"n02\"", strlen("\"node\":\"n02\""));
    }
    fleet_say(&fleet, ROOT "node/n01/report", span_text(lie));
    fleet_run(&fleet, 3000);
    rollout_begin("two", RELEASE_V2, "node in (n02)");
    CHECK(rollout_end("two", &state));
    CHECK_STR_EQ(state.phase, "succeeded");
    CHECK(runs(1, RELEASE_V2));
    CHECK_INT_EQ(checker.nodes[1].order_count, 2);
    story_close();
}

/* An order of one node, put on another's topic by whoever may write there: neither the node nor
 * the coordinator believes it. */
static void order_of_another_node(void)
{
    static char copy[FLEET_READ_BYTES];
    struct read_state state;
    struct span payload;
    story_open(31);
    begin_with_v1();
    rollout_begin("one", RELEASE_V2, "node in (n01)");
    CHECK(rollout_end("one", &state));
    CHECK_INT_EQ(count_running(RELEASE_V2), 1);
    CHECK(sim_broker_retained(&fleet.broker, ROOT "node/n01/order/" RELEASES_APP, &payload));
    CHECK(payload.len < sizeof copy);
    memcpy(copy, payload.data, payload.len);
    uint32_t seen = checker.breaches;
    fleet_say(&fleet, ROOT "node/n02/order/" RELEASES_APP, span_of(copy, payload.len));
    fleet_run(&fleet, 30000);
    CHECK_INT_EQ(checker.breaches, seen + 1); /* the checker saw the forger write */
    checker.breaches = seen;
    checker.first[0] = '\0';
    CHECK(runs(1, RELEASE_V1) && !runs(1, RELEASE_V2));
    CHECK_INT_EQ(count_running(RELEASE_V2), 1);
    CHECK(sim_broker_retained(&fleet.broker, ROOT "node/n02/order/" RELEASES_APP, &payload));
    struct read_order lying;
    CHECK(read_order((const char *)payload.data, payload.len, &lying));
    CHECK_STR_EQ(lying.node, "n02"); /* what belongs there was put back */
    story_close();
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"labels_choose", labels_choose},
        {"labels_change_meanwhile", labels_change_meanwhile},
        {"restarts_are_reported", restarts_are_reported},
        {"words_by_whoever_can_write", words_by_whoever_can_write},
        {"many_live_rollouts", many_live_rollouts},
        {"superseded_comes_to_its_end", superseded_comes_to_its_end},
        {"claim_stands_its_time", claim_stands_its_time},
        {"killed_seat_stays_dead", killed_seat_stays_dead},
        {"seat_without_power_stays_dead", seat_without_power_stays_dead},
        {"agents_change_version", agents_change_version},
        {"rights_come_later", rights_come_later},
        {"node_speaks_for_another", node_speaks_for_another},
        {"order_of_another_node", order_of_another_node},
    };
    releases_make(&releases);
    return check_run(cases, sizeof cases / sizeof cases[0], argc, argv);
}
