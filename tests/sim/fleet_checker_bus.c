/* fleet_checker_bus: what the broker accepts: claims, orders, reports, controls. */
#include "tests/sim/fleet_checker_private.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* A claim has to stand so long before its coordinator acts; written here again, and not taken from
 * what is checked. */
#define CLAIM_SETTLE_MS      2000
#define WALL_OF(checker, at) (fleet_wall((checker)->fleet) - (checker)->fleet->now + (at))

/* -- claims ----------------------------------------------------------------------------------- */

static void saw_claim(struct fleet_checker *checker, const char *text)
{
    char nonce[17];
    int64_t epoch;
    bool has_epoch = read_number(text, "epoch", &epoch);
    if (!has_epoch || !read_word(text, "nonce", nonce, sizeof nonce) ||
        strstr(text, "\"released\":true") != NULL) {
        return;
    }
    for (size_t i = 0; i < checker->claim_count; i++) {
        const struct fleet_claim *claim = &checker->claims[i];
        if (claim->epoch == (uint64_t)epoch && strcmp(claim->nonce, nonce) == 0) {
            return;
        }
    }
    if (checker->claim_count == FLEET_CLAIMS_MAX) {
        fleet_checker_breach(checker, 'e', "the coordinators claim without end");
        return;
    }
    struct fleet_claim *claim = &checker->claims[checker->claim_count++];
    *claim = (struct fleet_claim){.epoch = (uint64_t)epoch, .at = checker->fleet->now};
    memcpy(claim->nonce, nonce, sizeof nonce);
}

static bool is_higher(const struct fleet_claim *a, const struct fleet_claim *b)
{
    return a->epoch != b->epoch ? a->epoch > b->epoch : strcmp(a->nonce, b->nonce) > 0;
}

static const struct fleet_claim *claim_of(const struct fleet_checker *checker, const char *client,
                                          uint64_t epoch)
{
    const struct fleet_claim *found = NULL;
    const char *nonce = strchr(client, '-');
    for (size_t i = 0; nonce != NULL && i < checker->claim_count; i++) {
        const struct fleet_claim *claim = &checker->claims[i];
        bool is_own = strcmp(claim->nonce, nonce + 1) == 0;
        if (is_own && (epoch == 0 || claim->epoch == epoch) &&
            (found == NULL || is_higher(claim, found))) {
            found = claim;
        }
    }
    return found;
}

/* When a claim above this one came first; MONO_NEVER: there is none. */
static mono_ms followed_at(const struct fleet_checker *checker, const struct fleet_claim *own)
{
    mono_ms at = MONO_NEVER;
    for (size_t i = 0; i < checker->claim_count; i++) {
        const struct fleet_claim *claim = &checker->claims[i];
        if (is_higher(claim, own) && claim->at >= own->at) {
            at = mono_min(at, claim->at);
        }
    }
    return at;
}

/* -- e: who writes, and what ------------------------------------------------------------------ */

/* Sent by a coordinator that had been followed by another when it arrived. */
static bool is_late(const struct fleet_checker *checker, const char *client)
{
    const struct fleet_claim *own = claim_of(checker, client, 0);
    return own != NULL && followed_at(checker, own) != MONO_NEVER;
}

static void check_writer(struct fleet_checker *checker, const char *client,
                         const struct read_order *order)
{
    const struct fleet_claim *claim = claim_of(checker, client, order->epoch);
    if (claim == NULL) {
        fleet_checker_breach(checker, 'e', "%.40s writes order %s in epoch %llu, which it has not",
                             client, order->id, (unsigned long long)order->epoch);
        return;
    }
    mono_ms followed = followed_at(checker, claim);
    if (order->issued < WALL_OF(checker, claim->at) + CLAIM_SETTLE_MS) {
        fleet_checker_breach(checker, 'e', "order %s was issued before its claim had stood",
                             order->id);
    }
    mono_ms heard = followed != MONO_NEVER ? followed + checker->hear_ms : MONO_NEVER;
    if (heard != MONO_NEVER && heard > checker->deaf_until &&
        order->issued > WALL_OF(checker, heard)) {
        fleet_checker_breach(checker, 'e', "order %s was issued after another claim had come",
                             order->id);
    }
}

