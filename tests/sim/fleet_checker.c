/* fleet_checker: orders, claims and reports as the broker accepts them; what machines do as they do
 * it; and whether the two fit. */
#include "tests/sim/fleet_checker.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/sim/fleet_checker_private.h"

/* Written here again, and not taken from what is checked: DESIGN of orders and of the swap. */
#define ATTEMPTS    3
#define START_BY_MS 900000 /* where an order names no instant */

void fleet_checker_breach(struct fleet_checker *checker, char law, const char *fmt, ...)
{
    char text[SIM_LAW_TEXT_BYTES];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    checker->breaches_of[law - 'a']++;
    if (checker->breaches++ == 0) {
        (void)snprintf(checker->first, sizeof checker->first, "law %c at %lld ms: %.200s", law,
                       (long long)checker->fleet->now, text);
    }
    fleet_note(checker->fleet, "BREACH  law %c: %s", law, text);
}

/* -- what is known of the machines ------------------------------------------------------------ */

const struct sim_checker *truth_of(const struct fleet_watched *node)
{
    return &node->checker->fleet->nodes[node->index].gateway.machine.checker;
}

const char *name_of(const struct fleet_watched *node)
{
    return node->checker->fleet->nodes[node->index].name;
}

static void release_hex(const struct sim_checker *truth, int release, char hex[65])
{
    hex[0] = '\0';
    if (release >= 0) {
        digest_render(&truth->releases[release].digest, hex);
    }
}

void committed_hex(const struct fleet_watched *node, char hex[65])
{
    const struct sim_checker *truth = truth_of(node);
    release_hex(truth, truth->committed, hex);
}

struct fleet_order *newest(struct fleet_watched *node)
{
    return node->order_count > 0 ? &node->orders[node->order_count - 1] : NULL;
}

struct fleet_rollout_watched *rollout_find(struct fleet_checker *checker, const char *id)
{
    for (size_t i = 0; i < checker->rollout_count; i++) {
        if (strcmp(checker->rollouts[i].id, id) == 0) {
            return &checker->rollouts[i];
        }
    }
    return NULL;
}

/* The wall clock went past the time in which an answer had to come. */
static bool is_lost(struct fleet_watched *node)
{
    const struct fleet_order *order = newest(node);
    const struct fleet_rollout_watched *rollout = rollout_find(node->checker, order->read.rollout);
    int64_t begin =
        order->read.start_by != 0 ? order->read.start_by : order->read.issued + START_BY_MS;
    int64_t patience = rollout != NULL ? rollout->lost_after_ms : 0;
    return fleet_wall(node->checker->fleet) >= begin + patience;
}

/* Is it, by what the broker and the world show, still on its way by order? */
static bool is_changing(struct fleet_watched *node)
{
    const struct fleet_order *order = newest(node);
    char hex[65];
    committed_hex(node, hex);
    if (!node->is_changing || is_lost(node) || order->is_late) {
        return false;
    }
    bool is_there = strcmp(hex, order->read.release) == 0 &&
                    truth_of(node)->serving == truth_of(node)->committed;
    node->is_changing = order->outcome[0] == '\0' && !is_there;
    return node->is_changing;
}

/* -- a: how many ------------------------------------------------------------------------------ */

void check_changing(struct fleet_checker *checker, const struct fleet_order *order)
{
    const struct fleet_rollout_watched *rollout = rollout_find(checker, order->read.rollout);
    uint32_t count = 0;
    for (size_t i = 0; i < checker->fleet->node_count; i++) {
        count += is_changing(&checker->nodes[i]);
    }
    if (rollout != NULL && count > rollout->max_unavailable) {
        fleet_checker_breach(checker, 'a', "with order %s %u nodes change, %u may", order->read.id,
                             count, rollout->max_unavailable);
    }
}

/* By the world alone: traffic goes to what is not committed. */
static void check_unproven(struct fleet_watched *changed)
{
    struct fleet_checker *checker = changed->checker;
    uint32_t count = 0;
    uint32_t most = 0;
    for (size_t i = 0; i < checker->rollout_count; i++) {
        uint32_t own = checker->rollouts[i].max_unavailable;
        most = own > most ? own : most;
    }
    for (size_t i = 0; i < checker->fleet->node_count; i++) {
        struct fleet_watched *node = &checker->nodes[i];
        const struct sim_checker *truth = truth_of(node);
        const struct fleet_order *order = newest(node);
        bool counts = order != NULL && !order->is_late && !node->is_by_hand && !is_lost(node);
        if (counts && rollout_find(checker, order->read.rollout) != NULL) {
            count += truth->serving >= 0 && truth->serving != truth->committed;
        }
    }
    if (count > most) {
        fleet_checker_breach(checker, 'a', "%u nodes serve what is unproven, %u may", count, most);
    }
}

/* -- d and f: what a machine does ---------------------------------------------------------------
 */

