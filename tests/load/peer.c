/* peer.c: the machine: at rest, preparing, unproven; an outcome for each order. */
#include "tests/load/peer.h"

#include <stdio.h>
#include <string.h>

#include "agent/wire/envelope.h"

void peer_init(struct peer *peer, const char *fleet, const char *node, int64_t prepare_ms,
               int64_t soak_ms)
{
    *peer = (struct peer){.fleet = fleet,
                          .node = node,
                          .until = INT64_MAX,
                          .prepare_ms = prepare_ms,
                          .soak_ms = soak_ms,
                          .is_report_due = true};
}

static bool order_is_later(const struct order *a, const struct order *b)
{
    return a->epoch != b->epoch ? a->epoch > b->epoch : a->gen > b->gen;
}

static void outcome_add(struct peer *peer, enum outcome_kind kind)
{
    memmove(peer->outcomes + 1, peer->outcomes,
            (REPORT_OUTCOMES_MAX - 1) * sizeof peer->outcomes[0]);
    peer->outcomes[0] = (struct report_outcome){.kind = kind};
    memcpy(peer->outcomes[0].id, peer->order.id, sizeof peer->order.id);
    if (peer->outcome_count < REPORT_OUTCOMES_MAX) {
        peer->outcome_count++;
    }
}

static void phase_begin(struct peer *peer, enum peer_phase phase, mono_ms until)
{
    peer->phase = phase;
    peer->until = until;
    peer->is_report_due = true;
}

/* One that is under way before its switch gives way to a newer order. */
static void order_take(struct peer *peer, const struct order *order, mono_ms now)
{
    if (peer->phase != PEER_REST) {
        outcome_add(peer, OUTCOME_REPLACED);
    }
    peer->order = *order;
    bool is_opinion = !digest_is_none(&order->release);
    if (!is_opinion || digest_is_equal(&order->release, &peer->committed)) {
        if (is_opinion) {
            outcome_add(peer, OUTCOME_SUCCEEDED);
        }
        phase_begin(peer, PEER_REST, INT64_MAX);
        return;
    }
    peer->gen++;
    peer->has_release = false;
    phase_begin(peer, PEER_PREPARE, now + peer->prepare_ms);
}

void peer_order(struct peer *peer, struct span envelope, struct arena *arena, mono_ms now)
{
    struct envelope_parts parts;
    struct order order;
    if (envelope_take_apart(envelope, arena, &parts, NULL) != 0 ||
        order_parse(parts.payload, &order, NULL) != 0 || strcmp(order.node, peer->node) != 0) {
        peer->refused++;
        return;
    }
    if (!order_is_later(&order, &peer->order)) {
        return;
    }
    if (peer->phase != PEER_UNPROVEN) {
        order_take(peer, &order, now);
    } else if (order_is_later(&order, &peer->later)) {
        peer->later = order;
    }
}

const struct digest *peer_wants(const struct peer *peer)
{
    return peer->phase == PEER_PREPARE && !peer->has_release ? &peer->order.release : NULL;
}

void peer_release(struct peer *peer, const struct digest *release)
{
    if (digest_is_equal(release, &peer->order.release)) {
        peer->has_release = true;
    }
}

static void verdict_give(struct peer *peer, mono_ms now)
{
    peer->committed = peer->order.release;
    peer->swaps++;
    outcome_add(peer, OUTCOME_SUCCEEDED);
    phase_begin(peer, PEER_REST, INT64_MAX);
    if (peer->later.id[0] != '\0') {
        struct order later = peer->later;
        peer->later = (struct order){0};
        order_take(peer, &later, now);
    }
}

bool peer_step(struct peer *peer, mono_ms now)
{
    if (now >= peer->until && peer->phase == PEER_PREPARE && peer->has_release) {
        phase_begin(peer, PEER_UNPROVEN, now + peer->soak_ms);
    } else if (now >= peer->until && peer->phase == PEER_UNPROVEN) {
        verdict_give(peer, now);
    }
    return peer->is_report_due;
}

mono_ms peer_deadline(const struct peer *peer)
{
    return peer_wants(peer) != NULL ? INT64_MAX : peer->until;
}

static void app_fill(const struct peer *peer, struct report_app *app)
{
    static const char *const phases[] = {
        [PEER_REST] = "rest", [PEER_PREPARE] = "prepare", [PEER_UNPROVEN] = "unproven"};
    memcpy(app->app, peer->order.app, sizeof app->app);
    (void)snprintf(app->phase, sizeof app->phase, "%s", phases[peer->phase]);
    app->committed.release = peer->committed;
    app->committed.gen = peer->swaps;
    if (peer->phase != PEER_REST) {
        app->candidate.gen = peer->gen;
        app->candidate.release = peer->order.release;
    }
    app->wanted = peer->order.release;
    app->order_epoch = peer->order.epoch;
    app->order_gen = peer->order.gen;
    memcpy(app->order_id, peer->order.id, sizeof app->order_id);
    app->is_order_open = peer->phase != PEER_REST;
    memcpy(app->outcomes, peer->outcomes, sizeof app->outcomes);
    app->outcome_count = peer->outcome_count;
    app->is_serving = peer->swaps > 0;
    (void)snprintf(app->health, sizeof app->health, "%s", peer->swaps > 0 ? "ready" : "unknown");
}

void peer_report(struct peer *peer, struct report *report, struct text *text, wall_ms now)
{
    *report = (struct report){.is_engine_up = true,
                              .schema_release = 1,
                              .schema_order = 1,
                              .schema_trust = 2,
                              .at = now,
                              .is_time_trusted = true};
    (void)snprintf(report->fleet, sizeof report->fleet, "%s", peer->fleet);
    (void)snprintf(report->node, sizeof report->node, "%s", peer->node);
    (void)snprintf(report->version, sizeof report->version, "%s", "0.2");
    (void)snprintf(report->arch, sizeof report->arch, "%s", "amd64");
    if (peer->order.id[0] != '\0') {
        report->app_count = 1;
        app_fill(peer, &report->apps[0]);
    }
    report_render(report, text);
    peer->is_report_due = false;
}