static void check_growth(struct fleet_watched *node, const struct read_order *order)
{
    for (size_t i = 0; i < node->order_count; i++) {
        const struct read_order *old = &node->orders[i].read;
        if (old->epoch > order->epoch || (old->epoch == order->epoch && old->gen >= order->gen)) {
            fleet_checker_breach(node->checker, 'e', "order %s (%llu.%llu) comes after %llu.%llu",
                                 order->id, (unsigned long long)order->epoch,
                                 (unsigned long long)order->gen, (unsigned long long)old->epoch,
                                 (unsigned long long)old->gen);
            return;
        }
    }
}

/* An order that was seen before is put there again: the same, and nothing newer was there that
 * whoever stands by and fills an empty broker could have heard of. */
static void check_again(struct fleet_watched *node, const struct fleet_order *known,
                        const struct read_order *order, bool is_late_one)
{
    const struct fleet_order *last = &node->orders[node->order_count - 1];
    bool is_same = memcmp(&known->read, order, sizeof *order) == 0;
    if (!is_same) {
        fleet_checker_breach(node->checker, 'e', "order %s says something else now", order->id);
    }
    bool is_unheard = node->checker->fleet->now < last->accepted_at + node->checker->hear_ms;
    if (known != last && !is_late_one && !is_unheard) {
        fleet_checker_breach(node->checker, 'e', "order %s is put over the newer %s", order->id,
                             last->read.id);
    }
}

/* -- b: when ---------------------------------------------------------------------------------- */

static void check_open(struct fleet_checker *checker, const struct read_order *order)
{
    const struct fleet_rollout_watched *rollout = rollout_find(checker, order->rollout);
    if (rollout == NULL || strcmp(order->release, rollout->release) != 0) {
        return; /* it takes back */
    }
    if (rollout->closed_at != MONO_NEVER) {
        mono_ms heard = rollout->closed_at + checker->hear_ms;
        heard = heard > checker->deaf_until ? heard : checker->deaf_until;
        if (heard != MONO_NEVER && order->issued > WALL_OF(checker, heard)) {
            fleet_checker_breach(checker, 'b', "order %s was issued at %lld, %s closed at %lld",
                                 order->id, (long long)(order->issued - WALL_OF(checker, 0)),
                                 rollout->id, (long long)rollout->closed_at);
        }
    }
}

static bool is_failure(struct fleet_watched *node, const struct fleet_rollout_watched *rollout)
{
    const struct fleet_order *order = newest(node);
    char hex[65];
    committed_hex(node, hex);
    return order != NULL && strcmp(order->read.rollout, rollout->id) == 0 &&
           strcmp(order->read.release, rollout->release) == 0 && order->outcome[0] != '\0' &&
           strcmp(order->outcome, "succeeded") != 0 && strcmp(order->outcome, "overridden") != 0 &&
           strcmp(hex, rollout->release) != 0;
}

static void rollout_judge(struct fleet_checker *checker, struct fleet_rollout_watched *rollout)
{
    uint32_t failures = 0;
    for (size_t i = 0; i < checker->fleet->node_count; i++) {
        failures += is_failure(&checker->nodes[i], rollout);
    }
    rollout->failures = failures;
    bool is_closed =
        failures > rollout->accepted || strcmp(rollout->want, "run") != 0 || rollout->is_superseded;
    if (!is_closed) {
        rollout->closed_at = MONO_NEVER;
    } else if (rollout->closed_at == MONO_NEVER) {
        rollout->closed_at = checker->fleet->now;
    }
}