static void saw_start(struct fleet_watched *node, const struct sim_container *container)
{
    const struct gateway *gateway = &node->checker->fleet->nodes[node->index].gateway;
    struct fleet_order *order = NULL;
    char hex[65];
    char committed[65];
    digest_render(&container->seen.release, hex);
    committed_hex(node, committed);
    for (size_t i = 0; i < node->order_count; i++) {
        if (strcmp(node->orders[i].read.release, hex) == 0) {
            order = &node->orders[i];
        }
    }
    if (node->is_by_hand || strcmp(hex, committed) == 0) {
        return;
    }
    if (order == NULL) {
        fleet_checker_breach(node->checker, 'f', "%s starts what nobody ordered", name_of(node));
        return;
    }
    if (container->seen.gen > node->gen_high) {
        node->gen_high = container->seen.gen;
        order->attempts++;
    }
    if (order->attempts > ATTEMPTS + gateway->cuts + gateway->kills) {
        fleet_checker_breach(node->checker, 'd', "%s tries order %s %u times", name_of(node),
                             order->read.id, order->attempts);
    }
}

static void saw_commit(struct fleet_watched *node)
{
    const struct sim_checker *truth = truth_of(node);
    struct fleet_order *order = newest(node);
    char hex[65];
    if (truth->committed == node->last_commit) {
        return;
    }
    node->last_commit = truth->committed;
    committed_hex(node, hex);
    for (size_t i = node->order_count; i-- > 0;) {
        order = &node->orders[i];
        if (strcmp(order->read.release, hex) == 0) {
            break;
        }
    }
    if (order != NULL && ++order->commits > 1 && !node->is_by_hand) {
        fleet_checker_breach(node->checker, 'd', "%s swaps twice for order %s", name_of(node),
                             order->read.id);
    }
}

static void machine_saw(void *ctx, enum sim_sight sight, const void *thing)
{
    struct fleet_watched *node = ctx;
    struct sim_machine *machine = &node->checker->fleet->nodes[node->index].gateway.machine;
    sim_checker_saw(&machine->checker, sight, thing);
    if (sight == SIM_SAW_START) {
        saw_start(node, thing);
    } else if (sight == SIM_SAW_BOOT_FILE) {
        saw_commit(node);
    } else if (sight == SIM_SAW_TABLE) {
        check_unproven(node);
    }
}

/* -- g and h: how it ends -----------------------------------------------------------------------
 */

/* The order that lies where the node reads: below some two digits at berth/2, or at berth/1. */
static bool order_lies(const struct fleet_watched *node, struct span *payload)
{
    const struct fleet *fleet = node->checker->fleet;
    char topic[BUS_TOPIC_BYTES];
    for (unsigned shard = 0; fleet->nodes[node->index].gateway.speaks_two && shard < 256; shard++) {
        (void)snprintf(topic, sizeof topic,
                       "berth/2/" FLEET_NAME "/node/%02x/%s/order/" RELEASES_APP, shard,
                       name_of(node));
        if (sim_broker_retained(&fleet->broker, topic, payload)) {
            return true;
        }
    }
    (void)snprintf(topic, sizeof topic, "berth/1/" FLEET_NAME "/node/%s/order/" RELEASES_APP,
                   name_of(node));
    return sim_broker_retained(&fleet->broker, topic, payload);
}

/* What lies on the topic is the highest order that it ever had, whatever came late. */
static void end_of_topic(struct fleet_watched *node)
{
    const struct fleet_order *highest = NULL;
    struct read_order lying;
    struct span payload;
    for (size_t i = 0; i < node->order_count; i++) {
        const struct read_order *order = &node->orders[i].read;
        bool is_higher = highest == NULL || order->epoch > highest->read.epoch ||
                         (order->epoch == highest->read.epoch && order->gen > highest->read.gen);
        highest = is_higher ? &node->orders[i] : highest;
    }
    if (highest != NULL && order_lies(node, &payload) &&
        read_order((const char *)payload.data, payload.len, &lying) &&
        strcmp(lying.id, highest->read.id) != 0) {
        fleet_checker_breach(node->checker, 'e', "order %s lies where %s should", lying.id,
                             highest->read.id);
    }
}

/* A release that is well is not blamed where the machine was left alone. */
static void end_of_blame(struct fleet_watched *node, const struct fleet_rollout_watched *rollout)
{
    const struct gateway *gateway = &node->checker->fleet->nodes[node->index].gateway;
    for (size_t i = 0; i < node->order_count; i++) {
        const struct fleet_order *order = &node->orders[i];
        if (strcmp(order->read.release, rollout->release) == 0 &&
            strcmp(order->outcome, "failed") == 0 && gateway->cuts + gateway->kills == 0) {
            fleet_checker_breach(node->checker, 'g', "%s blames a good release: %s", name_of(node),
                                 order->reason);
        }
    }
}

static void end_of_node(struct fleet_watched *node, const struct fleet_rollout_watched *rollout,
                        bool is_good)
{
    struct fleet_checker *checker = node->checker;
    struct gateway *gateway = &checker->fleet->nodes[node->index].gateway;
    char hex[65];
    committed_hex(node, hex);
    if (gateway->agent == NULL || !conductor_is_settled(gateway->agent)) {
        fleet_checker_breach(checker, 'g', "%s does not come to rest", name_of(node));
        return;
    }
    end_of_topic(node);
    sim_checker_rest(&gateway->machine.checker);
    if (gateway->machine.checker.breaches > 0) {
        fleet_checker_breach(checker, 'h', "%s: %s", name_of(node), gateway->machine.checker.first);
    }
    if (strcmp(node->report.committed, hex) != 0) {
        fleet_checker_breach(checker, 'g', "%s runs %.12s and reports %.12s", name_of(node), hex,
                             node->report.committed);
    }
    if (hex[0] != '\0' && !node->report.is_serving) {
        fleet_checker_breach(checker, 'g', "%s serves and does not say so", name_of(node));
    }
    if (is_good && strcmp(hex, rollout->release) != 0) {
        fleet_checker_breach(checker, 'g', "%s does not run the release of %s", name_of(node),
                             rollout->id);
    }
}

bool fleet_checker_state(const struct fleet *fleet, const char *id, struct read_state *state)
{
    char topic[BUS_TOPIC_BYTES];
    struct span payload;
    memset(state, 0, sizeof *state);
    (void)snprintf(topic, sizeof topic, "berth/1/" FLEET_NAME "/rollout/%s/state", id);
    return sim_broker_retained(&fleet->broker, topic, &payload) &&
           read_state((const char *)payload.data, payload.len, state);
}

void fleet_checker_end(struct fleet_checker *checker, const char *id, bool is_well, bool is_good)
{
    const struct fleet_rollout_watched *rollout = rollout_find(checker, id);
    struct read_state state;
    assert(rollout != NULL);
    if (!fleet_checker_state(checker->fleet, id, &state)) {
        fleet_checker_breach(checker, 'g', "%s has no state at the broker", id);
    } else if (!read_is_end(state.phase) && state.waiting[0] == '\0') {
        fleet_checker_breach(checker, 'g', "%s is %s and waits for nothing", id, state.phase);
    } else if (!read_is_end(state.phase) && strcmp(state.phase, "paused") != 0) {
        fleet_checker_breach(checker, 'g', "%s is still %s: %s", id, state.phase, state.waiting);
    }
    if (is_good && strcmp(state.phase, "succeeded") != 0) {
        fleet_checker_breach(checker, 'g', "%s is good and ends %s", id, state.phase);
    }
    for (size_t i = 0; i < checker->fleet->node_count; i++) {
        end_of_node(&checker->nodes[i], rollout, is_good);
        if (is_well) {
            end_of_blame(&checker->nodes[i], rollout);
        }
    }
}

void fleet_checker_superseded(struct fleet_checker *checker, const char *id)
{
    struct read_state state;
    (void)fleet_checker_state(checker->fleet, id, &state);
    if (!read_is_end(state.phase)) {
        fleet_checker_breach(checker, 'g', "%s is %s beside a later rollout", id, state.phase);
    }
}

/* -- setting up ---------------------------------------------------------------------------------
 */

void fleet_checker_init(struct fleet_checker *checker, struct fleet *fleet)
{
    memset(checker, 0, sizeof *checker);
    checker->fleet = fleet;
    for (size_t i = 0; i < fleet->node_count; i++) {
        struct fleet_watched *node = &checker->nodes[i];
        node->checker = checker;
        node->index = i;
        node->last_commit = -1;
        sim_world_watch(&fleet->nodes[i].gateway.machine.world, machine_saw, node);
    }
    fleet->broker.saw = fleet_checker_saw;
    fleet->broker.saw_ctx = checker;
    checker->hear_ms = 500 + 2 * fleet->broker.faults.delay_ms_max;
}

void fleet_checker_rollout(struct fleet_checker *checker, const struct rollout_spec *spec)
{
    assert(checker->rollout_count < FLEET_ROLLOUTS_MAX);
    struct fleet_rollout_watched *rollout = &checker->rollouts[checker->rollout_count++];
    *rollout = (struct fleet_rollout_watched){.max_unavailable = spec->max_unavailable,
                                              .lost_after_ms = (int64_t)spec->lost_after_ms,
                                              .closed_at = MONO_NEVER,
                                              .want = "run"};
    memcpy(rollout->id, spec->id, sizeof rollout->id);
    (void)snprintf(rollout->app, sizeof rollout->app, "%s", spec->app);
    digest_render(&spec->release, rollout->release);
}

void fleet_checker_hand(struct fleet_checker *checker, size_t node)
{
    checker->nodes[node].is_by_hand = true;
}

void fleet_checker_deaf(struct fleet_checker *checker, mono_ms until)
{
    checker->deaf_until = checker->deaf_until > until ? checker->deaf_until : until;
}