static void judge_all(struct fleet_checker *checker)
{
    for (size_t i = 0; i < checker->rollout_count; i++) {
        rollout_judge(checker, &checker->rollouts[i]);
    }
}

/* From here on the rollouts of the same app that began before give no orders. */
static void saw_spec(struct fleet_checker *checker, const char *id)
{
    const struct fleet_rollout_watched *later = rollout_find(checker, id);
    for (size_t i = 0; later != NULL && &checker->rollouts[i] != later; i++) {
        struct fleet_rollout_watched *rollout = &checker->rollouts[i];
        rollout->is_superseded |= strcmp(rollout->app, later->app) == 0;
    }
    judge_all(checker);
}

static void saw_control(struct fleet_checker *checker, const char *id, const char *text)
{
    struct fleet_rollout_watched *rollout = rollout_find(checker, id);
    int64_t accepted;
    if (rollout != NULL && read_word(text, "want", rollout->want, sizeof rollout->want) &&
        read_number(text, "accepted", &accepted)) {
        rollout->accepted = (uint32_t)accepted;
        judge_all(checker);
    }
}

/* -- orders and reports ----------------------------------------------------------------------- */

static bool is_above(const struct read_order *a, const struct read_order *b)
{
    return a->epoch != b->epoch ? a->epoch > b->epoch : a->gen > b->gen;
}

/* The orders of a node stand by (epoch, gen), whenever they came. */
static struct fleet_order *order_place(struct fleet_watched *node, const struct read_order *read)
{
    size_t at = node->order_count++;
    for (; at > 0 && is_above(&node->orders[at - 1].read, read); at--) {
        node->orders[at] = node->orders[at - 1];
    }
    return &node->orders[at];
}

static void saw_order(struct fleet_watched *node, const char *client, const char *data, size_t len)
{
    struct fleet_checker *checker = node->checker;
    bool is_late_one = is_late(checker, client);
    struct read_order read;
    char hex[65];
    if (!read_order(data, len, &read)) {
        fleet_checker_breach(checker, 'e', "%s writes what is no order", client);
        return;
    }
    if (strcmp(read.node, name_of(node)) != 0) {
        fleet_checker_breach(checker, 'e', "%.40s writes an order of %s on the topic of %s", client,
                             read.node, name_of(node));
        return;
    }
    for (size_t i = 0; i < node->order_count; i++) {
        if (strcmp(node->orders[i].read.id, read.id) == 0) {
            check_again(node, &node->orders[i], &read, is_late_one);
            return;
        }
    }
    check_writer(checker, client, &read);
    checker->late += is_late_one;
    if (!is_late_one) {
        check_growth(node, &read);
    }
    check_open(checker, &read);
    if (node->order_count == FLEET_ORDERS_MAX) {
        fleet_checker_breach(checker, 'e', "%s gets orders without end", name_of(node));
        return;
    }
    checker->orders++;
    struct fleet_order *order = order_place(node, &read);
    *order = (struct fleet_order){
        .read = read, .accepted_at = checker->fleet->now, .is_late = is_late_one};
    if (order != newest(node)) {
        return; /* the node refuses it, and it is put right */
    }
    committed_hex(node, hex);
    node->is_changing = node->is_changing || strcmp(hex, read.release) != 0;
    if (read.release[0] != '\0') {
        check_changing(checker, order);
    }
    judge_all(checker);
}

static void saw_outcome(struct fleet_watched *node, const struct read_outcome *outcome)
{
    struct fleet_order *order = NULL;
    for (size_t i = 0; i < node->order_count && order == NULL; i++) {
        bool is_it = strcmp(node->orders[i].read.id, outcome->id) == 0;
        order = is_it ? &node->orders[i] : NULL;
    }
    if (order == NULL) {
        fleet_checker_breach(node->checker, 'c', "%s answers order %s, which was never given",
                             name_of(node), outcome->id);
    } else if (order->outcome[0] == '\0') {
        memcpy(order->outcome, outcome->word, sizeof order->outcome);
        memcpy(order->reason, outcome->reason, sizeof order->reason);
        node->checker->outcomes++;
    } else if (strcmp(order->outcome, outcome->word) != 0 ||
               strcmp(order->reason, outcome->reason) != 0) {
        fleet_checker_breach(node->checker, 'c', "%s answers order %s %s (%s), before %s (%s)",
                             name_of(node), outcome->id, outcome->word, outcome->reason,
                             order->outcome, order->reason);
    }
}

static void saw_report(struct fleet_watched *node, const char *data, size_t len)
{
    struct read_report *report = &node->report;
    if (node->is_liar) {
        return;
    }
    if (!read_report(data, len, report)) {
        fleet_checker_breach(node->checker, 'c', "%s reports what nobody reads", name_of(node));
        return;
    }
    node->is_reported = true;
    for (size_t i = 0; i < report->outcome_count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(report->outcomes[i].id, report->outcomes[j].id) == 0) {
                fleet_checker_breach(node->checker, 'c', "%s answers order %s twice", name_of(node),
                                     report->outcomes[i].id);
            }
        }
        saw_outcome(node, &report->outcomes[i]);
    }
    judge_all(node->checker);
}

static struct fleet_watched *node_find(struct fleet_checker *checker, const char *name, size_t len)
{
    for (size_t i = 0; i < checker->fleet->node_count; i++) {
        const char *own = checker->fleet->nodes[i].name;
        if (strlen(own) == len && strncmp(own, name, len) == 0) {
            return &checker->nodes[i];
        }
    }
    return NULL;
}

static void saw_of_node(struct fleet_checker *checker, const char *client, const char *path,
                        struct span payload)
{
    const char *rest = strchr(path, '/');
    struct fleet_watched *node =
        rest != NULL ? node_find(checker, path, (size_t)(rest - path)) : NULL;
    if (node == NULL) {
        return;
    }
    if (payload.len == 0) {
        return; /* cleared where the node speaks, or reads, no more */
    }
    if (strncmp(rest, "/order/", 7) == 0) {
        saw_order(node, client, (const char *)payload.data, payload.len);
    } else if (strcmp(rest, "/report") == 0) {
        saw_report(node, (const char *)payload.data, payload.len);
    }
}

void fleet_checker_saw(void *ctx, const char *client, const char *topic, struct span payload,
                       bool is_retained)
{
    static const char root[] = "berth/1/" FLEET_NAME "/";
    static const char two[] = "berth/2/" FLEET_NAME "/node/";
    struct fleet_checker *checker = ctx;
    const char *path = topic + sizeof root - 1;
    char text[FLEET_READ_BYTES];
    if (is_retained && strncmp(topic, two, sizeof two - 1) == 0) {
        saw_of_node(checker, client, topic + sizeof two - 1 + 3, payload); /* past the shard */
        return;
    }
    if (!is_retained || strncmp(topic, root, sizeof root - 1) != 0) {
        return;
    }
    if (strncmp(path, "node/", 5) == 0) {
        saw_of_node(checker, client, path + 5, payload);
        return;
    }
    if (!read_payload((const char *)payload.data, payload.len, text)) {
        text[0] = '\0';
    }
    if (strcmp(path, "coordinator") == 0) {
        saw_claim(checker, text);
    } else if (strncmp(path, "rollout/", 8) == 0) {
        const char *rest = strchr(path + 8, '/');
        char id[33];
        (void)snprintf(id, sizeof id, "%.*s", rest != NULL ? (int)(rest - path - 8) : 0, path + 8);
        if (rest != NULL && strcmp(rest, "/control") == 0) {
            saw_control(checker, id, text);
        } else if (rest != NULL && strcmp(rest, "/spec") == 0 && payload.len > 0) {
            saw_spec(checker, id);
        }
    }
}
